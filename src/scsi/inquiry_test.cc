#include <gtest/gtest.h>

#include <string_view>

#include "block/failed_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
Bytes text(std::string_view characters, std::size_t width = 0) {
  Bytes bytes(characters.begin(), characters.end());
  bytes.resize(std::max(width, bytes.size()), 0);
  return bytes;
}
Bytes zeros(std::size_t count) {
  return Bytes(count, 0);
}
Bytes vpd(Harness& harness, std::uint8_t page) {
  return harness.run({0x12, 1, page, 0x10, 0, 0})->data_in();
}

TEST(Inquiry, StandardDataByteByByte) {
  Harness harness;
  const Bytes expected = Bytes{0x00,    // a disk that is connected
                               0x00,    // not removable
                               0x06,    // SPC-4
                               0x32,    // NORMACA, HISUP, response data format 2
                               91,      // additional length
                               0x38,    // TPGS: implicit and explicit asymmetric access; 3PC
                               0x10,    // MULTIP
                               0x02} +  // CMDQUE
                         text("LUNARIA Virtual Disk    0001") +
                         zeros(22) + Bytes{0x00, 0xA0, 0x04, 0x60, 0x04, 0xC0, 0x09, 0x60} + zeros(30);
  EXPECT_EQ(expected.size(), 96U);
  EXPECT_EQ(harness.run({0x12, 0, 0, 1, 0, 0})->data_in(), expected);
}

TEST(Inquiry, ShowsRemovableUnits) {
  Harness harness(Harness::ram(8), {.removable = true});
  EXPECT_EQ(harness.run({0x12, 0, 0, 0, 96, 0})->data_in().at(1), 0x80);
}

TEST(Inquiry, RefusesPagesThatAreNotThere) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x12, 0, 0x80, 0, 96, 0}), "5/2400 cdb 2");
  const Bytes pages = vpd(harness, 0x00);
  for (unsigned page = 0; page < 256; ++page) {
    const bool is_listed = std::find(pages.begin() + 4, pages.end(), page) != pages.end();
    EXPECT_EQ(harness.try_out({0x12, 1, static_cast<std::uint8_t>(page), 0, 255, 0}),
              is_listed ? "GOOD" : "5/2400 cdb 2")
        << page;
  }
}

TEST(Inquiry, EveryPageSaysItsCodeAndLength) {
  Harness harness;
  const Bytes pages = vpd(harness, 0x00);
  for (std::size_t i = 4; i < pages.size(); ++i) {
    const Bytes page = vpd(harness, pages[i]);
    ASSERT_GE(page.size(), 4U);
    EXPECT_EQ(page[0], 0x00);
    EXPECT_EQ(page[1], pages[i]);
    EXPECT_EQ(page[2] << 8 | page[3], static_cast<int>(page.size() - 4));
  }
}

TEST(Vpd, SupportedPagesAndSerialNumber) {
  Harness harness;
  EXPECT_EQ(vpd(harness, 0x00), (Bytes{0, 0, 0, 11, 0x00, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0x8F, 0xB0, 0xB1, 0xB2}));
  EXPECT_EQ(vpd(harness, 0x80), (Bytes{0, 0x80, 0, 16}) + text("0123456789abcdef"));
}

TEST(Vpd, IdentificationByteByByte) {
  Harness harness;
  const Bytes body = Bytes{0x02, 0x01, 0, 24} + text("LUNARIA 0123456789abcdef") +            // T10 vendor
                     Bytes{0x01, 0x03, 0, 8, 0x30, 0, 0, 0, 0, 0, 0, 0x2A} +                  // NAA
                     Bytes{0x03, 0x08, 0, 24} + text("naa.300000000000002a", 24) +            // unit's name
                     Bytes{0x51, 0x94, 0, 4, 0, 0, 0, 1} +                                    // relative port
                     Bytes{0x51, 0x95, 0, 4, 0, 0, 0, 1} +                                    // port group
                     Bytes{0x53, 0x98, 0, 32} + text("iqn.2024-01.test:disk,t,0x0001", 32) +  // port's name
                     Bytes{0x53, 0xA8, 0, 24} + text("iqn.2024-01.test:disk", 24);            // device's name
  EXPECT_EQ(vpd(harness, 0x83), (Bytes{0, 0x83, 0, static_cast<std::uint8_t>(body.size())}) + body);
}

