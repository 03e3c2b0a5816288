// The five services of the storage model: one mechanism for their state.

#include "providers/storage/service_provider.h"

#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Status;
using cim::Value;
namespace names = schema::cim_service;

class StorageServiceTest : public Bed {
 protected:
  cim::ObjectPath path_of(std::size_t index) { return only(kStorage, storage_service_kind(index).class_name); }
  std::uint64_t request(const cim::ObjectPath& path, std::uint16_t state) {
    namespace change = names::request_state_change;
    return code(path, change::kMethod, {{change::kRequestedState, Value(state)}});
  }
};

TEST_F(StorageServiceTest, EachIsOneThatRunsFromTheStart) {
  for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
    const cim::Instance now = *get(path_of(i));
    EXPECT_EQ(flag_of(now, names::kStarted), true) << now.class_name();
    EXPECT_EQ(number_of(now, names::kEnabledState), 2U);
    EXPECT_EQ(number_of(now, names::kRequestedState), 5U);
  }
  EXPECT_EQ(list(kStorage, "CIM_Service").size(), kStorageServiceCount + 1U) << "and the object manager";
}

TEST_F(StorageServiceTest, StopsAndStartsAloneAndRemembersTheRequest) {
  for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
    const cim::ObjectPath path = path_of(i);
    EXPECT_EQ(code(path, names::stop_service::kMethod), 0U);
    EXPECT_EQ(flag_of(*get(path), names::kStarted), false);
    EXPECT_EQ(flag_of(*get(path_of((i + 1) % kStorageServiceCount)), names::kStarted), true) << "others go on";
    end_life();
    begin_life();
    EXPECT_EQ(flag_of(*get(path), names::kStarted), true) << "the default decides";
    EXPECT_EQ(number_of(*get(path), names::kRequestedState), 3U) << "the record stays";
    EXPECT_EQ(code(path, names::start_service::kMethod), 0U);
    EXPECT_EQ(number_of(*get(path), names::kRequestedState), 2U);
  }
}

TEST_F(StorageServiceTest, AStoppedOneAnswersNoOtherMethod) {
  const cim::ObjectPath path = path_of(2);
  EXPECT_EQ(code(path, "CreateiSCSINode", {{"Alias", Value("x")}}), 1U) << "not supported";
  EXPECT_EQ(request(path, 3), 0U);
  EXPECT_EQ(status_of(invoke(path, "CreateiSCSINode", {{"Alias", Value("x")}})), Status::kMethodNotAvailable);
  EXPECT_EQ(request(path, 2), 0U);
  EXPECT_EQ(code(path, "CreateiSCSINode", {{"Alias", Value("x")}}), 1U);
}

TEST_F(StorageServiceTest, TheTableOfRequestStateChangeIsTheObjectManagers) {
  const cim::ObjectPath path = path_of(0);
  EXPECT_EQ(request(path, 6), 1U);
  EXPECT_EQ(request(path, 12), 5U);
  EXPECT_EQ(request(path, 4), 0U) << "shut down is as disabled";
  EXPECT_EQ(number_of(*get(path), names::kRequestedState), 4U);
  EXPECT_EQ(number_of(*get(path), names::kEnabledState), 3U);
}

TEST_F(StorageServiceTest, StaysStoppedThroughARestartWhenItsDefaultSaysSo) {
  const cim::ObjectPath path = path_of(4);
  ASSERT_TRUE(modify(path, {{names::kEnabledDefault, Value(std::uint16_t{3})}}));
  end_life();
  begin_life();
  EXPECT_EQ(flag_of(*get(path), names::kStarted), false);
  EXPECT_EQ(status_of(modify(path, {{names::kEnabledDefault, Value(std::uint16_t{7})}})), Status::kNotSupported);
}

TEST_F(StorageServiceTest, AViewerChangesNothing) {
  context.role = cim::Role::kViewer;
  EXPECT_EQ(status_of(invoke(path_of(1), names::stop_service::kMethod)), Status::kAccessDenied);
}

}  // namespace
}  // namespace lunaria::providers
