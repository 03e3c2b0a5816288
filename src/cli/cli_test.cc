// The parts of the command line without a server: sizes, tables, exit codes, typing, completions, the parser.

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/completion.h"
#include "cli/mof_text.h"
#include "cli/printer.h"
#include "cli/remote_server.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "cli/sizes.h"
#include "cli/terminal.h"
#include "cli/testing/cli_fixture.h"
#include "cli/typing.h"

namespace lunaria::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Sizes, AreReadInAnyUnit) {
  const std::vector<std::pair<std::string, std::uint64_t>> rows{
      {"1", 1},
      {"512B", 512},
      {"1KiB", 1024},
      {"1kb", 1000},
      {"10 GiB", std::uint64_t{10} << 30},
      {"1.5TiB", std::uint64_t{3} << 39},
      {"0.001MB", 1000},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"8191PiB", std::uint64_t{8191} << 50},
  };
  for (const auto& [text, bytes] : rows) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text << ": " << size.error();
    EXPECT_EQ(*size, bytes) << text;
  }
}

TEST(Sizes, ThatAreNoneAreRefused) {
  for (const char* text : {"", " ", "GiB", "-1", "+1", "1.GiB", "1.2345GiB", ".5GiB", "1XB", "1 2", "0", "0GiB", "1.5",
                           "0.001KiB", "9223372036854775808", "8192PiB", "99999999999999999999999", "0x10", "1e3"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Sizes, OfOneLetterAreExplained) {
  const auto size = parse_size("10g");
  ASSERT_FALSE(size);
  EXPECT_THAT(size.error(), HasSubstr("GiB (by 1024) or GB (by 1000)"));
}

TEST(Sizes, AreWrittenInTheLargestUnit) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(std::uint64_t{10} << 30), "10 GiB");
  EXPECT_EQ(format_size(std::uint64_t{3} << 39), "1.5 TiB");
  EXPECT_EQ(format_size(1'000'000), "976.56 KiB");
  EXPECT_EQ(format_size(std::numeric_limits<std::uint64_t>::max()), "15.99 EiB");
}

TEST(Tables, AreAlignedByCodePoints) {
  EXPECT_EQ(format_table({"NAME", "X"}, {{"a", "1"}, {"größe", "2"}}), "NAME   X\na      1\ngröße  2\n");
  EXPECT_EQ(format_table({"", ""}, {{"a:", "b"}}), "a:  b\n");
}

TEST(Tables, ShowNoControlCharacters) {
  std::ostringstream out;
  const Printer printer(out, {});
  EXPECT_EQ(printer.cell({"k", "K", ""}, cim::Value("a\x1b[31m\n")), "a?[31m?");
}

TEST(Tables, CellsFollowTheirFormat) {
  std::ostringstream out;
  const Printer printer(out, {});
  EXPECT_EQ(printer.cell({"k", "K", "", Format::kSize}, cim::Value(std::uint64_t{2048})), "2 KiB");
  EXPECT_EQ(printer.cell({"k", "K", ""}, cim::Value(true)), "yes");
  EXPECT_EQ(printer.cell({"k", "K", ""}, cim::Value::null(cim::Type::kString)), "-");
  EXPECT_EQ(printer.cell({"k", "K", "", Format::kSecret}, cim::Value("mask")), "set");
  EXPECT_EQ(printer.cell({"k", "K", ""}, cim::Value::array_of(std::vector<std::string>{"a", "b"})), "a, b");
}

TEST(JsonValues, KeepTheirTypes) {
  EXPECT_EQ(dump(to_json(cim::Value(std::uint64_t{18446744073709551615U}))), "18446744073709551615");
  EXPECT_EQ(dump(to_json(cim::Value(std::int32_t{-1}))), "-1");
  EXPECT_EQ(dump(to_json(cim::Value::null(cim::Type::kUint8))), "null");
  EXPECT_EQ(dump(to_json(cim::Value(*cim::DateTime::parse("20240131120000.000000+060")))), "\"2024-01-31T11:00:00Z\"");
  EXPECT_EQ(dump(to_json(cim::Value(*cim::DateTime::parse("20240131120000.000007+000")))),
            "\"2024-01-31T12:00:00.000007Z\"");
  EXPECT_EQ(dump(to_json(cim::Value(*cim::DateTime::parse("00000000000130.500000:000")))), "90.5");
  for (const char* text : {"202402********.******+060", "000000120102**.******:000"}) {
    EXPECT_EQ(to_json(cim::Value(*cim::DateTime::parse(text))), text) << "nobody knows more exactly";
  }
  EXPECT_EQ(dump(to_json(cim::Value("\xff"))), "\"\xef\xbf\xbd\"");
}

