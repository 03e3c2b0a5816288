#include "daemon/schema_loading.h"

#include "cim/mof/compiler.h"
#include "schema/schema.h"

namespace lunaria::daemon {
namespace {

class EmbeddedLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    const schema::SchemaFile* file = schema::find_schema_file(name);
    return file == nullptr ? std::nullopt : std::optional(std::string(file->text));
  }
};

}  // namespace

Result<void, std::string> load_shipped_schema(cim::Repository& repository) {
  EmbeddedLoader loader;
  // The parent of all others, where older clients make and look for namespaces. It has no classes of its own.
  if (const auto added = repository.add_namespace(cim::NamespaceName("root")); !added) {
    return fail(added.error().to_string());
  }
  for (const schema::ShippedNamespace& shipped : schema::shipped_namespaces()) {
    const cim::NamespaceName name(shipped.name);
    if (const auto added = repository.add_namespace(name); !added) {
      return fail(added.error().to_string());
    }
    cim::mof::Compiler compiler(repository, loader, name);
    if (const auto compiled = compiler.compile(shipped.top_file); !compiled) {
      return fail(compiled.error().to_string());
    }
  }
  return {};
}

}  // namespace lunaria::daemon
