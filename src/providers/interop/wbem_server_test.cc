// CIM_WBEMServer and what hangs together with it (DSP1092), as a client of that profile finds and uses it.

#include "cim/schema_editor.h"
#include "providers/interop/namespace_provider.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Value;
namespace create_names = schema::cim_wbem_server::create_wbem_server_namespace;

/// Namespaces that are kept nowhere. Nothing else can be changed.
class FakeEditor final : public cim::SchemaEditor {
 public:
  using Reply = runtime::Task<Result<void, cim::Error>>;

  explicit FakeEditor(cim::Repository& repository) : repository_(repository) {}

  Reply create_namespace(const cim::OperationContext& /*context*/, const cim::NamespaceName& name) override {
    if (!repository_.add_namespace(name)) {
      co_return fail(cim::Error(cim::Status::kAlreadyExists, "There is a " + name.text()));
    }
    co_return Result<void, cim::Error>();
  }
  Reply delete_namespace(const cim::OperationContext& /*context*/, const cim::NamespaceName& name) override {
    deleted.push_back(name.text());
    co_return Result<void, cim::Error>();
  }
  Reply create_class(const cim::OperationContext& /*context*/, const cim::NamespaceName& /*name_space*/,
                     const cim::ClassDeclaration& /*declaration*/) override {
    return refuse();
  }
  Reply modify_class(const cim::OperationContext& /*context*/, const cim::NamespaceName& /*name_space*/,
                     const cim::ClassDeclaration& /*declaration*/) override {
    return refuse();
  }
  Reply delete_class(const cim::OperationContext& /*context*/, const cim::NamespaceName& /*name_space*/,
                     std::string_view /*class_name*/) override {
    return refuse();
  }
  Reply set_qualifier_type(const cim::OperationContext& /*context*/, const cim::NamespaceName& /*name_space*/,
                           const cim::QualifierType& /*declaration*/) override {
    return refuse();
  }
  Reply delete_qualifier_type(const cim::OperationContext& /*context*/, const cim::NamespaceName& /*name_space*/,
                              std::string_view /*name*/) override {
    return refuse();
  }

  std::vector<std::string> deleted;

 private:
  static Reply refuse() { co_return fail(cim::Error(cim::Status::kNotSupported, "not here")); }
  cim::Repository& repository_;
};

class WbemServerTest : public Bed {
 protected:
  WbemServerTest() { schema_editor = &editor; }

  std::vector<cim::Instance> associators(const cim::ObjectPath& from, const std::string& association) {
    cim::EnumerationRequest request;
    request.kind = cim::EnumerationRequest::Kind::kAssociators;
    request.name_space = from.name_space();
    request.object = from;
    request.filter.association_class = association;
    cim::CollectingSink sink;
    const auto done = finish(manager->enumerate(context, request, sink));
    EXPECT_TRUE(done) << done.error().to_string();
    return std::move(sink.instances());
  }
  cim::ObjectPath server_path() { return only(kInterop, "CIM_WBEMServer"); }
  Result<cim::MethodResult, cim::Error> create_namespace(const std::string& name) {
    cim::Instance wanted(repository.find_class(kInterop, "CIM_WBEMServerNamespace"));
    set(wanted, schema::cim_wbem_server_namespace::kName, name);
    return invoke(server_path(), create_names::kMethod, {{create_names::kNamespaceTemplate, Value(wanted)}});
  }

  FakeEditor editor{repository};
};

TEST_F(WbemServerTest, TheProfileLeadsToTheOneServer) {
  const cim::ObjectPath profile(kInterop, "MSFTSM_RegisteredProfile",
                                {{"InstanceID", Value("DMTF:WBEM Server:1.0.0")}});
  ASSERT_TRUE(get(profile));
  const auto central = associators(profile, "CIM_ElementConformsToProfile");
  ASSERT_EQ(central.size(), 2U) << "the server, and the profile Profile Registration";
  EXPECT_EQ(std::ranges::count(central, "CIM_WBEMServer", &cim::Instance::class_name), 1);
}

