#include "providers/wt/host_provider.h"

#include <array>
#include <limits>
#include <optional>

#include "cim/repository.h"
#include "providers/chap_properties.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/target_lookup.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_host;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Target>>({
    {names::kHostName, [](const service::Target& item) { return cim::Value(item.name); }},
    {names::kTargetIQN, [](const service::Target& item) { return cim::Value(item.iqn); }},
    {names::kDescription, [](const service::Target& item) { return cim::Value(item.description); }},
});

constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();

/// Sets `out` to the new value of a property, if it has one.
Result<void, cim::Error> read_number(const cim::Instance& changes, std::string_view property, std::uint32_t& out,
                                     bool& is_changed) {
  const auto number = changed_number(changes, property, kUint32Max);
  if (!number) {
    return fail(number.error());
  }
  if (*number) {
    out = static_cast<std::uint32_t>(**number);
    is_changed = true;
  }
  return {};
}

/// The preferences after the changes; nullopt when none of them changes.
Result<std::optional<target::NegotiationPreferences>, cim::Error> changed_preferences(
    const cim::Instance& changes, target::NegotiationPreferences preferences) {
  bool is_changed = false;
  if (auto read = read_number(changes, names::kTargetMaxRecvDataSegmentLength, preferences.max_recv_data_segment_length,
                              is_changed);
      !read) {
    return fail(read.error());
  }
  if (auto read = read_number(changes, names::kTargetFirstBurstLength, preferences.first_burst_length, is_changed);
      !read) {
    return fail(read.error());
  }
  if (auto read = read_number(changes, names::kTargetMaxBurstLength, preferences.max_burst_length, is_changed); !read) {
    return fail(read.error());
  }
  const auto probes = changed_flag(changes, names::kEnforceIdleTimeoutDetection);
  if (!probes) {
    return fail(probes.error());
  }
  if (*probes) {
    preferences.enforce_idle_timeout_detection = **probes;
    is_changed = true;
  }
  return is_changed ? std::optional(preferences) : std::nullopt;
}

Result<service::SetTarget, cim::Error> set_target_request(const cim::Instance& changes, const service::Target& target) {
  service::SetTarget request;
  request.id = target.id;
  request.secret_bytes_max = service::kWindowsSecretBytesMax;
  request.description = changed_text(changes, names::kDescription);
  request.iqn = changed_text(changes, names::kTargetIQN);
  const auto enabled = changed_flag(changes, names::kEnabled);
  if (!enabled) {
    return fail(enabled.error());
  }
  request.enabled = *enabled;
  auto chap = changed_chap(changes, {names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret});
  if (!chap) {
    return fail(chap.error());
  }
  request.chap = std::move(*chap);
  auto reverse =
      changed_chap(changes, {names::kEnableReverseCHAP, names::kReverseCHAPUserName, names::kReverseCHAPSecret});
  if (!reverse) {
    return fail(reverse.error());
  }
  request.reverse_chap = std::move(*reverse);
  const auto preferences = changed_preferences(changes, target.preferences);
  if (!preferences) {
    return fail(preferences.error());
  }
  request.preferences = *preferences;
  const auto buffers = changed_number(changes, names::kNumRecvBuffers, kUint32Max);
  if (!buffers) {
    return fail(buffers.error());
  }
  if (*buffers) {
    request.receive_buffer_count = static_cast<std::uint32_t>(**buffers);
  }
  return request;
}

}  // namespace

HostClasses HostProvider::classes(const cim::ProviderCall& call) const {
  const auto find_class = [&](std::string_view name) {
    return environment_.repository.find_class(call.name_space, name);
  };
  return {call.cls, find_class(schema::wt_session::kClass), find_class(schema::wt_connection::kClass)};
}

runtime::Task<Result<service::Target, cim::Error>> HostProvider::find(const cim::ProviderCall& call,
                                                                      const cim::ObjectPath& path) {
  return find_host(environment_.service, call.context, std::string(text_key(path, names::kHostName)));
}

runtime::Task<Result<void, cim::Error>> HostProvider::enumerate_instances(cim::ProviderCall call,
                                                                          cim::InstanceSink& sink) {
  const auto targets = co_await environment_.service.list_targets(to_principal(call.context));
  if (!targets) {
    co_return fail(to_cim(targets.error()));
  }
  std::optional<std::vector<service::Session>> sessions;
  if (call.wants(names::kSessions)) {
    auto listed = co_await environment_.service.list_sessions(to_principal(call.context));
    if (!listed) {
      co_return fail(to_cim(listed.error()));
    }
    sessions = std::move(*listed);
  }
  const HostClasses made_of = classes(call);
  const auto make = [&](const service::Target& target) {
    return host_instance(made_of, target, sessions ? &*sessions : nullptr);
  };
  auto outcome = co_await put_listed<service::Target>(call, sink, *targets, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> HostProvider::get_instance(cim::ProviderCall call,
                                                                            const cim::ObjectPath& path) {
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  if (!call.wants(names::kSessions)) {
    co_return host_instance(classes(call), *target, nullptr);
  }
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  co_return host_instance(classes(call), *target, &*sessions);
}

runtime::Task<Result<void, cim::Error>> HostProvider::modify_instance(cim::ProviderCall call,
                                                                      const cim::ObjectPath& path,
                                                                      const cim::Instance& changes) {
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  auto request = set_target_request(changes, *target);
  if (!request) {
    co_return fail(request.error());
  }
  const auto changed = co_await environment_.service.set_target(to_principal(call.context), std::move(*request));
  if (!changed) {
    co_return fail(to_cim(changed.error()));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> HostProvider::delete_instance(cim::ProviderCall call,
                                                                      const cim::ObjectPath& path) {
  const auto target = co_await find(call, path);
  if (!target) {
    co_return fail(target.error());
  }
  const auto done = co_await environment_.service.delete_target(to_principal(call.context),
                                                                {.id = target->id, .drop_sessions = false});
  if (!done) {
    co_return fail(to_cim(done.error()));
  }
  co_return Result<void, cim::Error>();
}

MethodReply HostProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                                        const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

}  // namespace lunaria::providers
