#pragma once

// What lunariad and its PAM helper say to each other: one question in, one answer out, over the helper's standard input
// and output. The question is a list of texts, each behind its length in two bytes (big-endian), and ends with the
// stream; the answer is one line. Pure functions; usable from any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace lunaria::pam {

inline constexpr std::size_t kServiceBytesMax = 64;
inline constexpr std::size_t kUserBytesMax = 64;
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::size_t kPeerBytesMax = 64;
inline constexpr std::size_t kGroupBytesMax = 64;
/// Every text of a question at its longest.
inline constexpr std::size_t kQuestionBytesMax =
    7 * 2 + kServiceBytesMax + kUserBytesMax + kPasswordBytesMax + kPeerBytesMax + 3 * kGroupBytesMax;
inline constexpr std::size_t kAnswerBytesMax = 512;

/// Whose password is to be judged, and what its groups mean.
struct Question {
  std::string service;  ///< of PAM: the name of a file in /etc/pam.d
  std::string user;
  Secret password;
  std::string peer;  ///< PAM_RHOST: the client's address; may be empty
  /// Members of these groups have that role, the first that fits; empty: nobody has it.
  std::string administrators;
  std::string operators;
  std::string viewers;
};

/// Mirrors security::Role, which the helper does not link.
enum class Role : std::uint8_t { kViewer, kOperator, kAdministrator };

struct Answer {
  enum class Kind : std::uint8_t {
    kGood,     ///< the password is right, and the account may be used
    kRefused,  ///< it is not, or may not, or there is no such user
    kFailed,   ///< PAM could not tell
  };
  Kind kind = Kind::kFailed;
  std::optional<Role> role;  ///< of kGood: by the first group that the user is in; nullopt: in none
  std::string reason;        ///< of kFailed, for the log

  friend bool operator==(const Answer&, const Answer&) = default;
};

/// nullopt where a text is longer than it may be, or holds a NUL, which PAM would end it at.
std::optional<Secret> encode(const Question& question);
/// nullopt for anything that encode() does not make.
std::optional<Question> decode_question(std::string_view bytes);

/// "good administrator\n", "good none\n", "refused\n", "failed why\n".
std::string encode(const Answer& answer);
/// nullopt for anything that encode() does not make.
std::optional<Answer> decode_answer(std::string_view line);

}  // namespace lunaria::pam
