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
#include "cim/indication/method_call.h"
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
Qualifier EmbeddedInstance : string, Scope(property, parameter);
Qualifier Out : boolean = false, Scope(parameter), Flavor(DisableOverride);
Qualifier Secret : boolean = false, Scope(property, method, parameter), Flavor(DisableOverride);
class CIM_Indication { string IndicationIdentifier; datetime IndicationTime; uint16 PerceivedSeverity;
  string IndicationFilterName; string SequenceContext; sint64 SequenceNumber; };
class CIM_InstIndication : CIM_Indication {
  [EmbeddedObject] string SourceInstance; string SourceInstanceModelPath; };
class CIM_InstCreation : CIM_InstIndication {};
class CIM_InstDeletion : CIM_InstIndication {};
class CIM_InstModification : CIM_InstIndication { [EmbeddedObject] string PreviousInstance; };
class CIM_AlertIndication : CIM_Indication { string Message; };
class CIM_Error { string OwningEntity; string MessageID; string Message; uint16 ErrorType; string OtherErrorType;
  uint16 PerceivedSeverity; uint32 CIMStatusCode; string CIMStatusCodeDescription; };
class CIM_InstMethodCall : CIM_InstIndication { string MethodName; uint16 ReturnValueType;
  [EmbeddedObject] string MethodParameters; string ReturnValue; [EmbeddedInstance("CIM_Error")] string Error[];
  boolean PreCall; };
class X_Thing { [Key] string Name; uint32 Size; };
class X_Disk : X_Thing {
  uint32 Resize(uint32 Size, [Out] uint32 Done, string Password, [Secret] string Answer,
                [EmbeddedInstance("X_Account")] string Owner); };
class X_Account { string Name; string Secret; };
class X_Hidden : X_Thing {};
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
    dispatcher = std::make_unique<Dispatcher>(repository, space, world.clock(), *outbox, [](const Class& cls) {
      return cls.is_a("X_Hidden") ? Role::kAdministrator : Role::kViewer;
    });
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
  runtime::Task<void> load_with_destination(std::string name, Role reader = Role::kAdministrator) {
    const auto loaded = co_await outbox->load();
    EXPECT_TRUE(loaded);
    outbox->set_destination(name, "http://" + name, reader);
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
                 std::string_view language = "DMTF:CQL", Role reader = Role::kOperator) {
    auto parsed = query::Query::parse(language, query);
    ASSERT_TRUE(parsed) << parsed.error().to_string();
    dispatcher->set_subscription(
        id, {.destination = destination, .filters = {{"filter " + id, *std::move(parsed), {space}}}, .reader = reader});
    outbox->set_destination(destination, "http://" + destination, Role::kAdministrator);
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

TEST_F(IndicationTest, IsKeptWithTheStoreWhateverTheListenerDoes) {
  exporter.is_silent["http://a"] = true;
  store.is_slow = true;
  bool is_kept = false;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    EXPECT_FALSE(outbox->is_keeping());
    dispatcher->on_created(space, thing("x", 1));
    dispatcher->on_created(space, thing("y", 1));
    EXPECT_TRUE(outbox->is_keeping());
    EXPECT_TRUE(runtime::spawn(gate, mark(outbox->kept(), is_kept)));
  });
  world.run_for(1s);
  EXPECT_FALSE(is_kept);
  on_shard([&] { store.written.set(); });
  EXPECT_TRUE(is_kept);
  EXPECT_FALSE(outbox->is_keeping());
  EXPECT_EQ(store.messages.size(), 2U);
}

TEST_F(IndicationTest, WhatIsToldLaterIsNotWaitedFor) {
  store.is_slow = true;
  bool is_kept = false;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation");
    EXPECT_TRUE(runtime::spawn(gate, mark(outbox->kept(), is_kept)));
    EXPECT_TRUE(is_kept) << "there is nothing";
    is_kept = false;
    dispatcher->on_created(space, thing("x", 1));
    EXPECT_TRUE(runtime::spawn(gate, mark(outbox->kept(), is_kept)));
    store.written.pulse();
    EXPECT_TRUE(is_kept);
    is_kept = false;
    dispatcher->on_created(space, thing("y", 1));
    store.written.set();
  });
  EXPECT_FALSE(outbox->is_keeping());
}

