#include "cim/repository_provider.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/object_store_for_test.h"
#include "cim/run_for_test.h"

namespace lunaria::cim {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Required : boolean = false, Scope(property);
Qualifier MaxLen : uint32, Scope(property);
Qualifier MinLen : uint32, Scope(property);
Qualifier MaxValue : sint64, Scope(property);
Qualifier MinValue : sint64, Scope(property);
Qualifier OctetString : boolean = false, Scope(property);
class T_User { [Key] string Name; [MaxLen(4), MinLen(2)] string Short; [MinValue(-1), MaxValue(9)] sint32 Level;
  [OctetString] uint8 Octets[]; [OctetString] string Texts[]; };
class T_Strict { [Key] string Name; [Required] string Owner; [Required] uint8 Level = 3; };
)";

class Recorder final : public LifecycleListener {
 public:
  bool is_listening() const override { return true; }
  void on_process(const NamespaceName& /*space*/, Instance /*indication*/) override {}
  void on_created(const NamespaceName& /*space*/, const Instance& instance) override { add("created", instance); }
  void on_modified(const NamespaceName& /*space*/, const Instance& previous, const Instance& instance) override {
    add("from", previous);
    add("to", instance);
  }
  void on_deleted(const NamespaceName& /*space*/, const Instance& instance) override { add("deleted", instance); }
  std::vector<std::string> events;

 private:
  void add(const char* what, const Instance& instance) {
    const Value* level = instance.find("Level");
    events.push_back(std::string(what) + ' ' + instance.find("Name")->to_text() +
                     (level != nullptr ? ' ' + level->to_text() : ""));
  }
};

class StoredInstances : public testing::Test {
 protected:
  StoredInstances() {
    EXPECT_TRUE(repository_.add_namespace(space_));
    mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    const auto compiled = mof::Compiler(repository_, loader, space_).compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    EXPECT_TRUE(run(store_.open_set({space_, "T_User"})));
  }

  ProviderCall call() const { return {context_, space_, repository_.find_class(space_, "T_User"), nullptr}; }
  Instance user(const char* name, std::int32_t level) const {
    Instance instance(repository_.find_class(space_, "T_User"));
    EXPECT_TRUE(instance.set("Name", Value(name)));
    EXPECT_TRUE(instance.set("Level", Value(level)));
    return instance;
  }
  std::string create(const Instance& instance) {
    const auto path = run(provider_.create_instance(call(), instance));
    return path ? path->to_string() : path.error().message;
  }
  std::string get(const char* name) {
    const ObjectPath path = user(name, 0).path(space_);
    const auto instance = run(provider_.get_instance(call(), path));
    return instance ? instance->find("Level")->to_text() : std::string(status_name(instance.error().status));
  }
  std::string set_level(const char* name, std::int32_t level) {
    const ObjectPath path = user(name, 0).path(space_);
    Instance changes(repository_.find_class(space_, "T_User"));
    EXPECT_TRUE(changes.set("Level", Value(level)));
    const auto done = run(provider_.modify_instance(call(), path, changes));
    return done ? "ok" : std::string(status_name(done.error().status));
  }

  const NamespaceName space_{"root/test"};
  OperationContext context_;
  Repository repository_;
  MemoryObjectStore store_;
  Recorder recorder_;
  RepositoryProvider provider_{repository_, store_, &recorder_};
};

TEST_F(StoredInstances, ComeChangeAndGo) {
  EXPECT_EQ(create(user("a", 1)), "root/test:T_User.Name=\"a\"");
  EXPECT_EQ(create(user("a", 2)), "root/test:T_User.Name=\"a\" is there already");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("A"), "CIM_ERR_NOT_FOUND") << "values of keys tell capital letters from others";
  EXPECT_EQ(set_level("a", 7), "ok");
  EXPECT_EQ(get("a"), "7");
  EXPECT_EQ(set_level("b", 7), "CIM_ERR_NOT_FOUND");
  const ObjectPath path = user("a", 0).path(space_);
  EXPECT_TRUE(run(provider_.delete_instance(call(), path)));
  EXPECT_FALSE(run(provider_.delete_instance(call(), path)));
  EXPECT_EQ(recorder_.events, (std::vector<std::string>{"created a 1", "from a 1", "to a 7", "deleted a 7"}));
}

