#pragma once

// The messages that carry indications: ExportIndication and its answer (DSP0200 5.5, DSP0201 5.2).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cim/instance.h"
#include "wbem/cimxml/decode_request.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {

/// Where a listener is: "http://host[:port][/path]" or https; without a scheme it is http.
struct ListenerUrl {
  bool is_tls = false;
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 0;
  std::string path = "/";

  /// As the Host field has it.
  std::string authority() const;
  /// Schemes count in any case. nullopt for another scheme, credentials, a fragment or anything that is no host; ports
  /// 5988 and 5989 when absent.
  static std::optional<ListenerUrl> parse(std::string_view text);
};

/// A whole ExportIndication request.
std::string encode_export(const cim::Instance& indication, std::string_view message_id);

struct ExportMessage {
  std::string message_id;
  std::string protocol_version;
  cim::Instance indication;
};
/// A request as a listener gets it.
Result<ExportMessage, MessageError> decode_export(const XmlElement& root);
/// What a listener answers when it has taken the indication.
std::string encode_export_response(const ExportMessage& message);
/// Why the listener did not take it, or nothing when it did: its answer is that of ExportIndication, without an ERROR.
std::optional<std::string> export_refusal(const XmlElement& root);
/// The same of the text that came with HTTP status 200.
std::optional<std::string> export_refusal(std::string_view text);

}  // namespace lunaria::wbem::cimxml
