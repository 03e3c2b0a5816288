#include "cim/object_manager.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/run_for_test.h"
#include "cim/test_provider.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "sim/world.h"

namespace lunaria::cim {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);
Qualifier Abstract : boolean = false, Scope(class, association), Flavor(Restricted);
Qualifier Structure : boolean = false, Scope(class), Flavor(Restricted);
Qualifier Override : string, Scope(property, reference, method), Flavor(Restricted);
Qualifier Write : boolean = false, Scope(property);
Qualifier Required : boolean = false, Scope(property, method, parameter);
Qualifier In : boolean = true, Scope(parameter);
Qualifier Out : boolean = false, Scope(parameter);
Qualifier Static : boolean = false, Scope(method);
Qualifier EmbeddedInstance : string, Scope(property, method, parameter);
[Abstract] class T_Element { [Write] string Caption; };
class T_Disk : T_Element {
  [Key] uint32 Id; [Key] string Host; uint64 Size = 7; [Write, Required] string Label = "none"; [Write] uint16 Modes[2];
  [Write, EmbeddedInstance("T_Part")] string Part;
  uint32 Resize([Required] uint64 Size, [In(false), Out] string Message, [In, Out] uint16 Hints[],
                [EmbeddedInstance("T_Part")] string Part, T_Disk REF Like);
  [Static] uint32 Scan();
  void Make();
};
class T_FastDisk : T_Disk { [Write] uint32 Speed = 3; [Override("Label"), Write] string Label = "fast"; };
class T_Part { string Name; [EmbeddedInstance("T_Part")] string Next; };
[Structure] class T_Shape { string Name; };
class T_Single { string Version; };
class T_Lonely { [Key] string Id; };
[Association] class T_Link { [Key] T_Disk REF Left; [Key] T_Disk REF Right; };
)";

template <class T>
std::string status_of(const Result<T, Error>& result) {
  return result ? "ok" : std::string(status_name(result.error().status)).substr(8);
}

class Manager : public testing::Test {
 protected:
  Manager() {
    EXPECT_TRUE(repository_.add_namespace(space_));
    mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    mof::Compiler compiler(repository_, loader, space_);
    const auto compiled = compiler.compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    for (const char* name : {"T_Disk", "T_FastDisk", "T_Part", "T_Single", "T_Link"}) {
      providers_.add(NamespaceName("ROOT/test"), name, provider_);
    }
    provider_.add(disk("T_Disk", 1));
    provider_.add(disk("T_FastDisk", 2));
    provider_.add(disk("T_Disk", 3));
  }

  Instance disk(const char* name, std::uint32_t id) const {
    Instance instance = Instance::with_defaults(repository_.find_class(space_, name));
    EXPECT_TRUE(instance.set("Id", Value(id)));
    EXPECT_TRUE(instance.set("Host", Value("h")));
    return instance;
  }

  ObjectPath path(std::string_view text) const { return ObjectPath::parse(text).value(); }

  std::string get(std::string_view text) {
    const ObjectPath target = path(text);
    return status_of(run(manager_.get_instance(context_, target, {})));
  }
  std::string invoke(std::string_view text, std::string_view method, const ParameterValues& in) {
    const ObjectPath target = path(text);
    return status_of(run(manager_.invoke_method(context_, target, method, in)));
  }
  std::string modify(std::string_view text, const Instance& instance, const PropertyList& list) {
    const ObjectPath target = path(text);
    return status_of(run(manager_.modify_instance(context_, target, instance, list)));
  }

  const NamespaceName space_{"root/test"};
  Repository repository_;
  TestProvider provider_;
  ProviderTable providers_;
  AdmissionControl admission_{{.operations_max = 8}, {{"T_Single"}, {"StartService"}}};
  std::string denied_class_;
  OperationContext context_;
  ObjectManager manager_{repository_, providers_, admission_,
                         [this](const OperationContext&, const OperationRequest& request) -> Result<void, Error> {
                           if (!denied_class_.empty() && name_equal(request.class_name, denied_class_)) {
                             return fail(Error(Status::kAccessDenied, "no"));
                           }
                           return {};
                         }};
};