TEST_F(StoredInstances, HaveEveryPropertyOfTheClassThatTheyHaveNow) {
  create(user("a", 1));
  ClassDeclaration more = declaration_of(*repository_.find_class(space_, "T_User"));
  PropertyDeclaration later;
  later.name = "Later";
  more.properties.push_back(later);
  later.name = "Needed";
  later.default_value = Value("none");
  later.qualifiers.push_back({"Required", Value(true), {}});
  more.properties.push_back(later);
  const auto change = repository_.plan_modified_class(space_, more);
  ASSERT_TRUE(change) << change.error().message;
  repository_.apply(*change);
  const auto read = run(provider_.get_instance(call(), user("a", 0).path(space_)));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->find("Short"), Value::null(Type::kString));
  EXPECT_EQ(*read->find("Octets"), Value::null(Type::kUint8, true));
  EXPECT_EQ(*read->find("Later"), Value::null(Type::kString));
  EXPECT_EQ(*read->find("Needed"), Value("none")) << "NULL could not be sent back";
  EXPECT_EQ(set_level("a", 7), "ok");
  EXPECT_EQ(get("a"), "7");
}

TEST_F(StoredInstances, AreStreamedPageByPage) {
  for (const char* name : {"e", "d", "c", "b", "a"}) {
    create(user(name, 1));
  }
  CollectingSink sink;
  EXPECT_TRUE(run(provider_.enumerate_instances(call(), sink)));
  ASSERT_EQ(sink.instances().size(), 5U);
  EXPECT_EQ(sink.instances().front().find("Name")->to_text(), "a");
  EXPECT_EQ(sink.instances().back().find("Name")->to_text(), "e");
}

TEST_F(StoredInstances, AreChangedOneAfterTheOther) {
  create(user("a", 1));
  store_.interfere(3);
  EXPECT_EQ(set_level("a", 5), "ok");
  EXPECT_EQ(get("a"), "5");
  store_.interfere(1000);
  EXPECT_EQ(set_level("a", 6), "CIM_ERR_FAILED");
}

TEST_F(StoredInstances, ObeyTheBoundsOfTheirClass) {
  const auto with = [this](const char* property, Value value) {
    Instance instance = user("x", 0);
    EXPECT_TRUE(instance.set(property, std::move(value)));
    const auto checked = check_value_bounds(instance);
    return checked ? std::string("ok") : checked.error().message;
  };
  EXPECT_EQ(with("Short", Value("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F")), "ok") << "four characters, eight bytes";
  EXPECT_EQ(with("Short", Value("abcde")), "T_User.Short: longer than MaxLen(4)");
  EXPECT_EQ(with("Short", Value("a")), "T_User.Short: shorter than MinLen(2)");
  EXPECT_EQ(with("Level", Value(std::int32_t{10})), "T_User.Level: larger than MaxValue(9)");
  EXPECT_EQ(with("Level", Value(std::int32_t{-2})), "T_User.Level: smaller than MinValue(-1)");
  EXPECT_EQ(with("Octets", Value::array_of(std::vector<std::uint8_t>{0, 0, 0, 5, 9})), "ok");
  EXPECT_EQ(with("Octets", Value::array_of(std::vector<std::uint8_t>{0, 0, 0, 4, 9})),
            "T_User.Octets: not an octet string: its first four octets are its length");
  EXPECT_EQ(with("Texts", Value::array_of(std::vector<std::string>{"0x0000000509"})), "ok");
  EXPECT_EQ(with("Texts", Value::array_of(std::vector<std::string>{"0x00000005"})).substr(0, 36),
            "T_User.Texts: not an octet string: 0");
}

TEST_F(StoredInstances, NeedWhatIsRequired) {
  ProviderCall strict = call();
  strict.cls = repository_.find_class(space_, "T_Strict");
  ASSERT_TRUE(run(store_.open_set({space_, "T_Strict"})));
  Instance instance = Instance::with_defaults(strict.cls);
  EXPECT_TRUE(instance.set("Name", Value("a")));
  const auto refused = run(provider_.create_instance(strict, instance));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "T_Strict.Owner: a Required property needs a value");
  EXPECT_TRUE(instance.set("Owner", Value("b")));
  EXPECT_TRUE(run(provider_.create_instance(strict, instance)));
}

TEST_F(StoredInstances, NeedTheirKeys) {
  Instance instance(repository_.find_class(space_, "T_User"));
  EXPECT_EQ(create(instance), "T_User.Name: a key needs a value");
}

}  // namespace
}  // namespace lunaria::cim
