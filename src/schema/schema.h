#pragma once

// The CIM schema that the product ships, as text inside the program: the files of mof/ that the namespaces include. The
// names in it, as constants and enumerations, are in "schema/names.h", which the build generates from the same files.

#include <span>
#include <string_view>

namespace lunaria::schema {

/// One MOF file. Both views are of static storage.
struct SchemaFile {
  std::string_view name;  ///< path below mof/, as include pragmas resolve to it: "wt/WT_Disk.mof"
  std::string_view text;
};

/// A namespace and the file that, with all it includes, declares its qualifiers and classes.
struct ShippedNamespace {
  std::string_view name;      ///< "root/wmi"
  std::string_view top_file;  ///< name of a SchemaFile
};

/// Every file that a shipped namespace needs, each once. In no order to rely on.
std::span<const SchemaFile> schema_files();

/// Null when no shipped namespace includes a file of that name.
const SchemaFile* find_schema_file(std::string_view name);

/// The namespaces that are served.
std::span<const ShippedNamespace> shipped_namespaces();

}  // namespace lunaria::schema