TEST_F(Manager, AnswersTheRightStatusForPaths) {
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=\"h\""), "ok");
  EXPECT_EQ(get("ROOT\\TEST:t_disk.HOST=\"h\",ID=1"), "ok");
  EXPECT_EQ(get("//here/Root/test:T_Disk.Id=1,Host=\"h\""), "ok");
  EXPECT_EQ(get("root/none:T_Disk.Id=1,Host=\"h\""), "INVALID_NAMESPACE");
  EXPECT_EQ(get("root/test:T_None.Id=1,Host=\"h\""), "INVALID_CLASS");
  EXPECT_EQ(get("root/test:T_Disk.Id=9,Host=\"h\""), "NOT_FOUND");
  EXPECT_EQ(get("root/test:T_Disk.Id=2,Host=\"h\""), "NOT_FOUND") << "the class of an instance is its own";
  EXPECT_EQ(get("root/test:T_Disk"), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk=@"), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=1"), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=\"h\",Size=7"), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=\"1\",Host=\"h\""), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=-1,Host=\"h\""), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=4294967296,Host=\"h\""), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=5"), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Lonely.Id=\"x\""), "NOT_FOUND");
  EXPECT_EQ(get("root/test:T_Single=@"), "NOT_FOUND");
  denied_class_ = "T_DISK";
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=\"h\""), "ACCESS_DENIED");
}

TEST_F(Manager, TypesReferenceKeys) {
  Instance link(repository_.find_class(space_, "T_Link"));
  link.set(0, Value(path("root/test:T_Disk.Id=1,Host=\"h\"")));
  link.set(1, Value(path("root/test:T_Disk.Id=3,Host=\"h\"")));
  provider_.add(link);
  EXPECT_EQ(get("root/test:T_Link.Left=\"T_Disk.Host=\\\"h\\\",Id=1\",Right=\"root/test:T_Disk.Id=3,Host=\\\"h\\\"\""),
            "ok");
  EXPECT_EQ(get("root/test:T_Link.Left=\"T_Disk.Host=\\\"h\\\"\",Right=\"T_Disk.Id=3,Host=\\\"h\\\"\""),
            "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Link.Left=\"T_Part=@\",Right=\"T_Disk.Id=3,Host=\\\"h\\\"\""), "INVALID_PARAMETER");
  EXPECT_EQ(get("root/test:T_Link.Left=\"nonsense!\",Right=\"T_Disk.Id=3,Host=\\\"h\\\"\""), "INVALID_PARAMETER");
}

TEST_F(Manager, EnumeratesSubclassesToo) {
  CollectingSink sink;
  const EnumerateInstancesOptions options;
  ASSERT_TRUE(run(manager_.enumerate_instances(context_, space_, "t_element", options, sink)));
  ASSERT_EQ(sink.instances().size(), 3U);
  EXPECT_EQ(sink.instances()[0].path(space_), path("root/test:T_Disk.Id=1,Host=\"h\""));
  EXPECT_EQ(sink.instances()[2].path(space_), path("root/test:T_FastDisk.Id=2,Host=\"h\""));
}

TEST_F(Manager, ShowsPropertiesAsInheritanceOptionsSay) {
  const auto shown = [this](std::string_view name, const EnumerateInstancesOptions& options) {
    CollectingSink sink;
    EXPECT_TRUE(run(manager_.enumerate_instances(context_, space_, name, options, sink)));
    const Instance& fast = sink.instances().back();
    std::string names;
    for (std::size_t i = 0; i < fast.values().size(); ++i) {
      names += fast.is_selected(i) ? fast.cls()->property(i).name + ' ' : "";
    }
    return names;
  };
  EXPECT_EQ(shown("T_Disk", {}), "Caption Id Host Size Label Modes Part Speed ");
  EXPECT_EQ(shown("T_Disk", {.deep_inheritance = false}), "Caption Id Host Size Label Modes Part ");
  EXPECT_EQ(shown("T_Disk", {.local_only = true, .deep_inheritance = false}), "Id Host Size Label Modes Part ");
  EXPECT_EQ(shown("T_FastDisk", {.local_only = true}), "Label Speed ");
  EXPECT_EQ(shown("T_Disk", {.properties = PropertyList({"SPEED", "size", "nothing"})}), "Size Speed ");
  EXPECT_EQ(shown("T_Disk", {.deep_inheritance = false, .properties = PropertyList({"SPEED", "size"})}), "Size ");
  EXPECT_EQ(shown("T_Disk", {.properties = PropertyList(std::vector<std::string>())}), "");
}

