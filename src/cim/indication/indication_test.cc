// Outbox and Dispatcher: what is queued, in which order it goes out, what happens when a listener does not answer, and
// who hears of what.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "cim/indication/dispatcher.h"
#include "cim/indication/exporter_for_test.h"
#include "cim/indication/outbox.h"
#include "cim/mof/compiler.h"
#include "sim/world.h"

namespace lunaria::cim::indication {
namespace {

using namespace std::chrono_literals;

class QuietLog final : public Log {
 public:
  void write(LogLevel /*level*/, std::string_view event, std::span<const LogField> /*fields*/) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

constexpr std::string_view kSchema = R"(
Qualifier Key : boolean = false, Scope(property), Flavor(DisableOverride);
Qualifier EmbeddedObject : boolean = false, Scope(property), Flavor(DisableOverride);
class CIM_Indication { string IndicationIdentifier; datetime IndicationTime; uint16 PerceivedSeverity;
  string IndicationFilterName; string SequenceContext; sint64 SequenceNumber; };
class CIM_InstIndication : CIM_Indication {
  [EmbeddedObject] string SourceInstance; string SourceInstanceModelPath; };
class CIM_InstCreation : CIM_InstIndication {};
class CIM_InstDeletion : CIM_InstIndication {};
class CIM_InstModification : CIM_InstIndication { [EmbeddedObject] string PreviousInstance; };
class CIM_AlertIndication : CIM_Indication { string Message; };
class X_Thing { [Key] string Name; uint32 Size; };
class X_Disk : X_Thing {};
)";

class NoSources final : public mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view /*name*/, std::string_view /*from*/) override {
    return std::string(kSchema);
  }
};

class IndicationTest : public testing::Test {
 protected:
  IndicationTest() {
    EXPECT_TRUE(repository.add_namespace(space));
    NoSources sources;
    mof::Compiler compiler(repository, sources, space);
    const auto compiled = compiler.compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    outbox = std::make_unique<Outbox>(shard, store, exporter, log);
    dispatcher = std::make_unique<Dispatcher>(repository, space, world.clock(), *outbox);
  }
  ~IndicationTest() override { close(); }

  void close() {
    dispatcher.reset();
    if (outbox != nullptr) {
      finish(outbox->close());
      outbox.reset();
    }
  }
  template <class Function>
  void on_shard(Function function) {
    shard.run(function);
    world.run_for(1ms);
  }
  void finish(runtime::Task<void> task) {
    bool done = false;
    shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, mark(std::move(task), done))); });
    EXPECT_TRUE(world.run_until([&] { return done; }));
  }
  runtime::Task<void> load_with_destination(std::string name) {
    const auto loaded = co_await outbox->load();
    EXPECT_TRUE(loaded);
    outbox->set_destination(name, "http://" + name);
    outbox->drop_orphans();
  }
  static runtime::Task<void> mark(runtime::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  Instance thing(const std::string& name, std::uint32_t size, std::string_view class_name = "X_Disk") {
    Instance instance(repository.find_class(space, class_name));
    EXPECT_TRUE(instance.set("Name", Value(name)));
    EXPECT_TRUE(instance.set("Size", Value(size)));
    return instance;
  }
  void subscribe(const std::string& id, const std::string& destination, const std::string& query,
                 std::string_view language = "DMTF:CQL") {
    auto parsed = query::Query::parse(language, query);
    ASSERT_TRUE(parsed) << parsed.error().to_string();
    dispatcher->set_subscription(id, {destination, {{"filter " + id, *std::move(parsed), {space}}}});
    outbox->set_destination(destination, "http://" + destination);
  }
  const std::vector<std::string>& got(const std::string& destination) {
    return exporter.received["http://" + destination];
  }

  NamespaceName space{"root/interop"};
  sim::World world{{.seed = 1}};
  sim::SimShard& shard = world.add_shard();
  runtime::Gate gate;
  Repository repository;
  QuietLog log;
  MemoryMessages store;
  FakeExporter exporter;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Dispatcher> dispatcher;
};