TEST_F(WbemServerTest, TheServerLeadsToItsNamespacesAndCapabilities) {
  const auto spaces = associators(server_path(), "CIM_HostedDependency");
  std::vector<std::string> names;
  for (const cim::Instance& each : spaces) {
    if (each.cls()->is_a("CIM_WBEMServerNamespace")) {
      names.push_back(text_of(each, "Name"));
      EXPECT_TRUE(get(each.path(kInterop)));
    }
  }
  EXPECT_EQ(names.size(), repository.namespaces().size());
  const auto capabilities = associators(server_path(), "CIM_ElementCapabilities");
  ASSERT_EQ(capabilities.size(), 1U);
  EXPECT_EQ(value_of(capabilities[0], "OperationsSupported"), Value::array_of(std::vector<std::uint16_t>{2, 3, 4}));
  const auto systems = associators(server_path(), "CIM_HostedService");
  ASSERT_EQ(systems.size(), 1U);
  EXPECT_EQ(systems[0].class_name(), "MSFTSM_System");
}

TEST_F(WbemServerTest, TheProtocolSaysWhichOperationsItCarries) {
  const cim::ObjectPath protocol = only(kInterop, "CIM_ProtocolService");
  EXPECT_EQ(number_of(*get(protocol), "Protocol"), 5U) << "CIM-XML";
  const auto capabilities = associators(protocol, "CIM_ElementCapabilities");
  ASSERT_EQ(capabilities.size(), 1U);
  const auto operations = value_of(capabilities[0], "GenericOperationCapabilities").as_instance();
  ASSERT_NE(operations, nullptr);
  EXPECT_EQ(value_of(*operations, "OperationsSupported").elements().size(), 39U);
  EXPECT_EQ(number_of(*operations, "MaximumOperationTimeout"), 3600U);
}

TEST_F(WbemServerTest, ANamespaceIsMadeAndFoundAndRemoved) {
  const auto made = create_namespace("root/made");
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(made->return_value, Value(std::uint32_t{0}));
  const Value* const reference = made->out.find(create_names::kNamespace);
  ASSERT_NE(reference, nullptr);
  const auto instance = get(*reference->as_reference());
  ASSERT_TRUE(instance) << instance.error().to_string();
  EXPECT_EQ(text_of(*instance, "Name"), "root/made");
  EXPECT_TRUE(remove(*reference->as_reference()));
  EXPECT_EQ(editor.deleted, std::vector<std::string>{"root/made"});
}

TEST_F(WbemServerTest, ACaptionIsNoLongerThanTheSchemaAllows) {
  const std::string longest = "root/" + std::string(59, 'a');
  EXPECT_EQ(namespace_caption(cim::NamespaceName(longest)), longest);
  EXPECT_EQ(namespace_caption(cim::NamespaceName(longest + 'b')), longest.substr(0, 61) + "...");
  std::string letters = "root/";
  for (int i = 0; i < 60; ++i) {
    letters += "\u00e9";
  }
  EXPECT_EQ(namespace_caption(cim::NamespaceName(letters)), letters.substr(0, 5 + 2 * 56) + "...");
}

TEST_F(WbemServerTest, WhatCannotBeMadeIsAnError) {
  EXPECT_EQ(create_namespace("root/wmi").error().status, cim::Status::kAlreadyExists);
  EXPECT_EQ(create_namespace("").error().status, cim::Status::kInvalidParameter);
  EXPECT_EQ(invoke(server_path(), create_names::kMethod).error().status, cim::Status::kInvalidParameter);
  EXPECT_EQ(remove({kInterop, "CIM_WBEMServerNamespace", {{"InstanceID", Value("Lunaria:namespace:root/none")}}})
                .error()
                .status,
            cim::Status::kNotFound);
  EXPECT_TRUE(editor.deleted.empty());
}

TEST_F(WbemServerTest, ItIsTheObjectManagerThatStops) {
  EXPECT_EQ(code(server_path(), schema::cim_service::stop_service::kMethod), 0U);
  EXPECT_EQ(managed->stops, 1);
  EXPECT_EQ(flag_of(*get(server_path()), "Started"), false);
  EXPECT_EQ(flag_of(*get(only(kInterop, "MSFTSM_ObjectManager")), "Started"), false);
}

}  // namespace
}  // namespace lunaria::providers
