#include "security/self_signed.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/ip_address.h"
#include "security/limits.h"
#include "security/openssl_handles.h"
#include "security/small_file.h"

namespace lunaria::security {
namespace {

constexpr std::size_t kCommonNameBytesMax = 64;  // X.520 ub-common-name
constexpr std::size_t kDnsNameBytesMax = 253;

bool is_dns_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !name.empty() && name.size() <= kDnsNameBytesMax && std::ranges::all_of(name, is_allowed);
}

/// The given names and those that every machine has for itself, each once.
std::vector<std::string> all_names(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  const auto add = [&all](const std::string& name) {
    if (std::ranges::find(all, name) == all.end()) {
      all.push_back(name);
    }
  };
  std::ranges::for_each(names, add);
  for (const char* always : {"localhost", "127.0.0.1", "::1"}) {
    add(always);
  }
  return all;
}

void add_name(GENERAL_NAMES* list, const std::string& name) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  check(entry != nullptr, "an allocation failure ends the process");
  if (const auto address = IpAddress::parse(name)) {
    ASN1_OCTET_STRING* octets = ASN1_OCTET_STRING_new();
    check(octets != nullptr && ASN1_OCTET_STRING_set(octets, address->octets().data(), address->is_v4() ? 4 : 16) == 1,
          "an allocation failure ends the process");
    GENERAL_NAME_set0_value(entry, GEN_IPADD, octets);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    check(text != nullptr && ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) == 1,
          "an allocation failure ends the process");
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  }
  check(sk_GENERAL_NAME_push(list, entry) > 0, "an allocation failure ends the process");
}

bool add_names(X509* certificate, const std::vector<std::string>& names) {
  const internal::UniqueGeneralNames list(GENERAL_NAMES_new());
  for (const std::string& name : names) {
    add_name(list.get(), name);
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  if (RAND_bytes(static_cast<unsigned char*>(static_cast<void*>(&serial)), sizeof serial) != 1) {
    return false;
  }
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), (serial >> 1) | 1) == 1;  // positive, not zero
}

bool set_validity(X509* certificate, runtime::WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  const std::time_t not_before = (seconds - std::chrono::hours(1)).count();
  const std::time_t not_after = (seconds + std::chrono::days(kSelfSignedDays) - std::chrono::hours(1)).count();
  return ASN1_TIME_set(X509_getm_notBefore(certificate), not_before) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), not_after) != nullptr;
}

bool set_names(X509* certificate, const std::vector<std::string>& names) {
  const std::string common_name = names.front().size() <= kCommonNameBytesMax ? names.front() : "localhost";
  X509_NAME* subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    static_cast<const unsigned char*>(static_cast<const void*>(common_name.data())),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 && add_names(certificate, names);
}

bool build(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names, runtime::WallTime now) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         set_validity(certificate, now) && X509_set_pubkey(certificate, key) == 1 && set_names(certificate, names) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TlsConfigurationError file_error(std::string_view what, const std::string& path, runtime::IoError error) {
  return {fmt::format("cannot {} {}: {}", what, path, to_string(error))};
}

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

Result<SelfSignedCertificate, TlsConfigurationError> certify(const internal::UniqueKey& key,
                                                             const std::vector<std::string>& names,
                                                             runtime::WallTime now) {
  const std::vector<std::string> all = all_names(names);
  if (all.size() > kSelfSignedNamesMax) {
    return fail(TlsConfigurationError{"too many names for one certificate"});
  }
  for (const std::string& name : all) {
    if (!IpAddress::parse(name) && !is_dns_name(name)) {
      return fail(TlsConfigurationError{fmt::format("\"{}\" is neither a DNS name nor an address", name)});
    }
  }
  const internal::UniqueX509 certificate(X509_new());
  if (key == nullptr || certificate == nullptr || !build(certificate.get(), key.get(), all, now)) {
    return fail(
        TlsConfigurationError{fmt::format("cannot make a self-signed certificate: {}", internal::take_error_reason())});
  }
  const internal::UniqueBio certificate_text(BIO_new(BIO_s_mem()));
  const internal::UniqueBio key_text(BIO_new(BIO_s_secmem()));
  check(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1 &&
            PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "what was just made can be written");
  const char* key_pem = nullptr;
  const long key_size = BIO_get_mem_data(key_text.get(), &key_pem);
  return SelfSignedCertificate{.certificate_pem = internal::written_text(certificate_text.get()),
                               .key_pem = Secret(std::string_view(key_pem, static_cast<std::size_t>(key_size))),
                               .fingerprint = internal::sha256_fingerprint(certificate.get())};
}

