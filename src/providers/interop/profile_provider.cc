#include "providers/interop/profile_provider.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "base/check.h"
#include "cim/repository.h"
#include "providers/errors.h"
#include "providers/interop/registered_profiles.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_registered_profile;
namespace open_names = names::open_conformant_instances;
namespace pull_names = names::pull_conformant_instances;

cim::Error invalid_context() {
  return cim::Error(cim::Status::kInvalidEnumerationContext,
                    "no such enumeration is open: it ended, was closed or timed out");
}

/// IncludedPropertyList; NULL asks for all.
cim::PropertyList property_list(const cim::ParameterValues& in) {
  const cim::Value* list = in.find(open_names::kIncludedPropertyList);
  if (list == nullptr || list->is_null()) {
    return std::nullopt;
  }
  std::vector<std::string> properties;
  for (const cim::Value& each : list->elements()) {
    properties.emplace_back(each.string_or_empty());
  }
  return properties;
}

/// OperationTimeout.
Result<runtime::Duration, cim::Error> timeout_parameter(const cim::ParameterValues& in) {
  const auto seconds = number_parameter(in, open_names::kOperationTimeout).value_or(kConformantTimeoutDefaultS);
  if (seconds == 0 || seconds > kConformantTimeoutMaxS) {
    return fail(cim::Error(cim::Status::kInvalidOperationTimeout,
                           "OperationTimeout takes 1 to " + std::to_string(kConformantTimeoutMaxS) + " seconds"));
  }
  return std::chrono::seconds(seconds);
}

/// Parameters of an answer that both Open and Pull have.
void set_progress(cim::MethodResult& result, const std::string& id) {
  result.out.set(std::string(pull_names::kEnumerationContext),
                 id.empty() ? cim::Value::null(cim::Type::kString) : cim::Value(id));
  result.out.set(std::string(pull_names::kEndOfSequence), cim::Value(id.empty()));
}

}  // namespace

std::span<const MethodRow<ProfileProvider>> ProfileProvider::methods() {
  static constexpr auto kRows = std::to_array<MethodRow<ProfileProvider>>({
      {open_names::kMethod, &ProfileProvider::open},
      {pull_names::kMethod, &ProfileProvider::pull},
      {names::close_conformant_instances::kMethod, &ProfileProvider::close},
  });
  return kRows;
}

runtime::Task<Result<void, cim::Error>> ProfileProvider::enumerate_instances(cim::ProviderCall call,
                                                                             cim::InstanceSink& sink) {
  auto done = co_await instances_.enumerate_instances(std::move(call), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> ProfileProvider::get_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path) {
  auto instance = co_await instances_.get_instance(std::move(call), path);
  co_return instance;
}

MethodReply ProfileProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                           const cim::Method& method, const cim::ParameterValues& in) {
  if (path.is_instance()) {
    const auto present = co_await get_instance(call, path);
    if (!present) {
      co_return fail(present.error());
    }
  }
  auto result = co_await dispatch(*this, methods(), std::move(call), path, method, in);
  co_return result;
}

