// lunaria disk: LUNARIA_Disk.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/commands/rate_limit_options.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_disk;

constexpr RateLimitNames kRateLimit{names::kIOPSLimit, names::kIOPSBurst, names::kBandwidthLimit,
                                    names::kBandwidthBurst};

cim::ObjectPath disk_class() {
  return {cim::NamespaceName(kLunariaSpace), std::string(names::kClass)};
}

cim::ObjectPath disk_path(const Arguments& arguments) {
  return path_of(kLunariaSpace, names::kClass, {{std::string(names::kName), cim::Value(arguments.text("NAME"))}});
}

/// The optional inputs that Create and Import share.
Properties common_inputs(const Arguments& arguments) {
  Properties in;
  const auto add_text = [&](std::string_view option, std::string_view parameter) {
    if (arguments.has(option)) {
      in.push_back({std::string(parameter), cim::Value(arguments.text(option))});
    }
  };
  add_text("--caching", names::create::kCaching);
  add_text("--description", names::create::kDescription);
  if (arguments.has("--block-size")) {
    in.push_back({std::string(names::create::kLogicalBlockSize),
                  cim::Value(static_cast<std::uint32_t>(arguments.number("--block-size").value_or(0)))});
  }
  if (arguments.has("--read-only")) {
    in.push_back({std::string(names::create::kReadOnly), cim::Value(true)});
  }
  return in;
}

/// Says what Create or Import made, as the server has it.
Outcome<void> report_made(Environment& environment, const MethodAnswer& answer, std::string_view verb) {
  const cim::Value* reference = answer.find(names::create::kDisk);
  const cim::ObjectPathPtr path = reference == nullptr ? nullptr : reference->as_reference();
  if (!path) {
    return fail(Failure{ExitCode::kFailed, "the server did not say which disk it made"});
  }
  cim::ObjectPath here = *path;
  here.set_name_space(cim::NamespaceName(kLunariaSpace));
  const auto disk = get_instance(environment.server, here);
  if (!disk) {
    return fail(disk.error());
  }
  const Row row = row_of(disk_columns(), *disk);
  environment.printer.made(disk_columns(), row,
                           fmt::format("Disk {} {}. Offer it to initiators: lunaria map TARGET {}",
                                       text_of(*disk, names::kName), verb, text_of(*disk, names::kName)));
  return {};
}

Outcome<void> create(const Arguments& arguments, Environment& environment) {
  Properties in = common_inputs(arguments);
  in.push_back({std::string(names::create::kName), cim::Value(arguments.text("NAME"))});
  in.push_back({std::string(names::create::kSize), cim::Value(arguments.size("--size").value_or(0))});
  const std::string kind = arguments.has("--kind") ? arguments.text("--kind") : std::string(names::kind::kThin);
  in.push_back({std::string(names::create::kKind), cim::Value(kind)});
  if (arguments.has("--path")) {
    in.push_back({std::string(names::create::kPath), cim::Value(arguments.text("--path"))});
  }
  if (arguments.has("--removable")) {
    in.push_back({std::string(names::create::kRemovable), cim::Value(true)});
  }
  if (arguments.has("--encrypted")) {
    in.push_back({std::string(names::create::kEncrypted), cim::Value(true)});
  }
  const auto answer = invoke(environment.server, disk_class(), names::create::kMethod, in);
  if (!answer) {
    return fail(answer.error());
  }
  return report_made(environment, *answer, "made");
}

Outcome<void> import(const Arguments& arguments, Environment& environment) {
  Properties in = common_inputs(arguments);
  in.push_back({std::string(names::import::kPath), cim::Value(arguments.text("PATH"))});
  if (arguments.has("--name")) {
    in.push_back({std::string(names::import::kName), cim::Value(arguments.text("--name"))});
  }
  const auto answer = invoke(environment.server, disk_class(), names::import::kMethod, in);
  if (!answer) {
    return fail(answer.error());
  }
  return report_made(environment, *answer, "taken over");
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto disks = enumerate(environment.server, kLunariaSpace, names::kClass);
  if (!disks) {
    return fail(disks.error());
  }
  environment.printer.list(disk_columns(), rows_of(disk_columns(), *disks),
                           "There are no disks. Make one: lunaria disk create NAME --size 10GiB");
  return {};
}

Outcome<void> show(const Arguments& arguments, Environment& environment) {
  const auto disk = get_instance(environment.server, disk_path(arguments));
  if (!disk) {
    return fail(disk.error());
  }
  environment.printer.show(disk_columns(), row_of(disk_columns(), *disk));
  return {};
}

Outcome<void> call(const Arguments& arguments, Environment& environment, std::string_view method, const Properties& in,
                   std::string_view what) {
  const auto answer = invoke(environment.server, disk_path(arguments), method, in);
  if (!answer) {
    return fail(answer.error());
  }
  environment.printer.done(fmt::format("Disk {} {}.", arguments.text("NAME"), what));
  return {};
}

