#include "simulation/wire.h"

#include <algorithm>

#include "base/crc32c.h"

namespace lunaria::simulation {

namespace {

using iscsi::Opcode;
using iscsi::StatusSn;
using iscsi::testing::Bytes;
using iscsi::testing::Encoding;
using iscsi::testing::Pdu;
namespace bhs = iscsi::bhs;

bool has_status_sn(const Pdu& pdu) {
  switch (pdu.opcode()) {
    case Opcode::kDataIn:
      return pdu.get<bhs::data_in::StatusFollows>();
    case Opcode::kReadyToTransfer:
      return false;
    case Opcode::kNopIn:
      return pdu.get<bhs::InitiatorTaskTag>() != iscsi::kReservedTag;
    default:
      return true;
  }
}

/// By tag and number: what a SNACK has sent again one by one.
std::optional<std::pair<std::uint32_t, std::uint32_t>> data_key(const Pdu& pdu) {
  const std::uint32_t tag = pdu.get<bhs::InitiatorTaskTag>();
  if (pdu.opcode() == Opcode::kDataIn) {
    return std::pair(tag, pdu.get<bhs::data_in::DataSn>());
  }
  if (pdu.opcode() == Opcode::kReadyToTransfer) {
    return std::pair(tag, pdu.get<bhs::ready_to_transfer::R2tSn>());
  }
  return std::nullopt;
}

/// Whether a PDU is lost or, where a digest says so, damaged.
enum class Mishap : std::uint8_t { kNone, kDamaged, kLost };

Mishap draw_mishap(sim::Dice& dice, const WireTerms& terms, const Pdu& pdu) {
  if (!dice.chance(terms.loss_per_mille)) {
    return Mishap::kNone;
  }
  return terms.data_digest && !pdu.data.empty() && dice.chance(500) ? Mishap::kDamaged : Mishap::kLost;
}

}  // namespace

std::string describe(const Pdu& pdu) {
  constexpr std::pair<Opcode, std::string_view> kNames[] = {
      {Opcode::kNopOut, "NOP-Out"},
      {Opcode::kScsiCommand, "Command"},
      {Opcode::kTaskManagementRequest, "Task management"},
      {Opcode::kDataOut, "Data-Out"},
      {Opcode::kLogoutRequest, "Logout"},
      {Opcode::kSnackRequest, "SNACK"},
      {Opcode::kNopIn, "NOP-In"},
      {Opcode::kScsiResponse, "Response"},
      {Opcode::kTaskManagementResponse, "Task management response"},
      {Opcode::kDataIn, "Data-In"},
      {Opcode::kLogoutResponse, "Logout response"},
      {Opcode::kReadyToTransfer, "R2T"},
      {Opcode::kAsyncMessage, "Message"},
      {Opcode::kReject, "Reject"}};
  const auto name = std::ranges::find(kNames, pdu.opcode(), &std::pair<Opcode, std::string_view>::first);
  std::string text(name == std::end(kNames) ? "PDU" : name->second);
  text += (pdu.is_damaged ? " (damaged) " : " ") + std::to_string(pdu.data.size()) + ":";
  const auto append = [&text](std::span<const std::byte> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      text += i % 4 == 0 ? " " : "";
      text += kDigits[std::to_integer<std::size_t>(bytes[i] >> 4)];
      text += kDigits[std::to_integer<std::size_t>(bytes[i] & std::byte{0x0F})];
    }
  };
  append(pdu.header);
  if (pdu.opcode() == Opcode::kReject) {
    text += " of";
    append(pdu.data);
  }
  return text;
}

// The judge.

std::optional<std::string> SentAgainJudge::judge(const Pdu& pdu) {
  Pdu plain = pdu;
  plain.set<bhs::ExpCmdSn>(0U).set<bhs::MaxCmdSn>(0U);
  // What is to be as of now in them (RFC 7143 11.16).
  if (pdu.opcode() == Opcode::kReadyToTransfer) {
    plain.set<bhs::StatSn>(0U);
  } else if (pdu.opcode() == Opcode::kScsiResponse) {
    plain.set<bhs::scsi_response::ExpDataSn>(0U);
  }
  const Print print{.header = crc32c(plain.header),
                    .data = pdu.is_damaged ? std::nullopt : std::optional(crc32c(pdu.data))};
  if (const auto key = data_key(pdu)) {
    const auto [known, is_new] = data_.try_emplace(*key, print);
    if (!is_new) {
      if (auto difference = compare(known->second, print, "the number", key->second)) {
        return difference;
      }
    }
  }
  if (!has_status_sn(pdu)) {
    return std::nullopt;
  }
  const std::uint32_t number = pdu.get<bhs::StatSn>();
  const auto [known, is_new] = statuses_.try_emplace(number, print);
  if (!is_new) {
    return compare(known->second, print, "StatSN", number);
  }
  if (StatusSn(number) != next_status_sn_) {
    return "StatSN " + std::to_string(number) + " comes where " + std::to_string(next_status_sn_.value()) +
           " should have";
  }
  ++next_status_sn_;
  return std::nullopt;
}

