#pragma once

// Where secrets come from: a person, or a file. Never the command line, which every user of the machine can read.

#include <string>
#include <string_view>

#include "base/secret.h"
#include "cli/failure.h"

namespace lunaria::cli {

/// Interface: whoever types.
class Terminal {
 public:
  virtual ~Terminal() = default;
  /// Shows `prompt` and reads a line without echo. A usage failure where nobody can be asked.
  virtual Outcome<Secret> read_secret(std::string_view prompt) = 0;
};

/// The controlling terminal of the process.
class ControllingTerminal final : public Terminal {
 public:
  Outcome<Secret> read_secret(std::string_view prompt) override;
};

/// The first line of a file, without its line end; "-" is standard input. At most 4 KiB.
Outcome<Secret> read_secret_file(const std::string& path);

/// From the file when `path` is not empty; otherwise asked for, twice, until both agree (then a failure).
Outcome<Secret> read_new_secret(Terminal& terminal, const std::string& path, std::string_view prompt);

}  // namespace lunaria::cli
