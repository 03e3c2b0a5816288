#include "security/keytab.h"

#include <krb5.h>

namespace lunaria::security {
namespace {

/// Owns what one look into a keytab takes of the library.
class Look final {
 public:
  Look() = default;
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;
  ~Look() {
    if (keytab_ != nullptr) {
      static_cast<void>(krb5_kt_close(context_, keytab_));
    }
    if (principal_ != nullptr) {
      krb5_free_principal(context_, principal_);
    }
    if (context_ != nullptr) {
      krb5_free_context(context_);
    }
  }

  krb5_error_code find(const std::string& keytab_path, const std::string& principal) {
    krb5_error_code code = krb5_init_context(&context_);
    if (code == 0) {
      code = krb5_kt_resolve(context_, ("FILE:" + keytab_path).c_str(), &keytab_);
    }
    if (code == 0) {
      code = krb5_parse_name(context_, principal.c_str(), &principal_);
    }
    if (code == 0) {
      krb5_keytab_entry entry{};
      code = krb5_kt_get_entry(context_, keytab_, principal_, 0, 0, &entry);
      if (code == 0) {
        static_cast<void>(krb5_free_keytab_entry_contents(context_, &entry));
      }
    }
    return code;
  }

  std::string message(krb5_error_code code) const {
    const char* text = krb5_get_error_message(context_, code);
    std::string message(text);
    krb5_free_error_message(context_, text);
    return message;
  }

 private:
  krb5_context context_ = nullptr;
  krb5_keytab keytab_ = nullptr;
  krb5_principal principal_ = nullptr;
};

}  // namespace

Result<void, std::string> find_key(const std::string& keytab_path, const std::string& principal) {
  Look look;
  if (const krb5_error_code code = look.find(keytab_path, principal); code != 0) {
    return fail(look.message(code));
  }
  return {};
}

}  // namespace lunaria::security