TEST(Vpd, ExtendedInquiryPolicyAndPorts) {
  Harness harness;
  EXPECT_EQ(vpd(harness, 0x85), (Bytes{0, 0x85, 0, 0}));
  EXPECT_EQ(vpd(harness, 0x86), (Bytes{0, 0x86, 0, 0x3C, 0, 0x17, 0x00}) + zeros(0x3C - 3));
  EXPECT_EQ(vpd(harness, 0x87), (Bytes{0, 0x87, 0, 4, 0x3F, 0xFF, 0, 0}));
  EXPECT_EQ(vpd(harness, 0x88), (Bytes{0, 0x88, 0, 48, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 36, 0x53, 0x98, 0, 32}) +
                                    text("iqn.2024-01.test:disk,t,0x0001", 32));
}

TEST(Vpd, BlockLimitsByteByByte) {
  Harness harness;
  const Bytes expected = Bytes{0, 0xB0, 0, 0x3C, 0x00, 0xFF} +           // COMPARE AND WRITE up to 255 blocks
                         Bytes{0x00, 0x08} +                             // granularity: a 4 KiB physical block
                         Bytes{0x00, 0x00, 0x40, 0x00} +                 // 8 MiB at most
                         Bytes{0x00, 0x00, 0x08, 0x00} +                 // 1 MiB is best
                         zeros(4) + Bytes{0xFF, 0xFF, 0xFF, 0xFF} +      // unmap any number
                         Bytes{0x00, 0x00, 0x01, 0x00} +                 // in 256 descriptors
                         Bytes{0x00, 0x00, 0x00, 0x08, 0x80, 0, 0, 0} +  // in units of 4 KiB, aligned to 0
                         Bytes{0, 0, 0, 0, 0x00, 0x08, 0x00, 0x00} +     // WRITE SAME 256 MiB
                         Bytes{0x00, 0x00, 0x08, 0x00} +                 // WRITE ATOMIC 1 MiB
                         zeros(16);
  EXPECT_EQ(expected.size(), 64U);
  EXPECT_EQ(vpd(harness, 0xB0), expected);
}

TEST(Vpd, CharacteristicsAndProvisioning) {
  Harness harness;
  EXPECT_EQ(vpd(harness, 0xB1), (Bytes{0, 0xB1, 0, 0x3C, 0, 1, 0, 0x40, 2}) + zeros(0x3C - 5));
  EXPECT_EQ(vpd(harness, 0xB2), (Bytes{0, 0xB2, 0, 4, 11, 0xE4, 0x02, 0}));
  Harness thick(std::make_unique<block::FailedVolume>(block::Geometry{512, 4096, 8}, block::Features{}, "gone"));
  EXPECT_EQ(vpd(thick, 0xB2), (Bytes{0, 0xB2, 0, 4, 0, 0, 0, 0}));
}

TEST(ReadCapacity, TenSaysTheLastBlockOrThatItIsTooSmall) {
  Harness harness;
  EXPECT_EQ(harness.run({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0})->data_in(), (Bytes{0, 0, 7, 0xFF, 0, 0, 2, 0}));
  Harness fits(Harness::ram(std::uint64_t{1} << 32));
  EXPECT_EQ(fits.run({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0})->data_in(), (Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2, 0}));
  Harness large(Harness::ram((std::uint64_t{1} << 32) + 1));
  EXPECT_EQ(large.run({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0})->data_in(), (Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2, 0}));
}

TEST(ReadCapacity, SixteenByteByByte) {
  Harness harness(Harness::ram((std::uint64_t{1} << 32) + 1));
  EXPECT_EQ(harness.run({0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0})->data_in(),
            (Bytes{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3, 0xC0, 0}) + zeros(16));
  Harness four(Harness::ram(16, 4096));
  EXPECT_EQ(four.run({0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0})->data_in(),
            (Bytes{0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0x10, 0, 0, 0, 0xC0, 0}) + zeros(16));
}

