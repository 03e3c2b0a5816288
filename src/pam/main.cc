// lunaria-pam: judges one password with PAM for lunariad and ends. A process of its own, because PAM modules block,
// keep secrets in memory, start threads and crash; lunariad kills it when it takes too long. The password comes through
// a pipe, never on the command line.

#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "pam/protocol.h"

namespace lunaria::pam {
namespace {

/// Seconds after which the kernel ends this process, should lunariad be gone and not do it.
constexpr unsigned kLifetimeSeconds = 60;
constexpr int kGroupsMax = 65'536;

/// What a module asks for. Its answers are freed by the module, so they come from malloc.
int converse(int count, const pam_message** messages, pam_response** responses, void* data) {
  const auto& question = *static_cast<const Question*>(data);
  if (count <= 0 || count > PAM_MAX_NUM_MSG) {
    return PAM_CONV_ERR;
  }
  auto* answers = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (answers == nullptr) {
    return PAM_BUF_ERR;
  }
  for (int i = 0; i < count; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_PROMPT_ECHO_OFF) {
      const std::string_view password = question.password.reveal();
      answers[i].resp = strndup(password.data(), password.size());
    } else if (style == PAM_PROMPT_ECHO_ON) {  // the user name, if anything: there is nobody to ask more
      answers[i].resp = strdup(question.user.c_str());
    }
  }
  *responses = answers;
  return PAM_SUCCESS;
}

/// lunariad slows guessing down itself, for every kind of user alike.
void keep_no_delay(int /*status*/, unsigned /*microseconds*/, void* /*data*/) {}

bool is_in(const std::string& group, const std::vector<gid_t>& groups) {
  if (group.empty()) {
    return false;
  }
  std::vector<char> buffer(1 << 20);
  ::group entry{};
  ::group* found = nullptr;
  return getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
         std::ranges::find(groups, found->gr_gid) != groups.end();
}

/// By the groups of the user that PAM has settled on. Whoever the system does not know is in none.
std::optional<Role> role_of(const Question& question, const char* user) {
  std::vector<char> buffer(1 << 16);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  while (getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0 && count <= kGroupsMax) {
    groups.resize(std::max(groups.size() * 2, static_cast<std::size_t>(count)));
    count = static_cast<int>(groups.size());
  }
  groups.resize(std::min(groups.size(), static_cast<std::size_t>(std::max(count, 0))));
  if (is_in(question.administrators, groups)) {
    return Role::kAdministrator;
  }
  if (is_in(question.operators, groups)) {
    return Role::kOperator;
  }
  return is_in(question.viewers, groups) ? std::optional(Role::kViewer) : std::nullopt;
}

/// Whether a status says that PAM could not tell, rather than that the user may not.
bool is_failure(int status) {
  switch (status) {
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_CRED_INSUFFICIENT:
    case PAM_PERM_DENIED:
    case PAM_ACCT_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_CRED_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
      return false;
    default:
      return true;
  }
}

Answer judge_started(pam_handle_t* pam, const Question& question) {
  // The function goes in as an object pointer: so PAM wants it.
  pam_set_item(pam, PAM_FAIL_DELAY, std::bit_cast<const void*>(&keep_no_delay));
  if (!question.peer.empty()) {
    pam_set_item(pam, PAM_RHOST, question.peer.c_str());
  }
  int status = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
  if (status == PAM_SUCCESS) {
    status = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
  }
  if (status != PAM_SUCCESS) {
    return is_failure(status) ? Answer{.kind = Answer::Kind::kFailed, .role = {}, .reason = pam_strerror(pam, status)}
                              : Answer{.kind = Answer::Kind::kRefused, .role = {}, .reason = {}};
  }
  const void* user = nullptr;
  if (pam_get_item(pam, PAM_USER, &user) != PAM_SUCCESS || user == nullptr) {
    return {.kind = Answer::Kind::kFailed, .role = {}, .reason = "PAM does not say who the user is"};
  }
  return {.kind = Answer::Kind::kGood, .role = role_of(question, static_cast<const char*>(user)), .reason = {}};
}

Answer judge(Question& question) {
  const pam_conv conversation{&converse, &question};
  pam_handle_t* pam = nullptr;
  const int started = pam_start(question.service.c_str(), question.user.c_str(), &conversation, &pam);
  if (started != PAM_SUCCESS) {
    return {.kind = Answer::Kind::kFailed, .role = {}, .reason = pam_strerror(nullptr, started)};
  }
  const Answer answer = judge_started(pam, question);
  pam_end(pam, PAM_SUCCESS);
  return answer;
}

/// Everything up to the end of the stream, if it is not too much.
std::optional<Question> read_question() {
  std::array<char, kQuestionBytesMax + 1> bytes{};
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(STDIN_FILENO, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      break;
    }
    size += static_cast<std::size_t>(count);
  }
  auto question = decode_question({bytes.data(), size});
  explicit_bzero(bytes.data(), bytes.size());
  return question;
}

int run() {
  const rlimit no_core{};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);  // no debugger, no core: a password is in memory
  alarm(kLifetimeSeconds);
  auto question = read_question();
  if (!question) {
    std::fputs("lunaria-pam: judges a password for lunariad; it is not for people to start\n", stderr);
    return 2;
  }
  const std::string answer = encode(judge(*question));
  return write(STDOUT_FILENO, answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()) ? 0 : 1;
}

}  // namespace
}  // namespace lunaria::pam

int main() {
  return lunaria::pam::run();
}
