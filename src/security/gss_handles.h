#pragma once

// Owning handles for GSSAPI objects, and its errors as text. For the .cc files of this folder alone.

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lunaria::security::internal {

/// Owns what the library made; receive() is for its output arguments.
template <class Handle, auto kRelease>
class GssHandle final {
 public:
  GssHandle() = default;
  GssHandle(GssHandle&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  GssHandle& operator=(GssHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  GssHandle(const GssHandle&) = delete;
  GssHandle& operator=(const GssHandle&) = delete;
  ~GssHandle() {
    if (handle_ != nullptr) {
      OM_uint32 minor = 0;
      static_cast<void>(kRelease(&minor, &handle_));
    }
  }
  Handle get() const { return handle_; }
  Handle* receive() { return &handle_; }

 private:
  Handle handle_ = nullptr;
};

inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) {
  return gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using GssName = GssHandle<gss_name_t, &gss_release_name>;
using GssCredential = GssHandle<gss_cred_id_t, &gss_release_cred>;
using GssContext = GssHandle<gss_ctx_id_t, &delete_context>;

/// Bytes that the library made.
class GssBuffer final {
 public:
  GssBuffer() = default;
  GssBuffer(const GssBuffer&) = delete;
  GssBuffer& operator=(const GssBuffer&) = delete;
  ~GssBuffer() {
    OM_uint32 minor = 0;
    static_cast<void>(gss_release_buffer(&minor, &buffer_));
  }
  gss_buffer_t receive() { return &buffer_; }
  std::string_view text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }
  std::vector<std::byte> bytes() const;

 private:
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

/// A view for the library, which does not write to it.
gss_buffer_desc buffer_over(std::span<const std::byte> bytes);
gss_buffer_desc buffer_over(std::string_view text);

/// SPNEGO, 1.3.6.1.5.5.2 (RFC 4178 3).
gss_OID spnego_mechanism();
bool same_mechanism(gss_const_OID left, gss_const_OID right);

/// What the library says of a failure, on one line: "Request is a replay".
std::string gss_reason(OM_uint32 major, OM_uint32 minor, gss_OID mechanism);

}  // namespace lunaria::security::internal
