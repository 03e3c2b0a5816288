#include "scsi/sense.h"

#include <gtest/gtest.h>

#include <vector>

#include "scsi/additional_sense.h"

namespace lunaria::scsi {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes build(const Sense& sense, SenseFormat format) {
  Bytes result;
  const SenseBytes built = build_sense(sense, format);
  for (const std::byte byte : built.bytes()) {
    result.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return result;
}

TEST(Sense, FixedFormatHasEighteenBytes) {
  const Sense sense{SenseKey::kIllegalRequest, asc::kInvalidOperationCode, std::nullopt, std::nullopt, std::nullopt};
  EXPECT_EQ(build(sense, SenseFormat::kFixed), (Bytes{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0x00, 0, 0, 0, 0}));
}

TEST(Sense, FixedFormatPointsAtTheField) {
  const Sense sense{SenseKey::kIllegalRequest, asc::kInvalidFieldInCdb, FieldPointer{true, 0x0102, std::uint8_t{6}},
                    std::nullopt};
  EXPECT_EQ(build(sense, SenseFormat::kFixed),
            (Bytes{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0x00, 0, 0xCE, 1, 2}));
  const Sense in_list{SenseKey::kIllegalRequest, asc::kInvalidFieldInParameterList,
                      FieldPointer{false, 9, std::nullopt}, std::nullopt};
  EXPECT_EQ(build(in_list, SenseFormat::kFixed),
            (Bytes{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x26, 0x00, 0, 0x80, 0, 9}));
}

TEST(Sense, FixedFormatIsValidOnlyWithInformationThatFits) {
  Sense sense{SenseKey::kMediumError, asc::kUnrecoveredReadError, std::nullopt, 0xFFFFFFFF};
  EXPECT_EQ(build(sense, SenseFormat::kFixed),
            (Bytes{0xF0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 10, 0, 0, 0, 0, 0x11, 0x00, 0, 0, 0, 0}));
  sense.information = 0x100000000;
  EXPECT_EQ(build(sense, SenseFormat::kFixed), (Bytes{0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0x00, 0, 0, 0, 0}));
}

TEST(Sense, DescriptorFormatHoldsOnlyWhatThereIs) {
  EXPECT_EQ(build({}, SenseFormat::kDescriptor), (Bytes{0x72, 0, 0, 0, 0, 0, 0, 0}));
  const Sense sense{SenseKey::kMediumError, asc::kWriteError, FieldPointer{true, 2, std::nullopt}, 0x0123456789ABCDEF};
  EXPECT_EQ(build(sense, SenseFormat::kDescriptor),
            (Bytes{0x72, 3,    0x0C, 0x00, 0,    0,    0,    20,                            // header
                   0x00, 0x0A, 0x80, 0,    0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,  // information
                   0x02, 0x06, 0,    0,    0xC0, 0,    2,    0}));                          // field pointer
}

}  // namespace
}  // namespace lunaria::scsi
