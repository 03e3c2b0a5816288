#include "pam/protocol.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace lunaria::pam {
namespace {

constexpr std::string_view kGood = "good ";
constexpr std::string_view kRefused = "refused\n";
constexpr std::string_view kFailed = "failed ";

constexpr std::array<std::pair<std::string_view, std::optional<Role>>, 4> kRoles = {
    {{"none", std::nullopt},
     {"viewer", Role::kViewer},
     {"operator", Role::kOperator},
     {"administrator", Role::kAdministrator}}};

/// Appends one text behind its length; whether it may be so.
bool append(std::string& out, std::string_view text, std::size_t size_max) {
  if (text.size() > size_max || text.find('\0') != std::string_view::npos) {
    return false;
  }
  out += static_cast<char>(text.size() >> 8U);
  out += static_cast<char>(text.size() & 0xFFU);
  out += text;
  return true;
}

/// Takes one text from the front of `bytes`.
std::optional<std::string_view> take(std::string_view& bytes, std::size_t size_max) {
  if (bytes.size() < 2) {
    return std::nullopt;
  }
  const std::size_t size =
      std::size_t{static_cast<unsigned char>(bytes[0])} << 8U | static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  if (size > size_max || size > bytes.size() || bytes.substr(0, size).find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

std::optional<Secret> encode(const Question& question) {
  std::string out;
  out.reserve(kQuestionBytesMax);  // never moved: no copy of the password stays behind
  const bool fits = append(out, question.service, kServiceBytesMax) && append(out, question.user, kUserBytesMax) &&
                    append(out, question.password.reveal(), kPasswordBytesMax) &&
                    append(out, question.peer, kPeerBytesMax) && append(out, question.administrators, kGroupBytesMax) &&
                    append(out, question.operators, kGroupBytesMax) && append(out, question.viewers, kGroupBytesMax);
  std::optional<Secret> encoded;
  if (fits) {
    encoded.emplace(out);
  }
  explicit_bzero(out.data(), out.size());
  return encoded;
}

std::optional<Question> decode_question(std::string_view bytes) {
  const auto service = take(bytes, kServiceBytesMax);
  const auto user = take(bytes, kUserBytesMax);
  const auto password = take(bytes, kPasswordBytesMax);
  const auto peer = take(bytes, kPeerBytesMax);
  const auto administrators = take(bytes, kGroupBytesMax);
  const auto operators = take(bytes, kGroupBytesMax);
  const auto viewers = take(bytes, kGroupBytesMax);
  const bool is_whole = service && user && password && peer && administrators && operators && viewers && bytes.empty();
  if (!is_whole || service->empty() || user->empty()) {
    return std::nullopt;
  }
  return Question{.service = std::string(*service),
                  .user = std::string(*user),
                  .password = Secret(*password),
                  .peer = std::string(*peer),
                  .administrators = std::string(*administrators),
                  .operators = std::string(*operators),
                  .viewers = std::string(*viewers)};
}

std::string encode(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::kGood: {
      const auto* const entry =
          std::ranges::find(kRoles, answer.role, &std::pair<std::string_view, std::optional<Role>>::second);
      return std::string(kGood) + std::string(entry->first) + '\n';
    }
    case Answer::Kind::kRefused:
      return std::string(kRefused);
    case Answer::Kind::kFailed:
      break;
  }
  std::string reason = answer.reason.substr(0, kAnswerBytesMax - kFailed.size() - 1);
  std::ranges::replace_if(reason, [](char c) { return !is_printable({&c, 1}); }, '?');
  return std::string(kFailed) + reason + '\n';
}

std::optional<Answer> decode_answer(std::string_view line) {
  if (line.size() > kAnswerBytesMax || !line.ends_with('\n')) {
    return std::nullopt;
  }
  if (line == kRefused) {
    return Answer{.kind = Answer::Kind::kRefused, .role = {}, .reason = {}};
  }
  const std::string_view text = line.substr(0, line.size() - 1);
  if (text.starts_with(kGood)) {
    const auto* const entry =
        std::ranges::find(kRoles, text.substr(kGood.size()), &std::pair<std::string_view, std::optional<Role>>::first);
    if (entry == kRoles.end()) {
      return std::nullopt;
    }
    return Answer{.kind = Answer::Kind::kGood, .role = entry->second, .reason = {}};
  }
  if (text.starts_with(kFailed) && is_printable(text)) {
    return Answer{.kind = Answer::Kind::kFailed, .role = {}, .reason = std::string(text.substr(kFailed.size()))};
  }
  return std::nullopt;
}

}  // namespace lunaria::pam
