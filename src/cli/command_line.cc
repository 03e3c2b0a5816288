#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cli/printer.h"
#include "cli/server.h"
#include "cli/sizes.h"
#include "cli/terminal.h"

namespace lunaria::cli {
namespace {

constexpr std::string_view kJson = "--json";
constexpr std::string_view kQuiet = "--quiet";
constexpr std::string_view kBytes = "--bytes";

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> parts;
  while (!choices.empty()) {
    const std::size_t end = std::min(choices.find('|'), choices.size());
    parts.emplace_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return parts;
}

std::string check_size(const std::string& text) {
  const auto size = parse_size(text);
  return size ? std::string() : size.error();
}

std::string check_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::string()
                                                                         : fmt::format("'{}' is no number", text);
}

std::string_view value_name(const Option& option) {
  switch (option.takes) {
    case Takes::kFile:
      return "FILE";
    case Takes::kSize:
      return "SIZE";
    case Takes::kNumber:
      return "NUMBER";
    default:
      return option.is_positional() ? "" : "TEXT";
  }
}

void add_choices(CLI::Option& parsed, const std::vector<std::string>& choices) {
  parsed.type_name(fmt::format("{{{}}}", fmt::join(choices, "|")));
  parsed.check(CLI::Validator(
      [choices](std::string& text) {
        return std::ranges::find(choices, text) != choices.end()
                   ? std::string()
                   : fmt::format("'{}' is none of: {}", text, fmt::join(choices, ", "));
      },
      "", "choices"));
}

void add_option(CLI::App& app, const Option& option) {
  const std::string name(option.name);
  const std::string help(option.help);
  if (option.takes == Takes::kNothing) {
    app.add_flag(name, help);
    return;
  }
  CLI::Option& parsed = *app.add_option(name, CLI::callback_t([](const CLI::results_t&) { return true; }), help);
  parsed.type_name(std::string(value_name(option)));
  if (option.is_repeated) {
    parsed.expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(option.is_positional());
  } else {
    parsed.required(option.is_required || (option.is_positional() && !option.is_optional));
  }
  switch (option.takes) {
    case Takes::kSize:
      parsed.check(check_size);
      break;
    case Takes::kNumber:
      parsed.check(check_number);
      break;
    case Takes::kOnOff:
      add_choices(parsed, {"on", "off"});
      break;
    case Takes::kChoice:
      add_choices(parsed, split_choices(option.choices));
      break;
    case Takes::kSecret:
      parsed.group("");
      parsed.check([name, instead = std::string(option.choices)](const std::string&) {
        return name + " is refused, as every user of this machine can read command lines; use " + instead;
      });
      break;
    case Takes::kNothing:
    case Takes::kText:
    case Takes::kFile:
      break;
  }
}

std::string exit_code_footer() {
  std::string text = "Exit codes:\n";
  for (const ExitCodeMeaning& row : exit_codes()) {
    text += fmt::format("  {}  {}\n", std::to_underlying(row.code), row.meaning);
  }
  return text +
         "\nExample:\n  lunaria disk create data --size 10GiB && lunaria target create web && lunaria map web data";
}

/// The parser, with the app of each command in the order of all_commands().
struct Parser {
  std::unique_ptr<CLI::App> root;
  std::vector<Command> commands;
  std::vector<CLI::App*> apps;
};

Parser make_parser() {
  Parser parser;
  parser.root = std::make_unique<CLI::App>("Manages a Lunaria iSCSI target.", "lunaria");
  CLI::App& root = *parser.root;
  root.set_version_flag("--version", std::string("lunaria ") + LUNARIA_VERSION);
  root.require_subcommand(1);
  root.fallthrough();
  for (const Option& option : global_options()) {
    add_option(root, option);
  }
  parser.commands = all_commands();
  std::map<std::string, CLI::App*> noun_apps;
  for (const Command& command : parser.commands) {
    CLI::App* parent = &root;
    std::string name(command.path);
    if (const std::size_t space = name.find(' '); space != std::string::npos) {
      const std::string noun = name.substr(0, space);
      name.erase(0, space + 1);
      CLI::App*& known = noun_apps[noun];
      parent = known;
      if (parent == nullptr) {
        const auto found = std::ranges::find(nouns(), noun, &Noun::name);
        parent = root.add_subcommand(noun, std::string(found == nouns().end() ? "" : found->summary));
        known = parent;
        parent->require_subcommand(1);
        parent->footer(fmt::format("Example:\n  {}", command.example));
      }
    }
    CLI::App& app = *parent->add_subcommand(name, std::string(command.summary));
    app.require_subcommand(0);
    app.footer(fmt::format("Example:\n  {}", command.example));
    for (const Option& option : command.options) {
      add_option(app, option);
    }
    parser.apps.push_back(&app);
  }
  root.footer(exit_code_footer());  // last, as subcommands would inherit it
  return parser;
}

Arguments arguments_of(const CLI::App& app, std::span<const Option> options) {
  Arguments arguments;
  for (const Option& option : options) {
    const CLI::Option* parsed = app.get_option_no_throw(std::string(option.name));
    if (parsed == nullptr || parsed->count() == 0) {
      continue;
    }
    for (const std::string& value : parsed->results()) {
      arguments.add(option.name, value);
    }
  }
  return arguments;
}

ExitCode report(const Failure& failure, std::ostream& err) {
  err << "lunaria: " << failure.message << '\n';
  if (!failure.advice.empty()) {
    err << failure.advice << '\n';
  }
  return failure.code;
}

ExitCode run_parsed(const Parser& parser, const Surroundings& surroundings) {
  const auto selected = std::ranges::find_if(parser.apps, [](const CLI::App* app) { return app->parsed(); });
  if (selected == parser.apps.end()) {
    return report(usage("which command? `lunaria --help` lists them"), surroundings.err);
  }
  const Command& command = parser.commands[static_cast<std::size_t>(selected - parser.apps.begin())];
  const Arguments global = arguments_of(*parser.root, global_options());
  auto server = surroundings.connect(global, surroundings.terminal);
  if (!server) {
    return report(server.error(), surroundings.err);
  }
  Printer printer(surroundings.out,
                  {.json = global.has(kJson), .quiet = global.has(kQuiet), .exact_bytes = global.has(kBytes)});
  Environment environment{**server, surroundings.terminal, printer};
  const auto outcome = command.run(arguments_of(**selected, command.options), environment);
  surroundings.out.flush();
  if (outcome && !surroundings.out.good()) {
    return report({ExitCode::kFailed, "the output could not be written"}, surroundings.err);
  }
  return outcome ? ExitCode::kOk : report(outcome.error(), surroundings.err);
}

CompletionOption describe(const CLI::Option& option) {
  CompletionOption described;
  for (const std::string& name : option.get_snames()) {
    described.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    described.names.push_back("--" + name);
  }
  described.help = option.get_description();
  described.takes_value = option.get_items_expected_max() > 0;
  const std::string type = option.get_type_name();
  described.takes_file = type == "FILE";
  if (type.starts_with('{') && type.ends_with('}')) {
    described.choices = split_choices(std::string_view(type).substr(1, type.size() - 2));
  }
  return described;
}

CompletionNode describe(const CLI::App& app) {
  CompletionNode node;
  node.name = app.get_name();
  node.help = app.get_description();
  for (const CLI::Option* option : app.get_options({})) {
    CompletionOption described = describe(*option);
    if (described.names.empty()) {
      node.choices.insert(node.choices.end(), described.choices.begin(), described.choices.end());
    } else if (!option->get_group().empty()) {
      node.options.push_back(std::move(described));
    }
  }
  for (const CLI::App* child : app.get_subcommands(std::function<bool(const CLI::App*)>())) {
    node.children.push_back(describe(*child));
  }
  return node;
}

}  // namespace

