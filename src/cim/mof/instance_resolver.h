#pragma once

// Turns instance declarations into instances: finds aliases, whichever way they point, and gives values their types.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/instance.h"
#include "cim/mof/parser.h"
#include "cim/name.h"
#include "cim/repository.h"

namespace lunaria::cim::mof {

/// A declaration that makes no sense.
struct InstanceError {
  Location location;
  std::string text;  ///< the name or alias at fault
  std::string message;
};

/// For the declarations of one compilation; all arguments outlive it.
class InstanceResolver final {
 public:
  /// `name_spaces` says where each declaration belongs.
  InstanceResolver(const Repository& repository, const std::vector<InstanceDeclaration>& declarations,
                   const std::vector<NamespaceName>& name_spaces);

  /// In the order of the declarations.
  Result<std::vector<Instance>, InstanceError> resolve();

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  struct Slot {
    State state = State::kNew;
    std::optional<Instance> instance;
  };

  Result<Instance, InstanceError> resolve_declaration(const InstanceDeclaration& declaration,
                                                      const NamespaceName& name_space, std::size_t depth);
  Result<Value, InstanceError> resolve_value(const Property& property, const WrittenProperty& written,
                                             const NamespaceName& name_space, std::size_t depth);
  Result<Value, InstanceError> resolve_alias(const Property& property, const std::string& alias,
                                             const Location& location, std::size_t depth);
  Result<Value, InstanceError> resolve_embedded(const Property& property, const Value& text, const Location& location,
                                                const NamespaceName& name_space, std::size_t depth);
  Result<void, InstanceError> resolve_slot(std::size_t index, const Location& used_at, std::size_t depth);

  const Repository& repository_;
  const std::vector<InstanceDeclaration>& declarations_;
  const std::vector<NamespaceName>& name_spaces_;
  std::vector<Slot> slots_;
  NameMap<std::size_t> aliases_;
};

}  // namespace lunaria::cim::mof
