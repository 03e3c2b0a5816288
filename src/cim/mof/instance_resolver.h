#pragma once

// Turns instance declarations into instances: finds aliases, whichever way they point, and gives values their types.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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

/// Classes that are not there because they were wrong, by namespace.
using FailedClasses = std::unordered_map<NamespaceName, NameSet, NamespaceHash>;

/// For the declarations of one compilation; all arguments outlive it.
class InstanceResolver final {
 public:
  /// `name_spaces` says where each declaration belongs. Instances of `failed_classes` are left out without a word: what
  /// is wrong with the class was told.
  InstanceResolver(const Repository& repository, const std::vector<InstanceDeclaration>& declarations,
                   const std::vector<NamespaceName>& name_spaces, const FailedClasses& failed_classes);

  /// In the order of the declarations; nothing for those that are wrong, that are structures and thus only values of
  /// others, or, being checked, would not be kept.
  std::vector<std::optional<Instance>> resolve(bool is_checked);
  /// What was wrong with them, each thing once.
  const std::vector<InstanceError>& errors() const { return errors_; }

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone, kFailed };
  struct Slot {
    State state = State::kNew;
    std::optional<Instance> instance;
    State path_state = State::kNew;
    std::optional<ObjectPath> path;
  };

  Result<Instance, InstanceError> resolve_declaration(const InstanceDeclaration& declaration,
                                                      const NamespaceName& name_space, std::size_t depth);
  Result<Value, InstanceError> resolve_value(const Property& property, const WrittenProperty& written,
                                             const NamespaceName& name_space, std::size_t depth);
  Result<Value, InstanceError> resolve_alias(const Property& property, const std::string& alias,
                                             const Location& location, std::size_t depth);
  Result<Value, InstanceError> resolve_embedded(const Property& property, const Value& text, const Location& location,
                                                const NamespaceName& name_space, std::size_t depth);
  Result<Value, InstanceError> embedded_value(const Property& property, const std::string& text,
                                              const Location& location, const NamespaceName& name_space,
                                              std::size_t depth);
  /// What a reference to the instance is: known from its keys alone, so that instances may refer to each other.
  Result<ObjectPath, InstanceError> path_of(std::size_t index, const Location& used_at, std::size_t depth);
  Result<ObjectPath, InstanceError> path_from_keys(const InstanceDeclaration& declaration,
                                                   const NamespaceName& name_space, std::size_t depth);
  Result<void, InstanceError> check_class(const InstanceDeclaration& declaration, const NamespaceName& name_space,
                                          const ClassPtr& cls) const;
  void check_instances();
  void take_out_structures();
  Result<void, InstanceError> resolve_slot(std::size_t index, const Location& used_at, std::size_t depth);
  void report(const InstanceError& error);

  const Repository& repository_;
  const std::vector<InstanceDeclaration>& declarations_;
  const std::vector<NamespaceName>& name_spaces_;
  const FailedClasses& failed_classes_;
  std::vector<Slot> slots_;
  std::vector<InstanceError> errors_;
  NameMap<std::size_t> aliases_;
};

}  // namespace lunaria::cim::mof
