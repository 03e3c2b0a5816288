#include "wbem/cimxml/request_memory.h"

#include <gtest/gtest.h>

#include <optional>

#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

TEST(RequestMemory, IsSharedByAllAndGivenBack) {
  RequestMemory memory(3 * kMebibyte);
  std::optional<RequestMemory::Share> first(memory);
  RequestMemory::Share second(memory);
  EXPECT_TRUE(first->hold(2 * kMebibyte));
  EXPECT_FALSE(second.hold(2 * kMebibyte));
  EXPECT_TRUE(second.hold(kMebibyte));
  first.reset();
  EXPECT_TRUE(second.hold(2 * kMebibyte));
}

TEST(RequestMemory, KeepsTheMostThatARequestHasHeld) {
  RequestMemory memory(3 * kMebibyte);
  RequestMemory::Share first(memory);
  RequestMemory::Share second(memory);
  EXPECT_TRUE(first.hold(2 * kMebibyte));
  EXPECT_TRUE(first.hold(0));
  EXPECT_FALSE(second.hold(2 * kMebibyte));
}

TEST(RequestMemory, HasRoomForOrdinaryRequestsWhateverOthersHold) {
  RequestMemory memory(kMebibyte);
  RequestMemory::Share large(memory);
  EXPECT_TRUE(large.hold(kMebibyte + limits::kRequestShareBytes));
  RequestMemory::Share small(memory);
  EXPECT_TRUE(small.hold(limits::kRequestShareBytes));
  EXPECT_FALSE(small.hold(limits::kRequestShareBytes + 1));
}

TEST(XmlParserHolds, TheTreeAndWhatHasNoEndYet) {
  XmlParser tree;
  ASSERT_TRUE(tree.feed("<A>"));
  const std::size_t small = tree.held_bytes();
  std::string elements;
  for (int i = 0; i < 10'000; ++i) {
    elements += "<B/>";
  }
  ASSERT_TRUE(tree.feed(elements));
  EXPECT_GT(tree.held_bytes(), small + 10'000 * sizeof(XmlElement));

  XmlParser attribute;
  ASSERT_TRUE(attribute.feed("<A B=\""));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(attribute.feed(std::string(1000, 'x')));
  }
  EXPECT_GT(attribute.held_bytes(), 1'000'000U);

  XmlParser text;
  ASSERT_TRUE(text.feed("<A>"));
  ASSERT_TRUE(text.feed(std::string(1'000'000, 'x')));
  EXPECT_GT(text.held_bytes(), 1'000'000U);
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
