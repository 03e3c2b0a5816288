#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "security/base64.h"
#include "security/host_key.h"
#include "security/memory_files_for_test.h"
#include "security/password_hash.h"
#include "security/principal.h"
#include "security/secret_box.h"
#include "security/throttle.h"
#include "security/verified_passwords.h"

namespace lunaria::security {
namespace {

using testing::CountingRandom;
using testing::MemoryFiles;
using namespace std::chrono_literals;
using Outcome = LoginThrottle::Outcome;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

TEST(Role, PermitsWhatTheTableSays) {
  EXPECT_TRUE(may(Role::kViewer, Permission::kRead));
  EXPECT_FALSE(may(Role::kViewer, Permission::kChangeStorage));
  EXPECT_TRUE(may(Role::kOperator, Permission::kChangeStorage));
  for (const Permission permission : {Permission::kUseAnyPath, Permission::kControlServices, Permission::kChangeSchema,
                                      Permission::kChangeSecurity}) {
    EXPECT_FALSE(may(Role::kOperator, permission));
    EXPECT_TRUE(may(Role::kAdministrator, permission));
  }
}

TEST(Role, NamesGoBothWays) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdministrator}) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_EQ(parse_role("Administrator"), std::nullopt);
  EXPECT_EQ(parse_role(""), std::nullopt);
}

TEST(Base64, TakesTheVectorsOfTheStandard) {  // RFC 4648 10
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(encode_base64(bytes_of(plain)), encoded);
    ASSERT_TRUE(decode_base64(encoded)) << encoded;
    EXPECT_EQ(text_of(*decode_base64(encoded)), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z=g=", "=Zg=", " Zg==", "Zg==\n",
                                      "Zm9v ", "Zm9v\r\n", "Zm-_", "====", "Zg==Zg==", "Zm9v\xc3\xa9="}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
  EXPECT_FALSE(decode_base64(std::string_view("Zm9\0", 4)));
  EXPECT_FALSE(decode_base64_unpadded("Zg=="));
  EXPECT_FALSE(decode_base64_unpadded("Z"));
  EXPECT_TRUE(decode_base64_unpadded("Zg"));
}

std::string hash_of(std::string_view password) {
  const std::array<std::byte, kArgonSaltBytes> salt{std::byte{1}, std::byte{2}};
  return hash_password(password, salt).value_or("none");
}

