#include "providers/lunaria/role_provider.h"

#include <array>
#include <utility>

#include "providers/instance_list.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_role;
using security::Permission;
using security::Role;

constexpr std::array kPermissions = {
    std::pair<Permission, std::string_view>{Permission::kRead, "Read"},
    std::pair<Permission, std::string_view>{Permission::kChangeStorage, "ChangeStorage"},
    std::pair<Permission, std::string_view>{Permission::kUseAnyPath, "UseAnyPath"},
    std::pair<Permission, std::string_view>{Permission::kControlServices, "ControlServices"},
    std::pair<Permission, std::string_view>{Permission::kChangeSchema, "ChangeSchema"},
    std::pair<Permission, std::string_view>{Permission::kChangeSecurity, "ChangeSecurity"},
};

std::vector<cim::Instance> roles(const cim::ProviderCall& call) {
  const Role held = to_principal(call.context).role;
  std::vector<cim::Instance> instances;
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdministrator}) {
    std::vector<std::string_view> permissions;
    for (const auto& [permission, name] : kPermissions) {
      if (security::may(role, permission)) {
        permissions.push_back(name);
      }
    }
    cim::Instance& instance = instances.emplace_back(call.cls);
    set(instance, names::kName, security::to_string(role));
    set(instance, names::kPermissions, cim::Value::array_of(permissions));
    set(instance, names::kHeldByCaller, held >= role);
  }
  return instances;
}

}  // namespace

runtime::Task<Result<void, cim::Error>> LunariaRoleProvider::enumerate_instances(cim::ProviderCall call,
                                                                                 cim::InstanceSink& sink) {
  auto outcome = co_await put_all(roles(call), sink);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> LunariaRoleProvider::get_instance(cim::ProviderCall call,
                                                                                   const cim::ObjectPath& path) {
  co_return pick(roles(call), call.name_space, path);
}

}  // namespace lunaria::providers
