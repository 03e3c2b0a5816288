// Method calls on instances, told before and after to a listener that asks for them.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/object_manager.h"
#include "runtime/gate.h"

namespace lunaria::cim {
namespace {

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Required : boolean = false, Scope(property, method, parameter);
Qualifier In : boolean = true, Scope(parameter);
Qualifier Out : boolean = false, Scope(parameter);
Qualifier Static : boolean = false, Scope(method);
class T_Disk { [Key] uint32 Id; uint64 Size;
  uint32 Resize([Required] uint64 Size, [In(false), Out] string Message);
  uint32 Delete();
  [Static] uint32 Scan();
};
)";

/// One disk, whose size a method sets, and how often it was looked at.
class DiskProvider final : public Provider {
 public:
  explicit DiskProvider(const Repository& repository) : repository_(repository) {}

  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& /*path*/) override {
    readers.push_back(call.context.role);
    if (!size) {
      co_return fail(Error(Status::kNotFound, "gone"));
    }
    Instance instance(repository_.find_class(call.name_space, "T_Disk"));
    EXPECT_TRUE(instance.set("Id", Value(std::uint32_t{1})));
    EXPECT_TRUE(instance.set("Size", Value(*size)));
    co_return instance;
  }
  runtime::Task<Result<MethodResult, Error>> invoke_method(ProviderCall call, const ObjectPath& /*path*/,
                                                           const Method& method, const ParameterValues& in) override {
    callers.push_back(call.context.role);
    if (!failure.message.empty()) {
      co_return fail(failure);
    }
    if (method.name == "Delete") {
      size.reset();
    } else if (const Value* wanted = in.find("Size")) {
      size = wanted->as_unsigned();
    }
    MethodResult result;
    result.return_value = Value(std::uint32_t{0});
    result.out.set("Message", Value("done"));
    co_return result;
  }

  std::optional<std::uint64_t> size = 5;
  Error failure;
  std::vector<Role> readers;
  std::vector<Role> callers;

 private:
  const Repository& repository_;
};

/// "before Resize 5", "after Resize 9 ok".
class KeepingListener final : public MethodListener {
 public:
  bool hears_method_calls() const override { return hears; }
  void on_method_called(const MethodCall& call, const Instance& before) override {
    told.push_back("before " + call.method.name + ' ' + before.find("Size")->to_text());
    hears = hears && !stops_after_first;
  }
  void on_method_ended(const MethodCall& call, const Instance& after,
                       const Result<MethodResult, Error>& outcome) override {
    told.push_back("after " + call.method.name + ' ' + after.find("Size")->to_text() + ' ' +
                   (outcome ? "ok" : outcome.error().message));
  }

  bool hears = true;
  bool stops_after_first = false;
  std::vector<std::string> told;
};

class MethodCalls : public testing::Test {
 protected:
  MethodCalls() {
    EXPECT_TRUE(repository.add_namespace(space));
    mof::MemorySourceLoader loader;
    loader.add("schema", kSchema);
    mof::Compiler compiler(repository, loader, space);
    const auto compiled = compiler.compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    providers.add(space, "T_Disk", provider);
  }

  std::string call(std::string_view method, std::string_view text = "root/test:T_Disk.Id=1", bool with_size = true) {
    const ObjectPath path = ObjectPath::parse(text).value();
    ParameterValues in;
    if (method == "Resize" && with_size) {
      in.set("Size", Value(std::uint64_t{9}));
    }
    std::optional<Result<MethodResult, Error>> result;
    runtime::Gate gate;
    EXPECT_TRUE(runtime::spawn(gate, store(manager.invoke_method(context, path, method, in), result)));
    return *result ? "ok" : std::string(status_name(result->error().status)).substr(8);
  }
  static runtime::Task<void> store(runtime::Task<Result<MethodResult, Error>> task,
                                   std::optional<Result<MethodResult, Error>>& result) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  const NamespaceName space{"root/test"};
  Repository repository;
  DiskProvider provider{repository};
  KeepingListener listener;
  ProviderTable providers;
  AdmissionControl admission{{}, {}};
  bool is_allowed = true;
  OperationContext context;
  ObjectManager manager{repository,
                        providers,
                        admission,
                        [this](const OperationContext&, const OperationRequest&) -> Result<void, Error> {
                          if (!is_allowed) {
                            return fail(Error(Status::kAccessDenied, "no"));
                          }
                          return {};
                        },
                        {.methods = &listener}};
};

using Told = std::vector<std::string>;

TEST_F(MethodCalls, AreToldWithTheInstanceBeforeAndAfter) {
  EXPECT_EQ(call("Resize"), "ok");
  EXPECT_EQ(listener.told, (Told{"before Resize 5", "after Resize 9 ok"}));
}

TEST_F(MethodCalls, ThatRemoveTheInstanceShowItAsItWas) {
  EXPECT_EQ(call("Delete"), "ok");
  EXPECT_EQ(listener.told, (Told{"before Delete 5", "after Delete 5 ok"}));
}

TEST_F(MethodCalls, ThatFailAreToldWithTheReason) {
  provider.failure = Error(Status::kFailed, "it is in use");
  EXPECT_EQ(call("Resize"), "FAILED");
  EXPECT_EQ(listener.told, (Told{"before Resize 5", "after Resize 5 it is in use"}));
}

TEST_F(MethodCalls, CostNoLookAtTheInstanceWhileNobodyAsks) {
  listener.hears = false;
  EXPECT_EQ(call("Resize"), "ok");
  EXPECT_TRUE(provider.readers.empty());
  EXPECT_TRUE(listener.told.empty());
}

TEST_F(MethodCalls, AreReadOnTheServersBehalfAndMadeOnTheCallers) {
  context.role = Role::kOperator;
  EXPECT_EQ(call("Resize"), "ok");
  EXPECT_EQ(provider.readers, (std::vector<Role>{Role::kAdministrator, Role::kAdministrator}));
  EXPECT_EQ(provider.callers, (std::vector<Role>{Role::kOperator}));
}

TEST_F(MethodCalls, ThatAreNotLetInAreNotTold) {
  is_allowed = false;
  EXPECT_EQ(call("Resize"), "ACCESS_DENIED");
  is_allowed = true;
  admission.close();
  EXPECT_EQ(call("Resize"), "SERVER_IS_SHUTTING_DOWN");
  admission.open();
  EXPECT_EQ(call("Resize", "root/test:T_Disk.Id=1", false), "INVALID_PARAMETER");
  EXPECT_EQ(call("Shrink"), "METHOD_NOT_FOUND");
  EXPECT_EQ(call("Resize", "root/test:T_Disk.Id=\"x\""), "INVALID_PARAMETER");
  EXPECT_TRUE(listener.told.empty());
  EXPECT_TRUE(provider.callers.empty());
}

TEST_F(MethodCalls, OnTheClassOrOnNothingHaveNoInstanceToTellOf) {
  EXPECT_EQ(call("Scan", "root/test:T_Disk"), "ok");
  EXPECT_TRUE(provider.readers.empty());
  provider.size.reset();
  EXPECT_EQ(call("Resize"), "ok") << "the provider decides what becomes of the call";
  EXPECT_TRUE(listener.told.empty());
}

TEST_F(MethodCalls, AreNotLookedAtAgainWhenTheLastListenerHasGone) {
  listener.stops_after_first = true;
  EXPECT_EQ(call("Resize"), "ok");
  EXPECT_EQ(listener.told, (Told{"before Resize 5"}));
  EXPECT_EQ(provider.readers.size(), 1U);
}

}  // namespace
}  // namespace lunaria::cim