TEST_F(IndicationTest, LifeIsToldInOrderWithNumbersFromZero) {
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstIndication");
    dispatcher->on_created(space, thing("x", 1));
    dispatcher->on_modified(space, thing("x", 1), thing("x", 2));
    dispatcher->on_modified(space, thing("x", 2), thing("x", 2));
    dispatcher->on_deleted(space, thing("x", 2));
  });
  EXPECT_EQ(got("a"), (std::vector<std::string>{"CIM_InstCreation 0 root/interop:X_Disk.Name=\"x\"",
                                                "CIM_InstModification 1 root/interop:X_Disk.Name=\"x\"",
                                                "CIM_InstDeletion 2 root/interop:X_Disk.Name=\"x\""}))
      << "a change of nothing is none";
  EXPECT_TRUE(store.messages.empty());
}

TEST_F(IndicationTest, FiltersSeeClassesAndBothInstances) {
  on_shard([&] {
    subscribe("cql", "cql", "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA X_Disk");
    subscribe("wql", "wql",
              "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA 'X_Thing' AND SourceInstance.Size > 5 AND "
              "PreviousInstance.Size < 5",
              "WQL");
    subscribe("deletion", "deletion", "SELECT * FROM CIM_InstDeletion");
    dispatcher->on_created(space, thing("x", 1));
    dispatcher->on_created(space, thing("y", 1, "X_Thing"));
    dispatcher->on_modified(space, thing("x", 1), thing("x", 4));
    dispatcher->on_modified(space, thing("x", 4), thing("x", 9));
    dispatcher->on_modified(space, thing("x", 9), thing("x", 10));
    dispatcher->on_created(NamespaceName("root/elsewhere"), thing("z", 1));
  });
  EXPECT_EQ(got("cql").size(), 1U) << "neither the other class nor the other namespace";
  EXPECT_EQ(got("wql").size(), 1U);
  EXPECT_TRUE(got("deletion").empty());
}

TEST_F(IndicationTest, NobodyListensWithoutSubscription) {
  EXPECT_FALSE(dispatcher->is_listening());
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    EXPECT_TRUE(dispatcher->is_listening());
    dispatcher->remove_subscription("1");
    EXPECT_FALSE(dispatcher->is_listening());
    dispatcher->on_created(space, thing("x", 1));
  });
  EXPECT_TRUE(got("a").empty());
}

TEST_F(IndicationTest, AlertsConcernEveryNamespace) {
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_AlertIndication");
    dispatcher->on_process({}, Instance(repository.find_class(space, "CIM_AlertIndication")));
  });
  EXPECT_EQ(got("a").size(), 1U);
}

TEST_F(IndicationTest, ADeadListenerHoldsUpNobodyAndIsTriedAgain) {
  exporter.is_dead["http://dead"] = true;
  on_shard([&] {
    outbox->set_policy({.attempts = 100, .interval = 30s});
    subscribe("1", "dead", "SELECT * FROM CIM_InstCreation");
    subscribe("2", "alive", "SELECT * FROM CIM_InstCreation");
    for (int i = 0; i < 10; ++i) {
      dispatcher->on_created(space, thing(std::to_string(i), 1));
    }
  });
  EXPECT_EQ(got("alive").size(), 10U);
  EXPECT_TRUE(got("dead").empty());
  EXPECT_EQ(store.messages.size(), 10U) << "kept until they are taken";
  EXPECT_TRUE(outbox->status("dead").failing_for.has_value());
  exporter.is_dead["http://dead"] = false;
  world.run_for(31s);
  EXPECT_EQ(got("dead").size(), 10U);
  EXPECT_TRUE(got("dead").front().starts_with("CIM_InstCreation 0 ")) << "in order";
  EXPECT_TRUE(store.messages.empty());
  EXPECT_FALSE(outbox->status("dead").failing_for.has_value());
}

