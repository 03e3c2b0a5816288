#pragma once

// For tests: the object manager with the shipped schema and all providers, over a service in a simulated world.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/object_manager.h"
#include "cim/operation_statistics.h"
#include "providers/provider_set.h"
#include "providers/storage/service_provider.h"
#include "providers/values.h"
#include "runtime/event.h"
#include "schema/names.h"
#include "schema/schema.h"
#include "service/world_test.h"

namespace lunaria::providers::testing {

inline const cim::NamespaceName kWmi("root/wmi");
inline const cim::NamespaceName kInterop("root/interop");
inline const cim::NamespaceName kLunaria("root/lunaria");
inline const cim::NamespaceName kStorage("root/cimv2/storage/iscsitarget");

class EmbeddedLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    const schema::SchemaFile* file = schema::find_schema_file(name);
    return file == nullptr ? std::nullopt : std::optional(std::string(file->text));
  }
};

inline void load_schema(cim::Repository& repository) {
  EmbeddedLoader loader;
  for (const schema::ShippedNamespace& shipped : schema::shipped_namespaces()) {
    const cim::NamespaceName name(shipped.name);
    ASSERT_TRUE(repository.add_namespace(name));
    cim::mof::Compiler compiler(repository, loader, name);
    const auto compiled = compiler.compile(shipped.top_file);
    ASSERT_TRUE(compiled) << compiled.error().to_string();
  }
}

/// Stands for the protocol: the path, and the names of the properties that are shown, each on a line.
inline std::string path_and_properties(const cim::ObjectPath& path, const cim::Instance& instance) {
  std::string text = path.to_string();
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (instance.is_selected(i)) {
      text += '\n' + instance.cls()->property(i).name;
    }
  }
  return text;
}

/// Stands for the daemon's management; finishes its transitions when the test lets it.
class FakeManaged final : public service::ManagedService {
 public:
  runtime::Task<service::Outcome<void>> start() override {
    ++starts;
    co_return service::Outcome<void>();
  }
  runtime::Task<service::Outcome<void>> stop(service::StopMode /*mode*/) override {
    ++stops;
    if (hold) {
      co_await release.wait();
    }
    co_return result;
  }

  int starts = 0;
  int stops = 0;
  bool hold = false;
  runtime::Event release;
  service::Outcome<void> result;
};

struct Named {
  std::string_view name;
  cim::Value value;
};
using Values = std::vector<Named>;

/// A fixture. Operations run to their end in one call; `context` is an administrator on the local socket.
class Bed : public service::ServiceTest {
 protected:
  void SetUp() override {
    load_schema(repository);
    begin_life();
  }
  void TearDown() override { end_life(); }