TEST(MofText, EscapesStrings) {
  EXPECT_EQ(mof_text(cim::Value("a\"b\\c\nd\x01")), R"("a\"b\\c\nd\x0001")");
  EXPECT_EQ(mof_text(cim::Value::array_of(std::vector<std::uint16_t>{2, 3})), "{ 2, 3 }");
  EXPECT_EQ(mof_text(cim::Value(false)), "FALSE");
  EXPECT_EQ(mof_text(cim::Value::null(cim::Type::kString)), "NULL");
}

TEST(ExitCodes, EveryCimStatusHasOne) {
  using cim::Status;
  const std::vector<std::pair<Status, ExitCode>> rows{
      {Status::kFailed, ExitCode::kFailed},
      {Status::kAccessDenied, ExitCode::kDenied},
      {Status::kInvalidNamespace, ExitCode::kNotFound},
      {Status::kInvalidParameter, ExitCode::kFailed},
      {Status::kInvalidClass, ExitCode::kNotFound},
      {Status::kNotFound, ExitCode::kNotFound},
      {Status::kNotSupported, ExitCode::kNotSupported},
      {Status::kAlreadyExists, ExitCode::kExists},
      {Status::kTypeMismatch, ExitCode::kFailed},
      {Status::kMethodNotAvailable, ExitCode::kNotSupported},
      {Status::kServerIsShuttingDown, ExitCode::kCannotConnect},
  };
  for (const auto& [status, code] : rows) {
    EXPECT_EQ(exit_code_of(status), code) << cim::status_name(status);
    EXPECT_FALSE(failure_of(cim::Error(status)).message.empty());
  }
}

TEST(ExitCodes, ConnectionsThatFailSayWhatToDo) {
  using wbem::cimxml::ClientError;
  const Failure nobody =
      failure_of(ClientError{ClientError::Kind::kConnect, 0, "refused", ECONNREFUSED}, "/run/l.sock");
  EXPECT_EQ(nobody.code, ExitCode::kCannotConnect);
  EXPECT_THAT(nobody.message, HasSubstr("/run/l.sock"));
  EXPECT_THAT(nobody.advice, HasSubstr("Is lunariad running?"));
  EXPECT_EQ(failure_of(ClientError{ClientError::Kind::kConnect, 0, "no", EACCES}, "s").code, ExitCode::kDenied);
  EXPECT_EQ(failure_of(ClientError{ClientError::Kind::kHttp, 401, ""}, "s").code, ExitCode::kDenied);
  EXPECT_THAT(failure_of(ClientError{ClientError::Kind::kTicket, 0, "expired"}, "s").advice, HasSubstr("kinit"));
  EXPECT_EQ(failure_of(ClientError{ClientError::Kind::kUnproven, 200, ""}, "s").code, ExitCode::kCannotConnect);
  const Failure refused = failure_of(ClientError{ClientError::Kind::kHttp, 403, "lunaria user add bob"}, "s");
  EXPECT_EQ(refused.code, ExitCode::kDenied);
  EXPECT_THAT(refused.message, HasSubstr("lunaria user add bob")) << "the server knows what was shown, and what to do";
  EXPECT_EQ(refused.advice, "");
  EXPECT_EQ(failure_of(ClientError{ClientError::Kind::kHttp, 500, ""}, "s").code, ExitCode::kFailed);
  EXPECT_THAT(failure_of(ClientError{ClientError::Kind::kTls, 0, ""}, "s").advice, HasSubstr("--fingerprint"));
}

TypedElement element_of(cim::Type type, bool is_array, const cim::QualifierSet& qualifiers) {
  return {"X", type, is_array, qualifiers};
}

TEST(Typing, FollowsTheDeclaredType) {
  const cim::QualifierSet none;
  EXPECT_EQ(*typed_value(element_of(cim::Type::kUint16, false, none), {"12"}), cim::Value(std::uint16_t{12}));
  EXPECT_EQ(*typed_value(element_of(cim::Type::kString, false, none), {"\"NULL\""}), cim::Value("NULL"));
  EXPECT_TRUE(typed_value(element_of(cim::Type::kString, false, none), {"NULL"})->is_null());
  EXPECT_EQ(*typed_value(element_of(cim::Type::kString, false, none), {""}), cim::Value(""));
  for (const char* text : {"", "x", "65536", "-1", "1.5"}) {
    EXPECT_FALSE(typed_value(element_of(cim::Type::kUint16, false, none), {text})) << text;
  }
  EXPECT_FALSE(typed_value(element_of(cim::Type::kUint16, false, none), {"1", "2"}));
  EXPECT_FALSE(typed_value(element_of(cim::Type::kEmbeddedInstance, false, none), {"x"}));
}