TEST_F(Manager, EnumeratesNamesAndRefusesWhatIsNotThere) {
  CollectingSink sink;
  ASSERT_TRUE(run(manager_.enumerate_instance_names(context_, space_, "T_Disk", sink)));
  EXPECT_EQ(sink.instances().size(), 3U);
  EXPECT_EQ(status_of(run(manager_.enumerate_instance_names(context_, space_, "T_None", sink))), "INVALID_CLASS");
  const NamespaceName none("root/none");
  EXPECT_EQ(status_of(run(manager_.enumerate_instance_names(context_, none, "T_Disk", sink))), "INVALID_NAMESPACE");
  EXPECT_EQ(status_of(run(manager_.enumerate_instances(context_, space_, "T_None", {}, sink))), "INVALID_CLASS");
  EXPECT_EQ(status_of(run(manager_.enumerate_instances(context_, space_, "T_Lonely", {}, sink))), "ok");
  provider_.fail_with(Error(Status::kFailed, "disk on fire"));
  EXPECT_EQ(status_of(run(manager_.enumerate_instances(context_, space_, "T_Disk", {}, sink))), "FAILED");
}

/// Takes a few instances, then the receiver is gone; or has room for one at a time.
class NarrowSink final : public InstanceSink {
 public:
  explicit NarrowSink(std::size_t room) : room_(room) {}
  Delivery deliver(Instance&& /*instance*/) override { return ++taken_ >= room_ ? Delivery::kGone : Delivery::kWait; }
  runtime::Task<bool> ready() override {
    ++waits_;
    co_await event_.wait();
    event_.reset();
    co_return !is_gone_;
  }
  void drain(bool is_gone = false) {
    is_gone_ = is_gone;
    event_.set();
  }
  std::size_t taken() const { return taken_; }
  std::size_t waits() const { return waits_; }

 private:
  runtime::Event event_;
  std::size_t room_;
  std::size_t taken_ = 0;
  std::size_t waits_ = 0;
  bool is_gone_ = false;
};

TEST_F(Manager, WaitsForASlowReceiverAndStopsForOneThatHasGone) {
  NarrowSink sink(100);
  std::optional<Result<void, Error>> result;
  runtime::Gate gate;
  const EnumerateInstancesOptions options;
  ASSERT_TRUE(runtime::spawn(
      gate, store_result(manager_.enumerate_instances(context_, space_, "T_Disk", options, sink), result)));
  EXPECT_EQ(sink.taken(), 1U);
  EXPECT_EQ(admission_.inside(), 1U);
  sink.drain();
  EXPECT_EQ(sink.taken(), 2U);
  EXPECT_FALSE(result);
  sink.drain(true);
  ASSERT_TRUE(result);
  EXPECT_TRUE(*result);
  EXPECT_EQ(sink.taken(), 2U) << "no provider is asked after the receiver has gone";
  EXPECT_EQ(admission_.inside(), 0U);

  NarrowSink gone(1);
  EXPECT_EQ(status_of(run(manager_.enumerate_instances(context_, space_, "T_Disk", options, gone))), "ok");
  EXPECT_EQ(gone.taken(), 1U);
  EXPECT_EQ(gone.waits(), 0U);
}

