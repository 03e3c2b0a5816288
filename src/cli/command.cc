#include "cli/command.h"

#include <array>
#include <charconv>

#include "cli/sizes.h"

namespace lunaria::cli {

std::string Arguments::text(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::string() : found->second.back();
}

std::optional<std::uint64_t> Arguments::number(std::string_view name) const {
  const std::string digits = text(name);
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> Arguments::size(std::string_view name) const {
  const auto bytes = parse_size(text(name));
  return bytes ? std::optional(*bytes) : std::nullopt;
}

std::optional<bool> Arguments::on_off(std::string_view name) const {
  return has(name) ? std::optional(text(name) == "on") : std::nullopt;
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::span<const Noun> nouns() {
  static constexpr auto kNouns = std::to_array<Noun>({
      {"disk", "Disks: files or memory that targets offer"},
      {"target", "Targets: names that initiators log in to"},
      {"mapping", "Which target offers which disk"},
      {"mask", "Which initiators see a disk, and at which LUN"},
      {"access", "Who may log in to which target"},
      {"initiator", "What is set for one initiator: its own secret, whether it may come"},
      {"session", "Sessions that are logged in"},
      {"portal", "Addresses on which iSCSI is served"},
      {"portal-group", "Portals that belong together, and what discovery asks for there"},
      {"redirect", "Where logins are sent instead"},
      {"user", "Who may manage the server over the network"},
      {"service", "The object manager as a service"},
      {"cim", "Any CIM class, instance or method"},
      {"mof", "Schema and instances as MOF files"},
  });
  return kNouns;
}

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  for (const auto& table :
       {status_commands(), disk_commands(), target_commands(), map_commands(), mask_commands(), access_commands(),
        initiator_commands(), session_commands(), portal_commands(), portal_group_commands(), redirect_commands(),
        user_commands(), service_commands(), cim_commands(), cim_association_commands(), cim_schema_commands(),
        cim_indication_commands(), mof_commands(), completion_commands()}) {
    commands.insert(commands.end(), table.begin(), table.end());
  }
  return commands;
}

}  // namespace lunaria::cli