std::span<const Option> global_options() {
  static constexpr auto kOptions = std::to_array<Option>({
      {kJson, Takes::kNothing, "Write JSON"},
      {kQuiet, Takes::kNothing, "Write no more than what was asked for"},
      {kBytes, Takes::kNothing, "Write sizes as numbers of bytes"},
      {"--socket", Takes::kFile, "Unix socket of lunariad; else $LUNARIA_SOCKET, else /var/lib/lunaria/lunaria.sock"},
      {"--server", Takes::kText, "https://HOST[:5989] instead of the socket; http:// to this machine only"},
      {"--user", Takes::kText, "User name for --server; the password is asked for"},
      {"--password-file", Takes::kFile, "File with the password on its first line; - for standard input"},
      {"--password", Takes::kSecret, "", "--password-file FILE, or let it be asked for"},
      {"--negotiate", Takes::kNothing, "Show your Kerberos ticket (`kinit`) instead of a password, for --server"},
      {"--certificate", Takes::kFile, "Certificate (PEM) to show instead of a password, for --server"},
      {"--key", Takes::kFile, "Private key (PEM) of --certificate"},
      {"--ca", Takes::kFile, "Certificates (PEM) to trust instead of those of the system"},
      {"--fingerprint", Takes::kText, "SHA-256 fingerprint of the one certificate to trust"},
      {"--timeout", Takes::kNumber, "Seconds to wait for each step of an answer; 60 unless given"},
  });
  return kOptions;
}

ExitCode run(const std::vector<std::string>& words, const Surroundings& surroundings) {
  const Parser parser = make_parser();
  try {
    parser.root->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == 0;
    if (is_help) {
      parser.root->exit(error, surroundings.out, surroundings.err);
      return ExitCode::kOk;
    }
    std::string message = error.what();
    if (message.starts_with(": ")) {
      message.erase(0, 2);  // hidden options have no name there
    }
    return report(usage(std::move(message), "`lunaria COMMAND --help` shows what a command takes."), surroundings.err);
  }
  return run_parsed(parser, surroundings);
}

CompletionNode describe_command_tree() {
  return describe(*make_parser().root);
}

}  // namespace lunaria::cli
