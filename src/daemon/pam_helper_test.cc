// lunariad's side of the pipe, against helpers that do everything wrong that a helper can do.

#include "daemon/pam_helper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "reactor/descriptor.h"

namespace lunaria::daemon {
namespace {

using namespace std::chrono_literals;
using pam::Answer;
using testing::HasSubstr;

class PamHelperTest : public testing::Test {
 protected:
  PamHelperTest() {
    std::string name = std::filesystem::temp_directory_path() / "lunaria-pam-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~PamHelperTest() override { std::filesystem::remove_all(directory_); }

  /// What comes of a helper that is this shell script.
  Answer ask(const std::string& script, std::chrono::milliseconds limit = 20s) {
    const std::string path = directory_ / "helper";
    {
      std::ofstream file(path);
      file << "#!/bin/sh\n" << script << '\n';
    }
    chmod(path.c_str(), 0700);
    return PamHelper(path, limit).ask(question());
  }
  static pam::Question question() {
    return {.service = "lunaria",
            .user = "alice",
            .password = Secret("correct horse"),
            .peer = "192.0.2.9",
            .administrators = "admins",
            .operators = "",
            .viewers = "staff"};
  }
  std::string content(const std::string& name) {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string in(const char* name) const { return "'" + (directory_ / name).string() + "'"; }
  void expect_failed(const Answer& answer, const char* reason) {
    EXPECT_EQ(answer.kind, Answer::Kind::kFailed);
    EXPECT_THAT(answer.reason, HasSubstr(reason));
    EXPECT_EQ(answer.role, std::nullopt);
  }

  std::filesystem::path directory_;
};

TEST_F(PamHelperTest, GivesTheQuestionAndTakesTheAnswer) {
  const Answer answer = ask("cat > " + in("question") + "; echo good operator");
  EXPECT_EQ(answer, (Answer{.kind = Answer::Kind::kGood, .role = pam::Role::kOperator, .reason = {}}));
  const auto received = pam::decode_question(content("question"));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->user, "alice");
  EXPECT_EQ(received->password.reveal(), "correct horse");
  EXPECT_EQ(ask("cat > /dev/null; echo refused").kind, Answer::Kind::kRefused);
  expect_failed(ask("cat > /dev/null; echo failed no directory"), "no directory");
}

TEST_F(PamHelperTest, TakesAnAnswerFromAHelperThatDoesNotReadAll) {
  EXPECT_EQ(ask("echo good viewer").kind, Answer::Kind::kGood);
}

TEST_F(PamHelperTest, GivesThePasswordToNobodyElse) {
  EXPECT_EQ(ask("tr '\\0' '\\n' < /proc/$$/cmdline > " + in("arguments") + "; tr '\\0' '\\n' < /proc/$$/environ > " +
                in("environment") + "; ls /proc/$$/fd > " + in("files") + "; echo refused")
                .kind,
            Answer::Kind::kRefused);
  EXPECT_THAT(content("arguments"), testing::Not(HasSubstr("correct")));
  EXPECT_THAT(content("environment"), testing::Not(HasSubstr("correct")));
  EXPECT_EQ(content("environment"), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C\n");
  EXPECT_EQ(content("files").find('3'), std::string::npos) << "no file of the daemon's is open: " << content("files");
}

TEST_F(PamHelperTest, EndsAHelperThatHangsAndWhateverItHasStarted) {
  expect_failed(ask("sleep 1000 & echo $! > " + in("pid") + "; echo $! > " + in("ready") + "; wait", 500ms),
                "no answer within 500 ms");
  const std::string pid = content("pid");
  ASSERT_FALSE(pid.empty());
  const reactor::Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, std::stoi(pid), 0)));
  if (process) {  // else it is gone already
    pollfd ended{process.get(), POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, 10'000), 1) << "what the helper started is left";
  }
}

TEST_F(PamHelperTest, DoesNotWaitLongerForAHelperThatTalksWithoutEnd) {
  expect_failed(ask("while :; do printf x; done"), "malformed");
  expect_failed(ask("while :; do printf x; sleep 0.05; done", 300ms), "no answer within 300 ms");
}

TEST_F(PamHelperTest, TakesNoAnswerFromAHelperThatDies) {
  expect_failed(ask("exit 3"), "ended without an answer");
  expect_failed(ask("kill -SEGV $$"), "ended without an answer");
  expect_failed(ask("printf 'good administrator'; kill -KILL $$"), "malformed");
}

TEST_F(PamHelperTest, TakesNoAnswerThatIsNone) {
  for (const char* said :
       {"good root", "GOOD viewer", "good viewer extra", "", "good viewer\\nrefused", "\\377\\376"}) {
    expect_failed(ask(std::string("cat > /dev/null; printf '") + said + "\\n'"), "malformed");
  }
}

TEST_F(PamHelperTest, SaysWhichProgramIsMissing) {
  const Answer answer = PamHelper("/nonexistent/lunaria-pam").ask(question());
  expect_failed(answer, "/nonexistent/lunaria-pam does not start: No such file or directory");
}

TEST_F(PamHelperTest, AsksNobodyAboutWhatNoQuestionHolds) {
  pam::Question bad = question();
  bad.user = std::string(pam::kUserBytesMax + 1, 'u');
  EXPECT_EQ(PamHelper("/nonexistent/lunaria-pam").ask(bad).kind, Answer::Kind::kRefused);
  bad = question();
  bad.password = Secret(std::string_view("correct horse\0x", 15));
  EXPECT_EQ(PamHelper("/nonexistent/lunaria-pam").ask(bad).kind, Answer::Kind::kRefused);
}

}  // namespace
}  // namespace lunaria::daemon
