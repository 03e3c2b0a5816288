#include "compile.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "cim/mof/compiler.h"

namespace lunaria::schema {
namespace {

class EmbeddedLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    const SchemaFile* const file = find_schema_file(name);
    return file == nullptr ? std::nullopt : std::optional(std::string(file->text));
  }
};

// Only top files include others, so every name is relative to mof/.
class FolderLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    std::ifstream file(std::filesystem::path(LUNARIA_SOURCE_DIR) / "mof" / name, std::ios::binary);
    if (!file) {
      return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
};

std::string compile(cim::Repository& repository, const cim::NamespaceName& name, cim::mof::SourceLoader& loader,
                    std::string_view file) {
  if (!repository.add_namespace(name)) {
    return "cannot add the namespace";
  }
  cim::mof::Compiler compiler(repository, loader, name);
  const auto result = compiler.compile(file);
  return result ? "" : result.error().to_string();
}

}  // namespace

std::string compile_shipped(cim::Repository& repository, const ShippedNamespace& shipped) {
  EmbeddedLoader loader;
  return compile(repository, cim::NamespaceName(shipped.name), loader, shipped.top_file);
}

std::string compile_folder(cim::Repository& repository, const cim::NamespaceName& name, std::string_view file) {
  FolderLoader loader;
  return compile(repository, name, loader, file);
}

}  // namespace lunaria::schema