std::optional<std::string> SentAgainJudge::compare(Print& known, const Print& print, std::string_view what,
                                                   std::uint32_t number) {
  const bool is_same = known.header == print.header && (!known.data || !print.data || *known.data == *print.data);
  known.data = known.data ? known.data : print.data;
  if (is_same) {
    return std::nullopt;
  }
  return "what was sent again with " + std::string(what) + " " + std::to_string(number) +
         " is not what was sent before";
}

bool SentAgainJudge::knows(const Pdu& pdu) const {
  const auto key = data_key(pdu);
  return key ? data_.contains(*key) : has_status_sn(pdu) && statuses_.contains(pdu.get<bhs::StatSn>());
}

// From the target.

void IncomingWire::begin(const WireTerms& terms) {
  terms_ = terms;
  stream_.set_digests(terms.header_digest, terms.data_digest);
  stream_.tolerate_wrong_digests();
  if (terms.recovery_level != 0) {
    stream_.pass_damaged_data();
    judge_.emplace(terms.next_status_sn);
  }
}

std::optional<Pdu> IncomingWire::take() {
  if (!extra_.empty()) {
    Pdu pdu = std::move(extra_.front());
    extra_.pop_front();
    return pdu;
  }
  std::optional<Pdu> pdu = stream_.next();
  if (pdu && terms_ && planted_ == PlantedBug::kDoubleCompletion && terms_->recovery_level == 0) {
    answer_twice(*pdu);
  }
  return pdu;
}

/// PlantedBug::kDoubleCompletion: renumbered, so that only the answer itself is one too many.
void IncomingWire::answer_twice(Pdu& pdu) {
  pdu.set<bhs::StatSn>(pdu.get<bhs::StatSn>() + extra_statuses_);
  if (pdu.opcode() == Opcode::kScsiResponse && dice_.chance(100)) {
    Pdu again = pdu;
    again.set<bhs::StatSn>(pdu.get<bhs::StatSn>() + 1);
    extra_.push_back(std::move(again));
    ++extra_statuses_;
  }
}

/// PlantedBug::kDataOfLaterWrite.
void IncomingWire::replace_data(Pdu& pdu, const Bytes& current) {
  const std::size_t offset = pdu.get<bhs::data_in::BufferOffset>();
  if (pdu.opcode() == Opcode::kDataIn && offset + pdu.data.size() <= current.size()) {
    std::copy_n(current.begin() + static_cast<std::ptrdiff_t>(offset), pdu.data.size(), pdu.data.begin());
  }
}

bool IncomingWire::passes(Pdu& pdu, bool loses) {
  if (!judge_) {
    return true;
  }
  if (planted_ == PlantedBug::kRenumberedStatus && pdu.opcode() == Opcode::kScsiResponse && is_sent_again(pdu)) {
    pdu.set<bhs::StatSn>(pdu.get<bhs::StatSn>() + 1);
  }
  counts_.sent_again += is_sent_again(pdu) ? 1 : 0;
  if (std::optional<std::string> unlawful = judge_->judge(pdu); unlawful && !failure_) {
    failure_ = std::move(unlawful);
  }
  const Mishap mishap = loses ? draw_mishap(dice_, *terms_, pdu) : Mishap::kNone;
  counts_.lost += mishap == Mishap::kNone ? 0 : 1;
  pdu.is_damaged = pdu.is_damaged || mishap == Mishap::kDamaged;
  return mishap != Mishap::kLost;
}

// To the target.

void OutgoingWire::begin(const WireTerms& terms) {
  terms_ = terms;
  stream_.set_digests(terms.header_digest, terms.data_digest);
}

Bytes OutgoingWire::pass(Bytes bytes, bool loses, const std::function<void(const Pdu&, bool passes)>& note) {
  if (!terms_ || (terms_->loss_per_mille == 0 && !note)) {
    return bytes;
  }
  stream_.feed(bytes);
  Bytes passed;
  while (std::optional<Pdu> pdu = stream_.next()) {
    const Mishap mishap = loses ? draw_mishap(dice_, *terms_, *pdu) : Mishap::kNone;
    counts_.lost += mishap == Mishap::kNone ? 0 : 1;
    if (note) {
      note(*pdu, mishap == Mishap::kNone);
    }
    if (mishap == Mishap::kLost) {
      continue;
    }
    const Bytes wire = encode(*std::move(pdu), {.header_digest = terms_->header_digest,
                                                .data_digest = terms_->data_digest,
                                                .break_data_digest = mishap == Mishap::kDamaged});
    passed.insert(passed.end(), wire.begin(), wire.end());
  }
  return passed;
}

}  // namespace lunaria::simulation
