#pragma once

// The extension headers of CIM operations over HTTP (DSP0200 6.3): checked against the message, with and without the
// prefix of the HTTP Extension Framework (M-POST).

#include <optional>
#include <string>
#include <string_view>

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

/// The prefix of the extension headers of a request, however wrong it is otherwise; "" where there is none.
std::string prefix_of(const http::RequestHead& head);

/// Checks method, path, media type, `Man`, CIMOperation and CIMProtocolVersion; the body has not been read yet.
Result<CimHeaders, MessageError> check_headers(const http::RequestHead& head);

/// Whether CIMMethod and CIMObject say what the message says: what stands between us and the client may have judged the
/// request by them. Keys are compared by their text, since clients quote and type them in many ways.
Result<void, MessageError> match_headers(const CimHeaders& headers, const RequestMessage& request);

/// Whether the client looks at trailers, in which an error that comes late is told.
bool takes_trailers(const http::RequestHead& head);
/// The head of a successful answer.
http::ResponseHead response_head(const CimHeaders& headers);
/// The fields of the HTTP Extension Framework (RFC 2774), which an answer to M-POST has in front of those with the
/// prefix.
void add_extension_fields(http::Fields& fields, std::string_view prefix);
/// Of an answer to OPTIONS: what is served (DSP0200 7.1).
http::ResponseHead options_head();

/// Percent decoding (RFC 3986 2.1); nullopt for a bad escape.
std::optional<std::string> decode_percent(std::string_view text);
/// The same the other way, for clients: everything but unreserved characters and a few that are safe in a header.
std::string encode_percent(std::string_view text);

}  // namespace lunaria::wbem::cimxml
