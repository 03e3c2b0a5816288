#include "security/server_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "security/memory_files_for_test.h"
#include "security/small_file.h"

namespace lunaria::security {
namespace {

using ::testing::HasSubstr;

class ServerCertificateTest : public ::testing::Test {
 protected:
  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(write_small_file(files_, path, std::as_bytes(std::span(text)), FileAccess::kShared));
  }
  /// Stores a new pair and returns its fingerprint.
  std::string renew() {
    auto made = make_self_signed({"storage.example"}, runtime::WallTime(std::chrono::hours(24 * 365 * 56)));
    EXPECT_TRUE(made);
    write("/tls/certificate.pem", made->certificate_pem);
    write("/tls/key.pem", made->key_pem.reveal());
    return made->fingerprint;
  }

  testing::MemoryFiles files_;
  ServerCertificate certificate_{files_, {"/tls/certificate.pem", "/tls/key.pem"}, ""};
};

TEST_F(ServerCertificateTest, LoadsWhatIsThere) {
  const std::string fingerprint = renew();
  const auto context = certificate_.load();
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->fingerprint(), fingerprint);
}

TEST_F(ServerCertificateTest, NoticesOnlyWhatHasChanged) {
  renew();
  ASSERT_TRUE(certificate_.load());
  auto again = certificate_.load_if_changed();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->has_value());
  const std::string fingerprint = renew();
  again = certificate_.load_if_changed();
  ASSERT_TRUE(again && again->has_value());
  EXPECT_EQ((*again)->fingerprint(), fingerprint);
}

TEST_F(ServerCertificateTest, SaysOnceThatAPairDoesNotFitAndTakesItWhenItDoes) {
  renew();
  ASSERT_TRUE(certificate_.load());
  const auto made = make_self_signed({"other.example"}, runtime::WallTime(std::chrono::hours(24 * 365 * 56)));
  ASSERT_TRUE(made);
  write("/tls/certificate.pem", made->certificate_pem);
  auto changed = certificate_.load_if_changed();
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("does not belong to the certificate"));
  changed = certificate_.load_if_changed();
  ASSERT_TRUE(changed) << "the same refusal is not told again";
  EXPECT_FALSE(changed->has_value());
  write("/tls/key.pem", made->key_pem.reveal());
  changed = certificate_.load_if_changed();
  ASSERT_TRUE(changed && changed->has_value());
  EXPECT_EQ((*changed)->fingerprint(), made->fingerprint);
}

TEST_F(ServerCertificateTest, NamesTheFileThatIsMissing) {
  renew();
  ServerCertificate with_clients(files_, {"/tls/certificate.pem", "/tls/key.pem"}, "/tls/clients.pem");
  const auto context = with_clients.load();
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().message, HasSubstr("/tls/clients.pem"));
  files_.files.erase("/tls/key.pem");
  const auto without_key = certificate_.load();
  ASSERT_FALSE(without_key);
  EXPECT_THAT(without_key.error().message, HasSubstr("/tls/key.pem"));
}

}  // namespace
}  // namespace lunaria::security