Outcome<void> resize(const Arguments& arguments, Environment& environment) {
  Properties in{{std::string(names::resize::kSize), cim::Value(arguments.size("--size").value_or(0))}};
  if (arguments.has("--allow-shrink")) {
    in.push_back({std::string(names::resize::kAllowShrink), cim::Value(true)});
  }
  return call(arguments, environment, names::resize::kMethod, in, "resized");
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const bool is_file_too = arguments.has("--remove-file");
  return call(arguments, environment, names::delete_::kMethod,
              {{std::string(names::delete_::kRemoveFile), cim::Value(is_file_too)}},
              is_file_too ? "deleted, with its file" : "deleted; its file stays");
}

Outcome<void> repair(const Arguments& arguments, Environment& environment) {
  return call(arguments, environment, names::repair::kMethod, {}, "works again");
}

Outcome<void> modify(const Arguments& arguments, Environment& environment, const Properties& changes,
                     std::string_view what) {
  const auto done = modify_instance(environment.server, disk_path(arguments), changes);
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Disk {} {}.", arguments.text("NAME"), what));
  return {};
}

Outcome<void> enable(const Arguments& arguments, Environment& environment) {
  return modify(arguments, environment, {{std::string(names::kEnabled), cim::Value(true)}}, "enabled");
}

Outcome<void> disable(const Arguments& arguments, Environment& environment) {
  return modify(arguments, environment, {{std::string(names::kEnabled), cim::Value(false)}}, "disabled");
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  Properties changes;
  if (arguments.has("--description")) {
    changes.push_back({std::string(names::kDescription), cim::Value(arguments.text("--description"))});
  }
  if (const auto read_only = arguments.on_off("--read-only")) {
    changes.push_back({std::string(names::kReadOnly), cim::Value(*read_only)});
  }
  if (const auto removable = arguments.on_off("--removable")) {
    changes.push_back({std::string(names::kRemovable), cim::Value(*removable)});
  }
  add_rate_limit(arguments, kRateLimit, changes);
  if (arguments.has("--no-space-threshold")) {
    changes.push_back({std::string(names::kSpaceThreshold), cim::Value(std::uint64_t{0})});
  } else if (const auto threshold = arguments.size("--space-threshold")) {
    changes.push_back({std::string(names::kSpaceThreshold), cim::Value(*threshold)});
  }
  if (arguments.has("--no-used-threshold")) {
    changes.push_back({std::string(names::kUsedThreshold), cim::Value(std::uint64_t{0})});
  } else if (const auto used = arguments.size("--used-threshold")) {
    changes.push_back({std::string(names::kUsedThreshold), cim::Value(*used)});
  }
  if (changes.empty()) {
    return fail(usage("nothing to change was given", "`lunaria disk set --help` shows what can be changed."));
  }
  return modify(arguments, environment, changes, "changed");
}

constexpr Option kName{"NAME", Takes::kText, "Name of the disk"};
constexpr Option kBlockSize{"--block-size", Takes::kChoice, "Logical block size; 512 unless given", "512|4096"};
constexpr Option kCaching{"--caching", Takes::kChoice,
                          "buffered: writes are stable after a flush; direct: past the "
                          "page cache",
                          "buffered|direct"};
constexpr Option kDescription{"--description", Takes::kText, "Free text"};
constexpr Option kReadOnly{"--read-only", Takes::kNothing, "Refuse every write"};

constexpr auto kCreateOptions = std::to_array<Option>({
    kName,
    {"--size", Takes::kSize, "Size, such as 10GiB, 500MB or a number of bytes", "", true},
    {"--kind", Takes::kChoice, "thin: takes space as it is written (if not given); preallocated; ram: gone at restart",
     "thin|preallocated|ram"},
    {"--path", Takes::kFile, "File to make, an absolute path on the server; else one in its state directory"},
    kBlockSize,
    kCaching,
    kReadOnly,
    {"--removable", Takes::kNothing, "Show initiators a removable medium, which they may eject"},
    {"--encrypted", Takes::kNothing, "Encrypt what is stored, with a key that SANITIZE can throw away; for good"},
    kDescription,
});
constexpr auto kImportOptions = std::to_array<Option>({
    {"PATH", Takes::kFile, "Image on the server, an absolute path; it is not written to"},
    {"--name", Takes::kText, "Name of the disk; else the file's"},
    kBlockSize,
    kCaching,
    kReadOnly,
    kDescription,
});
constexpr auto kNameOnly = std::to_array<Option>({kName});
constexpr auto kResizeOptions = std::to_array<Option>({
    kName,
    {"--size", Takes::kSize, "The new size", "", true},
    {"--allow-shrink", Takes::kNothing, "Take a smaller size: what lies beyond is lost"},
});
constexpr auto kDeleteOptions = std::to_array<Option>({
    kName,
    {"--remove-file", Takes::kNothing, "Remove the file as well: its data is lost"},
});
constexpr auto kSetOptions = std::to_array<Option>({
    kName,
    kDescription,
    {"--read-only", Takes::kOnOff, "Refuse every write"},
    {"--removable", Takes::kOnOff, "Show initiators a removable medium"},
    kIopsLimit,
    kIopsBurst,
    kNoIopsLimit,
    kBandwidthLimit,
    kBandwidthBurst,
    kNoBandwidthLimit,
    {"--space-threshold", Takes::kSize, "Tell initiators of a thin disk when no more than this is left to it"},
    {"--no-space-threshold", Takes::kNothing, "Tell them nothing"},
    {"--used-threshold", Takes::kSize, "Tell initiators of a thin disk when it takes so much space"},
    {"--no-used-threshold", Takes::kNothing, "Tell them nothing of that"},
});

