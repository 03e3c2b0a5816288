#include "security/server_certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "security/limits.h"
#include "security/small_file.h"

namespace lunaria::security {
namespace {

/// SHA-256, so that no copy of a private key is kept to compare with.
std::string digest_of(std::string_view certificate, std::string_view key, std::string_view authorities) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  check(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1, "SHA-256 is always there");
  for (const std::string_view part : {certificate, key, authorities}) {
    const std::size_t length = part.size();
    EVP_DigestUpdate(context, &length, sizeof(length));
    EVP_DigestUpdate(context, part.data(), length);
  }
  check(EVP_DigestFinal_ex(context, digest.data(), &size) == 1, "SHA-256 is always there");
  EVP_MD_CTX_free(context);
  return {digest.begin(), digest.begin() + size};
}

}  // namespace

Result<ServerCertificate::Content, TlsConfigurationError> ServerCertificate::read() {
  auto own = load_certificate(files_, where_);
  if (!own) {
    return fail(own.error());
  }
  Content content{.own = *std::move(own), .client_authorities = {}};
  if (!client_authorities_path_.empty()) {
    const auto authorities = read_small_file(files_, client_authorities_path_, kPemBytesMax);
    if (!authorities) {
      return fail(TlsConfigurationError{fmt::format("cannot read the certificates of the clients' issuers, {}: {}",
                                                    client_authorities_path_, to_string(authorities.error()))});
    }
    content.client_authorities.assign(static_cast<const char*>(static_cast<const void*>(authorities->data())),
                                      authorities->size());
  }
  return content;
}

Result<TlsServerContext, TlsConfigurationError> ServerCertificate::make_context(const Content& content) {
  auto context = TlsServerContext::make(content.own.certificate_pem, content.own.key_pem,
                                        {.authorities_pem = content.client_authorities, .required = false});
  if (!context) {
    return fail(TlsConfigurationError{
        fmt::format("{} and {}: {}", where_.certificate_path, where_.key_path, context.error().message)});
  }
  return context;
}

Result<TlsServerContext, TlsConfigurationError> ServerCertificate::load() {
  seen_.clear();
  auto changed = load_if_changed();
  if (!changed) {
    return fail(changed.error());
  }
  check(changed->has_value(), "what has not been seen has changed");
  return **std::move(changed);
}

Result<std::optional<TlsServerContext>, TlsConfigurationError> ServerCertificate::load_if_changed() {
  const auto content = read();
  const std::string digest =
      content ? digest_of(content->own.certificate_pem, content->own.key_pem.reveal(), content->client_authorities)
              : content.error().message;
  if (digest == seen_) {
    return std::nullopt;
  }
  seen_ = digest;
  if (!content) {
    return fail(content.error());
  }
  auto context = make_context(*content);
  if (!context) {
    return fail(context.error());
  }
  return std::optional(*std::move(context));
}

}  // namespace lunaria::security
