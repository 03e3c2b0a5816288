#include "schema/schema.h"

#include <algorithm>
#include <array>

namespace lunaria::schema {
namespace {

constexpr std::array kNamespaces{
    ShippedNamespace{"root/interop", "root_interop.mof"},
    ShippedNamespace{"root/cimv2/storage/iscsitarget", "root_cimv2_storage_iscsitarget.mof"},
    ShippedNamespace{"root/wmi", "root_wmi.mof"},
    ShippedNamespace{"root/lunaria", "root_lunaria.mof"},
};

}  // namespace

const SchemaFile* find_schema_file(std::string_view name) {
  const auto files = schema_files();
  const auto found = std::ranges::find(files, name, &SchemaFile::name);
  return found == files.end() ? nullptr : &*found;
}

std::span<const ShippedNamespace> shipped_namespaces() {
  return kNamespaces;
}

}  // namespace lunaria::schema