constexpr auto kCommands = std::to_array<Command>({
    {"disk create", "Make a disk", "lunaria disk create data --size 10GiB", kCreateOptions, &create},
    {"disk import", "Take over an image that exists", "lunaria disk import /srv/images/debian.raw --name debian",
     kImportOptions, &import},
    {"disk list", "List the disks", "lunaria disk list", {}, &list},
    {"disk show", "Show all about a disk", "lunaria disk show data", kNameOnly, &show},
    {"disk set", "Change description, write protection, limits", "lunaria disk set data --iops-limit 5000", kSetOptions,
     &set},
    {"disk resize", "Change the size", "lunaria disk resize data --size 20GiB", kResizeOptions, &resize},
    {"disk enable", "Make a disk ready to initiators", "lunaria disk enable data", kNameOnly, &enable},
    {"disk disable", "Keep a disk defined, but not ready", "lunaria disk disable data", kNameOnly, &disable},
    {"disk repair", "Open the image of a failed disk anew", "lunaria disk repair data", kNameOnly, &repair},
    {"disk delete", "Forget a disk that is not mapped; its file stays", "lunaria disk delete data --remove-file",
     kDeleteOptions, &remove},
});

}  // namespace

std::span<const Command> disk_commands() {
  return kCommands;
}

std::span<const Column> disk_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"name", "NAME", names::kName},
      {"size", "SIZE", names::kSize, Format::kSize},
      {"allocated_size", "ALLOCATED", names::kAllocatedSize, Format::kSize},
      {"kind", "KIND", names::kKind},
      {"enabled", "ENABLED", names::kEnabled},
      {"connected", "CONNECTED", names::kConnected},
      {"read_only", "READ-ONLY", names::kReadOnly},
      {"removable", "REMOVABLE", names::kRemovable, Format::kPlain, false},
      {"encrypted", "ENCRYPTED", names::kEncrypted, Format::kPlain, false},
      {"iops_limit", "IOPS LIMIT", names::kIOPSLimit, Format::kPlain, false},
      {"iops_burst", "IOPS BURST", names::kIOPSBurst, Format::kPlain, false},
      {"bandwidth_limit", "BANDWIDTH LIMIT", names::kBandwidthLimit, Format::kSize, false},
      {"bandwidth_burst", "BANDWIDTH BURST", names::kBandwidthBurst, Format::kSize, false},
      {"space_threshold", "SPACE THRESHOLD", names::kSpaceThreshold, Format::kSize, false},
      {"used_threshold", "USED THRESHOLD", names::kUsedThreshold, Format::kSize, false},
      {"id", "NUMBER", names::kID, Format::kPlain, false},
      {"path", "PATH", names::kPath, Format::kPlain, false},
      {"caching", "CACHING", names::kCaching, Format::kPlain, false},
      {"logical_block_size", "LOGICAL BLOCK", names::kLogicalBlockSize, Format::kPlain, false},
      {"physical_block_size", "PHYSICAL BLOCK", names::kPhysicalBlockSize, Format::kPlain, false},
      {"serial_number", "SERIAL NUMBER", names::kSerialNumber, Format::kPlain, false},
      {"naa", "NAA", names::kNAA, Format::kPlain, false},
      {"created", "CREATED", names::kCreated, Format::kTime, false},
      {"description", "DESCRIPTION", names::kDescription, Format::kPlain, false},
      {"failure", "FAILURE", names::kFailure},
  });
  return kColumns;
}

std::vector<Row> rows_of(std::span<const Column> columns, const NamedInstances& instances) {
  std::vector<Row> rows;
  for (const auto& each : instances) {
    rows.push_back(row_of(columns, each.instance));
  }
  return rows;
}

}  // namespace lunaria::cli