TEST_F(IndicationTest, WhatWaitsDoesNotGoToWhoMayNotReadIt) {
  exporter.is_dead["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation", "DMTF:CQL", Role::kAdministrator);
    dispatcher->on_created(space, thing("x", 1, "X_Hidden"));
    dispatcher->on_created(space, thing("y", 1));
    dispatcher->on_created(space, thing("z", 1, "X_Hidden"));
  });
  EXPECT_EQ(store.messages.size(), 3U);
  on_shard([&] { outbox->set_destination("a", "http://elsewhere", Role::kOperator); });
  EXPECT_EQ(got("elsewhere"), (std::vector<std::string>{"CIM_InstCreation 1 root/interop:X_Disk.Name=\"y\""}));
  EXPECT_TRUE(got("a").empty());
  EXPECT_TRUE(store.messages.empty());
  EXPECT_EQ(outbox->status("a").lost, 2U);
  EXPECT_EQ(std::ranges::count(log.events, "indication.withheld"), 1);
}

TEST_F(IndicationTest, WhatWaitsIsWithheldAfterARestartToo) {
  exporter.is_dead["http://a"] = true;
  on_shard([&] {
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation", "DMTF:CQL", Role::kAdministrator);
    dispatcher->on_created(space, thing("x", 1, "X_Hidden"));
    dispatcher->on_created(space, thing("y", 1));
  });
  close();
  exporter.is_dead.clear();
  outbox = std::make_unique<Outbox>(shard, store, exporter, log);
  dispatcher = std::make_unique<Dispatcher>(repository, space, world.clock(), *outbox);
  finish(load_with_destination("a", Role::kOperator));
  world.run_for(1s);
  EXPECT_EQ(got("a"), (std::vector<std::string>{"CIM_InstCreation 1 root/interop:X_Disk.Name=\"y\""}));
  EXPECT_TRUE(store.messages.empty());
}

TEST_F(IndicationTest, WhatIsWithheldWhileItIsSentIsNotSentAgain) {
  exporter.is_silent["http://a"] = true;
  on_shard([&] {
    outbox->set_policy({.attempts = 0, .interval = 30s});
    subscribe("1", "a", "SELECT * FROM CIM_InstCreation", "DMTF:CQL", Role::kAdministrator);
    dispatcher->on_created(space, thing("x", 1, "X_Hidden"));
    dispatcher->on_created(space, thing("y", 1));
  });
  on_shard([&] {
    outbox->set_destination("a", "http://elsewhere", Role::kOperator);
    exporter.last_connection->cancel();
  });
  world.run_for(31s);
  EXPECT_EQ(got("elsewhere"), (std::vector<std::string>{"CIM_InstCreation 1 root/interop:X_Disk.Name=\"y\""}));
  EXPECT_TRUE(got("a").empty());
  EXPECT_EQ(outbox->status("a").lost, 1U) << "the attempts of the other one are its own";
}

TEST_F(IndicationTest, MethodCallsAreHeardOnlyWhereTheyAreAskedFor) {
  const MethodPtr method = repository.find_class(space, "X_Disk")->find_method("Resize");
  const ParameterValues in;
  const MethodCall call{space, *method, in};
  on_shard([&] {
    EXPECT_FALSE(dispatcher->hears_method_calls());
    subscribe("1", "changes", "SELECT * FROM CIM_InstModification");
    EXPECT_FALSE(dispatcher->hears_method_calls());
    subscribe("2", "all", "SELECT * FROM CIM_Indication");
    subscribe("3", "ended", "SELECT * FROM CIM_InstMethodCall WHERE PreCall = FALSE AND MethodName = 'Resize'");
    EXPECT_TRUE(dispatcher->hears_method_calls());
    dispatcher->on_method_called(call, thing("x", 1));
    dispatcher->on_method_ended(call, thing("x", 2), MethodResult{Value(std::uint32_t{0}), {}});
    dispatcher->remove_subscription("2");
    EXPECT_TRUE(dispatcher->hears_method_calls());
    subscribe("3", "ended", "SELECT * FROM CIM_InstDeletion");
    EXPECT_FALSE(dispatcher->hears_method_calls()) << "it asks for something else now";
  });
  const std::string path = "root/interop:X_Disk.Name=\"x\"";
  EXPECT_EQ(got("all"), (std::vector<std::string>{"CIM_InstMethodCall 0 " + path, "CIM_InstMethodCall 1 " + path}));
  EXPECT_EQ(got("ended").size(), 1U);
  EXPECT_TRUE(got("changes").empty());
}

