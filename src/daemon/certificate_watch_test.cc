#include "daemon/certificate_watch.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "security/small_file.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::daemon {
namespace {

class CertificateWatchTest : public ::testing::Test {
 protected:
  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(
        security::write_small_file(files_, path, std::as_bytes(std::span(text)), security::FileAccess::kShared));
  }
  std::string renew() {
    auto made = security::make_self_signed({"storage.example"}, world_.clock().wall_time());
    EXPECT_TRUE(made);
    write("/certificate.pem", made->certificate_pem);
    write("/key.pem", made->key_pem.reveal());
    return made->fingerprint;
  }
  static runtime::Task<void> stop(CertificateWatch& watch, bool& stopped) {
    co_await watch.stop();
    stopped = true;
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  sim::SimFileSystem files_{world_};
  MemoryLog log_;
  security::ServerCertificate certificate_{files_, {"/certificate.pem", "/key.pem"}, ""};
  std::vector<std::string> presented_;
};

TEST_F(CertificateWatchTest, PresentsARenewedCertificateAndKeepsTheOldOneWhereTheNewIsBad) {
  renew();
  ASSERT_TRUE(certificate_.load());
  CertificateWatch watch(shard_, log_, certificate_, [this](const security::TlsServerContext& context) {
    presented_.push_back(context.fingerprint());
  });
  shard_.run([&] { watch.start(); });
  world_.run_for(3 * CertificateWatch::kInterval);
  EXPECT_TRUE(presented_.empty()) << "nothing has changed";
  const std::string renewed = renew();
  world_.run_for(2 * CertificateWatch::kInterval);
  EXPECT_EQ(presented_, std::vector{renewed});
  write("/certificate.pem", "not a certificate");
  world_.run_for(4 * CertificateWatch::kInterval);
  EXPECT_EQ(presented_.size(), 1U);
  EXPECT_TRUE(log_.contains("management.certificate.refused"));
  const std::string mended = renew();
  world_.run_for(2 * CertificateWatch::kInterval);
  EXPECT_EQ(presented_, (std::vector{renewed, mended}));

  runtime::Gate gate;
  bool stopped = false;
  shard_.run([&] { runtime::spawn(gate, stop(watch, stopped)); });
  EXPECT_TRUE(world_.run_until([&] { return stopped; }));
  renew();
  world_.run_for(3 * CertificateWatch::kInterval);
  EXPECT_EQ(presented_.size(), 2U) << "nobody looks after stop()";
  gate.close();
}

}  // namespace
}  // namespace lunaria::daemon