/// The key that is there already (a crash may have come before the certificate was written), or a new one, written.
Result<internal::UniqueKey, TlsConfigurationError> load_or_create_key(runtime::FileSystem& files,
                                                                      const std::string& path) {
  const auto stored = read_small_file(files, path, kPemBytesMax);
  if (stored) {
    internal::UniqueKey key = internal::read_private_key(text_of(*stored));
    if (key == nullptr) {
      return fail(TlsConfigurationError{fmt::format("{} holds no unencrypted private key", path)});
    }
    return key;
  }
  if (stored.error().code != ENOENT) {
    return fail(file_error("read the private key", path, stored.error()));
  }
  internal::UniqueKey key(EVP_EC_gen("P-256"));
  const internal::UniqueBio text(BIO_new(BIO_s_secmem()));
  if (key == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail(TlsConfigurationError{fmt::format("cannot make a private key: {}", internal::take_error_reason())});
  }
  const char* pem = nullptr;
  const long size = BIO_get_mem_data(text.get(), &pem);
  const auto written =
      write_small_file(files, path, bytes_of({pem, static_cast<std::size_t>(size)}), FileAccess::kOwnerOnly);
  if (!written) {
    return fail(file_error("write the private key", path, written.error()));
  }
  return key;
}

}  // namespace

Result<SelfSignedCertificate, TlsConfigurationError> make_self_signed(const std::vector<std::string>& names,
                                                                      runtime::WallTime now) {
  return certify(internal::UniqueKey(EVP_EC_gen("P-256")), names, now);
}

Result<CertificatePem, TlsConfigurationError> load_certificate(runtime::FileSystem& files,
                                                               const CertificateFiles& where) {
  const auto certificate = read_small_file(files, where.certificate_path, kPemBytesMax);
  if (!certificate) {
    return fail(file_error("read the certificate", where.certificate_path, certificate.error()));
  }
  auto key = read_small_file(files, where.key_path, kPemBytesMax);
  if (!key) {
    return fail(file_error("read the private key", where.key_path, key.error()));
  }
  CertificatePem pem{.certificate_pem = std::string(text_of(*certificate)), .key_pem = Secret(text_of(*key))};
  OPENSSL_cleanse(key->data(), key->size());
  return pem;
}

Result<CertificatePem, TlsConfigurationError> load_or_create_certificate(runtime::FileSystem& files,
                                                                         const CertificateFiles& where,
                                                                         const std::vector<std::string>& names,
                                                                         runtime::WallTime now) {
  const auto certificate = files.status(where.certificate_path);
  if (certificate || certificate.error().code != ENOENT) {
    return load_certificate(files, where);
  }
  const auto key = load_or_create_key(files, where.key_path);
  if (!key) {
    return fail(key.error());
  }
  auto made = certify(*key, names, now);
  if (!made) {
    return fail(made.error());
  }
  const auto written =
      write_small_file(files, where.certificate_path, bytes_of(made->certificate_pem), FileAccess::kShared);
  if (!written) {
    return fail(file_error("write the certificate", where.certificate_path, written.error()));
  }
  return CertificatePem{.certificate_pem = std::move(made->certificate_pem), .key_pem = std::move(made->key_pem)};
}

}  // namespace lunaria::security