TEST_F(IndicationTest, ACallIsDescribedWithoutItsSecrets) {
  const MethodPtr method = repository.find_class(space, "X_Disk")->find_method("Resize");
  Instance owner(repository.find_class(space, "X_Account"));
  EXPECT_TRUE(owner.set("Name", Value("o")) && owner.set("Secret", Value("hidden")));
  ParameterValues in;
  in.set("size", Value(std::uint32_t{7}));
  in.set("Password", Value("hidden"));
  in.set("Answer", Value("hidden"));
  in.set("Owner", Value(owner));
  in.set("Undeclared", Value("hidden"));
  const MethodCall call{space, *method, in};
  Instance before(repository.find_class(space, "CIM_InstMethodCall"));
  describe_call(before, call, nullptr, nullptr);
  EXPECT_EQ(before.find("MethodName")->string_or_empty(), "Resize");
  EXPECT_EQ(before.find("PreCall")->as_bool(), true);
  EXPECT_EQ(before.find("ReturnValueType")->as_unsigned(), 9U);
  EXPECT_EQ(before.find("ReturnValue"), nullptr);
  EXPECT_EQ(before.find("Error"), nullptr);
  const InstancePtr given = before.find("MethodParameters")->as_instance();
  EXPECT_EQ(given->class_name(), kMethodParametersClass);
  ASSERT_EQ(given->values().size(), 2U) << "Size and Owner";
  EXPECT_EQ(given->find("Size")->as_unsigned(), 7U);
  EXPECT_EQ(given->find("Owner")->as_instance()->find("Name")->string_or_empty(), "o");
  EXPECT_EQ(given->find("Owner")->as_instance()->find("Secret"), nullptr);

  Result<MethodResult, Error> outcome = MethodResult{Value(std::uint32_t{4096}), {}};
  outcome->out.set("Done", Value(std::uint32_t{6}));
  Instance after(before.cls());
  describe_call(after, call, &outcome, nullptr);
  EXPECT_EQ(after.find("PreCall")->as_bool(), false);
  EXPECT_EQ(after.find("ReturnValue")->string_or_empty(), "4096");
  EXPECT_EQ(after.find("MethodParameters")->as_instance()->find("Done")->as_unsigned(), 6U);
  EXPECT_EQ(after.find("MethodParameters")->as_instance()->find("Size")->as_unsigned(), 7U);
  EXPECT_TRUE(after.find("Error")->elements().empty());
  EXPECT_FALSE(after.find("Error")->is_null());
}

TEST_F(IndicationTest, ACallThatFailedTellsWhy) {
  const MethodPtr method = repository.find_class(space, "X_Disk")->find_method("Resize");
  const ParameterValues in;
  const Result<MethodResult, Error> outcome = fail(Error(Status::kNotFound, "no such disk"));
  Instance indication(repository.find_class(space, "CIM_InstMethodCall"));
  describe_call(indication, {space, *method, in}, &outcome, repository.find_class(space, "CIM_Error"));
  EXPECT_EQ(indication.find("ReturnValue"), nullptr);
  ASSERT_EQ(indication.find("Error")->elements().size(), 1U);
  const InstancePtr error = indication.find("Error")->elements()[0].as_instance();
  EXPECT_EQ(error->find("Message")->string_or_empty(), "no such disk");
  EXPECT_EQ(error->find("MessageID")->string_or_empty(), "LUN0006");
  EXPECT_EQ(error->find("CIMStatusCode")->as_unsigned(), 6U);
  EXPECT_EQ(error->find("ErrorType")->as_unsigned(), 1U);
}

TEST_F(IndicationTest, NobodyHearsOfWhatItMayNotRead) {
  const MethodPtr method = repository.find_class(space, "X_Disk")->find_method("Resize");
  const ParameterValues in;
  on_shard([&] {
    subscribe("1", "operator", "SELECT * FROM CIM_InstIndication");
    subscribe("2", "administrator", "SELECT * FROM CIM_InstIndication", "DMTF:CQL", Role::kAdministrator);
    dispatcher->on_created(space, thing("x", 1, "X_Hidden"));
    dispatcher->on_modified(space, thing("x", 1, "X_Hidden"), thing("x", 2, "X_Hidden"));
    dispatcher->on_method_called({space, *method, in}, thing("x", 2, "X_Hidden"));
    dispatcher->on_deleted(space, thing("x", 2, "X_Hidden"));
    dispatcher->on_created(space, thing("y", 1));
  });
  EXPECT_EQ(got("operator"), (std::vector<std::string>{"CIM_InstCreation 0 root/interop:X_Disk.Name=\"y\""}))
      << "not even a gap in the numbers";
  EXPECT_EQ(got("administrator").size(), 5U);
}

}  // namespace
}  // namespace lunaria::cim::indication
