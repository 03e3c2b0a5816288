// lunaria map, unmap: LUNARIA_Mapping.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_mapping;

constexpr std::uint64_t kLunMax = 16383;

Outcome<void> map(const Arguments& arguments, Environment& environment) {
  Properties properties{
      {std::string(names::kTargetName), cim::Value(arguments.text("TARGET"))},
      {std::string(names::kDiskName), cim::Value(arguments.text("DISK"))},
      {std::string(names::kReadOnly), cim::Value(arguments.has("--read-only"))},
      {std::string(names::kNamedOnly), cim::Value(arguments.has("--named-only"))},
  };
  if (const auto lun = arguments.number("--lun")) {
    if (*lun > kLunMax) {
      return fail(usage(fmt::format("--lun must be 0 to {}", kLunMax)));
    }
    properties.push_back({std::string(names::kLUN), cim::Value(static_cast<std::uint32_t>(*lun))});
  }
  auto path = create_instance(environment.server, kLunariaSpace, names::kClass, properties);
  if (!path) {
    return fail(path.error());
  }
  path->set_name_space(cim::NamespaceName(kLunariaSpace));
  const auto mapping = get_instance(environment.server, *path);
  if (!mapping) {
    return fail(mapping.error());
  }
  environment.printer.made(mapping_columns(), row_of(mapping_columns(), *mapping),
                           fmt::format("Target {} offers disk {} as LUN {}.", text_of(*mapping, names::kTargetName),
                                       text_of(*mapping, names::kDiskName), number_of(*mapping, names::kLUN)));
  return {};
}

Outcome<void> unmap(const Arguments& arguments, Environment& environment) {
  const auto done = delete_instance(environment.server,
                                    path_of(kLunariaSpace, names::kClass,
                                            {{std::string(names::kTargetName), cim::Value(arguments.text("TARGET"))},
                                             {std::string(names::kDiskName), cim::Value(arguments.text("DISK"))}}));
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(
      fmt::format("Target {} no longer offers disk {}.", arguments.text("TARGET"), arguments.text("DISK")));
  return {};
}

constexpr Option kTarget{"TARGET", Takes::kText, "Name of the target"};
constexpr Option kDisk{"DISK", Takes::kText, "Name of the disk"};
constexpr auto kMapOptions = std::to_array<Option>({
    kTarget,
    kDisk,
    {"--lun", Takes::kNumber, "Logical unit number, 0 to 16383; the lowest free one unless given"},
    {"--read-only", Takes::kNothing, "Refuse writes that come through this target"},
    {"--named-only", Takes::kNothing, "Hide the disk from all but those that `lunaria mask add` names"},
});
constexpr auto kUnmapOptions = std::to_array<Option>({kTarget, kDisk});
constexpr auto kCommands = std::to_array<Command>({
    {"map", "Offer a disk through a target", "lunaria map web data --lun 0", kMapOptions, &map},
    {"unmap", "Take a disk away from a target", "lunaria unmap web data", kUnmapOptions, &unmap},
});

}  // namespace

std::span<const Command> map_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
