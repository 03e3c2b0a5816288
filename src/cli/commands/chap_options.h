#pragma once

// The options of CHAP, the same for targets, initiators and portal groups.

#include "cli/command.h"
#include "cli/requests.h"

namespace lunaria::cli {

/// One direction: its options, the properties that they change, and what is asked for at the terminal.
struct ChapOptions {
  std::string_view user_option;
  std::string_view file_option;
  std::string_view off_option;
  std::string_view enable;
  std::string_view user;
  std::string_view secret;
  std::string_view prompt;
};

/// Adds what the options ask for. A user or a file turns CHAP on; the secret comes from the file or is asked for.
Outcome<void> add_chap(const Arguments& arguments, Environment& environment, const ChapOptions& chap,
                       Properties& changes);

inline constexpr Option kChapSecretFile{"--chap-secret-file", Takes::kFile,
                                        "File with the secret on its first line; - for standard input"};
inline constexpr Option kChapSecret{"--chap-secret", Takes::kSecret, "",
                                    "--chap-secret-file FILE, or let it be asked for"};
inline constexpr Option kReverseChapUser{"--reverse-chap-user", Takes::kText,
                                         "Let the target prove who it is, under this name"};
inline constexpr Option kReverseChapSecretFile{"--reverse-chap-secret-file", Takes::kFile,
                                               "File with the target's secret on its first line"};
inline constexpr Option kReverseChapSecret{"--reverse-chap-secret", Takes::kSecret, "",
                                           "--reverse-chap-secret-file FILE, or let it be asked for"};
inline constexpr Option kNoReverseChap{"--no-reverse-chap", Takes::kNothing, "The target proves nothing"};

}  // namespace lunaria::cli
