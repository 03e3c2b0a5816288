#pragma once

// What stands between one connection of an initiator and the network, PDU by PDU: PDUs that get lost or damaged though
// their connection goes on (as behind an iSCSI proxy), planted bugs, and a judge of what the target numbers.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "iscsi/serial.h"
#include "iscsi/testing/pdu.h"
#include "sim/dice.h"
#include "simulation/board.h"
#include "simulation/planted_bug.h"

namespace lunaria::simulation {

/// One line for a trace.
std::string describe(const iscsi::testing::Pdu& pdu);

/// What was agreed for a connection when its login ended.
struct WireTerms {
  bool header_digest = false;
  bool data_digest = false;
  unsigned recovery_level = 0;
  std::uint32_t next_status_sn = 0;
  std::uint32_t loss_per_mille = 0;  ///< of PDUs, in each direction; 0 at recovery level 0
};

/// Judges what a target sends at recovery levels 1 and 2: StatSNs go up by one, and what is sent again is what was sent
/// before but for ExpCmdSN and MaxCmdSN (RFC 7143 4.2.2.2, 11.16). Sees everything before any of it is lost.
class SentAgainJudge final {
 public:
  explicit SentAgainJudge(std::uint32_t next_status_sn) : next_status_sn_(next_status_sn) {}
  /// Why it is unlawful, in words.
  std::optional<std::string> judge(const iscsi::testing::Pdu& pdu);
  /// It has been sent before.
  bool knows(const iscsi::testing::Pdu& pdu) const;

 private:
  struct Print {
    std::uint32_t header = 0;
    std::optional<std::uint32_t> data;  ///< unless it was damaged
  };
  std::optional<std::string> compare(Print& known, const Print& print, std::string_view what, std::uint32_t number);

  iscsi::StatusSn next_status_sn_;
  std::map<std::uint32_t, Print> statuses_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Print> data_;  ///< Data-In and R2T, by tag and number
};

/// From the target to the initiator.
class IncomingWire final {
 public:
  IncomingWire(sim::Dice& dice, RecoveryCounts& counts, PlantedBug planted)
      : dice_(dice), counts_(counts), planted_(planted) {}
  /// The login is over.
  void begin(const WireTerms& terms);
  void feed(std::span<const std::byte> bytes) { stream_.feed(bytes); }
  /// The next PDU that arrives. `current_data`: what a read by its tag would bring now, for a planted bug.
  template <class CurrentData>
  std::optional<iscsi::testing::Pdu> next(bool loses, CurrentData current_data) {
    while (true) {
      std::optional<iscsi::testing::Pdu> pdu = take();
      if (!pdu || !terms_) {
        return pdu;
      }
      if (planted_ == PlantedBug::kDataOfLaterWrite && is_sent_again(*pdu)) {
        replace_data(*pdu, current_data(pdu->get<iscsi::bhs::InitiatorTaskTag>()));
      }
      if (passes(*pdu, loses)) {
        return pdu;
      }
    }
  }
  /// A digest is wrong without which nothing that follows can be found.
  bool is_broken() const { return stream_.is_broken(); }
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  std::optional<iscsi::testing::Pdu> take();
  bool passes(iscsi::testing::Pdu& pdu, bool loses);
  bool is_sent_again(const iscsi::testing::Pdu& pdu) const { return judge_ && judge_->knows(pdu); }
  static void replace_data(iscsi::testing::Pdu& pdu, const iscsi::testing::Bytes& current);
  void answer_twice(iscsi::testing::Pdu& pdu);

  sim::Dice& dice_;
  RecoveryCounts& counts_;
  PlantedBug planted_;
  std::optional<WireTerms> terms_;
  iscsi::testing::PduStream stream_;
  std::deque<iscsi::testing::Pdu> extra_;
  std::uint32_t extra_statuses_ = 0;  ///< that the target knows nothing of
  std::optional<SentAgainJudge> judge_;
  std::optional<std::string> failure_;
};

/// From the initiator to the target.
class OutgoingWire final {
 public:
  OutgoingWire(sim::Dice& dice, RecoveryCounts& counts) : dice_(dice), counts_(counts) {}
  void begin(const WireTerms& terms);
  /// What arrives of whole PDUs. `note` is told of each, and whether it is lost or damaged, when there is one.
  iscsi::testing::Bytes pass(iscsi::testing::Bytes bytes, bool loses,
                             const std::function<void(const iscsi::testing::Pdu&, bool passes)>& note);

 private:
  sim::Dice& dice_;
  RecoveryCounts& counts_;
  std::optional<WireTerms> terms_;
  iscsi::testing::PduStream stream_;
};

}  // namespace lunaria::simulation