TEST_F(IndicationTest, GivesUpAfterTheAttempts) {
  exporter.is_dead["http://dead"] = true;
  std::vector<runtime::Duration> failures;
  on_shard([&] {
    outbox->set_policy({.attempts = 2, .interval = 10s});
    outbox->on_failure([&](const std::string&, runtime::Duration failing_for) { failures.push_back(failing_for); });
    subscribe("1", "dead", "SELECT * FROM CIM_InstCreation");
    dispatcher->on_created(space, thing("x", 1));
  });
  world.run_for(60s);
  EXPECT_EQ(exporter.tries, 3);
  EXPECT_EQ(outbox->status("dead").lost, 1U);
  EXPECT_TRUE(store.messages.empty());
  ASSERT_EQ(failures.size(), 3U);
  EXPECT_EQ(failures.back(), runtime::Duration(20s));
}

TEST_F(IndicationTest, AFullQueueLeavesAGapInTheNumbers) {
  exporter.is_dead["http://dead"] = true;
  on_shard([&] {
    subscribe("1", "dead", "SELECT * FROM CIM_InstCreation");
    for (std::size_t i = 0; i < kQueuedMessagesMax + 5; ++i) {
      dispatcher->on_created(space, thing("x", 1));
    }
  });
  EXPECT_EQ(outbox->status("dead").waiting, kQueuedMessagesMax);
  EXPECT_EQ(outbox->status("dead").lost, 5U);
  exporter.is_dead["http://dead"] = false;
  world.run_for(31s);
  on_shard([&] { dispatcher->on_created(space, thing("last", 1)); });
  EXPECT_TRUE(got("dead").back().starts_with("CIM_InstCreation " + std::to_string(kQueuedMessagesMax + 5) + ' '));
}

TEST_F(IndicationTest, WhatWaitsSurvivesARestart) {
  exporter.is_dead["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    subscribe("2", "gone", "SELECT * FROM CIM_InstCreation");
    exporter.is_dead["http://gone"] = true;
    dispatcher->on_created(space, thing("x", 1));
  });
  close();
  EXPECT_EQ(store.messages.size(), 2U);
  exporter.is_dead.clear();
  outbox = std::make_unique<Outbox>(shard, store, exporter, log);
  dispatcher = std::make_unique<Dispatcher>(repository, space, world.clock(), *outbox);
  finish(load_with_destination("a"));
  world.run_for(1s);
  EXPECT_EQ(got("a").size(), 1U);
  EXPECT_TRUE(store.messages.empty()) << "those for nobody are dropped";
}

TEST_F(IndicationTest, AListenerThatNeverAnswersDoesNotHoldUpTheEnd) {
  exporter.is_silent["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    dispatcher->on_created(space, thing("x", 1));
  });
  world.run_for(1s);
  EXPECT_EQ(exporter.tries, 1);
  const runtime::Instant before = world.clock().now();
  close();
  EXPECT_LT(world.clock().now() - before, 10ms);
  EXPECT_EQ(store.messages.size(), 1U) << "nobody has confirmed it";
}

TEST_F(IndicationTest, ADestinationThatIsRemovedIsNotWaitedFor) {
  exporter.is_silent["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    dispatcher->on_created(space, thing("x", 1));
  });
  on_shard([&] { outbox->remove_destination("a"); });
  EXPECT_TRUE(store.messages.empty());
  EXPECT_EQ(std::ranges::count(log.events, "indication.not_delivered"), 0) << "that was no failure of the listener";
}

TEST_F(IndicationTest, ADestinationTakesItsMessagesWithIt) {
  exporter.is_dead["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    dispatcher->on_created(space, thing("x", 1));
  });
  on_shard([&] { outbox->remove_destination("a"); });
  EXPECT_TRUE(store.messages.empty());
  exporter.is_dead.clear();
  world.run_for(120s);
  EXPECT_TRUE(got("a").empty());
}

}  // namespace
}  // namespace lunaria::cim::indication
