// Rate limits and space thresholds through the service: in force at once, and again after a restart.
#include "service/limits.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

class RateLimitTest : public ServiceTest {
 protected:
  Outcome<Disk> set_disk(DiskId id, SetRateLimit change) {
    SetDisk request;
    request.id = id;
    request.rate_limit = change;
    return run(service->set_disk(op(), std::move(request)));
  }
  scsi::UnitOptions options(DiskId id) { return data_plane->units.at(id).config.options; }
};

TEST_F(RateLimitTest, OfADiskIsInForceAtOnceAndAfterARestart) {
  const DiskId id = make_disk("one").id;
  const RateLimit limit{5000, 100, 1 << 20, 1 << 22};
  ASSERT_TRUE(set_disk(id, {5000, 100, 1 << 20, 1 << 22}));
  EXPECT_EQ(options(id).rate_limit, limit);
  ASSERT_TRUE(set_disk(id, {.bandwidth = 0}));
  const RateLimit after{5000, 100, 0, 1 << 22};
  EXPECT_EQ(options(id).rate_limit, after);
  restart();
  EXPECT_EQ(options(id).rate_limit, after);
  EXPECT_EQ(must(service->get_disk(viewer(), id)).rate_limit, after);
}

TEST_F(RateLimitTest, OfAnInitiatorIsPublished) {
  SetInitiator request;
  request.name = "iqn.2026-11.com.example:host";
  request.rate_limit = {.iops = 200, .bandwidth = 1 << 20};
  EXPECT_EQ(must(service->create_initiator(op(), std::move(request))).rate_limit, (RateLimit{200, 0, 1 << 20, 0}));
  ASSERT_EQ(data_plane->config->initiators.size(), 1U);
  EXPECT_EQ(data_plane->config->initiators[0].rate_limit, (RateLimit{200, 0, 1 << 20, 0}));
  SetInitiator change;
  change.name = "iqn.2026-11.com.example:host";
  change.rate_limit = {.iops = 300};
  must(service->set_initiator(op(), std::move(change)));
  EXPECT_EQ(data_plane->config->initiators[0].rate_limit, (RateLimit{300, 0, 1 << 20, 0}));
  restart();
  EXPECT_EQ(data_plane->config->initiators[0].rate_limit, (RateLimit{300, 0, 1 << 20, 0}));
}

TEST_F(RateLimitTest, OutOfBoundsIsRefusedAndChangesNothing) {
  const DiskId id = make_disk("one").id;
  for (const SetRateLimit& change :
       {SetRateLimit{.iops = kIopsLimitMax + 1}, SetRateLimit{.iops_burst = kIopsLimitMax + 1},
        SetRateLimit{.bandwidth = kBandwidthLimitMin - 1}, SetRateLimit{.bandwidth = kBandwidthLimitMax + 1},
        SetRateLimit{.bandwidth_burst = kBandwidthLimitMax + 1}}) {
    const Outcome<Disk> outcome = set_disk(id, change);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(options(id).rate_limit, RateLimit());
  EXPECT_TRUE(set_disk(id, {kIopsLimitMax, kIopsLimitMax, kBandwidthLimitMax, kBandwidthLimitMax}));
  EXPECT_TRUE(set_disk(id, {.bandwidth = kBandwidthLimitMin}));
}

TEST_F(RateLimitTest, ASpaceThresholdIsInForceAtOnceAndAfterARestart) {
  const DiskId id = make_disk("one").id;
  SetDisk request;
  request.id = id;
  request.space_threshold = 1ULL << 30;
  EXPECT_EQ(must(service->set_disk(op(), request)).space_threshold, 1ULL << 30);
  EXPECT_EQ(options(id).space_threshold, 1ULL << 30);
  restart();
  EXPECT_EQ(options(id).space_threshold, 1ULL << 30);
  request.space_threshold.reset();
  request.used_threshold = 3ULL << 30;
  EXPECT_EQ(must(service->set_disk(op(), request)).used_threshold, 3ULL << 30);
  EXPECT_EQ(options(id).used_threshold, 3ULL << 30);
  EXPECT_EQ(options(id).space_threshold, 1ULL << 30);
  restart();
  EXPECT_EQ(options(id).used_threshold, 3ULL << 30);
  request.space_threshold = UINT64_MAX;
  EXPECT_FALSE(run(service->set_disk(op(), request)));
}

}  // namespace
}  // namespace lunaria::service
