// What a peer may do wrong with recovery (RFC 7143 7.1, 11.16): SNACKs for what was never sent or is over, data-out out
// of sequence where that is no error.
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

using enum RejectReason;

BedOptions with_level(const char* level) {
  BedOptions options;
  options.initiator.keys = {{"ErrorRecoveryLevel", level},
                            {"ImmediateData", "No"},
                            {"InitialR2T", "Yes"},
                            {"MaxRecvDataSegmentLength", "1024"},
                            {"MaxBurstLength", "4096"}};
  options.preferences.error_recovery_level = 2;
  return options;
}

Pdu snack(SnackType type, std::uint32_t tag, std::uint32_t begin, std::uint32_t run,
          std::uint32_t snack_tag = kReservedTag) {
  Pdu pdu(Opcode::kSnackRequest);
  pdu.set<bhs::snack_request::Type>(static_cast<std::uint8_t>(type)).set<bhs::InitiatorTaskTag>(tag);
  pdu.set<bhs::snack_request::SnackTag>(snack_tag);
  pdu.set<bhs::snack_request::BegRun>(begin).set<bhs::snack_request::RunLength>(run);
  return pdu;
}

/// After a read of 16 blocks in 16 PDUs that is not acknowledged, with the tag of the read put in where it is 0.
HostileRow after_a_read(std::string why, Pdu pdu, RejectReason reason) {
  return {.why = std::move(why),
          .act =
              [pdu = std::move(pdu)](TestBed& bed) {
                const std::uint32_t tag = bed.initiator.send_command(read_blocks(0, 32));
                const std::uint32_t before = bed.initiator.next_status_sn();
                bed.pump();
                EXPECT_TRUE(bed.initiator.outcome(tag)->done);
                Pdu asked = pdu;
                asked.set<bhs::ExpStatSn>(before);
                if (asked.get<bhs::InitiatorTaskTag>() == 0) {
                  asked.set<bhs::InitiatorTaskTag>(tag);
                }
                bed.initiator.send(asked, true);
              },
          .rejects = {reason},
          .options = with_level("1")};
}

