// Any bytes as a MOF file: the compiler answers, in bounded time and memory, and never crashes.

#include <cstddef>
#include <cstdint>
#include <string>

#include "cim/mof/compiler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using lunaria::cim::NamespaceName;
  lunaria::cim::Repository repository;
  const NamespaceName name_space("root/test");
  if (!repository.add_namespace(name_space)) {
    return 1;
  }
  lunaria::cim::mof::MemorySourceLoader loader;
  loader.add("input.mof", std::string(data, data + size));
  lunaria::cim::mof::Compiler compiler(repository, loader, name_space);
  const auto outcome = compiler.compile("input.mof");
  if (!outcome && outcome.error().to_string().empty()) {
    return 1;  // every refusal says why
  }
  for (const auto& compiled : compiler.take_instances()) {
    const auto path = compiled.instance.path(compiled.name_space);
    if (path.hash() == 0 && path.to_string().empty()) {
      return 1;
    }
  }
  return 0;
}
