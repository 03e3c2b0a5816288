#pragma once

// Commands as data: what a command is called, what it takes and what runs it. One table per file of commands/; the
// parser, the help, the completions and the tests are made from them.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"

namespace lunaria::cli {

class Printer;
class Server;
class Terminal;

/// What an option takes. The parser refuses what does not fit, before anything is sent.
enum class Takes : std::uint8_t {
  kNothing,  ///< a flag
  kText,
  kFile,
  kSize,    ///< see parse_size()
  kNumber,  ///< 0 to 2^64 - 1
  kOnOff,   ///< "on" or "off"
  kChoice,  ///< one of `choices`
  kSecret,  ///< always refused: says where to put the secret instead
};

/// An option ("--size") or a positional argument ("NAME").
struct Option {
  std::string_view name;
  Takes takes = Takes::kText;
  std::string_view help;
  std::string_view choices{};  ///< "thin|ram"; for kSecret the option to use instead
  bool is_required = false;    ///< positional arguments are required without it
  bool is_optional = false;    ///< of positional arguments
  bool is_repeated = false;    ///< any number of times, also none
  bool is_positional() const { return !name.starts_with('-'); }
};

/// What was given, by the option's name. The parser has checked it: the typed getters cannot fail.
class Arguments final {
 public:
  void add(std::string_view name, std::string value) { values_[std::string(name)].push_back(std::move(value)); }
  bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  /// "" when it was not given.
  std::string text(std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view name) const;
  std::optional<std::uint64_t> size(std::string_view name) const;
  std::optional<bool> on_off(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

/// What a command works with. All of it outlives the command.
struct Environment {
  Server& server;
  Terminal& terminal;
  Printer& printer;
};

/// A command. All views are of static storage.
struct Command {
  std::string_view path;  ///< "disk create", "map"
  std::string_view summary;
  std::string_view example;  ///< a whole command line
  std::span<const Option> options;
  Outcome<void> (*run)(const Arguments& arguments, Environment& environment);
};

/// A first word with commands below it.
struct Noun {
  std::string_view name;
  std::string_view summary;
};

std::span<const Noun> nouns();
/// The table of commands: those of every file of commands/, in the order of the help.
std::vector<Command> all_commands();

// One per file of commands/.
std::span<const Command> access_commands();
std::span<const Command> cim_association_commands();
std::span<const Command> cim_commands();
std::span<const Command> cim_indication_commands();
std::span<const Command> cim_schema_commands();
std::span<const Command> completion_commands();
std::span<const Command> disk_commands();
std::span<const Command> initiator_commands();
std::span<const Command> map_commands();
std::span<const Command> mask_commands();
std::span<const Command> mof_commands();
std::span<const Command> portal_commands();
std::span<const Command> portal_group_commands();
std::span<const Command> redirect_commands();
std::span<const Command> service_commands();
std::span<const Command> session_commands();
std::span<const Command> status_commands();
std::span<const Command> target_commands();
std::span<const Command> user_commands();

}  // namespace lunaria::cli