TEST(Typing, ReadsArraysBothWays) {
  const cim::QualifierSet none;
  const auto numbers = cim::Value::array_of(std::vector<std::uint8_t>{1, 2});
  EXPECT_EQ(*typed_value(element_of(cim::Type::kUint8, true, none), {"1", "2"}), numbers);
  EXPECT_EQ(*typed_value(element_of(cim::Type::kUint8, true, none), {"{1, 2}"}), numbers);
  EXPECT_EQ(typed_value(element_of(cim::Type::kUint8, true, none), {"{}"})->elements().size(), 0U);
  EXPECT_EQ(*typed_value(element_of(cim::Type::kString, true, none), {"{\"a,b\", c}"}),
            cim::Value::array_of(std::vector<std::string>{"a,b", "c"}));
  EXPECT_TRUE(typed_value(element_of(cim::Type::kUint8, true, none), {"NULL"})->is_null());
  EXPECT_FALSE(typed_value(element_of(cim::Type::kUint8, true, none), {"{1, 256}"}));
}

TEST(Typing, KnowsTheNamesOfValues) {
  cim::QualifierSet qualifiers;
  const auto add = [&qualifiers](const char* name, const std::vector<std::string>& texts) {
    qualifiers.add(std::make_shared<cim::Qualifier>(cim::Qualifier{name, cim::Value::array_of(texts), {}}));
  };
  add("ValueMap", {"2", "3"});
  add("Values", {"Enabled", "Disabled"});
  EXPECT_EQ(*typed_value(element_of(cim::Type::kUint16, false, qualifiers), {"disabled"}),
            cim::Value(std::uint16_t{3}));
  EXPECT_FALSE(typed_value(element_of(cim::Type::kUint16, false, qualifiers), {"Other"}));
}

TEST(ServerUrls, AreTakenApart) {
  const auto plain = ServerUrl::parse("https://target.example");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->authority(), "target.example:5989");
  const auto v6 = ServerUrl::parse("http://[::1]:80/");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_FALSE(v6->is_tls);
  EXPECT_EQ(v6->authority(), "[::1]:80");
  for (const char* text :
       {"", "target", "ftp://a", "https://", "https://a:", "https://a:0", "https://a:65536", "https://a:1x",
        "https://u:p@a", "https://a/b", "https://[::1", "https://[x]", "https://:1"}) {
    EXPECT_FALSE(ServerUrl::parse(text)) << text;
  }
}

TEST(ConnectionOptionsTest, PasswordsAreNotSentInTheClearToOthers) {
  FakeTerminal terminal;
  Arguments remote;
  remote.add("--server", "http://192.0.2.1");
  remote.add("--user", "alice");
  terminal.type("password");
  EXPECT_FALSE(connection_options(remote, "/s", terminal));
  EXPECT_TRUE(terminal.prompts().empty());
  Arguments local;
  local.add("--server", "http://127.0.0.1:1");
  local.add("--user", "alice");
  const auto options = connection_options(local, "/s", terminal);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->credentials.password.reveal(), "password");
  EXPECT_FALSE(options->tls);
}

TEST(ConnectionOptionsTest, DefaultToTheSocket) {
  FakeTerminal terminal;
  const auto options = connection_options({}, "/run/l.sock", terminal);
  ASSERT_TRUE(options);
  EXPECT_EQ(std::get<std::string>(options->addresses[0]), "/run/l.sock");
  Arguments user;
  user.add("--user", "alice");
  EXPECT_FALSE(connection_options(user, "/s", terminal));
  Arguments both;
  both.add("--server", "https://127.0.0.1");
  both.add("--socket", "/s");
  EXPECT_FALSE(connection_options(both, "/s", terminal));
  Arguments ticket;
  ticket.add("--negotiate", "true");
  EXPECT_FALSE(connection_options(ticket, "/s", terminal)) << "the socket takes no ticket";
  ticket.add("--server", "http://127.0.0.1");
  const auto shown = connection_options(ticket, "/s", terminal);
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->credentials.ticket_host, "127.0.0.1");
  EXPECT_TRUE(shown->credentials.user.empty()) << "nobody is asked for a password";
  ticket.add("--user", "u");
  EXPECT_FALSE(connection_options(ticket, "/s", terminal)) << "who is it?";
  Arguments endless;
  endless.add("--timeout", "0");
  EXPECT_FALSE(connection_options(endless, "/s", terminal));
}