TEST(PasswordHash, IsAPhcTextThatOnlyItsPasswordMatches) {
  const std::string hash = hash_of("correct horse");
  EXPECT_THAT(hash, ::testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$AQIAAAAAAAAAAAAAAAAAAA$"));
  EXPECT_EQ(verify_password(hash, "correct horse"), PasswordVerdict::kMatch);
  EXPECT_EQ(verify_password(hash, "correct horsf"), PasswordVerdict::kMismatch);
  EXPECT_EQ(verify_password(hash, ""), PasswordVerdict::kMismatch);
}

TEST(PasswordHash, CountsBytesBehindANul) {
  const std::string hash = hash_of("pass");
  EXPECT_EQ(verify_password(hash, std::string_view("pass\0anything", 13)), PasswordVerdict::kMismatch);
  EXPECT_EQ(verify_password(hash, std::string_view("pass\0", 5)), PasswordVerdict::kMismatch);
}

TEST(PasswordHash, RefusesEmptyAndOverlongPasswords) {
  const std::array<std::byte, kArgonSaltBytes> salt{};
  EXPECT_EQ(hash_password("", salt).error(), PasswordError::kEmpty);
  EXPECT_EQ(hash_password(std::string(kPasswordBytesMax + 1, 'x'), salt).error(), PasswordError::kTooLong);
  EXPECT_TRUE(hash_password(std::string(kPasswordBytesMax, 'x'), salt));
}

TEST(PasswordHash, MatchesTheReferenceProgramAndSaysThatItIsOutdated) {
  // echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1 -e
  constexpr std::string_view kWeak =
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  EXPECT_EQ(verify_password(kWeak, "password"), PasswordVerdict::kMatchOutdated);
  EXPECT_EQ(verify_password(kWeak, "Password"), PasswordVerdict::kMismatch);
}

TEST(PasswordHash, RefusesStoredTextsThatAskForTooMuchOrAreNotHashes) {
  for (const std::string_view text :
       {"", "plain", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=99999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=64$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=-2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$c29t$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$!!!!"}) {
    EXPECT_EQ(verify_password(text, "password"), PasswordVerdict::kUnreadable) << text;
  }
}

class Throttle : public ::testing::Test {
 protected:
  static constexpr runtime::Instant kStart{1h};
  std::optional<IpAddress> address_ = IpAddress::parse("192.0.2.1");
  LoginThrottle throttle_;

  /// Admits and fails `count` attempts, each as soon as it may; returns the wait of the last one.
  runtime::Duration fail_times(int count, runtime::Instant& now) {
    runtime::Duration wait{};
    for (int i = 0; i < count; ++i) {
      auto admitted = throttle_.admit("admin", address_, now);
      while (!admitted) {
        now += admitted.error().retry_after;
        admitted = throttle_.admit("admin", address_, now);
      }
      wait = *admitted;
      now += wait;
      throttle_.report("admin", address_, Outcome::kFailure, now);
    }
    return wait;
  }
};

TEST_F(Throttle, CostsNothingUntilPasswordsAreWrong) {
  runtime::Instant now = kStart;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(throttle_.admit("admin", address_, now), runtime::Duration::zero());
    throttle_.report("admin", address_, Outcome::kSuccess, now);
  }
  EXPECT_EQ(fail_times(static_cast<int>(kThrottleFreeFailures), now), 0s);
}

TEST_F(Throttle, DelayDoublesWithConsecutiveFailuresUpToItsMaximum) {
  runtime::Instant now = kStart;
  address_.reset();  // by user alone
  fail_times(static_cast<int>(kThrottleFreeFailures) + 1, now);
  runtime::Duration last{};
  for (int i = 0; i < 3; ++i) {
    const runtime::Duration wait = fail_times(1, now);
    EXPECT_GT(wait, last);
    last = wait;
  }
  for (int i = 0; i < 20; ++i) {
    fail_times(1, now);
  }
  EXPECT_EQ(fail_times(1, now), kThrottleUserDelayMax);
}

TEST_F(Throttle, RefusesAnAddressThatGoesOnGuessing) {
  runtime::Instant now = kStart;
  fail_times(14, now);
  const auto refused = throttle_.admit("other", address_, now);
  ASSERT_FALSE(refused);
  EXPECT_GT(refused.error().retry_after, kThrottleWaitMax);
  EXPECT_LE(refused.error().retry_after, kThrottleAddressDelayMax);
  // The user is not locked out: from elsewhere an attempt waits a little.
  const auto elsewhere = throttle_.admit("admin", IpAddress::parse("198.51.100.7"), now);
  ASSERT_TRUE(elsewhere);
  EXPECT_LE(*elsewhere, kThrottleUserDelayMax);
}

TEST_F(Throttle, GivesParallelAttemptsSlotsOneBehindTheOther) {
  runtime::Instant now = kStart;
  fail_times(static_cast<int>(kThrottleFreeFailures) + 3, now);
  const auto first = throttle_.admit("admin", address_, now);
  const auto second = throttle_.admit("admin", address_, now);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_GE(*second - *first, kThrottleDelayFirst);
}

TEST_F(Throttle, BoundsAttemptsBeforeTheFirstFailureCounts) {
  for (std::uint32_t i = 0; i < kThrottlePendingMax; ++i) {
    EXPECT_TRUE(throttle_.admit("admin", address_, kStart));
  }
  EXPECT_FALSE(throttle_.admit("admin", address_, kStart));
  throttle_.report("admin", address_, Outcome::kAbandoned, kStart);
  EXPECT_TRUE(throttle_.admit("admin", address_, kStart));
}

TEST_F(Throttle, SuccessAndTimeForgive) {
  runtime::Instant now = kStart;
  fail_times(6, now);
  now += kThrottleForget + 1s;
  EXPECT_EQ(throttle_.admit("admin", address_, now), 0s);
  throttle_.report("admin", address_, Outcome::kSuccess, now);
  EXPECT_EQ(throttle_.entry_count(), 0U);
}

TEST_F(Throttle, CountsAnIpv6NetworkAsOnePeer) {
  runtime::Instant now = kStart;
  address_ = IpAddress::parse("2001:db8::1");
  fail_times(14, now);
  EXPECT_FALSE(throttle_.admit("x", IpAddress::parse("2001:db8::ffff:1"), now));
  EXPECT_TRUE(throttle_.admit("y", IpAddress::parse("2001:db8:0:1::1"), now));
}

TEST_F(Throttle, HoldsABoundedNumberOfEntries) {
  for (std::uint32_t i = 0; i < 5 * kThrottleEntriesMax; ++i) {
    const auto octet = [i](int shift) { return static_cast<std::uint8_t>(i >> shift); };
    const IpAddress address = IpAddress::v4({10, octet(16), octet(8), octet(0)});
    const std::string user = "user" + std::to_string(i);
    ASSERT_TRUE(throttle_.admit(user, address, kStart));
    throttle_.report(user, address, Outcome::kFailure, kStart);
  }
  EXPECT_EQ(throttle_.entry_count(), 2 * kThrottleEntriesMax);
}

TEST_F(Throttle, RefusesNewcomersWhileEveryEntryIsBeingJudged) {
  for (std::uint32_t i = 0; i < kThrottleEntriesMax; ++i) {
    ASSERT_TRUE(throttle_.admit("user" + std::to_string(i), std::nullopt, kStart));
  }
  EXPECT_FALSE(throttle_.admit("one more", std::nullopt, kStart));
}

TEST(VerifiedPasswords, AnswersOnlyForTheSameUserHashAndPassword) {
  CountingRandom random;
  VerifiedPasswords verified(random);
  const runtime::Instant now{1h};
  EXPECT_FALSE(verified.contains("admin", "hash", "secret", now));
  verified.remember("admin", "hash", "secret", now);
  EXPECT_TRUE(verified.contains("admin", "hash", "secret", now));
  EXPECT_FALSE(verified.contains("admin", "hash", "secre", now));
  EXPECT_FALSE(verified.contains("admin", "hash2", "secret", now));
  EXPECT_FALSE(verified.contains("admin", "has", "hsecret", now));
  EXPECT_FALSE(verified.contains("root", "hash", "secret", now));
  EXPECT_FALSE(verified.contains("admin", "hash", std::string_view("secret\0", 7), now));
  verified.forget("admin");
  EXPECT_FALSE(verified.contains("admin", "hash", "secret", now));
}

TEST(VerifiedPasswords, AreForgottenInTimeAndBounded) {
  CountingRandom random;
  VerifiedPasswords verified(random);
  const runtime::Instant now{1h};
  verified.remember("admin", "hash", "secret", now);
  EXPECT_TRUE(verified.contains("admin", "hash", "secret", now + kVerifiedAgeMax));
  EXPECT_FALSE(verified.contains("admin", "hash", "secret", now + kVerifiedAgeMax + 1ns));
  for (std::size_t i = 0; i < 2 * kVerifiedEntriesMax; ++i) {
    verified.remember("user" + std::to_string(i), "hash", "secret", now);
  }
  EXPECT_EQ(verified.entry_count(), kVerifiedEntriesMax);
}

HostKey key_of(std::uint8_t seed) {
  std::array<std::byte, kHostKeyBytes> bytes{};
  bytes.fill(std::byte{seed});
  return HostKey{std::span<const std::byte, kHostKeyBytes>(bytes)};
}

TEST(SecretBox, OpensWhatItSealedAndNothingElse) {
  CountingRandom random;
  const SecretBox box(key_of(7), random);
  const std::vector<std::byte> sealed = box.seal(Secret("chap secret"), "targets/secret/1");
  EXPECT_EQ(sealed.size(), 11 + SecretBox::kOverhead);
  const auto opened = box.open(sealed, "targets/secret/1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "chap secret");
  EXPECT_EQ(box.open(sealed, "targets/secret/2").error(), UnsealError::kWrongKey);
  EXPECT_EQ(SecretBox(key_of(8), random).open(sealed, "targets/secret/1").error(), UnsealError::kWrongKey);
  EXPECT_NE(box.seal(Secret("chap secret"), "targets/secret/1"), sealed) << "a nonce is used once";
}

TEST(SecretBox, RefusesEveryChangedByteAndEveryShorterText) {
  CountingRandom random;
  const SecretBox box(key_of(7), random);
  const std::vector<std::byte> sealed = box.seal(Secret("s"), "place");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::vector<std::byte> changed = sealed;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(box.open(changed, "place")) << i;
    EXPECT_FALSE(box.open(std::span(sealed).first(i), "place")) << i;
  }
  std::vector<std::byte> longer = sealed;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(box.open(longer, "place"));
}

TEST(SecretBox, SealsNothingAndTheLargestSecret) {
  CountingRandom random;
  const SecretBox box(key_of(7), random);
  for (const std::size_t size : {std::size_t{0}, kSealedPlaintextMax}) {
    const auto opened = box.open(box.seal(Secret(std::string(size, 'x')), ""), "");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->size(), size);
  }
  EXPECT_EQ(box.open(std::vector<std::byte>(kSealedPlaintextMax + SecretBox::kOverhead + 1, std::byte{1}), "").error(),
            UnsealError::kMalformed);
}

