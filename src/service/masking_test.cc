// LUN masking: who sees which disk of a target, and at which number.

#include "service/event.h"
#include "service/lun_plan.h"
#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr const char* kA = "iqn.1993-08.org.debian:01:a";
constexpr const char* kB = "iqn.1993-08.org.debian:01:b";

class MaskingTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    target = make_target("t");
    first = make_disk("first");
    second = make_disk("second");
    must(service->map_disk(op(), {target.id, first.id, std::uint16_t{0}, false}));
    must(service->map_disk(op(), {target.id, second.id, std::uint16_t{1}, false}));
  }
  template <class T>
  ErrorCode refused(Reply<T> reply) {
    const Outcome<T> outcome = run(std::move(reply));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  Reply<Mapping> name(const Disk& disk, const char* initiator, std::optional<std::uint16_t> lun = std::nullopt,
                      bool read_only = false) {
    return service->set_mapping_initiator(op(), {target.id, disk.id, initiator, lun, read_only});
  }
  const std::vector<target::LunMapping>& luns() { return data_plane->find_target(target.iqn)->luns; }

  Target target;
  Disk first;
  Disk second;
};

TEST_F(MaskingTest, ReachesTheDataPlaneAndSurvivesARestart) {
  must(service->set_mapping(op(), {target.id, first.id, {}, {}, true}));
  const Mapping named = must(name(first, "IQN.1993-08.org.debian:01:B", std::uint16_t{7}, true));
  EXPECT_TRUE(named.named_only);
  must(name(first, kA));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(luns()[0], (target::LunMapping{0, first.id, false, true, {{kA, {}, false}, {kB, 7, true}}}));
    EXPECT_EQ(luns()[1], (target::LunMapping{1, second.id, false}));
    restart();
  }
  const Mapping left = must(service->remove_mapping_initiator(op(), target.id, first.id, kB));
  EXPECT_EQ(left.initiators, (std::vector<MappingInitiator>{{kA, {}, false}}));
  EXPECT_TRUE(left.named_only) << "taking names away never shows a disk to everyone";
  must(service->remove_mapping_initiator(op(), target.id, first.id, kA));
  EXPECT_TRUE(luns()[0].named_only);
  EXPECT_TRUE(luns()[0].initiators.empty());
}

TEST_F(MaskingTest, NoInitiatorSeesTwoDisksAtOneNumber) {
  must(name(first, kA, std::uint16_t{5}));
  EXPECT_EQ(refused(name(second, kA, std::uint16_t{5})), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(name(second, kB, std::uint16_t{0})), ErrorCode::kAlreadyExists) << "B sees the first disk there";
  must(name(second, kA, std::uint16_t{0}));
  EXPECT_EQ(refused(service->remove_mapping_initiator(op(), target.id, first.id, kA)), ErrorCode::kAlreadyExists)
      << "A would see both at 0";
  EXPECT_EQ(refused(service->set_mapping(op(), {target.id, second.id, std::uint16_t{0}, {}})),
            ErrorCode::kAlreadyExists);
  const Disk third = make_disk("third");
  EXPECT_EQ(refused(service->map_disk(op(), {target.id, third.id, std::uint16_t{5}, false})), ErrorCode::kAlreadyExists)
      << "A has its first disk there";
  EXPECT_EQ(must(service->map_disk(op(), {target.id, third.id, std::uint16_t{5}, false, true})).lun, 5)
      << "nobody sees that one yet";
  EXPECT_EQ(refused(service->set_mapping(op(), {target.id, third.id, {}, {}, false})), ErrorCode::kAlreadyExists);
}

TEST_F(MaskingTest, HiddenDisksFreeTheirNumberForThoseWhoDoNotSeeThem) {
  must(service->set_mapping(op(), {target.id, first.id, {}, {}, true}));
  must(name(first, kA));
  must(name(second, kB, std::uint16_t{0}));
  EXPECT_EQ(refused(name(second, kA, std::uint16_t{0})), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->set_mapping(op(), {target.id, first.id, {}, {}, false})), ErrorCode::kAlreadyExists)
      << "B would see both at 0";
}

TEST_F(MaskingTest, FreeNumbersAreFreeForEveryone) {
  must(name(first, kA, std::uint16_t{2}));
  const Disk third = make_disk("third");
  EXPECT_EQ(must(service->map_disk(op(), {target.id, third.id, std::nullopt, false})).lun, 3);
}

TEST_F(MaskingTest, RefusesWhatIsWrong) {
  EXPECT_EQ(refused(name(first, "host")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(name(first, "*")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(name(first, kA, kLunMax + 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->remove_mapping_initiator(op(), target.id, first.id, kA)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_mapping_initiator(op(), {target.id, DiskId(99), kA, {}, false})),
            ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_mapping_initiator(viewer(), {target.id, first.id, kA, {}, false})),
            ErrorCode::kPermissionDenied);
}

TEST_F(MaskingTest, GoesWithItsMapping) {
  must(name(first, kA, std::uint16_t{5}));
  must(service->unmap_disk(op(), target.id, first.id));
  EXPECT_TRUE(must(service->map_disk(op(), {target.id, first.id, std::nullopt, false})).initiators.empty());
  must(name(first, kA, std::uint16_t{5}));
  must(service->delete_target(op(), {target.id, false}));
  restart();
  EXPECT_TRUE(must(service->list_mappings(viewer())).empty());
}

TEST_F(MaskingTest, TellsOfEachChange) {
  std::vector<MappingChanged> changes;
  const Subscription subscription = service->subscribe([&](const Event& event) {
    if (const auto* change = std::get_if<MappingChanged>(&event)) {
      changes.push_back(*change);
    }
  });
  must(name(first, kA));
  must(service->remove_mapping_initiator(op(), target.id, first.id, kA));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(changes[0].before->initiators.empty());
  EXPECT_EQ(changes[0].after->initiators.size(), 1U);
  EXPECT_TRUE(changes[1].after->initiators.empty());
}

}  // namespace
}  // namespace lunaria::service
