// Persistent reservations through the service: durable when kept, and handed back after a restart.
#include "service/world_test.h"

namespace lunaria::service {
namespace {

class ReservationKeepingTest : public ServiceTest {
 protected:
  bool keep(DiskId disk, scsi::ReservationState state) {
    std::optional<bool> kept;
    shard.run([&] { spawn(gate, collect_kept(disk, std::move(state), kept)); });
    EXPECT_TRUE(world.run_until([&] { return kept.has_value(); }));
    return kept.value_or(false);
  }
  runtime::Task<void> collect_kept(DiskId disk, scsi::ReservationState state, std::optional<bool>& kept) {
    kept = co_await data_plane->keeper->keep_reservations(disk, std::move(state));
  }
  static scsi::ReservationState two_registrants() {
    scsi::ReservationState state;
    state.registrations = {{{"iqn.a:b,i,0x000000000001", "iqn.t:u,t,0x0001"}, 1, 0xFFFF'0000'0000'0001, true},
                           {{"iqn.a:c,i,0x000000000001", "iqn.t:u,t,0x0002"}, 2, 7, false}};
    state.type = scsi::ReservationType::kExclusiveAccess;
    state.persists = true;
    return state;
  }
};

TEST_F(ReservationKeepingTest, AreThereAgainAfterARestart) {
  const DiskId disk = make_disk("one").id;
  const DiskId other = make_disk("two").id;
  EXPECT_TRUE(keep(disk, two_registrants()));
  restart();
  EXPECT_EQ(data_plane->units.at(disk).config.reservations, two_registrants());
  EXPECT_EQ(data_plane->units.at(other).config.reservations, scsi::ReservationState());
}

TEST_F(ReservationKeepingTest, AreForgottenWhenTheyAreNotToPersistAnyMore) {
  const DiskId disk = make_disk("one").id;
  EXPECT_TRUE(keep(disk, two_registrants()));
  EXPECT_TRUE(keep(disk, {}));
  restart();
  EXPECT_EQ(data_plane->units.at(disk).config.reservations, scsi::ReservationState());
}

TEST_F(ReservationKeepingTest, GoWithTheDisk) {
  const DiskId disk = make_disk("one").id;
  EXPECT_TRUE(keep(disk, two_registrants()));
  must(service->delete_disk(op(), {disk, false}));
  EXPECT_FALSE(keep(disk, two_registrants())) << "there is no such disk any more";
  restart();
  EXPECT_TRUE(data_plane->units.empty());
}

// A management call holds the lock while it waits for the commands inside the unit, and one of them waits for this.
TEST_F(ReservationKeepingTest, DoNotWaitForManagement) {
  const DiskId disk = make_disk("one").id;
  std::optional<bool> kept;
  data_plane->before_replacing = [&] { spawn(gate, collect_kept(disk, two_registrants(), kept)); };
  data_plane->may_replace = [&] { return kept.has_value(); };
  must(service->resize_disk(op(), {disk, 128 << 20, false}));
  EXPECT_EQ(kept, true);
}

}  // namespace
}  // namespace lunaria::service
