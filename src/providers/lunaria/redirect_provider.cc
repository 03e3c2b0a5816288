#include "providers/lunaria/redirect_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/name.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::lunaria_redirect;

/// 0 is every portal group.
std::optional<std::uint16_t> to_tag(std::uint64_t number) {
  return number == 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(number));
}

runtime::Task<Result<void, cim::Error>> set_redirects(Environment environment, const cim::OperationContext& context,
                                                      service::TargetId target,
                                                      std::vector<service::Redirect> redirects) {
  service::SetTarget request;
  request.id = target;
  request.redirects = std::move(redirects);
  auto done = co_await done_or_error(environment.service.set_target(to_principal(context), std::move(request)));
  co_return done;
}

/// NULL of a key is no value of it.
Result<service::Redirect, cim::Error> changed_redirect(service::Redirect redirect, const cim::Instance& changes) {
  redirect.address = changed_text(changes, names::kAddress).value_or(redirect.address);
  const auto permanent = changed_flag(changes, names::kPermanent);
  if (!permanent) {
    return fail(permanent.error());
  }
  redirect.permanent = permanent->value_or(redirect.permanent);
  return redirect;
}

}  // namespace

LunariaRedirectProvider::Listed LunariaRedirectProvider::list(const cim::OperationContext& context) {
  auto targets = co_await environment_.service.list_targets(to_principal(context));
  if (!targets) {
    co_return fail(to_cim(targets.error()));
  }
  std::vector<TargetRedirect> items;
  for (const service::Target& target : *targets) {
    for (const service::Redirect& redirect : target.redirects) {
      items.push_back({target, redirect});
    }
  }
  co_return items;
}

cim::Instance LunariaRedirectProvider::to_instance(const cim::ClassPtr& cls, const TargetRedirect& item) const {
  cim::Instance instance(cls);
  set(instance, names::kTargetName, item.target.name);
  set(instance, names::kPortalGroupTag, cim::Value(item.redirect.portal_group_tag.value_or(0)));
  set(instance, names::kAddress, item.redirect.address);
  set(instance, names::kPermanent, item.redirect.permanent);
  return instance;
}

bool LunariaRedirectProvider::is_at(const TargetRedirect& item, const cim::ObjectPath& path) const {
  return cim::name_equal(item.target.name, text_key(path, names::kTargetName)) &&
         item.redirect.portal_group_tag == to_tag(number_key(path, names::kPortalGroupTag));
}

Columns<TargetRedirect> LunariaRedirectProvider::columns() const {
  static constexpr auto kColumns = std::to_array<Column<TargetRedirect>>({
      {names::kTargetName, [](const TargetRedirect& item) { return cim::Value(item.target.name); }},
  });
  return kColumns;
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> LunariaRedirectProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  const cim::Value* name = instance.find(names::kTargetName);
  if (name == nullptr || instance.find(names::kAddress) == nullptr) {
    co_return fail(invalid_parameter("TargetName and Address must be given"));
  }
  const auto target = co_await find_host(environment_.service, call.context, std::string(name->string_or_empty()));
  if (!target) {
    co_return fail(target.error());
  }
  const cim::Value* tag = instance.find(names::kPortalGroupTag);
  const auto asked = to_tag(tag == nullptr ? 0 : tag->as_unsigned().value_or(0));
  if (std::ranges::find(target->redirects, asked, &service::Redirect::portal_group_tag) != target->redirects.end()) {
    co_return fail(cim::Error(cim::Status::kAlreadyExists,
                              "Target " + target->name + " has a redirect for this portal group already."));
  }
  const auto redirect = changed_redirect({asked, false, {}}, instance);
  if (!redirect) {
    co_return fail(redirect.error());
  }
  std::vector<service::Redirect> redirects = target->redirects;
  redirects.push_back(*redirect);
  const auto done = co_await set_redirects(environment_, call.context, target->id, std::move(redirects));
  if (!done) {
    co_return fail(done.error());
  }
  co_return to_instance(call.cls, {*target, *redirect}).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> LunariaRedirectProvider::modify_instance(cim::ProviderCall call,
                                                                                 const cim::ObjectPath& path,
                                                                                 const cim::Instance& changes) {
  const auto item = co_await find(call.context, path);
  if (!item) {
    co_return fail(item.error());
  }
  const auto redirect = changed_redirect(item->redirect, changes);
  if (!redirect) {
    co_return fail(redirect.error());
  }
  std::vector<service::Redirect> redirects = item->target.redirects;
  std::ranges::replace(redirects, item->redirect, *redirect);
  auto done = co_await set_redirects(environment_, call.context, item->target.id, std::move(redirects));
  co_return done;
}

runtime::Task<Result<void, cim::Error>> LunariaRedirectProvider::delete_instance(cim::ProviderCall call,
                                                                                 const cim::ObjectPath& path) {
  const auto item = co_await find(call.context, path);
  if (!item) {
    co_return fail(item.error());
  }
  std::vector<service::Redirect> redirects = item->target.redirects;
  std::erase(redirects, item->redirect);
  auto done = co_await set_redirects(environment_, call.context, item->target.id, std::move(redirects));
  co_return done;
}

}  // namespace lunaria::providers
