#pragma once

// Failure: why a command did not do what it was asked for, as the person at the terminal and a script see it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cim/error.h"
#include "wbem/cimxml/client_error.h"

namespace lunaria::cli {

/// What the program exits with. The numbers are part of its interface; exit_codes() says what they mean.
enum class ExitCode : std::uint8_t {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kCannotConnect = 3,
  kDenied = 4,
  kNotFound = 5,
  kExists = 6,
  kNotSupported = 7,
};

/// One line of the table that --help and the manual show.
struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
};
/// All of them, in order.
std::span<const ExitCodeMeaning> exit_codes();

/// `message` is the cause, `advice` the next step ("" where the message says it already). Never a secret.
struct Failure {
  ExitCode code = ExitCode::kFailed;
  std::string message;
  std::string advice{};
};
template <class T>
using Outcome = Result<T, Failure>;

/// Something is wrong with the command line.
Failure usage(std::string message, std::string advice = {});

/// The one table from CIM status codes (DSP0200 table 3) to exit codes.
ExitCode exit_code_of(cim::Status status);
/// What the object manager answered.
Failure failure_of(const cim::Error& error);
/// There is no answer of the object manager at `where`, a socket's path or a URL.
Failure failure_of(const wbem::cimxml::ClientError& error, std::string_view where);

}  // namespace lunaria::cli
