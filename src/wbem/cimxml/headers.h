#pragma once

// The extension headers of CIM operations over HTTP (DSP0200 6.3): checked against the message, with and without the
// prefix of the HTTP Extension Framework (M-POST).

#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"
#include "wbem/cimxml/decode_request.h"

namespace lunaria::wbem::cimxml {

/// What was found in a request's head.
struct CimHeaders {
  std::string prefix;  ///< "73-" for M-POST with `ns=73`, else ""
  std::string method;  ///< CIMMethod, decoded
  std::string object;  ///< CIMObject, decoded
  /// Whether the client says that it speaks version 1.0: its parser may know nothing that came later. Those that say no
  /// version are as often the newest.
  bool is_first_version = false;
  std::string host;  ///< Host: how the client calls us; "localhost" when it does not say
};

/// Checks method, path, media type, `Man`, CIMOperation and CIMProtocolVersion; the body has not been read yet.
Result<CimHeaders, MessageError> check_headers(const http::RequestHead& head);

/// Whether CIMMethod and CIMObject say what the message says. Keys of an instance are not compared: clients write them
/// in many ways, and the message is what counts.
Result<void, MessageError> match_headers(const CimHeaders& headers, const RequestMessage& request);

/// Whether the client looks at trailers, in which an error that comes late is told.
bool takes_trailers(const http::RequestHead& head);
/// The head of a successful answer.
http::ResponseHead response_head(const CimHeaders& headers);

/// Percent decoding (RFC 3986 2.1); nullopt for a bad escape.
std::optional<std::string> decode_percent(std::string_view text);
/// The same the other way, for clients: everything but unreserved characters and a few that are safe in a header.
std::string encode_percent(std::string_view text);

}  // namespace lunaria::wbem::cimxml