runtime::Task<Result<std::vector<ConformantElement>, cim::Error>> ProfileProvider::elements(
    const cim::OperationContext& context, const cim::ObjectPath& path, const std::string& result_class) const {
  const auto server = co_await environment_.service.server(to_principal(context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  std::vector<ConformantElement> found = conformant_elements(*server, text_key(path, names::kInstanceID));
  if (result_class.empty()) {
    co_return found;
  }
  const auto spaces = environment_.repository.namespaces();
  if (std::ranges::none_of(spaces, [&](const cim::NamespaceName& space) {
        return environment_.repository.find_class(space, result_class) != nullptr;
      })) {
    co_return fail(
        cim::Error(cim::Status::kInvalidParameter, "ResultClass: no class " + result_class + " in any namespace"));
  }
  std::erase_if(found, [&](const ConformantElement& each) {
    const cim::ClassPtr cls = environment_.repository.find_class(each.path.name_space(), each.path.class_name());
    return cls == nullptr || !cls->is_a(result_class);
  });
  co_return found;
}

runtime::Task<Result<cim::MethodResult, cim::Error>> ProfileProvider::tell(const cim::OperationContext& context,
                                                                           std::vector<ConformantElement>& rest,
                                                                           const cim::PropertyList& properties,
                                                                           std::uint64_t count) const {
  check(table_ != nullptr, "the provider was told where to look instances up");
  check(environment_.instance_text != nullptr, "the provider was told how instances are written");
  std::vector<cim::Value> types;
  std::vector<cim::Value> instances;
  while (!rest.empty() && instances.size() < count) {
    const ConformantElement element = rest.front();
    const cim::ClassPtr cls = environment_.repository.find_class(element.path.name_space(), element.path.class_name());
    cim::Provider* const provider = table_->find(element.path.name_space(), element.path.class_name());
    if (cls != nullptr && provider != nullptr) {
      const cim::ProviderCall call{context, element.path.name_space(), cls,
                                   cim::select_properties(*cls, *cls, properties, false, true)};
      auto instance = co_await provider->get_instance(call, element.path);
      if (!instance && instance.error().status != cim::Status::kNotFound) {
        co_return fail(instance.error());
      }
      if (instance) {
        instance->select(call.properties);
        cim::ObjectPath path = element.path;
        path.set_host(context.host);
        types.emplace_back(element.type);
        instances.emplace_back(environment_.instance_text(path, *instance));
      }
    }
    rest.erase(rest.begin());
  }
  cim::MethodResult result = returning(std::uint32_t{0});
  result.out.set(std::string(pull_names::kInstanceType), cim::Value::array(cim::Type::kUint16, std::move(types)));
  result.out.set(std::string(pull_names::kInstanceWithPathList),
                 cim::Value::array(cim::Type::kString, std::move(instances)));
  co_return result;
}

MethodReply ProfileProvider::open(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in) {
  if (flag_parameter(in, open_names::kContinueOnError).value_or(false)) {
    co_return fail(cim::Error(cim::Status::kContinuationOnErrorNotSupported,
                              "an error ends this enumeration; call again with ContinueOnError false"));
  }
  const auto timeout = timeout_parameter(in);
  if (!timeout) {
    co_return fail(timeout.error());
  }
  auto found = co_await elements(call.context, path, text_parameter(in, open_names::kResultClass).value_or(""));
  if (!found) {
    co_return fail(found.error());
  }
  ConformantEnumerations::Enumeration enumeration{.principal = call.context.principal,
                                                  .profile = path,
                                                  .properties = property_list(in),
                                                  .rest = std::move(*found),
                                                  .timeout = *timeout};
  auto result = co_await tell(call.context, enumeration.rest, enumeration.properties,
                              number_parameter(in, open_names::kMaxObjectCount).value_or(0));
  if (!result) {
    co_return fail(result.error());
  }
  std::string id;
  if (!enumeration.rest.empty()) {
    auto opened = enumerations_.open(std::move(enumeration));
    if (!opened) {
      co_return fail(opened.error());
    }
    id = std::move(*opened);
  }
  set_progress(*result, id);
  co_return result;
}

MethodReply ProfileProvider::pull(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in) {
  const auto count = required_number(in, pull_names::kMaxObjectCount);
  if (!count) {
    co_return fail(count.error());
  }
  const auto context = required_text(in, pull_names::kEnumerationContext);
  if (!context) {
    co_return fail(context.error());
  }
  std::string id = *context;
  ConformantEnumerations::Enumeration* const found = enumerations_.find(id, call.context.principal, path);
  if (found == nullptr) {
    co_return fail(invalid_context());
  }
  if (*count == 0) {
    cim::MethodResult result = returning(std::uint32_t{0});
    set_progress(result, id);
    co_return result;
  }
  // Out of the table while it is asked for: a second Pull at the same time finds nothing.
  ConformantEnumerations::Enumeration enumeration = std::move(*found);
  enumerations_.close(id);
  auto result = co_await tell(call.context, enumeration.rest, enumeration.properties, *count);
  if (!result) {
    co_return fail(result.error());
  }
  if (enumeration.rest.empty()) {
    id.clear();
  } else {
    enumerations_.put_back(id, std::move(enumeration));
  }
  set_progress(*result, id);
  co_return result;
}

MethodReply ProfileProvider::close(cim::ProviderCall call, const cim::ObjectPath& path,
                                   const cim::ParameterValues& in) {
  const auto id = required_text(in, names::close_conformant_instances::kEnumerationContext);
  if (!id) {
    co_return fail(id.error());
  }
  if (enumerations_.find(*id, call.context.principal, path) == nullptr) {
    co_return fail(invalid_context());
  }
  enumerations_.close(*id);
  co_return returning(std::uint32_t{0});
}

}  // namespace lunaria::providers
