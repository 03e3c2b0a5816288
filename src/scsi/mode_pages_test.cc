#include "scsi/mode_pages.h"

#include <gtest/gtest.h>

#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

Bytes sense_6(Harness& harness, std::uint8_t page, std::uint8_t subpage = 0, std::uint8_t flags = 0x08) {
  return harness.run({0x1A, flags, page, subpage, 255, 0})->data_in();
}

/// MODE SELECT(6) with PF of a list.
std::string select_6(Harness& harness, const Bytes& list, std::size_t initiator = 0) {
  return harness.try_out({0x15, 0x10, 0, 0, static_cast<std::uint8_t>(list.size()), 0},
                         {.data_out = list, .initiator = initiator});
}

constexpr std::uint8_t kDescriptorSense = 0x04;
Bytes control_list(std::uint8_t byte_2, std::uint8_t byte_4 = 0, std::uint8_t byte_5 = 0) {
  return {0, 0, 0, 0, 0x0A, 0x0A, byte_2, 0x10, byte_4, byte_5, 0, 0, 0, 0, 0, 0};
}

TEST(ModeSense, SixWithItsBlockDescriptor) {
  Harness harness;
  EXPECT_EQ(sense_6(harness, 0x08, 0, 0), (Bytes{31, 0, 0x10, 8, 0, 0, 8, 0, 0, 0, 2, 0, 0x08, 0x12, 0, 0,
                                                 0,  0, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0}));
}

TEST(ModeSense, TenWithTheLongDescriptor) {
  Harness harness;
  EXPECT_EQ(harness.run({0x5A, 0x10, 0x0A, 0, 0, 0, 0, 0, 255, 0})->data_in(),
            (Bytes{0, 34, 0, 0x10, 1, 0, 0,    16,   0, 0,    0, 0, 0, 0, 8, 0, 0, 0,
                   0, 0,  0, 0,    2, 0, 0x0A, 0x0A, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(harness.run({0x5A, 0x18, 0x0A, 0, 0, 0, 0, 0, 255, 0})->data_in(),
            (Bytes{0, 18, 0, 0x10, 0, 0, 0, 0, 0x0A, 0x0A, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(ModeSense, AllPagesInAscendingOrder) {
  Harness harness;
  const auto codes = [](const Bytes& data) {
    std::vector<unsigned> found;
    for (std::size_t at = 4; at < data.size();) {
      const bool has_subpage = (data[at] & 0x40) != 0;
      found.push_back((data[at] & 0x3FU) << 8 | (has_subpage ? data[at + 1] : 0U));
      at += has_subpage ? 4U + static_cast<unsigned>(data[at + 2] << 8 | data[at + 3]) : 2U + data[at + 1];
    }
    return found;
  };
  EXPECT_EQ(codes(sense_6(harness, 0x3F)), (std::vector<unsigned>{0x0100, 0x0200, 0x0800, 0x0A00, 0x1C00}));
  EXPECT_EQ(codes(sense_6(harness, 0x3F, 0xFF)),
            (std::vector<unsigned>{0x0100, 0x0200, 0x0800, 0x0A00, 0x0A01, 0x1C00, 0x1C02}));
  EXPECT_EQ(codes(sense_6(harness, 0x0A, 0xFF)), (std::vector<unsigned>{0x0A00, 0x0A01}));
  EXPECT_EQ(codes(sense_6(harness, 0x0A, 0x01)), (std::vector<unsigned>{0x0A01}));
}

TEST(ModeSense, RefusesPagesThatAreNotThereAndSavedValues) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x1A, 0, 0x07, 0, 255, 0}), "5/2400 cdb 2.5");
  EXPECT_EQ(harness.try_out({0x1A, 0, 0x08, 1, 255, 0}), "5/2400 cdb 2.5");
  EXPECT_EQ(harness.try_out({0x1A, 0, 0x3F, 1, 255, 0}), "5/2400 cdb 2.5");
  EXPECT_EQ(harness.try_out({0x1A, 0, 0xC8, 0, 255, 0}), "5/3900");
}

TEST(ModeSense, TellsChangeableAndDefaultValuesApart) {
  Harness harness;
  EXPECT_EQ(select_6(harness, control_list(0x02 | kDescriptorSense)), "GOOD");
  EXPECT_EQ(sense_6(harness, 0x0A).at(6), 0x06);
  EXPECT_EQ(sense_6(harness, 0x40 | 0x0A),
            (Bytes{15, 0, 0x10, 0, 0x0A, 0x0A, 0x24, 0x06, 0x08, 0x40, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(sense_6(harness, 0x80 | 0x0A).at(6), 0x02);
}

TEST(ModeSense, ShowsWriteProtection) {
  Harness harness(Harness::ram(8), {.read_only = true});
  EXPECT_EQ(sense_6(harness, 0x08).at(2), 0x90);
  Harness other;
  EXPECT_EQ(other.run({0x1A, 8, 0x08, 0, 255, 0}, {.read_only = true})->data_in().at(2), 0x90);
}

TEST(ModeSelect, ChangesTheSenseFormat) {
  Harness harness;
  EXPECT_EQ(select_6(harness, control_list(0x02 | kDescriptorSense)), "GOOD");
  EXPECT_EQ(harness.run({0xFF, 0, 0, 0, 0, 0})->sense().at(0), 0x72);
  EXPECT_EQ(select_6(harness, control_list(0x02)), "GOOD");
  EXPECT_EQ(harness.run({0xFF, 0, 0, 0, 0, 0})->sense().at(0), 0x70);
}

TEST(ModeSelect, ProtectsAgainstWriting) {
  Harness harness;
  EXPECT_EQ(select_6(harness, control_list(0x02, 0x08)), "GOOD");
  EXPECT_EQ(harness.try_out({0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0}, {.data_out = Bytes(512)}), "7/2702");
  EXPECT_EQ(harness.try_out({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}), "GOOD");
  EXPECT_EQ(sense_6(harness, 0x08).at(2), 0x90);
}

TEST(ModeSelect, TellsTheOtherNexusesOnlyWhenSomethingChanged) {
  Harness harness;
  EXPECT_EQ(select_6(harness, control_list(0x02)), "GOOD");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}, {.initiator = 1}), "GOOD");
  EXPECT_EQ(select_6(harness, control_list(0x06)), "GOOD");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}, {.initiator = 1}), "6/2A01");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}, {.initiator = 1}), "GOOD");
}