TEST(HostKeyFile, IsMadeOnceForTheOwnerAlone) {
  MemoryFiles files;
  CountingRandom random;
  const auto made = load_or_create_host_key(files, random, "/state/host.key");
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(files.files.size(), 1U);
  EXPECT_EQ(files.files.at("/state/host.key")->permissions, 0600U);
  EXPECT_TRUE(files.files.at("/state/host.key")->synced);
  const auto again = load_or_create_host_key(files, random, "/state/host.key");
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal(made->bytes(), again->bytes()));
}

TEST(HostKeyFile, IsNeverReplacedWhenItLooksWrong) {
  for (const std::size_t size : {std::size_t{0}, kHostKeyBytes - 1, kHostKeyBytes + 1}) {
    MemoryFiles files;
    CountingRandom random;
    files.files["/k"] = std::make_shared<testing::StoredFile>();
    files.files["/k"]->content.resize(size);
    files.files["/k"]->permissions = 0600;
    EXPECT_FALSE(load_or_create_host_key(files, random, "/k"));
    EXPECT_EQ(files.files["/k"]->content.size(), size);
    files.files["/k"]->content.resize(kHostKeyBytes);
    EXPECT_TRUE(load_or_create_host_key(files, random, "/k"));
    files.files["/k"]->permissions = 0640;
    const auto open_to_others = load_or_create_host_key(files, random, "/k");
    ASSERT_FALSE(open_to_others);
    EXPECT_THAT(open_to_others.error().message, ::testing::HasSubstr("chmod 600"));
  }
}

TEST(HostKeyFile, SurvivesAFailureOfEveryCall) {
  int call = 0;
  for (bool failed = true; failed; ++call) {
    MemoryFiles files;
    CountingRandom random;
    files.calls_until_failure = call;
    failed = !load_or_create_host_key(files, random, "/k");
    files.calls_until_failure = -1;
    const auto healed = load_or_create_host_key(files, random, "/k");
    ASSERT_TRUE(healed) << "after a failure of call " << call;
    EXPECT_EQ(files.files.at("/k")->content.size(), kHostKeyBytes);
  }
  EXPECT_GT(call, 4);
}

}  // namespace
}  // namespace lunaria::security
