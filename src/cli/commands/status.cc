// lunaria status: one screen.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace disk = schema::lunaria_disk;
namespace general = schema::wt_general;
namespace manager = schema::msftsm_object_manager;

/// A part of the screen.
struct Section {
  std::string_view key;
  std::string_view title;
  std::span<const Column> columns;
  std::vector<Row> rows;
  std::string_view nothing;
};

constexpr auto kServerColumns = std::to_array<Column>({
    {"name", "SERVER", general::kName},
    {"version", "VERSION", general::kVersion},
});

Outcome<Section> read_section(Server& server, std::string_view name_space, std::string_view class_name,
                              Section section) {
  const auto instances = enumerate(server, name_space, class_name);
  if (!instances) {
    return fail(instances.error());
  }
  section.rows = rows_of(section.columns, *instances);
  return section;
}

Outcome<Section> read_disks(Server& server) {
  const auto disks = enumerate(server, kLunariaSpace, disk::kClass);
  if (!disks) {
    return fail(disks.error());
  }
  NamedInstances failed_first;
  for (const bool is_failed : {true, false}) {
    std::ranges::copy_if(*disks, std::back_inserter(failed_first), [is_failed](const auto& each) {
      return text_of(each.instance, disk::kFailure).empty() != is_failed;
    });
  }
  return Section{"disks", "Disks", disk_columns(), rows_of(disk_columns(), failed_first), "none"};
}

Outcome<Section> read_sessions(Server& server) {
  const auto sessions = enumerate(server, kWmiSpace, schema::wt_session::kClass);
  if (!sessions) {
    return fail(sessions.error());
  }
  return Section{"sessions", "Sessions", session_columns(), session_rows(*sessions), "none"};
}

Outcome<std::vector<Section>> read_sections(Server& server) {
  std::vector<Section> sections;
  for (auto& section :
       {read_section(server, kWmiSpace, general::kClass, {"server", "Server", kServerColumns, {}, "unknown"}),
        read_section(server, kLunariaSpace, schema::lunaria_portal::kClass,
                     {"portals", "Portals", portal_columns(), {}, "none"}),
        read_section(server, kWmiSpace, schema::wt_host::kClass, {"targets", "Targets", target_columns(), {}, "none"}),
        read_disks(server), read_sessions(server)}) {
    if (!section) {
      return fail(section.error());
    }
    sections.push_back(*section);
  }
  return sections;
}

void print(Printer& printer, const Section& section) {
  printer.line(fmt::format("\n{}", section.title));
  printer.list(section.columns, section.rows, section.nothing);
}

Outcome<void> status(const Arguments& /*arguments*/, Environment& environment) {
  const auto found = find_object_manager(environment.server);
  if (!found) {
    return fail(found.error());
  }
  Printer& printer = environment.printer;
  const Row service = service_row(found->instance);
  std::vector<Section> sections;
  // While it is stopped it shows nothing but itself, and that is no failure.
  const bool is_running = flag_of(found->instance, manager::kStarted);
  if (is_running) {
    auto read = read_sections(environment.server);
    if (!read) {
      return fail(read.error());
    }
    sections = *std::move(read);
  }
  if (printer.options().json) {
    Json json;
    json["object_manager"] = to_json(service_columns(), service);
    for (const Section& section : sections) {
      json[std::string(section.key)] = to_json(section.columns, section.rows);
    }
    printer.json(json);
    return {};
  }
  printer.list(service_columns(), {service}, "");
  for (const Section& section : sections) {
    print(printer, section);
  }
  if (!is_running) {
    printer.line("\nThe rest is not shown while the object manager is stopped: lunaria service start");
  }
  return {};
}

constexpr auto kCommands = std::to_array<Command>({
    {"status", "Show the server on one screen, failed disks first", "lunaria status", {}, &status},
});

}  // namespace

std::span<const Command> status_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