TEST(FailedUnit, IsIdentifiedButNotReady) {
  Harness harness(std::make_unique<block::FailedVolume>(block::Geometry{512, 4096, 8}, block::Features{}, "gone"));
  EXPECT_EQ(harness.failures, std::vector<std::string>{"gone"});
  EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x1A, 0, 0x3F, 0, 255, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "2/0403");
  EXPECT_EQ(harness.try_out({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "2/0403");
  EXPECT_EQ(harness.try_out({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}), "2/0403");
  EXPECT_EQ(harness.run({0x03, 0, 0, 0, 18, 0})->data_in(),
            (Bytes{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x03, 0, 0, 0, 0}));
}

TEST(ReportLuns, ListsTheInventoryAsAsked) {
  Harness harness;
  const Bytes units{0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x2C, 0, 0, 0, 0, 0, 0};
  const Bytes well_known{0xC1, 0x01, 0, 0, 0, 0, 0, 0};
  const auto report = [&](std::uint8_t select) {
    return harness.run({0xA0, 0, select, 0, 0, 0, 0, 0, 1, 0, 0, 0})->data_in();
  };
  EXPECT_EQ(report(0x00), (Bytes{0, 0, 0, 16, 0, 0, 0, 0}) + units);
  EXPECT_EQ(report(0x01), (Bytes{0, 0, 0, 8, 0, 0, 0, 0}) + well_known);
  EXPECT_EQ(report(0x02), (Bytes{0, 0, 0, 24, 0, 0, 0, 0}) + units + well_known);
  EXPECT_EQ(report(0x10), (Bytes{0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(report(0x11), (Bytes{0, 0, 0, 16, 0, 0, 0, 0}) + units);
  EXPECT_EQ(report(0x12), (Bytes{0, 0, 0, 0, 0, 0, 0, 0}));
  for (const std::uint8_t unknown : std::initializer_list<std::uint8_t>{0x03, 0x0F, 0x13, 0xFF}) {
    EXPECT_EQ(harness.try_out({0xA0, 0, unknown, 0, 0, 0, 0, 0, 1, 0, 0, 0}), "5/2400 cdb 2");
  }
}

TEST(Lun, EncodesAndDecodesBothForms) {
  EXPECT_EQ(encode_lun(0), Lun{0});
  EXPECT_EQ(encode_lun(255), Lun{0x00FF'0000'0000'0000});
  EXPECT_EQ(encode_lun(256), Lun{0x4100'0000'0000'0000});
  EXPECT_EQ(encode_lun(16383), Lun{0x7FFF'0000'0000'0000});
  for (const std::uint16_t number : std::initializer_list<std::uint16_t>{0, 1, 255, 256, 300, 16383}) {
    EXPECT_EQ(decode_lun(encode_lun(number)), number);
  }
  EXPECT_EQ(decode_lun(Lun{0x4007'0000'0000'0000}), 7);
  EXPECT_EQ(decode_lun(Lun{0x0100'0000'0000'0000}), std::nullopt);  // another bus
  EXPECT_EQ(decode_lun(Lun{0x0001'0001'0000'0000}), std::nullopt);  // a second level
  EXPECT_EQ(decode_lun(Lun{0x0000'0000'0000'0001}), std::nullopt);
  EXPECT_EQ(decode_lun(Lun{0x8001'0000'0000'0000}), std::nullopt);
  EXPECT_EQ(decode_lun(kReportLunsUnit), std::nullopt);
}

TEST(WithoutUnit, SaysThatNoneIsThere) {
  Harness harness;
  const Lun lun = encode_lun(9);
  EXPECT_EQ(harness.run_absent({0x12, 0, 0, 0, 96, 0}, lun)->data_in().at(0), 0x7F);
  EXPECT_EQ(harness.run_absent({0x12, 1, 0, 0, 96, 0}, lun)->data_in(), (Bytes{0x7F, 0, 0, 1, 0}));
  EXPECT_EQ(outcome(*harness.run_absent({0x12, 1, 0x83, 0, 96, 0}, lun)), "5/2400 cdb 2");
  EXPECT_EQ(harness.run_absent({0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, lun)->data_in().size(), 24U);
  EXPECT_EQ(harness.run_absent({0x03, 0, 0, 0, 18, 0}, lun)->data_in(),
            (Bytes{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0}));
  EXPECT_EQ(harness.run_absent({0x03, 1, 0, 0, 18, 0}, lun)->data_in(), (Bytes{0x72, 5, 0x25, 0, 0, 0, 0, 0}));
  for (const std::uint8_t opcode : std::initializer_list<std::uint8_t>{0x00, 0x1A, 0x28, 0x2A, 0xFF}) {
    EXPECT_EQ(outcome(*harness.run_absent({opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0}, lun)), "5/2500");
  }
  EXPECT_EQ(outcome(*harness.run_absent({0x12, 2, 0, 0, 96, 0}, lun)), "5/2400 cdb 1.1");
  EXPECT_EQ(outcome(*harness.run_absent({0x12, 0, 0}, lun)), "5/2400 cdb 3");
}

TEST(WellKnownUnit, AnswersForTheTarget) {
  Harness harness;
  EXPECT_EQ(harness.run_absent({0x12, 0, 0, 0, 96, 0}, kReportLunsUnit)->data_in().at(0), 0x1E);
  EXPECT_EQ(harness.run_absent({0x12, 1, 0, 0, 96, 0}, kReportLunsUnit)->data_in(), (Bytes{0x1E, 0, 0, 2, 0, 0x83}));
  EXPECT_EQ(harness.run_absent({0x12, 1, 0x83, 0, 96, 0}, kReportLunsUnit)->data_in().at(5), 0x94);
  EXPECT_EQ(outcome(*harness.run_absent({0x00, 0, 0, 0, 0, 0}, kReportLunsUnit)), "GOOD");
  EXPECT_EQ(outcome(*harness.run_absent({0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0}, kReportLunsUnit)), "5/2000");
}

// Commands and blocks, all together and by GROUP NUMBER.
TEST(LogSense, CountsReadsAndWrites) {
  Harness harness;
  harness.run({0x2A, 0, 0, 0, 0, 0, 0x03, 0, 2, 0}, {.data_out = Bytes(1024)});
  harness.run({0x28, 0, 0, 0, 0, 0, 0, 0, 5, 0});
  harness.run({0x28, 0, 0, 0, 0x08, 0, 0, 0, 5, 0});  // beyond the end: not counted
  const Bytes all = harness.run({0x4D, 0, 0x59, 0, 0, 0, 0, 0, 255, 0})->data_in();
  ASSERT_GE(all.size(), 8U + 32);
  EXPECT_EQ(Bytes(all.begin() + 4, all.begin() + 40), (Bytes{0, 1, 3, 0x40, 0, 0, 0, 0, 0, 0, 0, 1}) + zeros(7) +
                                                          Bytes{1} + zeros(7) + Bytes{2} + zeros(7) + Bytes{5});
  const Bytes group = harness.run({0x4D, 0, 0x59, 3, 0, 0, 0, 0, 255, 0})->data_in();
  ASSERT_GE(group.size(), 8U + 32);
  EXPECT_EQ(Bytes(group.begin(), group.begin() + 8), (Bytes{0x59, 3, 0, 64, 0, 1, 3, 0x30}));
  EXPECT_EQ(group.at(8 + 15), 1);
  EXPECT_EQ(group.at(8 + 23), 2);
  EXPECT_EQ(harness.try_out({0x4D, 0, 0x59, 32, 0, 0, 0, 0, 255, 0}), "5/2400 cdb 3");
}

TEST(LogSense, TellsUsedAndAvailableSpaceInMebibytes) {
  Harness harness(Harness::ram(8192));  // 4 MiB
  harness.run({0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0, 0}, {.data_out = Bytes(512, 1)});
  EXPECT_EQ(harness.run({0x4D, 0, 0x4C, 0, 0, 0, 0, 0, 255, 0})->data_in(),
            (Bytes{0x0C, 0, 0, 24, 0, 1, 3, 8, 0, 0, 0, 3, 2, 0, 0, 0, 0, 2, 3, 8, 0, 0, 0, 1, 1, 0, 0, 0}));
  EXPECT_EQ(vpd(harness, 0xB2).at(4), 11);  // the unit of those: 2048 blocks
}

TEST(Informational, TimestampAndIdentifyingInformation) {
  Harness harness;
  const Bytes timestamp = harness.run({0xA3, 0x0F, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0})->data_in();
  ASSERT_EQ(timestamp.size(), 12U);
  EXPECT_EQ(Bytes(timestamp.begin(), timestamp.begin() + 4), (Bytes{0, 10, 3, 0}));
  EXPECT_EQ(harness.run({0xA3, 0x05, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0})->data_in(), (Bytes{0, 0, 0, 0}));
  EXPECT_EQ(harness.run({0xA3, 0x05, 0, 0, 0, 0, 0, 0, 0, 255, 0xFE, 0})->data_in(),
            (Bytes{0, 0, 0, 8, 0, 0, 0, 0, 4, 0, 0, 0}));
  EXPECT_EQ(harness.try_out({0xA3, 0x05, 0, 0, 0, 0, 0, 0, 0, 255, 0x02, 0}), "5/2400 cdb 10.7");
}

TEST(Informational, SelfTestsReadTheMedium) {
  Harness harness;
  for (const std::uint8_t test : std::initializer_list<std::uint8_t>{0x04, 0xA0, 0xC0, 0x00}) {
    EXPECT_EQ(harness.try_out({0x1D, test, 0, 0, 0, 0}), "GOOD");
  }
  EXPECT_EQ(harness.try_out({0x1D, 0x20, 0, 0, 0, 0}), "5/2400 cdb 1.7");
  EXPECT_EQ(harness.try_out({0x1D, 0xA4, 0, 0, 0, 0}), "5/2400 cdb 1.7");
}

TEST(Informational, LogSenseDefectsAndPortGroups) {
  Harness harness;
  EXPECT_EQ(harness.run({0x4D, 0, 0x40, 0, 0, 0, 0, 0, 255, 0})->data_in(), (Bytes{0, 0, 0, 3, 0, 0x0C, 0x19}));
  const Bytes subpages = harness.run({0x4D, 0, 0x40, 0xFF, 0, 0, 0, 0, 255, 0})->data_in();
  ASSERT_EQ(subpages.size(), 4U + 2 * (4 + 31));  // with the pages of 31 groups
  EXPECT_EQ(Bytes(subpages.begin(), subpages.begin() + 12),
            (Bytes{0x40, 0xFF, 0, 70, 0, 0, 0, 0xFF, 0x0C, 0, 0x19, 0}));
  EXPECT_EQ(harness.try_out({0x4D, 0, 0x41, 0, 0, 0, 0, 0, 255, 0}), "5/2400 cdb 2.5");
  EXPECT_EQ(harness.try_out({0x4D, 0, 0x40, 1, 0, 0, 0, 0, 255, 0}), "5/2400 cdb 3");
  EXPECT_EQ(harness.run({0x37, 0, 0x1D, 0, 0, 0, 0, 0, 255, 0})->data_in(), (Bytes{0, 0x1D, 0, 0}));
  EXPECT_EQ(harness.run({0xB7, 0x0C, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0})->data_in(), (Bytes{0, 0x0C, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(harness.run({0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0})->data_in(),
            (Bytes{0, 0, 0, 12, 0, 0x0F, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(harness.run({0xA3, 0x2A, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0})->data_in(),
            (Bytes{0, 0, 0, 16, 0x10, 0, 0, 0, 0, 0x0F, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(harness.try_out({0xA3, 0x4A, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0}), "5/2400 cdb 1.7");
  EXPECT_EQ(harness.try_out({0x34, 0, 0, 0, 7, 0xFF, 0, 0, 1, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x34, 2, 0, 0, 7, 0xFF, 0, 0, 2, 0}), "5/2100");
  EXPECT_EQ(harness.try_out({0x1D, 4, 0, 0, 0, 0}), "GOOD");
}

}  // namespace
}  // namespace lunaria::scsi
