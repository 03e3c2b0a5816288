#include "providers/interop/authentication_mechanisms.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

using Mechanism = schema::cim_cimxml_communication_mechanism::AuthenticationMechanismsSupported;

}  // namespace

void set_authentication_mechanisms(cim::Instance& instance, AuthenticationMechanisms mechanisms,
                                   std::string_view supported, std::string_view descriptions) {
  std::vector<cim::Value> numbers{enum_value(Mechanism::kBasic)};
  std::vector<cim::Value> texts{cim::Value::null(cim::Type::kString)};
  const auto add = [&](std::string_view text) {
    numbers.push_back(enum_value(Mechanism::kOther));
    texts.emplace_back(text);
  };
  if (mechanisms.negotiate) {
    add("Kerberos (HTTP Negotiate)");
  }
  if (mechanisms.client_certificates) {
    add("TLS client certificate");
  }
  const auto property = instance.cls()->find_property(supported);
  check(property.has_value(), "property names come from the schema of the class");
  // The classes declare the same numbers, one as uint16 and the other as sint16.
  auto listed =
      cim::Value::array(cim::Type::kUint16, std::move(numbers)).converted_to(instance.cls()->property(*property).type);
  check(listed.has_value(), "the numbers of mechanisms are small");
  instance.set(*property, *std::move(listed));
  if (texts.size() > 1) {
    set(instance, descriptions, cim::Value::array(cim::Type::kString, std::move(texts)));
  }
}

}  // namespace lunaria::providers