void add_runs(HostileRows& rows) {
  const std::pair<std::uint32_t, std::uint32_t> runs[] = {
      {16, 0},          {16, 1},          {0, 17},          {15, 2},          {1, 16},
      {0, 0xFFFF'FFFF}, {0xFFFF'FFFF, 0}, {0xFFFF'FFFF, 1}, {0xFFFF'FFFF, 2}, {0x8000'0000, 0x8000'0000},
      {8, 0xFFFF'FFF8}};
  for (const auto& [begin, run] : runs) {
    rows.push_back(after_a_read("SNACK of data " + std::to_string(begin) + " + " + std::to_string(run),
                                snack(SnackType::kDataOrR2t, 0, begin, run), kSnackReject));
  }
  rows.push_back(after_a_read("SNACK of data of no task", snack(SnackType::kDataOrR2t, 0x999, 0, 1), kSnackReject));
  rows.push_back(
      after_a_read("SNACK of data without a task", snack(SnackType::kDataOrR2t, kReservedTag, 0, 1), kSnackReject));
  for (const std::uint32_t begin : {0x7FFF'FFFFU, 0x8000'0000U, 0xFFFF'FFF0U}) {
    rows.push_back(after_a_read("SNACK of statuses from " + std::to_string(begin),
                                snack(SnackType::kStatus, kReservedTag, begin, 1), kSnackReject));
  }
  rows.push_back(after_a_read("SNACK of more statuses than there are", snack(SnackType::kStatus, kReservedTag, 0, 9),
                              kSnackReject));
  rows.push_back(after_a_read("SNACK of a status with a task", snack(SnackType::kStatus, 0, 0, 1), kSnackReject));
  for (const std::uint32_t begin : {0U, 16U, 17U, 0xFFFF'FFFFU}) {
    rows.push_back(after_a_read("acknowledges data to " + std::to_string(begin) + " with another tag",
                                snack(SnackType::kDataAck, 0, begin, 0, 0x1234), kInvalidDataAck));
  }
  rows.push_back(
      after_a_read("acknowledges data of no task", snack(SnackType::kDataAck, 0x999, 1, 0, 1), kInvalidDataAck));
  rows.push_back(after_a_read("acknowledges data with a run", snack(SnackType::kDataAck, 0, 1, 1, 1), kInvalidDataAck));
  for (const std::uint32_t tag : {0U, kReservedTag}) {
    rows.push_back(after_a_read("R-Data SNACK with tag " + std::to_string(tag),
                                snack(SnackType::kResegmentedData, 0, 0, 0, tag), kSnackReject));
  }
  rows.push_back(
      after_a_read("R-Data SNACK with a run", snack(SnackType::kResegmentedData, 0, 0, 4, 0x77), kSnackReject));
  rows.push_back(
      after_a_read("R-Data SNACK from the middle", snack(SnackType::kResegmentedData, 0, 4, 0, 0x77), kSnackReject));
  rows.push_back(
      after_a_read("R-Data SNACK of no task", snack(SnackType::kResegmentedData, 0x999, 0, 0, 0x77), kSnackReject));
  for (std::uint8_t type = 4; type < 16; ++type) {
    rows.push_back(after_a_read("SNACK of type " + std::to_string(type) + " at level 1",
                                snack(static_cast<SnackType>(type), 0, 0, 1), kInvalidPduField));
  }
}

/// An answer to the R2T of a write of 4096 bytes, changed by the row.
HostileRow to_an_r2t(std::string why, std::function<void(Pdu&)> change, bool is_fatal) {
  return {.why = std::move(why),
          .act =
              [change = std::move(change)](TestBed& bed) {
                bed.host.hold_commands = false;
                const Pdu r2t = start_write(bed, 4096);
                Pdu pdu = hostile_data_out(r2t.get<bhs::InitiatorTaskTag>(), r2t.get<bhs::TargetTransferTag>(), 0, 0,
                                           512, false);
                change(pdu);
                bed.initiator.send(pdu);
              },
          .rejects = is_fatal ? std::vector{kProtocolError} : std::vector<RejectReason>{},
          .closed = is_fatal ? std::optional(CloseReason::kProtocolError) : std::nullopt,
          .options = with_level("1")};
}

void add_data(HostileRows& rows) {
  const auto with = [&rows](const std::string& why, bool is_fatal, std::function<void(Pdu&)> change) {
    rows.push_back(to_an_r2t("at level 1, " + why, std::move(change), is_fatal));
  };
  // What is missing is asked for again (RFC 7143 7.9), what came twice is dropped.
  with("DataSN 7 first", false, [](Pdu& pdu) { pdu.set<bhs::data_out::DataSn>(7U); });
  with("DataSN -1", false, [](Pdu& pdu) { pdu.set<bhs::data_out::DataSn>(0xFFFF'FFFFU); });
  with("a gap", false, [](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(1024U); });
  with("an end that comes early", false, [](Pdu& pdu) { pdu.set<bhs::Final>(true); });
  with("another transfer tag", false, [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(0x7777U); });
  with("unsolicited data that was not promised", false,
       [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(kReservedTag); });
  // What leads out of the command is no loss but an error.
  with("data behind the end", true, [](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(4096U); });
  with("data across the end", true, [](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(3800U); });
  with("data at 2^32-1", true, [](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(0xFFFF'FFFFU); });
  with("no data and no end", true, [](Pdu& pdu) { pdu.data.clear(); });
  rows.push_back({.why = "at level 1, more pieces than are kept apart",
                  .act =
                      [](TestBed& bed) {
                        const Pdu r2t = start_write(bed, 4096);
                        for (std::uint32_t i = 0; i < 300; ++i) {
                          bed.initiator.send(hostile_data_out(r2t.get<bhs::InitiatorTaskTag>(),
                                                              r2t.get<bhs::TargetTransferTag>(), i, i * 8, 4, false));
                        }
                      },
                  .rejects = {kOutOfResources},
                  .closed = CloseReason::kProtocolError,
                  .options = with_level("1")});
}

void add_reassignments(HostileRows& rows) {
  const auto reassigns = [&rows](std::string why, const char* level, std::uint32_t referenced, TaskResponse response) {
    rows.push_back({.why = std::move(why),
                    .act =
                        [referenced, response](TestBed& bed) {
                          bed.host.hold_commands = true;
                          const std::uint32_t task = bed.initiator.send_command(read_blocks(0, 1));
                          const std::uint32_t tag = bed.initiator.send_task_management(
                              TaskFunction::kTaskReassign, 0, referenced == 0 ? task : referenced);
                          bed.pump();
                          EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(response));
                        },
                    .options = with_level(level)});
  };
  reassigns("reassigns at level 0", "0", 0, TaskResponse::kReassignmentNotSupported);
  reassigns("reassigns at level 1", "1", 0, TaskResponse::kReassignmentNotSupported);
  reassigns("reassigns a task of a connection that works", "2", 0, TaskResponse::kTaskStillAllegiant);
  reassigns("reassigns no task", "2", 0x999, TaskResponse::kTaskDoesNotExist);
  reassigns("reassigns the reserved tag", "2", kReservedTag, TaskResponse::kTaskDoesNotExist);
}

}  // namespace

void add_rows_of_recovery(HostileRows& rows) {
  add_runs(rows);
  add_data(rows);
  add_reassignments(rows);
}

}  // namespace lunaria::iscsi::testing
