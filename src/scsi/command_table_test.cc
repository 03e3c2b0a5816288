#include "scsi/command_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>

#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

Bytes plain_cdb(const CommandRow& row) {
  Bytes cdb(16, 0);
  cdb[0] = row.opcode;
  if (row.service_action != kNoServiceAction) {
    cdb[1] = static_cast<std::uint8_t>(row.service_action);
  }
  return cdb;
}

std::size_t supported_rows(Harness& harness) {
  return static_cast<std::size_t>(std::ranges::count_if(
      command_rows(), [&](const CommandRow& row) { return is_supported(row, harness.unit.state()); }));
}

TEST(CommandTable, RefusesEveryReservedBitOfEveryCommandAndPointsAtIt) {
  Harness harness;
  for (const CommandRow& row : command_rows()) {
    for (std::size_t byte = 1; byte < row.length; ++byte) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        const bool is_service_action = byte == 1 && bit < 5 && row.service_action != kNoServiceAction;
        const bool is_naca = byte == control_byte(row) && 1U << bit == kNaca;
        if ((row.usage[byte] >> bit & 1U) != 0 || is_service_action || is_naca) {
          continue;
        }
        if (!is_supported(row, harness.unit.state())) {
          continue;
        }
        Bytes cdb = plain_cdb(row);
        cdb[byte] = static_cast<std::uint8_t>(cdb[byte] | 1U << bit);
        ASSERT_EQ(harness.try_out(cdb), "5/2400 cdb " + std::to_string(byte) + "." + std::to_string(bit)) << row.name;
      }
    }
  }
}

TEST(CommandTable, RefusesEveryCommandThatIsCutShort) {
  Harness harness;
  for (const CommandRow& row : command_rows()) {
    if (!is_supported(row, harness.unit.state())) {
      continue;
    }
    for (std::size_t length = 2; length < row.length; ++length) {
      Bytes cdb = plain_cdb(row);
      cdb.resize(length);
      ASSERT_EQ(harness.try_out(cdb), "5/2400 cdb " + std::to_string(length)) << row.name;
    }
  }
}

TEST(CommandTable, IgnoresTheTransportsPaddingBehindACdb) {
  Harness harness;
  Bytes cdb(16, 0xFF);
  std::fill_n(cdb.begin(), 6, std::uint8_t{0});
  EXPECT_EQ(harness.try_out(cdb), "GOOD");
}

TEST(CommandTable, RefusesEveryOtherOpcode) {
  Harness harness;
  std::set<unsigned> known;
  for (const CommandRow& row : command_rows()) {
    known.insert(row.opcode);
  }
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    if (!known.contains(opcode)) {
      ASSERT_EQ(harness.try_out(Bytes{static_cast<std::uint8_t>(opcode), 0, 0, 0, 0, 0}), "5/2000") << opcode;
    }
  }
}

TEST(CommandTable, RefusesUnknownServiceActions) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x9E, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "5/2400 cdb 1.4");
  EXPECT_EQ(harness.try_out({0x5F, 0x1F, 0, 0, 0, 0, 0, 0, 0, 0}), "5/2400 cdb 1.4");
}

// Every answer, cut at every length below its own: never longer than asked for, never another beginning.
TEST(CommandTable, CutsEveryAnswerToItsAllocationLength) {
  Harness harness;
  for (const CommandRow& row : command_rows()) {
    if (row.allocation.width == 0 || (row.opcode == 0x84 && row.service_action != 0x03)) {
      continue;  // results of a copy that there is none of
    }
    const auto with_length = [&](std::size_t length) {
      Bytes cdb = plain_cdb(row);
      for (std::size_t i = 0; i < row.allocation.width && i < sizeof(length); ++i) {
        cdb[row.allocation.byte + row.allocation.width - 1U - i] = static_cast<std::uint8_t>(length >> 8 * i);
      }
      return cdb;
    };
    const auto whole = harness.run(with_length(row.allocation.width == 1 ? 255 : 4096));
    if (row.opcode == 0x1A || row.opcode == 0x5A || row.opcode == 0x03) {
      continue;  // page 00h does not exist, and REQUEST SENSE is its own test
    }
    ASSERT_EQ(outcome(*whole), "GOOD") << row.name;
    const Bytes all = whole->data_in();
    ASSERT_GE(all.size(), 4U) << row.name;
    for (std::size_t length = 0; length < all.size(); ++length) {
      const auto part = harness.run(with_length(length));
      ASSERT_EQ(part->data_in(), Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(length))) << row.name;
      ASSERT_EQ(part->command.transfer_length, length) << row.name;
    }
  }
}

