#include "providers/interop/identity.h"

#include <charconv>
#include <utility>

#include "schema/names.h"

namespace lunaria::providers {
namespace {

constexpr std::string_view kJobPrefix = "job-";

}  // namespace

std::string system_name(const service::Server& server) {
  return server.guid.to_string();
}

std::string object_manager_name(const service::Server& server) {
  return server.guid.to_string();
}

std::string job_instance_id(service::JobId id) {
  return std::string(kInstanceIdPrefix) + std::string(kJobPrefix) + std::to_string(std::to_underlying(id));
}

std::optional<service::JobId> parse_job_instance_id(std::string_view instance_id) {
  const std::size_t start = kInstanceIdPrefix.size() + kJobPrefix.size();
  std::uint64_t number = 0;
  if (instance_id.size() <= start ||
      std::from_chars(instance_id.data() + start, instance_id.data() + instance_id.size(), number).ec != std::errc()) {
    return std::nullopt;
  }
  const auto id = static_cast<service::JobId>(number);
  return job_instance_id(id) == instance_id ? std::optional(id) : std::nullopt;
}

cim::ObjectPath job_path(const cim::NamespaceName& name_space, service::JobId id) {
  namespace names = schema::msiscsitarget_concrete_job;
  return {name_space, std::string(names::kClass), {{std::string(names::kInstanceID), job_instance_id(id)}}};
}

}  // namespace lunaria::providers
