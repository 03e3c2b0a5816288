// lunaria mask: LUNARIA_MappingInitiator; lunaria mapping: LUNARIA_Mapping.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_mapping_initiator;
namespace mapping = schema::lunaria_mapping;

constexpr std::uint64_t kLunMax = 16383;

constexpr auto kMaskColumns = std::to_array<Column>({
    {"target", "TARGET", names::kTargetName},
    {"disk", "DISK", names::kDiskName},
    {"initiator", "INITIATOR", names::kInitiatorName},
    {"lun", "OWN LUN", names::kLUN},
    {"read_only", "READ-ONLY", names::kReadOnly},
});

cim::ObjectPath mask_path(const Arguments& arguments) {
  return path_of(kLunariaSpace, names::kClass,
                 {{std::string(names::kTargetName), cim::Value(arguments.text("TARGET"))},
                  {std::string(names::kDiskName), cim::Value(arguments.text("DISK"))},
                  {std::string(names::kInitiatorName), cim::Value(arguments.text("INITIATOR"))}});
}

Outcome<void> add_lun(const Arguments& arguments, std::string_view property, Properties& properties) {
  const auto lun = arguments.number("--lun");
  if (lun && *lun > kLunMax) {
    return fail(usage(fmt::format("--lun must be 0 to {}", kLunMax)));
  }
  if (lun) {
    properties.push_back({std::string(property), cim::Value(static_cast<std::uint32_t>(*lun))});
  }
  return {};
}

/// Whether others see the disk too, which one who hides disks wants to know.
std::string_view others_see(Environment& environment, const Arguments& arguments) {
  const auto found = get_instance(environment.server,
                                  path_of(kLunariaSpace, mapping::kClass,
                                          {{std::string(mapping::kTargetName), cim::Value(arguments.text("TARGET"))},
                                           {std::string(mapping::kDiskName), cim::Value(arguments.text("DISK"))}}));
  return found && !flag_of(*found, mapping::kNamedOnly)
             ? " Others see it as well: lunaria mapping set TARGET DISK --named-only on"
             : "";
}

Outcome<void> add(const Arguments& arguments, Environment& environment) {
  Properties properties = {{std::string(names::kTargetName), cim::Value(arguments.text("TARGET"))},
                           {std::string(names::kDiskName), cim::Value(arguments.text("DISK"))},
                           {std::string(names::kInitiatorName), cim::Value(arguments.text("INITIATOR"))},
                           {std::string(names::kReadOnly), cim::Value(arguments.has("--read-only"))}};
  if (const auto added = add_lun(arguments, names::kLUN, properties); !added) {
    return added;
  }
  if (const auto made = create_instance(environment.server, kLunariaSpace, names::kClass, properties); !made) {
    return fail(made.error());
  }
  const auto made = get_instance(environment.server, mask_path(arguments));
  if (!made) {
    return fail(made.error());
  }
  environment.printer.made(
      kMaskColumns, row_of(kMaskColumns, *made),
      fmt::format("Initiator {} sees disk {} of target {}.{}", text_of(*made, names::kInitiatorName),
                  arguments.text("DISK"), arguments.text("TARGET"), others_see(environment, arguments)));
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  if (const auto done = delete_instance(environment.server, mask_path(arguments)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Initiator {} sees of disk {} what others see.", arguments.text("INITIATOR"),
                                       arguments.text("DISK")));
  return {};
}

Outcome<void> list(const Arguments& arguments, Environment& environment) {
  const auto rows =
      rows_of_target(environment.server, names::kClass, names::kTargetName, kMaskColumns, arguments.text("TARGET"));
  if (!rows) {
    return fail(rows.error());
  }
  environment.printer.list(kMaskColumns, *rows, "No mapping names an initiator: everyone sees the same.");
  return {};
}

