#pragma once

// What the commands of `lunaria cim` share: how classes, namespaces and paths are given, how results are printed.

#include <string>
#include <string_view>
#include <vector>

#include "cim/object_path.h"
#include "cli/command.h"
#include "cli/requests.h"

namespace lunaria::cli {

/// --namespace, else where a class of that name usually lives.
std::string space_of(const Arguments& arguments, std::string_view class_name);

struct ClassPlace {
  std::string name_space;
  std::string name;
};
/// What the argument CLASS names: `WT_Disk`, or with its namespace `root/wmi:WT_Disk`.
ClassPlace class_place_of(const Arguments& arguments);
/// The path argument, with a namespace.
Outcome<cim::ObjectPath> path_of(const Arguments& arguments);

/// As MOF, or with --json as an array.
void print_instances(Printer& printer, const NamedInstances& instances);
/// A line each, or with --json an array of texts.
void print_lines(Printer& printer, const std::vector<std::string>& lines);

inline constexpr Option kSpace{
    "--namespace", Takes::kText,
    "Namespace where the argument names none; else the usual one of the class, else root/interop"};

}  // namespace lunaria::cli
