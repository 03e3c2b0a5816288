#pragma once

// Initiator: the other side of a connection, for tests and simulation: logs in (CHAP too), sends commands, answers R2Ts
// and NOP-Ins, recovers what is lost (initiator_recovery.cc). An engine without I/O, like the target's; strict about
// what it is sent.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "iscsi/chap.h"
#include "iscsi/login.h"
#include "iscsi/serial.h"
#include "iscsi/testing/initiator_task.h"
#include "iscsi/testing/pdu.h"

namespace lunaria::iscsi::testing {

/// How to log in. What is offered is what `keys` says, in order.
struct InitiatorOptions {
  std::string initiator_name = "iqn.2004-01.org.example:host";
  std::string target_name = "iqn.2004-01.org.example:disk";
  bool discovery = false;
  std::uint64_t isid = 0x8000'1234'5678;
  std::uint16_t tsih = 0;
  std::uint16_t cid = 0;
  std::uint32_t first_command_sn = 1;
  std::uint32_t first_tag = 1;                ///< of requests; those of one session's connections must differ
  std::map<std::string, std::string> agreed;  ///< by the leading connection, for one that joins its session
  bool security_stage = true;
  std::string auth_method = "None";
  std::string chap_name;
  std::string chap_secret;
  std::string chap_algorithms = "5";
  std::string target_secret;  ///< not empty: asks the target to prove itself
  /// What the target does wrong is kept in violation() instead of ending the test, and wrong digests break the stream:
  /// for links that corrupt, and for a judge that has more to tell.
  bool tolerant = false;
  /// At ErrorRecoveryLevel 1 and 2 what is missing or damaged is asked for again, instead of being called wrong.
  bool recovers = false;
  std::vector<std::pair<std::string, std::string>> keys = {
      {"HeaderDigest", "None"},      {"DataDigest", "None"},
      {"ErrorRecoveryLevel", "0"},   {"InitialR2T", "No"},
      {"ImmediateData", "Yes"},      {"MaxBurstLength", "262144"},
      {"FirstBurstLength", "65536"}, {"MaxOutstandingR2T", "1"},
      {"MaxConnections", "1"},       {"MaxRecvDataSegmentLength", "65536"},
      {"DataPDUInOrder", "Yes"},     {"DataSequenceInOrder", "Yes"}};
};

class Initiator final {
 public:
  explicit Initiator(InitiatorOptions options);

  // Bytes.
  Bytes take_output() { return std::exchange(output_, {}); }
  void on_bytes(std::span<const std::byte> bytes);
  /// The same for a PDU that somebody else has cut out of the bytes and whose digests have been looked at.
  void receive(const Pdu& pdu);

  // Login.
  /// Logs in; without it login responses are only noted, for tests that send their own requests.
  void start_login();
  bool is_logged_in() const { return logged_in_; }
  /// When tolerant: a digest was wrong, and the connection is of no more use.
  bool is_broken() const { return stream_.is_broken(); }
  /// When tolerant: what the target did wrong first; everything after it is ignored.
  const std::optional<std::string>& violation() const { return violation_; }
  /// Status of the last login response, when it was not success.
  std::optional<LoginStatus> refusal() const { return refusal_; }
  bool target_is_proven() const { return target_is_proven_; }
  std::uint16_t tsih() const { return tsih_; }
  /// Keys that the target sent while logging in; the last value of each.
  const std::map<std::string, std::string>& answers() const { return answers_; }

  // Requests; each returns its tag.
  std::uint32_t send_command(const CommandRequest& request);
  std::uint32_t send_nop(std::string_view data);
  std::uint32_t send_text(std::string_view text);
  std::uint32_t send_task_management(TaskFunction function, std::uint64_t lun, std::uint32_t referenced_tag = 0,
                                     std::uint32_t referenced_sn = 0, bool immediate = true);
  /// Of this connection, if no CID is given.
  std::uint32_t send_logout(LogoutReason reason = LogoutReason::kCloseSession, std::optional<std::uint16_t> cid = {});
  /// A PDU of the test's own making; CmdSN and ExpStatSN are set unless `raw`.
  void send(Pdu pdu, bool raw = false, Encoding encoding = {});
  /// Takes the answer to a command of the test's own making for one.
  void await(std::uint32_t tag) { tasks_[tag]; }

  // Recovery, for an initiator that recovers. `expected`: ExpCmdSN, the latest that any connection of the session saw.
  unsigned recovery_level() const { return number("ErrorRecoveryLevel", 0); }
  /// Time has passed: asks once more for what is missing, and for a sign of what may be missing unnoticed.
  void ask_again();
  /// Sends again the commands that have not arrived (RFC 7143 7.2.1).
  void retry_commands(CommandSn expected);
  /// No answer is expected any more.
  void abandon(std::uint32_t tag) { tasks_.at(tag).is_abandoned = true; }
  /// Takes an unanswered command away, for another connection to go on with.
  InitiatorTask take(std::uint32_t tag);
  /// Goes on with a command of another connection that has not arrived: sends it again, with its own CmdSN.
  void retry(std::uint32_t tag, InitiatorTask task);
  /// Goes on with one that has (TASK REASSIGN, RFC 7143 11.5.1); returns the tag of the function. `forgetful`: has all
  /// data of a read sent again, where none has been acknowledged.
  std::uint32_t reassign(std::uint32_t tag, InitiatorTask task, bool forgetful);
  /// The same again, for a request that may be lost.
  std::uint32_t reassign_again(std::uint32_t tag);

