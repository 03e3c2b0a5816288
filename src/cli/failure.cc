#include "cli/failure.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <utility>

namespace lunaria::cli {
namespace {

Failure connect_failure(const wbem::cimxml::ClientError& error, std::string_view where) {
  std::string message = fmt::format("cannot connect to {}: {}", where, error.message);
  if (error.error_code == EACCES || error.error_code == EPERM) {
    return {ExitCode::kDenied, std::move(message),
            "The socket is for root and the account of lunariad: use sudo, or --server https://HOST:5989 --user NAME."};
  }
  return {ExitCode::kCannotConnect, std::move(message),
          "Is lunariad running? Try `systemctl status lunariad`. Another place: --socket PATH, or --server URL."};
}

Failure http_failure(const wbem::cimxml::ClientError& error, std::string_view where) {
  switch (error.http_status) {
    case 401:
      return {ExitCode::kDenied, fmt::format("{} did not accept who is asking: {}", where, error.message),
              "Users are listed by `lunaria user list` on the server itself; `klist` shows the ticket that --negotiate "
              "shows."};
    case 403:
      // The server knows whether a password, a certificate or a ticket was shown, and says what is to be done.
      return {ExitCode::kDenied, fmt::format("{} refused the request: {}", where, error.message)};
    case 503:
      return {ExitCode::kCannotConnect, fmt::format("{} is too busy: {}", where, error.message), "Try again later."};
    default:
      return {ExitCode::kFailed, fmt::format("{} answered: {}", where, error.message)};
  }
}

std::string_view advice_for(cim::Status status) {
  switch (status) {
    case cim::Status::kAccessDenied:
      return "This needs a user with a higher role: `lunaria user role NAME administrator` gives it.";
    case cim::Status::kServerIsShuttingDown:
      return "Start it on the server itself: `lunaria service start`.";
    case cim::Status::kServerLimitsExceeded:
      return "Too much is going on at once: try again.";
    case cim::Status::kInvalidNamespace:
      return "`lunaria cim namespaces` lists what is there.";
    case cim::Status::kInvalidClass:
      return "`lunaria cim classes --namespace NAMESPACE` lists what is there.";
    case cim::Status::kMethodNotFound:
    case cim::Status::kNoSuchProperty:
      return "`lunaria cim get-class CLASS` shows what the class has.";
    default:
      return "";
  }
}

}  // namespace

std::span<const ExitCodeMeaning> exit_codes() {
  static constexpr auto kMeanings = std::to_array<ExitCodeMeaning>({
      {ExitCode::kOk, "done"},
      {ExitCode::kFailed, "failed; the message says why"},
      {ExitCode::kUsage, "the command line is wrong; nothing was sent"},
      {ExitCode::kCannotConnect, "no connection to the server, or it is stopped"},
      {ExitCode::kDenied, "wrong user or password, or not permitted"},
      {ExitCode::kNotFound, "there is no such thing"},
      {ExitCode::kExists, "exists already, or is in use"},
      {ExitCode::kNotSupported, "the server does not support this"},
  });
  return kMeanings;
}

Failure usage(std::string message, std::string advice) {
  return {ExitCode::kUsage, std::move(message), std::move(advice)};
}

ExitCode exit_code_of(cim::Status status) {
  switch (status) {
    case cim::Status::kAccessDenied:
      return ExitCode::kDenied;
    case cim::Status::kInvalidNamespace:
    case cim::Status::kInvalidClass:
    case cim::Status::kNotFound:
    case cim::Status::kNoSuchProperty:
    case cim::Status::kMethodNotFound:
      return ExitCode::kNotFound;
    case cim::Status::kNotSupported:
    case cim::Status::kQueryLanguageNotSupported:
    case cim::Status::kMethodNotAvailable:
    case cim::Status::kFilteredEnumerationNotSupported:
    case cim::Status::kContinuationOnErrorNotSupported:
      return ExitCode::kNotSupported;
    case cim::Status::kAlreadyExists:
    case cim::Status::kClassHasChildren:
    case cim::Status::kClassHasInstances:
    case cim::Status::kNamespaceNotEmpty:
      return ExitCode::kExists;
    case cim::Status::kServerIsShuttingDown:
      return ExitCode::kCannotConnect;
    case cim::Status::kFailed:
    case cim::Status::kInvalidParameter:
    case cim::Status::kInvalidSuperclass:
    case cim::Status::kTypeMismatch:
    case cim::Status::kInvalidQuery:
    case cim::Status::kInvalidEnumerationContext:
    case cim::Status::kInvalidOperationTimeout:
    case cim::Status::kPullHasBeenAbandoned:
    case cim::Status::kPullCannotBeAbandoned:
    case cim::Status::kServerLimitsExceeded:
      return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

Failure failure_of(const cim::Error& error) {
  std::string message = error.message.empty() ? std::string(cim::status_name(error.status)) : error.message;
  return {exit_code_of(error.status), std::move(message), std::string(advice_for(error.status))};
}

Failure failure_of(const wbem::cimxml::ClientError& error, std::string_view where) {
  using Kind = wbem::cimxml::ClientError::Kind;
  switch (error.kind) {
    case Kind::kConnect:
      return connect_failure(error, where);
    case Kind::kTls:
      return {ExitCode::kCannotConnect, fmt::format("no secure connection to {}: {}", where, error.message),
              "A certificate of its own is trusted with --fingerprint SHA256 (`lunariad --print-fingerprint`) or --ca "
              "FILE."};
    case Kind::kTransport:
      return {ExitCode::kCannotConnect, fmt::format("the connection to {} broke: {}", where, error.message),
              "What was asked for may have been done: look before you try again."};
    case Kind::kHttp:
      return http_failure(error, where);
    case Kind::kProtocol:
      return {ExitCode::kFailed, fmt::format("{} does not answer with CIM-XML: {}", where, error.message),
              "Is this address that of an object manager?"};
    case Kind::kTicket:
      return {ExitCode::kDenied, fmt::format("no Kerberos ticket for {}: {}", where, error.message),
              "Get one with `kinit`; the KDC must know the service HTTP/HOST by the name that --server has."};
    case Kind::kUnproven:
      return {ExitCode::kCannotConnect, fmt::format("{} is not who it says: {}", where, error.message),
              "What was asked for may have been done. Is this the machine that the name belongs to?"};
  }
  return {ExitCode::kFailed, error.message};
}

}  // namespace lunaria::cli
