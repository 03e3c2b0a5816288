// lunaria mof: files in a folder of their own, and a server in this process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/testing/cli_fixture.h"

namespace lunaria::cli {
namespace {

class MofCommands : public CliFixture {
 protected:
  MofCommands() {
    std::string name = std::filesystem::temp_directory_path() / "lunaria-mof-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~MofCommands() override { std::filesystem::remove_all(directory_); }
  std::string write(const char* name, std::string_view text) {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  std::filesystem::path directory_;
};

TEST_F(MofCommands, CheckTellsEveryErrorAndItsPlace) {
  write("inner.mof", "class MY_Inner { uint8 X = 300; };\n");
  const std::string file = write("outer.mof", "#pragma include (\"inner.mof\")\nclass MY_Outer : CIM_Nothing { };\n");
  const Ran ran = run_line({"mof", "check", file});
  EXPECT_EQ(ran.code, ExitCode::kFailed);
  EXPECT_THAT(ran.err, testing::HasSubstr("2 errors\n"));
  EXPECT_THAT(ran.err,
              testing::HasSubstr("inner.mof:1:24: MY_Inner.X: the default value is out of the range of uint8"));
  EXPECT_THAT(ran.err, testing::HasSubstr("outer.mof:2:7: MY_Outer: no superclass CIM_Nothing, at 'MY_Outer'"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(MofCommands, CheckBuildsOnTheShippedSchema) {
  const std::string file = write("good.mof",
                                 "[Description(\"mine\")] class MY_Service : CIM_Service { uint8 X; };\n"
                                 "#pragma namespace (\"root/mine\")\n"
                                 "class MY_Own { [Key] string Id; }; instance of MY_Own { Id = \"1\"; };\n");
  const Json counts = run_json({"mof", "check", file});
  EXPECT_EQ(counts, (Json{{"qualifiers", 0}, {"classes", 2}, {"instances", 1}}));
  EXPECT_EQ(run_line({"mof", "check"}).code, ExitCode::kUsage);
}

TEST_F(MofCommands, LooksForIncludedFilesBesideTheOneThatIncludesThem) {
  std::filesystem::create_directories(directory_ / "sub");
  std::filesystem::create_directories(directory_ / "more" / "deep");
  write("sub/c.mof", "class MY_C { uint8 X; };\n");
  write("sub/b.mof", "#pragma include (\"c.mof\")\n#pragma include (\"deep/d.mof\")\nclass MY_B : MY_C { };\n");
  write("more/deep/d.mof", "#pragma include (\"e.mof\")\n");
  write("more/deep/e.mof", "class MY_E { uint8 X; };\n");
  const std::string file = write("a.mof", "#pragma include (\"sub/b.mof\")\nclass MY_A : MY_B { };\n");
  const Json counts = run_json({"mof", "check", file, "--include", directory_ / "more"});
  EXPECT_EQ(counts, (Json{{"qualifiers", 0}, {"classes", 4}, {"instances", 0}}));
  write("sub/c.mof", "class MY_C { uint8 X };\n");
  EXPECT_THAT(run_line({"mof", "check", file, "--include", directory_ / "more"}).err,
              testing::HasSubstr((directory_ / "sub" / "c.mof").string() + ":1:22: ';' expected"));
}

TEST_F(MofCommands, TakesEverySpellingOfANamespacePragma) {
  for (const char* pragma : {"#PRAGMA namespace(\"root/wmi\")", "#pragma Namespace (\"//./root/wmi\")",
                             "#pragma namespace(\"root/\" \"wmi\")", "#pragma namespace\n(\n\"root/wmi\"\n)"}) {
    const std::string file = write("n.mof", std::string(pragma) + "\nclass MY_A : WT_General { };\n");
    const Ran ran = run_line({"mof", "check", "--namespace", "root/interop", file});
    EXPECT_EQ(ran.code, ExitCode::kOk) << pragma << ran.err;
  }
}

TEST_F(MofCommands, CompileTellsThePlaceOfWhatTheServerRefuses) {
  server_.add("root/wmi", "WT_Host", {{"HostName", cim::Value("web")}});
  write("inner.mof", "\ninstance of WT_Host { HostName = \"web\"; };\n");
  const std::string file =
      write("outer.mof", "#pragma include (\"inner.mof\")\ninstance of WT_Host { HostName = \"db\"; };\n");
  const Ran instance = run_line({"mof", "compile", "--namespace", "root/wmi", file});
  EXPECT_EQ(instance.code, ExitCode::kExists);
  EXPECT_THAT(instance.err, testing::HasSubstr("inner.mof:2:13: "));
  EXPECT_THAT(instance.err, testing::HasSubstr(", at 'WT_Host'\n"));
  const Ran cls = run_line({"mof", "compile", write("class.mof", "class MY_A {\n};\nclass MY_B { };\n")});
  EXPECT_EQ(cls.code, ExitCode::kNotSupported);
  EXPECT_THAT(cls.err, testing::HasSubstr("class.mof:1:7: "));
  EXPECT_THAT(cls.err, testing::HasSubstr(", at 'MY_A'\n"));
}

TEST_F(MofCommands, ExportWritesEachInstanceOnce) {
  server_.add("root/wmi", "WT_Host", {{"HostName", cim::Value("web")}});
  const auto count = [this](std::vector<std::string> words) {
    const std::string text = run_words(words).out;
    std::size_t found = 0;
    for (auto at = text.find("instance of WT_Host"); at != std::string::npos;
         at = text.find("instance of WT_Host", at + 1)) {
      ++found;
    }
    return found;
  };
  const std::size_t one = count({"mof", "export", "--namespace", "root/wmi", "--instances", "WT_Host"});
  EXPECT_EQ(one, 1U);
  EXPECT_EQ(count({"mof", "export", "--namespace", "root/wmi", "--instances", "WT_Host", "wt_host"}), one);
  EXPECT_EQ(count({"mof", "export", "--namespace", "root/wmi", "--instances"}), one) << "all classes";
}

TEST_F(MofCommands, ExportWritesWhatCheckReads) {
  const Ran whole = run_line({"mof", "export", "--namespace", "root/wmi", "--qualifiers"});
  ASSERT_EQ(whole.code, ExitCode::kOk) << whole.err;
  const std::string file = write("wmi.mof", whole.out);
  const Json counts = run_json({"mof", "check", "--namespace", "root/wmi", file});
  EXPECT_EQ(counts, (Json{{"qualifiers", 0}, {"classes", 0}, {"instances", 0}})) << "nothing that differs";
  const Ran one = run_line({"mof", "export", "WT_General"});
  EXPECT_THAT(one.out, testing::HasSubstr("class WT_General"));
  EXPECT_EQ(run_line({"mof", "export", "--namespace", "root/wmi", "Nothing"}).code, ExitCode::kNotFound);
}

}  // namespace
}  // namespace lunaria::cli