TEST(ModeSelect, TakesWhatModeSenseGave) {
  Harness harness;
  Bytes list = harness.run({0x5A, 0x10, 0x3F, 0xFF, 0, 0, 0, 0, 255, 0})->data_in();
  list[0] = 0;
  list[1] = 0;
  const auto length = static_cast<std::uint8_t>(list.size());
  EXPECT_EQ(harness.try_out({0x55, 0x10, 0, 0, 0, 0, 0, 0, length, 0}, {.data_out = list}), "GOOD");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}, {.initiator = 1}), "GOOD");
}

TEST(ModeSelect, RefusesWhatCannotBeChanged) {
  Harness harness;
  struct Case {
    Bytes list;
    const char* expected;
  };
  const Case cases[] = {
      {{1, 0, 0, 0}, "5/2600 list 0"},                                                  // MODE DATA LENGTH is reserved
      {{0, 1, 0, 0}, "5/2600 list 1"},                                                  // medium type
      {{0, 0, 0, 4}, "5/2600 list 3"},                                                  // half a block descriptor
      {{0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 2, 0}, "5/2600 list 3"},                         // a long one needs LONGLBA
      {{0, 0, 0, 8, 0, 0, 0, 0}, "5/1A00"},                                             // the descriptor is cut off
      {{0, 0, 0, 8, 0, 0, 7, 0, 0, 0, 2, 0}, "5/2600 list 4"},                          // another capacity
      {{0, 0, 0, 8, 0, 0, 8, 0, 1, 0, 2, 0}, "5/2600 list 8"},                          // density
      {{0, 0, 0, 8, 0, 0, 8, 0, 0, 0, 4, 0}, "5/2600 list 9"},                          // another block length
      {{0, 0, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2, 0}, "GOOD"},                       // as much as there is
      {{0, 0, 0, 0, 0x07, 0x0A}, "5/2600 list 4.5"},                                    // an unknown page
      {{0, 0, 0, 0, 0x0A}, "5/1A00"},                                                   // half a page header
      {{0, 0, 0, 0, 0x0A, 0x09, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}, "5/2600 list 5"},     // wrong page length
      {{0, 0, 0, 0, 0x0A, 0x0A, 2, 0x10, 0, 0, 0, 0, 0, 0, 0}, "5/1A00"},               // the page is cut off
      {{0, 0, 0, 0, 0x0A, 0x0A, 2, 0x00, 0, 0, 0, 0, 0, 0, 0, 0}, "5/2600 list 7"},     // queue algorithm
      {{0, 0, 0, 0, 0x0A, 0x0A, 0x42, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}, "5/2600 list 6"},  // TST 010b is reserved
      {{0, 0, 0, 0, 0x0A, 0x0A, 2, 0x14, 0, 0, 0, 0, 0, 0, 0, 0}, "5/2600 list 7.2"},   // and so is QERR 10b
      {{0, 0, 0, 0, 0x8A, 0x0A, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}, "GOOD"},              // PS is left set
      {{0, 0, 0, 0, 0x08, 0x12, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "5/2600 list 6"},  // no cache
  };
  for (const Case& each : cases) {
    EXPECT_EQ(select_6(harness, each.list), each.expected) << ::testing::PrintToString(each.list);
  }
}

TEST(ModeSelect, ChangesNothingWhenALaterPageIsRefused) {
  Harness harness;
  Bytes list = control_list(0x02 | kDescriptorSense);
  list.insert(list.end(), {0x07, 0x00});
  EXPECT_EQ(select_6(harness, list), "5/2600 list 16.5");
  EXPECT_EQ(sense_6(harness, 0x0A).at(6), 0x02);
}

TEST(ModeSelect, RefusesSavingAndVendorFormats) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x15, 0x11, 0, 0, 0, 0}), "5/2400 cdb 1.0");
  EXPECT_EQ(harness.try_out({0x15, 0x00, 0, 0, 0, 0}), "5/2400 cdb 1.4");
  EXPECT_EQ(harness.try_out({0x55, 0x11, 0, 0, 0, 0, 0, 0, 0, 0}), "5/2400 cdb 1.0");
}

TEST(ModeSelect, TakesListsOfEveryShortLengthWithoutHarm) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x15, 0x10, 0, 0, 0, 0}), "GOOD");
  for (std::uint8_t length = 1; length < 4; ++length) {
    EXPECT_EQ(select_6(harness, Bytes(length, 0)), "5/1A00");
  }
  for (std::uint8_t length = 1; length < 8; ++length) {
    EXPECT_EQ(harness.try_out({0x55, 0x10, 0, 0, 0, 0, 0, 0, length, 0}, {.data_out = Bytes(length, 0)}), "5/1A00");
  }
  // The initiator announces more than it sends.
  EXPECT_EQ(harness.try_out({0x15, 0x10, 0, 0, 16, 0}, {.data_out = Bytes(15, 0)}), "5/1A00");
}

}  // namespace
}  // namespace lunaria::scsi
