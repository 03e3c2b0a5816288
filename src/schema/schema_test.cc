#include "schema/schema.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "schema/names.h"

namespace lunaria::schema {
namespace {

// The files that an include pragma of `text` names, relative to mof/: only top files include others.
std::set<std::string_view> includes(std::string_view text) {
  constexpr std::string_view kPragma = "#pragma include (\"";
  std::set<std::string_view> result;
  for (auto at = text.find(kPragma); at != std::string_view::npos; at = text.find(kPragma, at)) {
    at += kPragma.size();
    result.insert(text.substr(at, text.find('"', at) - at));
  }
  return result;
}

TEST(Schema, EveryNamespaceHasItsTopFileAndAllItIncludes) {
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    const SchemaFile* top = find_schema_file(shipped.top_file);
    ASSERT_NE(top, nullptr) << shipped.top_file;
    EXPECT_TRUE(includes(top->text).contains("qualifiers.mof"));
    for (const std::string_view file : includes(top->text)) {
      EXPECT_NE(find_schema_file(file), nullptr) << shipped.top_file << " includes " << file;
    }
  }
}

TEST(Schema, CarriesNoFileThatNothingIncludes) {
  std::set<std::string_view> wanted;
  for (const ShippedNamespace& shipped : shipped_namespaces()) {
    wanted.insert(shipped.top_file);
    wanted.merge(includes(find_schema_file(shipped.top_file)->text));
  }
  for (const SchemaFile& file : schema_files()) {
    EXPECT_TRUE(wanted.contains(file.name)) << file.name;
  }
}

TEST(Schema, AnUnknownFileIsNotFound) {
  EXPECT_EQ(find_schema_file("wt/WT_Snapshot.mof"), nullptr);
  EXPECT_EQ(find_schema_file(""), nullptr);
}

TEST(Names, AClassHasItsOwnAndItsInheritedProperties) {
  EXPECT_EQ(wt_disk::kClass, "WT_Disk");
  EXPECT_EQ(wt_disk::kWTD, "WTD");
  EXPECT_EQ(msftsm_object_manager::kStarted, "Started");
  EXPECT_EQ(msftsm_object_manager::kCaption, "Caption");
}

TEST(Names, ValueMapsAndBitMapsAreEnumerations) {
  EXPECT_EQ(static_cast<int>(wt_disk::Type::kPassThrough), 30003);
  EXPECT_EQ(static_cast<int>(wt_disk::Flags::kShadowWTDisk), 2);
  EXPECT_EQ(static_cast<int>(msftsm_object_manager::EnabledState::kShuttingDown), 4);
  EXPECT_EQ(cim_service::start_mode::kManual, "Manual");
}

TEST(Names, AMethodHasItsParametersAndItsResults) {
  EXPECT_EQ(wt_disk::resize::kMethod, "Resize");
  EXPECT_EQ(wt_disk::resize::kDeltaInMB, "DeltaInMB");
  EXPECT_EQ(static_cast<int>(wt_disk::create_vhd_wt_disk::VhdType::kDifferencing), 4);
  // The concrete class restates the codes of its ancestor; the override is the one in force.
  EXPECT_EQ(static_cast<int>(msiscsitarget_concrete_job::kill_job::ReturnValue::kNotFound), 6);
  EXPECT_EQ(static_cast<int>(cim_concrete_job::kill_job::ReturnValue::kNotFound), 7);
}

}  // namespace
}  // namespace lunaria::schema