TEST(Completions, HoldEveryCommandAndOption) {
  const CompletionNode root = describe_command_tree();
  const std::string bash = bash_completion(root);
  const std::string zsh = zsh_completion(root);
  const std::string fish = fish_completion(root);
  for (const Command& command : all_commands()) {
    EXPECT_THAT(bash, HasSubstr("'" + std::string(command.path) + "') words="));
    EXPECT_THAT(zsh, HasSubstr("'" + std::string(command.path) + "') words="));
    for (const Option& option : command.options) {
      if (option.is_positional() || option.takes == Takes::kSecret) {
        continue;
      }
      EXPECT_THAT(bash, HasSubstr(std::string(option.name)));
      EXPECT_THAT(zsh, HasSubstr(std::string(option.name)));
      EXPECT_THAT(fish, HasSubstr("-l " + std::string(option.name.substr(2)) + " "));
    }
  }
  EXPECT_THAT(bash, HasSubstr("thin preallocated ram"));
  EXPECT_THAT(fish, HasSubstr("'bash zsh fish'"));
  EXPECT_THAT(bash, Not(HasSubstr("--new-password ")));
}

class CommandLine : public CliFixture {};

TEST_F(CommandLine, HelpAtEveryLevelHasAnExample) {
  EXPECT_THAT(run_line({"--help"}).out, HasSubstr("Exit codes:"));
  EXPECT_THAT(run_line({"disk", "--help"}).out, HasSubstr("Example:"));
  for (const Command& command : all_commands()) {
    std::vector<std::string> words;
    std::istringstream path{std::string(command.path)};
    for (std::string word; path >> word;) {
      words.push_back(word);
    }
    words.emplace_back("--help");
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kOk);
    EXPECT_THAT(ran.out, HasSubstr(std::string(command.example)));
    EXPECT_TRUE(ran.err.empty());
  }
  EXPECT_THAT(run_line({"--version"}).out, HasSubstr("lunaria "));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(CommandLine, MistakesAreUsageErrorsAndNothingIsSent) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"frob"},
           {"disk"},
           {"disk", "frob"},
           {"disk", "create"},
           {"disk", "create", "a"},
           {"disk", "create", "a", "--size", "10G"},
           {"disk", "create", "a", "--size", "1GiB", "--kind", "thick"},
           {"disk", "list", "--frob"},
           {"disk", "show", "a", "b"},
           {"map", "a", "b", "--lun", "x"},
           {"map", "a", "b", "--lun", "18446744073709551616"},
           {"target", "set", "a", "--enabled", "yes"},
           {"completion", "tcsh"},
       }) {
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kUsage);
    EXPECT_THAT(ran.err, HasSubstr("lunaria: "));
    EXPECT_TRUE(ran.out.empty());
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(CommandLine, SecretsAreRefusedWithTheReason) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--password", "hunter2hunter2", "disk", "list"},
           {"user", "add", "a", "--role", "viewer", "--new-password", "hunter2hunter2"},
           {"target", "set", "a", "--chap-secret", "hunter2hunter2"},
           {"target", "set", "a", "--reverse-chap-secret", "hunter2hunter2"},
       }) {
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kUsage);
    EXPECT_THAT(ran.err, HasSubstr("can read command lines"));
    EXPECT_THAT(ran.err, HasSubstr("-file FILE"));
    EXPECT_THAT(ran.err, Not(HasSubstr("hunter2")));
  }
}

TEST_F(CommandLine, GlobalOptionsStandAnywhere) {
  EXPECT_EQ(run_line({"--json", "disk", "list"}).out, "[]\n");
  EXPECT_EQ(run_line({"disk", "--json", "list"}).out, "[]\n");
  EXPECT_EQ(run_line({"disk", "list", "--json"}).out, "[]\n");
  EXPECT_EQ(run_line({"disk", "list", "--quiet"}).out, "");
}

TEST_F(CommandLine, NamesOfCommandsAreNamesOfThingsToo) {
  EXPECT_EQ(run_line({"disk", "show", "list"}).code, ExitCode::kNotFound);
  EXPECT_THAT(server_.requests().back(), HasSubstr("Name=\"list\""));
}

}  // namespace
}  // namespace lunaria::cli
