#include "cli/commands/cim_arguments.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

#include "cli/json.h"
#include "cli/mof_text.h"
#include "cli/printer.h"
#include "cli/requests.h"

namespace lunaria::cli {
namespace {

/// Where a class lives when nobody says so.
std::string_view usual_space(std::string_view class_name) {
  struct Prefix {
    std::string_view prefix;
    std::string_view name_space;
  };
  static constexpr auto kPrefixes = std::to_array<Prefix>({
      {"wt_", kWmiSpace},
      {"lunaria_", kLunariaSpace},
      {"msiscsitarget_", "root/cimv2/storage/iscsitarget"},
  });
  const std::string folded = cim::fold_name(class_name);
  for (const Prefix& each : kPrefixes) {
    if (folded.starts_with(each.prefix)) {
      return each.name_space;
    }
  }
  return kInteropSpace;
}

}  // namespace

std::string space_of(const Arguments& arguments, std::string_view class_name) {
  return arguments.has("--namespace") ? arguments.text("--namespace") : std::string(usual_space(class_name));
}

ClassPlace class_place_of(const Arguments& arguments) {
  std::string text = arguments.text("CLASS");
  if (const std::size_t colon = text.rfind(':'); colon != std::string::npos) {
    return {.name_space = text.substr(0, colon), .name = text.substr(colon + 1)};
  }
  return {.name_space = space_of(arguments, text), .name = std::move(text)};
}

Outcome<cim::ObjectPath> path_of(const Arguments& arguments) {
  const std::string text = arguments.text("PATH");
  auto path = cim::ObjectPath::parse(text);
  if (!path) {
    return fail(usage(fmt::format("'{}' is no object path", text),
                      "Examples: WT_Host.HostName=\"web\", root/wmi:WT_General=@; a shell needs quotes around them."));
  }
  if (path->name_space().empty()) {
    path->set_name_space(cim::NamespaceName(space_of(arguments, path->class_name())));
  }
  return *std::move(path);
}

void print_instances(Printer& printer, const NamedInstances& instances) {
  Json json = Json::array();
  for (const auto& each : instances) {
    const cim::ObjectPath* path = each.path ? &*each.path : nullptr;
    if (printer.options().json) {
      json.push_back(to_json(each.instance, path));
    } else {
      printer.line(mof_text(each.instance, path));
    }
  }
  if (printer.options().json) {
    printer.json(json);
  }
}

void print_lines(Printer& printer, const std::vector<std::string>& lines) {
  if (printer.options().json) {
    printer.json(Json(lines));
    return;
  }
  for (const std::string& each : lines) {
    printer.line(each);
  }
}

}  // namespace lunaria::cli