  /// nullptr for an unknown tag.
  const Outcome* outcome(std::uint32_t tag) const;
  /// Everything that came since login, for what the engine does not look at. Nothing for an initiator that recovers.
  const std::vector<Pdu>& received() const { return received_; }
  const std::vector<RejectReason>& rejects() const { return rejects_; }

  std::uint32_t command_sn() const { return command_sn_; }
  void set_command_sn(std::uint32_t sn) { command_sn_ = sn; }
  std::uint32_t max_command_sn() const { return max_command_sn_; }
  /// Of a command that has been sent here.
  std::uint32_t command_sn_of(std::uint32_t tag) const { return tasks_.at(tag).command_sn; }
  CommandSn expected_command_sn() const { return expected_command_sn_; }
  std::uint32_t next_status_sn() const { return next_status_sn_; }
  std::uint32_t next_tag() const { return next_tag_; }
  /// False: R2Ts are noted in received() but not answered.
  void answer_r2ts(bool answer) { answer_r2ts_ = answer; }
  void answer_probes(bool answer) { answer_probes_ = answer; }

 private:
  using Task = InitiatorTask;
  /// An answer with a StatSN of its own that has come.
  struct Answered {
    Opcode opcode{};
    std::uint32_t tag = 0;
    bool is_complete = false;  ///< with all its data: it may be acknowledged
  };

  bool expect(bool condition, std::string_view expectation);
  void send_login(std::uint8_t current, std::uint8_t next, bool transit, const std::string& text);
  void on_login_response(const Pdu& pdu);
  void go_on(bool transit, const std::map<std::string, std::string>& keys);
  void on_chap(const std::map<std::string, std::string>& keys);
  void finish_chap(const std::map<std::string, std::string>& keys);
  void send_operational();
  void on_pdu(const Pdu& pdu);
  void on_data_in(const Pdu& pdu, Task& task);
  void on_r2t(const Pdu& pdu, Task& task);
  void answer_r2t(const Pdu& pdu, const Task& task);
  void on_text(const Pdu& pdu, Task& task);
  void transmit(std::uint32_t tag, const Task& task);
  void send_data_out(std::uint32_t tag, std::uint32_t transfer_tag, std::uint64_t lun, const Bytes& data,
                     std::size_t offset, std::size_t length);
  bool note_status(const Pdu& pdu);
  void finish(Task& task, const Pdu& pdu);
  bool take_response(Outcome& outcome, const Pdu& pdu);
  static void take_status(Outcome& outcome, const Pdu& pdu);
  std::uint32_t number(const std::string& key, std::uint32_t fallback) const;
  bool flag(const std::string& key, bool fallback) const;

  // initiator_recovery.cc
  void on_recoverable(const Pdu& pdu);
  void note_window(const Pdu& pdu);
  bool admit_status(const Pdu& pdu);
  void note_sent_statuses(StatusSn end);
  void complete_status(std::uint32_t status_sn);
  void answer_probe(const Pdu& pdu);
  void recover_reject(const Pdu& pdu);
  void recover_data_in(const Pdu& pdu, Task& task);
  void recover_r2t(const Pdu& pdu, Task& task);
  void recover_response(const Pdu& pdu, Task& task);
  void take_data(const Pdu& pdu, Task& task);
  void finish_if_whole(std::uint32_t tag, Task& task);
  void acknowledge_data(std::uint32_t tag, Task& task);
  void ask_for_statuses();
  void ask_for_data(std::uint32_t tag, Task& task);
  void send_snack(SnackType type, std::uint32_t tag, std::uint32_t begin, std::uint32_t length,
                  std::uint32_t snack_tag = kReservedTag);
  std::uint32_t send_reassign(std::uint32_t tag, const Task& task, std::uint32_t reference);

  InitiatorOptions options_;
  PduStream stream_;
  Bytes output_;
  bool login_started_ = false;
  bool logged_in_ = false;
  std::optional<LoginStatus> refusal_;
  std::optional<std::string> violation_;
  bool target_is_proven_ = false;
  std::uint16_t tsih_ = 0;
  std::map<std::string, std::string> answers_;
  Bytes challenge_;
  std::uint8_t challenge_identifier_ = 0x5A;
  ChapAlgorithm algorithm_ = ChapAlgorithm::kMd5;

  std::uint32_t command_sn_ = 0;
  std::uint32_t max_command_sn_ = 0;
  CommandSn expected_command_sn_;
  std::uint32_t next_status_sn_ = 0;
  bool status_sn_known_ = false;
  std::uint32_t next_tag_ = 1;
  bool answer_r2ts_ = true;
  bool answer_probes_ = true;
  Encoding encoding_;
  std::map<std::uint32_t, Task> tasks_;
  std::vector<Pdu> received_;
  std::vector<RejectReason> rejects_;

  bool recovers_ = false;
  std::set<std::uint32_t> open_;                ///< tags of what is not answered
  std::map<std::uint32_t, Answered> statuses_;  ///< by StatSN, from next_status_sn_ on
  StatusSn sent_statuses_;                      ///< those before it have been sent
  StatusSn asked_statuses_;                     ///< and those before it, where missing, been asked for
};

}  // namespace lunaria::iscsi::testing
