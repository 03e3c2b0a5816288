#include "cli/commands/chap_options.h"

#include <fmt/format.h>

#include "cli/terminal.h"

namespace lunaria::cli {

Outcome<void> add_chap(const Arguments& arguments, Environment& environment, const ChapOptions& chap,
                       Properties& changes) {
  const bool is_set = arguments.has(chap.user_option) || arguments.has(chap.file_option);
  if (arguments.has(chap.off_option)) {
    if (is_set) {
      return fail(usage(fmt::format("{} excludes {} and {}", chap.off_option, chap.user_option, chap.file_option)));
    }
    changes.push_back({std::string(chap.enable), cim::Value(false)});
    return {};
  }
  if (!is_set) {
    return {};
  }
  const auto secret = read_new_secret(environment.terminal, arguments.text(chap.file_option), chap.prompt);
  if (!secret) {
    return fail(secret.error());
  }
  changes.push_back({std::string(chap.enable), cim::Value(true)});
  if (arguments.has(chap.user_option)) {
    changes.push_back({std::string(chap.user), cim::Value(arguments.text(chap.user_option))});
  }
  changes.push_back({std::string(chap.secret), cim::Value(secret->reveal())});
  return {};
}

}  // namespace lunaria::cli
