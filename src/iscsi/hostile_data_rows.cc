// Data-Out that was not asked for, is out of sequence, too much or too little (RFC 7143 7.9, 11.7).
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

using enum RejectReason;

/// A Data-Out for the R2T of start_write, changed by the row.
HostileRow answers_r2t(std::string why, std::function<void(Pdu&)> change) {
  return {std::move(why),
          [change = std::move(change)](TestBed& bed) {
            const Pdu r2t = start_write(bed);
            Pdu pdu = hostile_data_out(r2t.get<bhs::InitiatorTaskTag>(), r2t.get<bhs::TargetTransferTag>(), 0,
                                       r2t.get<bhs::ready_to_transfer::BufferOffset>(), 512, false);
            change(pdu);
            bed.initiator.send(pdu);
          },
          {kProtocolError},
          CloseReason::kProtocolError};
}

void add_data_out(HostileRows& rows) {
  rows.push_back(sends("data for no task", hostile_data_out(0x999, 5, 0, 0, 512), {kProtocolError}));
  rows.push_back(
      sends("unsolicited data for no task", hostile_data_out(0x999, kReservedTag, 0, 0, 512), {kProtocolError}));
  rows.push_back(answers_r2t("another transfer tag", [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(77U); }));
  rows.push_back(answers_r2t("no transfer tag", [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(kReservedTag); }));
  for (const std::uint32_t sn : {1U, 27U, 0xFFFF'FFFFU}) {
    rows.push_back(answers_r2t("DataSN " + std::to_string(sn), [sn](Pdu& pdu) { pdu.set<bhs::data_out::DataSn>(sn); }));
  }
  for (const std::uint32_t offset : {0U, 65535U, 65537U, 262144U, 0xFFFF'FFFFU}) {
    rows.push_back(answers_r2t("offset " + std::to_string(offset),
                               [offset](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(offset); }));
  }
  rows.push_back(answers_r2t("an end that comes early", [](Pdu& pdu) { pdu.set<bhs::Final>(true); }));
  rows.push_back(answers_r2t("no data and no end", [](Pdu& pdu) { pdu.data.clear(); }));
  rows.push_back(answers_r2t("no end at the end", [](Pdu& pdu) { pdu.data.resize(262144 - 65536); }));
  rows.push_back(answers_r2t("more than asked for", [](Pdu& pdu) { pdu.data.resize(262144 - 65536 + 4); }));
  rows.push_back({"the same data twice",
                  [](TestBed& bed) {
                    const Pdu r2t = start_write(bed);
                    for (int i = 0; i < 2; ++i) {
                      bed.initiator.send(hostile_data_out(r2t.get<bhs::InitiatorTaskTag>(),
                                                          r2t.get<bhs::TargetTransferTag>(), 0, 65536, 512, false));
                    }
                  },
                  {kProtocolError},
                  CloseReason::kProtocolError});
  const auto unsolicited = [](std::string why, std::function<void(TestBed&)> act) {
    return HostileRow{std::move(why),
                      [act = std::move(act)](TestBed& bed) {
                        bed.host.hold_commands = true;
                        Pdu pdu = hostile_command(262144, false, true);
                        pdu.set<bhs::Final>(false);
                        pdu.data.resize(512);
                        bed.initiator.send(pdu);
                        act(bed);
                      },
                      {kProtocolError},
                      CloseReason::kProtocolError};
  };
  const auto piece = [](std::uint32_t sn, std::uint32_t offset, std::size_t size, bool final) {
    return [=](TestBed& bed) { bed.initiator.send(hostile_data_out(0x700, kReservedTag, sn, offset, size, final)); };
  };
  rows.push_back(unsolicited("unsolicited data with a gap", piece(0, 1024, 512, true)));
  rows.push_back(unsolicited("unsolicited data that repeats", piece(0, 0, 512, true)));
  rows.push_back(unsolicited("unsolicited data out of sequence", piece(1, 512, 512, true)));
  rows.push_back(unsolicited("unsolicited data above FirstBurstLength", piece(0, 512, 65536, true)));
  rows.push_back(unsolicited("unsolicited data without end", piece(0, 512, 65536 - 512, false)));
  rows.push_back(unsolicited("nothing, and no end", piece(0, 512, 0, false)));
  rows.push_back(unsolicited("unsolicited data after its end", [](TestBed& bed) {
    bed.initiator.send(hostile_data_out(0x700, kReservedTag, 0, 512, 512, true));
    bed.initiator.send(hostile_data_out(0x700, kReservedTag, 1, 1024, 512, true));
  }));
  rows.push_back({"unsolicited data for a task that has ended its own",
                  [](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(hostile_command(0));
                    bed.initiator.send(hostile_data_out(0x700, kReservedTag, 0, 0, 512, true));
                  },
                  {kProtocolError},
                  CloseReason::kProtocolError});
}

}  // namespace

void add_rows_of_data(HostileRows& rows) {
  add_data_out(rows);
}

}  // namespace lunaria::iscsi::testing
