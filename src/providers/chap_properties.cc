#include "providers/chap_properties.h"

#include "providers/values.h"

namespace lunaria::providers {

void set_chap(cim::Instance& instance, const ChapNames& names, const service::ChapSettings& chap) {
  set(instance, names.enable, chap.enabled);
  set_text_or_null(instance, names.user_name, chap.user_name);
  set_text_or_null(instance, names.secret, chap.has_secret ? kSecretMask : std::string_view());
}

Result<service::SetChap, cim::Error> changed_chap(const cim::Instance& changes, const ChapNames& names) {
  service::SetChap request;
  const auto enabled = changed_flag(changes, names.enable);
  if (!enabled) {
    return fail(enabled.error());
  }
  request.enabled = *enabled;
  request.user_name = changed_text(changes, names.user_name);
  const cim::Value* secret = changes.find(names.secret);
  if (secret != nullptr && secret->string_or_empty() != kSecretMask) {
    request.secret = Secret(secret->string_or_empty());
  }
  return request;
}

}  // namespace lunaria::providers
