#include "providers/lunaria/user_provider.h"

#include <algorithm>
#include <array>

#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_user;

Result<security::Role, cim::Error> parse_role(std::string_view text) {
  const auto role = security::parse_role(text);
  if (!role) {
    return fail(invalid_parameter("Role must be viewer, operator or administrator, not " + std::string(text)));
  }
  return *role;
}

}  // namespace

cim::Instance user_instance(const cim::ClassPtr& cls, const service::User& user) {
  cim::Instance instance(cls);
  set(instance, names::kName, user.name);
  set(instance, names::kRole, security::to_string(user.role));
  set_time(instance, names::kCreated, user.created);
  return instance;
}

runtime::Task<Result<void, cim::Error>> LunariaUserProvider::enumerate_instances(cim::ProviderCall call,
                                                                                 cim::InstanceSink& sink) {
  const auto users = co_await environment_.service.list_users(to_principal(call.context));
  if (!users) {
    co_return fail(to_cim(users.error()));
  }
  for (const service::User& user : *users) {
    const bool go_on = co_await sink.put(user_instance(call.cls, user));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> LunariaUserProvider::get_instance(cim::ProviderCall call,
                                                                                   const cim::ObjectPath& path) {
  const auto users = co_await environment_.service.list_users(to_principal(call.context));
  if (!users) {
    co_return fail(to_cim(users.error()));
  }
  const auto user = std::ranges::find(*users, text_key(path, names::kName), &service::User::name);
  if (user == users->end()) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return user_instance(call.cls, *user);
}

runtime::Task<Result<void, cim::Error>> LunariaUserProvider::modify_instance(cim::ProviderCall call,
                                                                             const cim::ObjectPath& path,
                                                                             const cim::Instance& changes) {
  const auto text = changed_text(changes, names::kRole);
  if (!text) {
    co_return Result<void, cim::Error>();
  }
  const auto role = parse_role(*text);
  if (!role) {
    co_return fail(role.error());
  }
  const auto done = co_await environment_.service.set_role(to_principal(call.context),
                                                           std::string(text_key(path, names::kName)), *role);
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> LunariaUserProvider::delete_instance(cim::ProviderCall call,
                                                                             const cim::ObjectPath& path) {
  const auto done =
      co_await environment_.service.delete_user(to_principal(call.context), std::string(text_key(path, names::kName)));
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

std::span<const MethodRow<LunariaUserProvider>> LunariaUserProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<LunariaUserProvider>>({
      {names::create::kMethod, &LunariaUserProvider::create},
      {names::set_password::kMethod, &LunariaUserProvider::set_password},
  });
  return kMethods;
}

MethodReply LunariaUserProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                               const cim::Method& method, const cim::ParameterValues& in) {
  auto result = co_await dispatch(*this, methods(), std::move(call), path, method, in);
  co_return result;
}

MethodReply LunariaUserProvider::create(cim::ProviderCall call, const cim::ObjectPath& /*path*/,
                                        const cim::ParameterValues& in) {
  auto name = required_text(in, names::create::kName);
  if (!name) {
    co_return fail(name.error());
  }
  const auto password = required_text(in, names::create::kPassword);
  if (!password) {
    co_return fail(password.error());
  }
  const auto role = parse_role(text_parameter(in, names::create::kRole).value_or("viewer"));
  if (!role) {
    co_return fail(role.error());
  }
  const auto user = co_await environment_.service.add_user(
      to_principal(call.context),
      service::AddUser{.name = *std::move(name), .password = Secret(*password), .role = *role});
  if (!user) {
    co_return fail(to_cim(user.error()));
  }
  cim::MethodResult result = returning(std::uint32_t{0});
  result.out.set(std::string(names::create::kUser), cim::Value(user_instance(call.cls, *user).path(call.name_space)));
  co_return result;
}

MethodReply LunariaUserProvider::set_password(cim::ProviderCall call, const cim::ObjectPath& path,
                                              const cim::ParameterValues& in) {
  const auto password = required_text(in, names::set_password::kPassword);
  if (!password) {
    co_return fail(password.error());
  }
  const auto done = co_await environment_.service.set_password(
      to_principal(call.context), std::string(text_key(path, names::kName)), Secret(*password));
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return returning(std::uint32_t{0});
}

}  // namespace lunaria::providers
