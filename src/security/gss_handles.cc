#include "security/gss_handles.h"

#include <algorithm>

namespace lunaria::security::internal {
namespace {

/// The library may have several messages for one code; more than a few help nobody.
constexpr int kMessagesMax = 4;

void append_messages(std::string& out, OM_uint32 code, int type, gss_OID mechanism) {
  OM_uint32 more = 0;
  for (int i = 0; i < kMessagesMax; ++i) {
    GssBuffer message;
    OM_uint32 minor = 0;
    if (GSS_ERROR(gss_display_status(&minor, code, type, mechanism, &more, message.receive()))) {
      return;
    }
    // The library's texts hold line breaks and names that a client chose.
    std::string line(message.text());
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    if (!line.empty() && !out.contains(line)) {
      out += out.empty() ? "" : ": ";
      out += line;
    }
    if (more == 0) {
      return;
    }
  }
}

}  // namespace

std::vector<std::byte> GssBuffer::bytes() const {
  const auto view = std::as_bytes(std::span(text()));
  return {view.begin(), view.end()};
}

gss_buffer_desc buffer_over(std::span<const std::byte> bytes) {
  return {.length = bytes.size(), .value = const_cast<std::byte*>(bytes.data())};
}

gss_buffer_desc buffer_over(std::string_view text) {
  return buffer_over(std::as_bytes(std::span(text)));
}

gss_OID spnego_mechanism() {
  static constexpr char kOid[] = "\x2b\x06\x01\x05\x05\x02";
  static gss_OID_desc mechanism{.length = sizeof(kOid) - 1, .elements = const_cast<char*>(kOid)};
  return &mechanism;
}

bool same_mechanism(gss_const_OID left, gss_const_OID right) {
  return gss_oid_equal(left, right) != 0;
}

std::string gss_reason(OM_uint32 major, OM_uint32 minor, gss_OID mechanism) {
  std::string text;
  if (minor != 0) {
    append_messages(text, minor, GSS_C_MECH_CODE, mechanism);
  }
  // The mechanism says more than "Unspecified GSS failure", where it says anything.
  if (text.empty() || GSS_ROUTINE_ERROR(major) != GSS_S_FAILURE) {
    append_messages(text, major, GSS_C_GSS_CODE, GSS_C_NO_OID);
  }
  return text.empty() ? "unknown reason" : text;
}

}  // namespace lunaria::security::internal
