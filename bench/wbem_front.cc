// The object manager without storage: the CIM-XML front end and the operations, over instances that are made when they
// are asked for. What it does is the least that any provider's answer costs; what lunariad takes more, its providers
// do.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <string>
#include <utility>

#include "base/log.h"
#include "cim/mof/compiler.h"
#include "cim/object_manager.h"
#include "http/server.h"
#include "reactor/reactor.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::bench {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
class BENCH_Volume {
  [Key] string InstanceID; string ElementName; string Caption; string Description; uint16 OperationalStatus[];
  uint16 HealthState; uint64 BlockSize; uint64 NumberOfBlocks; uint64 ConsumableBlocks; boolean Primordial; string Name;
  uint16 NameFormat; datetime InstallDate;
};
)";

/// Makes the instance of a number.
class Volumes final : public cim::Provider {
 public:
  explicit Volumes(std::uint32_t count) : count_(count) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call,
                                                              cim::InstanceSink& sink) override {
    for (std::uint32_t i = 0; i < count_; ++i) {
      const bool go_on = co_await sink.put(make(call.cls, i));
      if (!go_on) {
        break;
      }
    }
    co_return Result<void, cim::Error>();
  }
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override {
    const std::string_view id = path.keys()[0].value.string_or_empty();
    std::uint32_t number = count_;
    if (id.starts_with("bench:")) {
      std::from_chars(id.data() + 6, id.data() + id.size(), number);
    }
    if (number >= count_) {
      co_return fail(cim::Error(cim::Status::kNotFound, path.to_string()));
    }
    co_return make(call.cls, number);
  }

 private:
  cim::Instance make(const cim::ClassPtr& cls, std::uint32_t i) const {
    cim::Instance volume(cls);
    volume.set(0, cim::Value(fmt::format("bench:{:07}", i)));
    volume.set(1, cim::Value(fmt::format("volume {}", i)));
    volume.set(2, cim::Value(fmt::format("Storage volume {} of the bench set", i)));
    volume.set(3, cim::Value(fmt::format("A thin-provisioned volume used for measuring; it holds no data ({})", i)));
    volume.set(4, status_);
    volume.set(5, cim::Value(std::uint16_t{5}));
    volume.set(6, cim::Value(std::uint64_t{512}));
    volume.set(7, cim::Value(std::uint64_t{2097152} + i));
    volume.set(8, cim::Value(std::uint64_t{2097152} + i));
    volume.set(9, cim::Value(false));
    volume.set(10, cim::Value(fmt::format("6001405{:025x}", i)));
    volume.set(11, cim::Value(std::uint16_t{9}));
    volume.set(12, date_);
    return volume;
  }

  std::uint32_t count_;
  cim::Value status_ = cim::Value::array_of(std::vector<std::uint16_t>{2, 32769});
  cim::Value date_ = *cim::Value::parse(cim::Type::kDatetime, "20260101000000.000000+000");
};

class Anybody final : public wbem::Authenticator {
 public:
  runtime::Task<Result<wbem::AuthenticatedClient, wbem::AuthenticationFailure>> authenticate(
      const http::RequestHead& /*head*/, const http::Peer& /*peer*/) override {
    co_return wbem::AuthenticatedClient{
        .principal = {"bench", security::Role::kAdministrator, security::Authentication::kPassword, ""}};
  }
};

struct World {
  World(runtime::Shard& shard, std::uint32_t count) : volumes(count), enumerations(shard, enumerator) {
    const cim::NamespaceName space("root/bench");
    cim::mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    static_cast<void>(repository.add_namespace(space).value());
    static_cast<void>(cim::mof::Compiler(repository, loader, space).compile("schema").value());
    table.add(space, "BENCH_Volume", volumes);
    handler = std::make_unique<wbem::cimxml::Handler>(shard, manager, anybody, log);
    server = std::make_unique<http::Server>(shard, *handler, log);
  }

  Volumes volumes;
  MemoryLog log;
  cim::Repository repository;
  cim::ProviderTable table;
  cim::AdmissionControl admission{{}, {}};
  cim::Enumerator enumerator{repository, table};
  cim::OpenEnumerations enumerations;
  cim::ObjectManager manager{
      repository,
      table,
      admission,
      [](const cim::OperationContext&, const cim::OperationRequest&) { return Result<void, cim::Error>(); },
      {.enumerations = &enumerations}};
  Anybody anybody;
  std::unique_ptr<wbem::cimxml::Handler> handler;
  std::unique_ptr<http::Server> server;
};

runtime::Task<void> stop(World& world) {
  co_await world.server->stop(std::chrono::seconds(1));
  co_await world.enumerations.close_all();
}

int serve(std::uint16_t port, std::uint32_t count) {
  auto reactor = reactor::Reactor::start();
  if (!reactor) {
    fmt::print(stderr, "no reactor\n");
    return 1;
  }
  std::unique_ptr<World> world;
  (*reactor)->run_on(0, [&] {
    world = std::make_unique<World>((*reactor)->shard(0), count);
    static_cast<void>(
        world->server->listen({.address = *IpEndpoint::parse(fmt::format("127.0.0.1:{}", port))}).value());
  });
  while (std::getchar() != EOF) {  // until whoever started it closes our input
  }
  (*reactor)->run_to_completion(0, stop(*world));
  (*reactor)->run_on(0, [&world] { world.reset(); });
  return 0;
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  std::uint32_t count = 10'000;
  CLI::App app("Serves made-up instances of BENCH_Volume in root/bench until its input ends");
  app.add_option("--port", port)->required();
  app.add_option("--instances", count);
  CLI11_PARSE(app, argc, argv);
  return lunaria::bench::serve(port, count);
}
