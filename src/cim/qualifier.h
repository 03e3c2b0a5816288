#pragma once

// Qualifiers (DSP0004 5.6): their declarations, and the values that classes and their elements carry.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/value.h"

namespace lunaria::cim {

/// What a qualifier may be put on (DSP0004 5.6.1.4); a set of bits.
enum class Scope : std::uint16_t {
  kNone = 0,
  kClass = 1,
  kAssociation = 2,
  kIndication = 4,
  kProperty = 8,
  kReference = 16,
  kMethod = 32,
  kParameter = 64,
  kAny = 127,
};
constexpr Scope operator|(Scope left, Scope right) {
  return static_cast<Scope>(static_cast<unsigned>(left) | static_cast<unsigned>(right));
}
constexpr bool has_scope(Scope set, Scope one) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// How a qualifier is passed on to subclasses (DSP0004 5.6.1.5).
struct Flavor {
  bool overridable = true;  ///< EnableOverride; false is DisableOverride
  bool to_subclass = true;  ///< false is Restricted
  bool translatable = false;
  friend bool operator==(const Flavor&, const Flavor&) = default;
};

/// A qualifier declaration: `Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);`
struct QualifierType {
  std::string name;
  Type type = Type::kBoolean;
  bool is_array = false;
  std::uint32_t array_size = 0;  ///< 0: no fixed size
  Value default_value;           ///< NULL of the type when the declaration has none
  Scope scope = Scope::kAny;
  Flavor flavor;
  friend bool operator==(const QualifierType&, const QualifierType&) = default;
};
using QualifierTypePtr = std::shared_ptr<const QualifierType>;

/// A qualifier with its value. Shared between a class and its subclasses.
struct Qualifier {
  std::string name;
  Value value;
  Flavor flavor;
  friend bool operator==(const Qualifier&, const Qualifier&) = default;
};
using QualifierPtr = std::shared_ptr<const Qualifier>;

/// The qualifiers of one element: those written on it and those that came from the superclass.
class QualifierSet final {
 public:
  struct Entry {
    QualifierPtr qualifier;
    bool is_propagated = false;  ///< inherited, not written on this element
  };

  void add(QualifierPtr qualifier, bool is_propagated = false) {
    entries_.push_back({std::move(qualifier), is_propagated});
  }
  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  /// Null when the element does not have it.
  const Qualifier* find(std::string_view name) const;
  /// Whether the boolean qualifier is there and true.
  bool is_set(std::string_view name) const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace lunaria::cim
