#include "cim/mof/writer.h"

#include <gtest/gtest.h>

#include <string>

#include "cim/instance_record.h"
#include "cim/mof/compiler.h"
#include "cim/query/sample_for_test.h"

namespace lunaria::cim::mof {
namespace {

/// The whole schema of a namespace and some instances, as one source.
std::string source_of(const Repository& repository, const NamespaceName& name_space,
                      const std::vector<Instance>& instances) {
  std::string text;
  for (const QualifierTypePtr& type : repository.qualifier_types(name_space)) {
    text += to_mof(*type) + '\n';
  }
  const ClassTextOptions options{.local_only = true, .declaration_of = [&](std::string_view name) {
                                   return repository.find_qualifier_type(name_space, name);
                                 }};
  for (const ClassPtr& cls : repository.classes(name_space)) {
    text += to_mof(*cls, options) + '\n';
  }
  for (const Instance& instance : instances) {
    text += to_mof(instance) + '\n';
  }
  return text;
}

TEST(Writer, WritesWhatTheCompilerReadsAsTheSame) {
  const query::Sample sample;
  const std::string text = source_of(sample.repository, sample.name_space, sample.instances);
  Repository again;
  ASSERT_TRUE(again.add_namespace(sample.name_space));
  MemorySourceLoader loader;
  loader.add("again", text);
  Compiler compiler(again, loader, sample.name_space);
  const auto compiled = compiler.compile("again");
  ASSERT_TRUE(compiled) << compiled.error().to_string() << '\n' << text;
  std::vector<Instance> instances;
  for (CompiledInstance& each : compiler.take_instances()) {
    instances.push_back(std::move(each.instance));
  }
  EXPECT_EQ(source_of(again, sample.name_space, instances), text);
  ASSERT_EQ(instances.size(), sample.instances.size());
  for (std::size_t i = 0; i < instances.size(); ++i) {
    EXPECT_EQ(instances[i], sample.instances[i]);
  }
}

TEST(Writer, EscapesText) {
  EXPECT_EQ(to_mof(Value("a\"b\\c\n\x01\xC3\xA4")), "\"a\\\"b\\\\c\\n\\x0001\xC3\xA4\"");
  EXPECT_EQ(to_mof(Value(static_cast<Char16>('\''))), "'\\''");
  EXPECT_EQ(to_mof(Value(1.0e+20)), "1.0e+20");
  EXPECT_EQ(to_mof(Value::array(Type::kUint8, {})), "{}");
  EXPECT_EQ(to_mof(Value::array(Type::kUint8, {Value(std::uint8_t{1}), Value::null(Type::kUint8)})), "{ 1, NULL }");
}

TEST(Writer, WritesFlavorsThatDiffer) {
  Repository repository;
  const NamespaceName space("root/test");
  ASSERT_TRUE(repository.add_namespace(space));
  MemorySourceLoader loader;
  loader.add("t", R"(Qualifier Q : string = "d", Scope(any), Flavor(EnableOverride, ToSubclass, Translatable);
    [Q("x") : DisableOverride Restricted] class T_A { [Q] uint8 B = 3; };)");
  Compiler compiler(repository, loader, space);
  ASSERT_TRUE(compiler.compile("t"));
  const auto declared = [&](std::string_view name) { return repository.find_qualifier_type(space, name); };
  EXPECT_EQ(to_mof(*repository.find_class(space, "T_A"), {.local_only = true, .declaration_of = declared}),
            "[Q(\"x\") : DisableOverride Restricted Translatable]\nclass T_A {\n  [Q(NULL)]\n  uint8 B = 3;\n};");
}

}  // namespace
}  // namespace lunaria::cim::mof
