#pragma once

// A resolved class: what it declares and everything that it inherits. Immutable and shared; instances point to it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cim/method.h"
#include "cim/property.h"
#include "cim/qualifier.h"

namespace lunaria::cim {

/// Made by the repository, or by a client from what a server sent. Inherited properties and methods come first, in the
/// superclass's order: an index into the superclass's properties is good for every subclass.
class Class final {
 public:
  struct Parts {
    std::string name;
    std::string superclass;   ///< "" at the top
    ClassPtr superclass_ptr;  ///< null at the top, and on the client side
    QualifierSet qualifiers;
    std::vector<PropertyPtr> properties;
    std::vector<MethodPtr> methods;
  };
  explicit Class(Parts parts);

  const std::string& name() const { return parts_.name; }
  const std::string& superclass_name() const { return parts_.superclass; }
  const ClassPtr& superclass() const { return parts_.superclass_ptr; }
  const QualifierSet& qualifiers() const { return parts_.qualifiers; }
  bool is_abstract() const { return is_abstract_; }
  /// Its instances are values of others, none has a path (DSP0004 5.6.3, Structure).
  bool is_structure() const { return is_structure_; }
  bool is_association() const { return is_association_; }
  bool is_indication() const { return is_indication_; }

  const std::vector<PropertyPtr>& properties() const { return parts_.properties; }
  const Property& property(std::size_t index) const { return *parts_.properties[index]; }
  std::optional<std::size_t> find_property(std::string_view name) const;
  /// Inherited and not declared again here (the PROPAGATED attribute of DSP0201).
  bool is_propagated(const Property& property) const;
  bool is_propagated(const Method& method) const;
  /// Indexes of the key properties, in class order; empty for a class whose only instance has no keys.
  std::span<const std::uint16_t> key_indexes() const { return key_indexes_; }

  const std::vector<MethodPtr>& methods() const { return parts_.methods; }
  /// Null when the class has no such method.
  MethodPtr find_method(std::string_view name) const;

  /// Whether this is that class or one below it.
  bool is_a(std::string_view class_name) const;

 private:
  Parts parts_;
  std::vector<std::uint32_t> property_hashes_;  // name_hash of each property: found by a scan of a few cache lines
  std::vector<std::uint16_t> key_indexes_;
  bool is_abstract_ = false;
  bool is_structure_ = false;
  bool is_association_ = false;
  bool is_indication_ = false;
};

}  // namespace lunaria::cim