Outcome<void> set_mapping(const Arguments& arguments, Environment& environment) {
  Properties changes;
  if (const auto added = add_lun(arguments, mapping::kLUN, changes); !added) {
    return added;
  }
  for (const auto& [option, property] :
       {std::pair{"--read-only", mapping::kReadOnly}, std::pair{"--named-only", mapping::kNamedOnly}}) {
    if (const auto is_on = arguments.on_off(option)) {
      changes.push_back({std::string(property), cim::Value(*is_on)});
    }
  }
  if (changes.empty()) {
    return fail(usage("nothing to change was given: --lun NUMBER, --read-only on|off or --named-only on|off"));
  }
  const auto done = modify_instance(environment.server,
                                    path_of(kLunariaSpace, mapping::kClass,
                                            {{std::string(mapping::kTargetName), cim::Value(arguments.text("TARGET"))},
                                             {std::string(mapping::kDiskName), cim::Value(arguments.text("DISK"))}}),
                                    changes);
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(
      fmt::format("The mapping of disk {} to target {} is changed.", arguments.text("DISK"), arguments.text("TARGET")));
  return {};
}

Outcome<void> list_mappings(const Arguments& arguments, Environment& environment) {
  const auto rows = rows_of_target(environment.server, mapping::kClass, mapping::kTargetName, mapping_columns(),
                                   arguments.text("TARGET"));
  if (!rows) {
    return fail(rows.error());
  }
  environment.printer.list(mapping_columns(), *rows, "No disk is mapped: lunaria map TARGET DISK");
  return {};
}

constexpr Option kTarget{"TARGET", Takes::kText, "Name of the target"};
constexpr Option kDisk{"DISK", Takes::kText, "Name of the disk"};
constexpr Option kInitiator{"INITIATOR", Takes::kText, "iSCSI name of the initiator"};
constexpr auto kAddOptions = std::to_array<Option>({
    kTarget,
    kDisk,
    kInitiator,
    {"--lun", Takes::kNumber, "The initiator's own number for the disk, 0 to 16383; else the mapping's"},
    {"--read-only", Takes::kNothing, "Refuse writes of this initiator"},
});
constexpr auto kRemoveOptions = std::to_array<Option>({kTarget, kDisk, kInitiator});
constexpr auto kListOptions = std::to_array<Option>({
    {.name = "TARGET", .takes = Takes::kText, .help = "Only those of this target", .is_optional = true},
});
constexpr auto kSetOptions = std::to_array<Option>({
    kTarget,
    kDisk,
    {"--lun", Takes::kNumber, "Logical unit number, 0 to 16383"},
    {"--read-only", Takes::kOnOff, "Refuse writes that come through this target"},
    {"--named-only", Takes::kOnOff, "on: hide the disk from all but those that `lunaria mask add` names"},
});
constexpr auto kCommands = std::to_array<Command>({
    {"mapping list", "List which target offers which disk", "lunaria mapping list", kListOptions, &list_mappings},
    {"mapping set", "Change how a target offers a disk", "lunaria mapping set web data --named-only on", kSetOptions,
     &set_mapping},
    {"mask list", "List the initiators that mappings name", "lunaria mask list web", kListOptions, &list},
    {"mask add", "Name an initiator for a mapping, with its own LUN if need be",
     "lunaria mask add web data iqn.1993-08.org.debian:01:abc --lun 0", kAddOptions, &add},
    {"mask remove", "Take the name away again", "lunaria mask remove web data iqn.1993-08.org.debian:01:abc",
     kRemoveOptions, &remove},
});

}  // namespace

std::span<const Command> mask_commands() {
  return kCommands;
}

std::span<const Column> mapping_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"target", "TARGET", mapping::kTargetName},
      {"disk", "DISK", mapping::kDiskName},
      {"lun", "LUN", mapping::kLUN},
      {"read_only", "READ-ONLY", mapping::kReadOnly},
      {"named_only", "NAMED ONLY", mapping::kNamedOnly},
  });
  return kColumns;
}

}  // namespace lunaria::cli