TEST_F(Manager, CreatesInstances) {
  const auto create = [this](const Instance& instance) {
    return status_of(run(manager_.create_instance(context_, space_, instance)));
  };
  const auto builder = [](const char* name) {
    InstanceBuilder built(name);
    built.add("id", Value(std::uint32_t{7}));
    built.add("host", Value("h"));
    return built;
  };
  InstanceBuilder good = builder("t_disk");
  EXPECT_EQ(create(good.build()), "ok");
  EXPECT_EQ(*provider_.instances().back().find("Size"), Value(std::uint64_t{7})) << "defaults are filled in";
  InstanceBuilder again = builder("T_Disk");
  EXPECT_EQ(create(again.build()), "ALREADY_EXISTS");
  InstanceBuilder unknown = builder("T_Disk");
  unknown.add("Color", Value("red"));
  EXPECT_EQ(create(unknown.build()), "NO_SUCH_PROPERTY");
  InstanceBuilder wrong = builder("T_Disk");
  wrong.add("Size", Value(std::uint32_t{5}));
  EXPECT_EQ(create(wrong.build()), "TYPE_MISMATCH");
  InstanceBuilder array = builder("T_Disk");
  array.add("Modes", Value(std::uint16_t{5}));
  EXPECT_EQ(create(array.build()), "TYPE_MISMATCH");
  InstanceBuilder long_array = builder("T_Disk");
  long_array.add("Modes", Value::array_of(std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_EQ(create(long_array.build()), "INVALID_PARAMETER");
  InstanceBuilder required = builder("T_Disk");
  required.add("Label", Value::null(Type::kString));
  EXPECT_EQ(create(required.build()), "INVALID_PARAMETER");
  EXPECT_EQ(create(InstanceBuilder("T_None").build()), "INVALID_CLASS");
  EXPECT_EQ(create(InstanceBuilder("T_Element").build()), "NOT_SUPPORTED");
  EXPECT_EQ(create(InstanceBuilder("T_Lonely").build()), "NOT_SUPPORTED");
  const auto structure = run(manager_.create_instance(context_, space_, InstanceBuilder("T_Shape").build()));
  ASSERT_FALSE(structure);
  EXPECT_EQ(
      structure.error(),
      Error(Status::kNotSupported, "T_Shape is a structure: its instances are values of others and cannot be created"));
}

TEST_F(Manager, BindsEmbeddedInstancesToTheirClass) {
  const auto part = [](const char* class_name, const char* property) {
    InstanceBuilder built(class_name);
    built.add(property, Value("p"));
    return built.build();
  };
  const auto create = [this, &part](const char* class_name, const char* property) {
    InstanceBuilder built("T_Disk");
    built.add("Id", Value(std::uint32_t{8}));
    built.add("Host", Value("h"));
    built.add("Part", Value(part(class_name, property)));
    const Instance instance = built.build();
    return status_of(run(manager_.create_instance(context_, space_, instance)));
  };
  EXPECT_EQ(create("t_part", "name"), "ok");
  EXPECT_EQ(provider_.instances().back().find("Part")->as_instance()->cls(), repository_.find_class(space_, "T_Part"));
  EXPECT_EQ(create("T_Part", "Size"), "NO_SUCH_PROPERTY");
  EXPECT_EQ(create("T_Disk", "Label"), "TYPE_MISMATCH");
  EXPECT_EQ(create("T_None", "Name"), "INVALID_PARAMETER");

  Instance deep = part("T_Part", "Name");
  for (int i = 0; i < 20; ++i) {
    InstanceBuilder outer("T_Part");
    outer.add("Next", Value(std::move(deep)));
    deep = outer.build();
  }
  EXPECT_EQ(status_of(run(manager_.create_instance(context_, space_, deep))), "INVALID_PARAMETER");
}

TEST_F(Manager, ModifiesWhatIsWritable) {
  const char* const one = "root/test:T_Disk.Id=1,Host=\"h\"";
  const auto with = [](const char* name, Value value) {
    InstanceBuilder built("T_Disk");
    built.add(name, std::move(value));
    return built.build();
  };
  const auto now = [this](const char* name) { return *provider_.instances()[0].find(name); };
  EXPECT_EQ(modify(one, with("Label", Value("x")), {}), "ok");
  EXPECT_EQ(now("Label"), Value("x"));
  EXPECT_EQ(modify(one, with("Size", Value(std::uint64_t{9})), {}), "ok") << "read-only, not listed: ignored";
  EXPECT_EQ(now("Size"), Value(std::uint64_t{7}));
  EXPECT_EQ(modify(one, with("Size", Value(std::uint64_t{9})), PropertyList({"Size"})), "NOT_SUPPORTED");
  EXPECT_EQ(modify(one, with("Size", Value(std::uint64_t{7})), PropertyList({"size"})), "ok") << "no change";
  EXPECT_EQ(modify(one, with("Label", Value("y")), PropertyList({"Caption"})), "ok") << "only what is listed";
  EXPECT_EQ(now("Label"), Value("x"));
  EXPECT_EQ(modify(one, with("Caption", Value("y")), PropertyList({"Label"})), "ok") << "listed, not given: default";
  EXPECT_EQ(now("Label"), Value("none"));
  EXPECT_EQ(modify(one, with("Label", Value::null(Type::kString)), {}), "INVALID_PARAMETER");
  EXPECT_EQ(modify(one, with("Label", Value(true)), {}), "TYPE_MISMATCH");
  EXPECT_EQ(modify(one, with("Color", Value("x")), {}), "NO_SUCH_PROPERTY");
  EXPECT_EQ(modify(one, with("Label", Value("x")), PropertyList({"Color"})), "NO_SUCH_PROPERTY");
  EXPECT_EQ(modify(one, with("Id", Value(std::uint32_t{1})), {}), "ok") << "a key that stays";
  EXPECT_EQ(modify(one, with("Id", Value(std::uint32_t{2})), {}), "INVALID_PARAMETER");
  EXPECT_EQ(modify("root/test:T_Disk.Id=9,Host=\"h\"", with("Label", Value("x")), {}), "NOT_FOUND");
  EXPECT_EQ(modify("root/test:T_Disk.Id=9,Host=\"h\"", with("Size", Value(std::uint64_t{1})), {}), "NOT_FOUND");
  EXPECT_EQ(modify("root/test:T_FastDisk.Id=2,Host=\"h\"", with("Label", Value("x")), {}), "INVALID_PARAMETER");
}

TEST_F(Manager, DeletesInstances) {
  const ObjectPath one = path("root/test:T_Disk.Id=1,Host=\"h\"");
  EXPECT_TRUE(run(manager_.delete_instance(context_, one)));
  EXPECT_EQ(status_of(run(manager_.delete_instance(context_, one))), "NOT_FOUND");
}

TEST_F(Manager, ChecksMethodParameters) {
  const char* const one = "root/test:T_Disk.Id=1,Host=\"h\"";
  const auto with = [](const char* name, Value value) {
    ParameterValues in;
    in.set("Size", Value(std::uint64_t{5}));
    in.set(name, std::move(value));
    return in;
  };
  EXPECT_EQ(invoke(one, "resize", with("size", Value(std::uint64_t{6}))), "ok");
  EXPECT_EQ(*provider_.invocations().back().in.find("Size"), Value(std::uint64_t{6}));
  EXPECT_EQ(invoke(one, "Resize", with("Hints", Value::array_of(std::vector<std::uint16_t>{1}))), "ok");
  EXPECT_EQ(invoke(one, "Resize", with("Message", Value::null(Type::kString))), "ok");
  EXPECT_EQ(provider_.invocations().back().in.find("Message"), nullptr);
  EXPECT_EQ(invoke(one, "Resize", with("Message", Value("x"))), "INVALID_PARAMETER") << "out only";
  EXPECT_EQ(invoke(one, "Resize", with("Color", Value("x"))), "INVALID_PARAMETER");
  EXPECT_EQ(invoke(one, "Resize", with("Size", Value(std::uint32_t{5}))), "INVALID_PARAMETER");
  EXPECT_EQ(invoke(one, "Resize", with("Size", Value::null(Type::kUint64))), "INVALID_PARAMETER");
  EXPECT_EQ(invoke(one, "Resize", {}), "INVALID_PARAMETER") << "Size is required";
  EXPECT_EQ(invoke(one, "Resize", with("Like", Value(path("T_Part=@")))), "INVALID_PARAMETER");
  EXPECT_EQ(invoke(one, "Resize", with("Like", Value(path("T_FastDisk.Id=2,Host=\"h\"")))), "ok");
  EXPECT_EQ(provider_.invocations().back().in.find("Like")->to_text(), "root/test:T_FastDisk.Id=2,Host=\"h\"");

  ParameterValues untyped;
  untyped.set_untyped("Size", Value("17"));
  untyped.set_untyped("Hints", Value::array_of(std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(invoke(one, "Resize", untyped), "ok");
  EXPECT_EQ(provider_.invocations().back().in.find("Hints")->type(), Type::kUint16);
  untyped.set_untyped("Size", Value("-1"));
  EXPECT_EQ(invoke(one, "Resize", untyped), "INVALID_PARAMETER");
}

TEST_F(Manager, CallsMethodsOfClassesAndOfInstances) {
  EXPECT_EQ(invoke("root/test:T_Disk", "Scan", {}), "ok");
  EXPECT_FALSE(provider_.invocations().back().path.is_instance());
  EXPECT_EQ(invoke("root/test:T_Disk", "Make", {}), "ok") << "not Static: its provider decides";
  EXPECT_EQ(invoke("root/test:T_FastDisk.Id=2,Host=\"h\"", "Scan", {}), "ok") << "inherited";
  EXPECT_EQ(invoke("root/test:T_Disk", "Fly", {}), "METHOD_NOT_FOUND");
  EXPECT_EQ(invoke("root/test:T_None", "Scan", {}), "NOT_FOUND");
  EXPECT_EQ(invoke("root/none:T_Disk", "Scan", {}), "INVALID_NAMESPACE");
  EXPECT_EQ(invoke("root/test:T_Disk.Id=1", "Scan", {}), "INVALID_PARAMETER");
}

TEST_F(Manager, ServesClassesAndQualifiers) {
  EXPECT_TRUE(manager_.get_class(context_, space_, "t_disk"));
  EXPECT_EQ(status_of(manager_.get_class(context_, space_, "T_None")), "NOT_FOUND");
  EXPECT_EQ(manager_.enumerate_class_names(context_, space_, "T_Element", false).value(),
            std::vector<std::string>{"T_Disk"});
  EXPECT_EQ(manager_.enumerate_class_names(context_, space_, "T_Element", true).value(),
            (std::vector<std::string>{"T_Disk", "T_FastDisk"}));
  EXPECT_EQ(manager_.enumerate_classes(context_, space_, "", false)->size(), 6U);
  EXPECT_EQ(manager_.enumerate_classes(context_, space_, "", true)->size(), 8U);
  EXPECT_EQ(status_of(manager_.enumerate_classes(context_, space_, "T_None", true)), "INVALID_CLASS");
  EXPECT_TRUE(manager_.get_qualifier(context_, space_, "KEY"));
  EXPECT_EQ(status_of(manager_.get_qualifier(context_, space_, "None")), "NOT_FOUND");
  EXPECT_EQ(manager_.enumerate_qualifiers(context_, space_)->size(), 11U);
}

TEST_F(Manager, ShowsOfAClassWhatWasAskedFor) {
  const ClassPtr fast = repository_.find_class(space_, "T_FastDisk");
  const Property& size = fast->property(fast->find_property("Size").value());
  const Property& speed = fast->property(fast->find_property("Speed").value());
  EXPECT_FALSE(ClassOptions().shows(*fast, size));
  EXPECT_TRUE(ClassOptions().shows(*fast, speed));
  EXPECT_TRUE(ClassOptions{.local_only = false}.shows(*fast, size));
  EXPECT_FALSE((ClassOptions{.local_only = false, .properties = PropertyList({"speed"})}).shows(*fast, size));
  EXPECT_FALSE(ClassOptions().shows(*fast, *fast->find_method("Scan")));
  EXPECT_FALSE(ClassOptions{.include_qualifiers = false}.shows(speed.qualifiers.entries().front()));
  EXPECT_TRUE(ClassOptions().shows(speed.qualifiers.entries().front()));
  EXPECT_FALSE(ClassOptions().shows(speed.qualifiers.entries().front(), true));
}

TEST_F(Manager, WhileStoppedAdmitsOnlyALocalAdministratorToTheExceptions) {
  admission_.close();
  context_.role = Role::kAdministrator;
  context_.peer = Peer::kLocalSocket;
  EXPECT_EQ(get("root/test:T_Single=@"), "NOT_FOUND");
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=\"h\""), "SERVER_IS_SHUTTING_DOWN");
  EXPECT_EQ(invoke("root/test:T_Single=@", "StartService", {}), "METHOD_NOT_FOUND") << "admitted, but not there";
  EXPECT_EQ(invoke("root/test:T_Single=@", "StopService", {}), "SERVER_IS_SHUTTING_DOWN");
  EXPECT_EQ(modify("root/test:T_Single=@", InstanceBuilder("T_Single").build(), {}), "SERVER_IS_SHUTTING_DOWN");
  context_.peer = Peer::kLoopback;
  EXPECT_EQ(get("root/test:T_Single=@"), "SERVER_IS_SHUTTING_DOWN");
  context_.peer = Peer::kLocalSocket;
  context_.role = Role::kOperator;
  EXPECT_EQ(get("root/test:T_Single=@"), "SERVER_IS_SHUTTING_DOWN");
  admission_.open();
  EXPECT_EQ(get("root/test:T_Disk.Id=1,Host=\"h\""), "ok");
}

TEST(AdmissionControl, LimitsHowManyAreInside) {
  AdmissionControl admission({.operations_max = 1}, {});
  const OperationContext context;
  const NamespaceName name_space("root/x");
  const OperationRequest request{OperationKind::kGetClass, name_space, "A", {}};
  auto first = admission.enter(context, request);
  ASSERT_TRUE(first);
  EXPECT_EQ(status_of(admission.enter(context, request)), "SERVER_LIMITS_EXCEEDED");
  {
    const AdmissionControl::Ticket moved = std::move(*first);
  }
  EXPECT_EQ(admission.inside(), 0U);
  EXPECT_TRUE(admission.enter(context, request));
}

runtime::Task<void> stop(AdmissionControl& admission, std::size_t remaining, runtime::Shard& shard,
                         std::optional<bool>& outcome) {
  admission.close();
  outcome = co_await admission.wait_until_inside(remaining, shard, std::chrono::seconds(10));
}

TEST(AdmissionControl, LetsAStopperWaitForTheOthers) {
  sim::World world({.seed = 1});
  sim::SimShard& shard = world.add_shard();
  AdmissionControl admission({}, {});
  const OperationContext context;
  const NamespaceName name_space("root/x");
  const OperationRequest request{OperationKind::kInvokeMethod, name_space, "A", "StopService"};
  auto own = admission.enter(context, request);
  std::optional<AdmissionControl::Ticket> other(std::move(admission.enter(context, request).value()));
  runtime::Gate gate;
  std::optional<bool> outcome;
  const auto begin = [&](std::size_t remaining) {
    outcome.reset();
    shard.run([&] { ASSERT_TRUE(runtime::spawn(gate, stop(admission, remaining, shard, outcome))); });
  };
  begin(1);
  EXPECT_FALSE(outcome);
  EXPECT_EQ(status_of(admission.enter(context, request)), "SERVER_IS_SHUTTING_DOWN");
  shard.run([&] { other.reset(); });
  EXPECT_EQ(outcome, true);

  begin(0);
  world.run_for(std::chrono::seconds(9));
  EXPECT_FALSE(outcome);
  world.run_for(std::chrono::seconds(2));
  EXPECT_EQ(outcome, false) << "it has waited long enough";

  begin(0);
  shard.run([&] { admission.open(); });
  EXPECT_EQ(outcome, true) << "started again: there is nothing to wait for";
}

/// Puts many instances; the sink never waits.
class CountingSink final : public InstanceSink {
 public:
  Delivery deliver(Instance&& /*instance*/) override {
    ++count_;
    return Delivery::kGoOn;
  }
  std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

runtime::Task<std::size_t> put_many(const Instance& instance, InstanceSink& sink, std::size_t count) {
  std::size_t done = 0;
  for (; done < count; ++done) {
    const bool go_on = co_await sink.put(instance);
    if (!go_on) {
      break;
    }
  }
  co_return done;
}

TEST(InstanceSink, TakesAMillionWithoutGrowingTheStack) {
  CountingSink sink;
  const Instance instance = InstanceBuilder("T_X").build();
  EXPECT_EQ(run(put_many(instance, sink, 1'000'000)), 1'000'000U);
  EXPECT_EQ(sink.count(), 1'000'000U);
}

}  // namespace
}  // namespace lunaria::cim