TEST(CommandTable, CutsAnswersToTheInitiatorsRoomAndKeepsTheResidual) {
  Harness harness;
  const auto exchange = harness.run({0x12, 0, 0, 0, 96, 0}, {.data_in_length = 10});
  EXPECT_TRUE(exchange->is_good());
  EXPECT_EQ(exchange->command.data_in_size, 10U);
  EXPECT_EQ(exchange->command.transfer_length, 96U);
}

TEST(ReportSupportedOpcodes, ListsTheWholeTable) {
  Harness harness;
  const auto exchange = harness.run({0xA3, 0x0C, 0x00, 0, 0, 0, 0, 0, 0x10, 0, 0, 0});
  const Bytes data = exchange->data_in();
  ASSERT_EQ(data.size(), 4 + 8 * supported_rows(harness));
  std::size_t at = 4;
  for (const CommandRow& row : command_rows()) {
    if (!is_supported(row, harness.unit.state())) {
      continue;
    }
    const bool has_action = row.service_action != kNoServiceAction;
    const Bytes expected{row.opcode, 0,
                         0,          static_cast<std::uint8_t>(has_action ? row.service_action : 0),
                         0,          static_cast<std::uint8_t>(has_action ? 1 : 0),
                         0,          row.length};
    EXPECT_EQ(Bytes(data.begin() + static_cast<std::ptrdiff_t>(at), data.begin() + static_cast<std::ptrdiff_t>(at + 8)),
              expected)
        << row.name;
    at += 8;
  }
}

TEST(ReportSupportedOpcodes, AddsTimeoutsWhenAsked) {
  Harness harness;
  const auto all = harness.run({0xA3, 0x0C, 0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(all->data_in().size(), 4 + 20 * supported_rows(harness));
  const auto one = harness.run({0xA3, 0x0C, 0x81, 0x28, 0, 0, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(one->data_in().size(), 4U + 10 + 12);
}

TEST(ReportSupportedOpcodes, TellsTheUsageOfOneCommand) {
  Harness harness;
  const auto read = harness.run({0xA3, 0x0C, 0x01, 0x28, 0, 0, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(read->data_in(), (Bytes{0, 3, 0, 10, 0x28, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF, 4}));
  const auto capacity = harness.run({0xA3, 0x0C, 0x02, 0x9E, 0, 0x10, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(capacity->data_in(),
            (Bytes{0, 3, 0, 16, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 4}));
  const auto unknown = harness.run({0xA3, 0x0C, 0x01, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(unknown->data_in(), (Bytes{0, 1, 0, 0}));
  const auto unknown_action = harness.run({0xA3, 0x0C, 0x03, 0x9E, 0, 0x1F, 0, 0, 0x10, 0, 0, 0});
  EXPECT_EQ(unknown_action->data_in(), (Bytes{0, 1, 0, 0}));
}

TEST(ReportSupportedOpcodes, RefusesTheWrongKindOfQuestion) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0xA3, 0x0C, 0x01, 0x9E, 0, 0, 0, 0, 0x10, 0, 0, 0}), "5/2400 cdb 2.2");
  EXPECT_EQ(harness.try_out({0xA3, 0x0C, 0x02, 0x28, 0, 0, 0, 0, 0x10, 0, 0, 0}), "5/2400 cdb 2.2");
  EXPECT_EQ(harness.try_out({0xA3, 0x0C, 0x04, 0x28, 0, 0, 0, 0, 0x10, 0, 0, 0}), "5/2400 cdb 2.2");
}

TEST(ReportTaskManagement, NamesTheFunctionsThatTheTransportCarries) {
  Harness harness;
  harness.nexuses[1]->has_query_functions = true;
  EXPECT_EQ(harness.run({0xA3, 0x0D, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, {.initiator = 1})->data_in(),
            (Bytes{0xFC, 0x07, 0, 0}));
  EXPECT_EQ(harness.run({0xA3, 0x0D, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0})->data_in(), (Bytes{0xF8, 0, 0, 0}));
  EXPECT_EQ(harness.run({0xA3, 0x0D, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0})->data_in(),
            (Bytes{0xF8, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace lunaria::scsi