  void begin_life() {
    managed = std::make_unique<FakeManaged>();
    make();
    service->manage(service::ServiceKind::kObjectManager, *managed);
    for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
      service->manage(storage_service_kind(i).kind, storage_managed);
    }
    start();
    must(service->start_managed_services());
    table = std::make_unique<cim::ProviderTable>();
    statistics = {};
    providers = std::make_unique<ProviderSet>(Environment{*service, repository, world.clock(), schema_editor,
                                                          &statistics, &path_and_properties, authentication});
    providers->add_to(*table);
    ASSERT_TRUE(finish(providers->open()));
    manager = std::make_unique<cim::ObjectManager>(
        repository, *table, admission,
        [](const cim::OperationContext&, const cim::OperationRequest&) { return Result<void, cim::Error>(); });
  }
  void end_life() {
    manager.reset();
    providers.reset();
    stop();
    managed.reset();
  }

  // Operations.

  Result<cim::Instance, cim::Error> get(const cim::ObjectPath& path, cim::PropertyList properties = std::nullopt) {
    const cim::GetInstanceOptions options{.local_only = false, .properties = std::move(properties)};
    return finish(manager->get_instance(context, path, options));
  }
  std::vector<cim::Instance> list(const cim::NamespaceName& name_space, std::string_view class_name,
                                  cim::PropertyList properties = std::nullopt) {
    cim::CollectingSink sink;
    cim::EnumerateInstancesOptions options;
    options.properties = std::move(properties);
    const auto done = finish(manager->enumerate_instances(context, name_space, class_name, options, sink));
    EXPECT_TRUE(done) << done.error().to_string();
    return std::move(sink.instances());
  }
  std::vector<cim::ObjectPath> list_names(const cim::NamespaceName& name_space, std::string_view class_name) {
    cim::CollectingSink sink;
    const auto done = finish(manager->enumerate_instance_names(context, name_space, class_name, sink));
    EXPECT_TRUE(done) << done.error().to_string();
    std::vector<cim::ObjectPath> paths;
    for (const cim::Instance& instance : sink.instances()) {
      paths.push_back(instance.path(name_space));
    }
    return paths;
  }
  Result<cim::ObjectPath, cim::Error> create(std::string_view class_name, const Values& values) {
    return finish(manager->create_instance(context, kWmi, build(class_name, values)));
  }
  Result<cim::ObjectPath, cim::Error> create_own(std::string_view class_name, const Values& values) {
    return finish(manager->create_instance(context, kLunaria, build(class_name, values)));
  }
  Result<void, cim::Error> modify(const cim::ObjectPath& path, const Values& values) {
    return finish(manager->modify_instance(context, path, build(path.class_name(), values), names_of(values)));
  }
  Result<void, cim::Error> remove(const cim::ObjectPath& path) {
    return finish(manager->delete_instance(context, path));
  }
  Result<cim::MethodResult, cim::Error> invoke(const cim::ObjectPath& path, std::string_view method,
                                               const Values& values = {}) {
    return finish(manager->invoke_method(context, path, method, parameters(values)));
  }
  /// The return value, an integer.
  std::uint64_t code(const cim::ObjectPath& path, std::string_view method, const Values& values = {}) {
    const auto result = invoke(path, method, values);
    EXPECT_TRUE(result) << method << ": " << result.error().to_string();
    return result ? result->return_value.as_unsigned().value_or(999'999) : 999'999;
  }

  template <class T>
  T finish(runtime::Task<T> task) {
    std::optional<T> result;
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, collect(std::move(task), result))); });
    EXPECT_TRUE(world.run_until([&] { return result.has_value(); })) << "the operation never ended";
    return std::move(*result);
  }
  template <class T>
  static runtime::Task<void> collect(runtime::Task<T> task, std::optional<T>& result) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  // Things.

  static cim::ObjectPath class_path(std::string_view class_name) { return {kWmi, std::string(class_name)}; }
  static cim::ObjectPath disk_path(std::uint32_t id) {
    return {kWmi, "WT_Disk", {{std::string(schema::wt_disk::kWTD), cim::Value(id)}}};
  }
  static cim::ObjectPath disk_path(service::DiskId id) { return disk_path(std::to_underlying(id)); }
  static cim::ObjectPath host_path(const std::string& name) {
    return {kWmi, "WT_Host", {{std::string(schema::wt_host::kHostName), cim::Value(name)}}};
  }
  /// The only instance of a class.
  cim::ObjectPath only(const cim::NamespaceName& name_space, std::string_view class_name) {
    const auto paths = list_names(name_space, class_name);
    EXPECT_EQ(paths.size(), 1U);
    return paths.empty() ? cim::ObjectPath() : paths.front();
  }
  cim::ParameterValues parameters(const Values& values) {
    cim::ParameterValues in;
    for (const Named& each : values) {
      in.set(std::string(each.name), each.value);
    }
    return in;
  }
  static cim::Instance build(std::string_view class_name, const Values& values) {
    cim::InstanceBuilder builder{std::string(class_name)};
    for (const Named& each : values) {
      builder.add(std::string(each.name), each.value);
    }
    return builder.build();
  }
  static cim::PropertyList names_of(const Values& values) {
    std::vector<std::string> names;
    for (const Named& each : values) {
      names.emplace_back(each.name);
    }
    return names;
  }
  /// A session with one connection on a target.
  void log_in(std::uint16_t tsih, service::TargetId target, const std::string& initiator) {
    data_plane->open_session(tsih, target, initiator);
    target::SessionStatus& session = data_plane->live_sessions.back();
    session.target_name = "iqn.2026-11.com.example:x";
    session.isid = 0x00023d000001;
    target::ConnectionStatus connection;
    connection.cid = 7;
    connection.initiator = *IpEndpoint::parse("192.0.2.9:40000");
    connection.target = *IpEndpoint::parse("192.0.2.1:3260");
    connection.header_digest = true;
    connection.chap = true;
    session.connections.push_back(connection);
  }

  cim::Repository repository;
  cim::AdmissionControl admission{{}, {}};
  std::unique_ptr<FakeManaged> managed;
  service::MethodService storage_managed;
  cim::SchemaEditor* schema_editor = nullptr;  ///< what providers get, from the next life on
  cim::OperationStatistics statistics;
  AuthenticationMechanisms authentication;
  std::unique_ptr<cim::ProviderTable> table;
  std::unique_ptr<ProviderSet> providers;
  std::unique_ptr<cim::ObjectManager> manager;
  cim::OperationContext context{.principal = "root",
                                .role = cim::Role::kAdministrator,
                                .peer = cim::Peer::kLocalSocket,
                                .authentication = cim::Authentication::kPeerCredentials,
                                .peer_address = {},
                                .accept_language = {},
                                .deadline = std::nullopt,
                                .is_cancelled = false};
};

/// The value of a property that is there.
inline cim::Value value_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  EXPECT_NE(value, nullptr) << property << " is not set";
  return value != nullptr ? *value : cim::Value();
}
inline std::string text_of(const cim::Instance& instance, std::string_view property) {
  return std::string(value_of(instance, property).string_or_empty());
}
inline std::uint64_t number_of(const cim::Instance& instance, std::string_view property) {
  return value_of(instance, property).as_unsigned().value_or(999'999'999);
}
inline std::optional<bool> flag_of(const cim::Instance& instance, std::string_view property) {
  return value_of(instance, property).as_bool();
}
/// The status of a failure; 0 for success.
template <class T>
cim::Status status_of(const Result<T, cim::Error>& result) {
  return result ? cim::Status{} : result.error().status;
}

}  // namespace lunaria::providers::testing
