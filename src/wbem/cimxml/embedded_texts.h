#pragma once

// Embedded objects that came as plain strings. Clients older than the attribute EmbeddedObject, wbemcli among them,
// read such a property as text and send that text back; only the class says what it is.

#include <cstddef>
#include <optional>

#include "cim/instance.h"
#include "cim/name.h"
#include "cim/repository.h"
#include "cim/value.h"

namespace lunaria::wbem::cimxml {

/// For one operation in one namespace; the arguments outlive it. What does not read as an object stays the string that
/// it was, for the object manager to refuse.
class EmbeddedTexts final {
 public:
  EmbeddedTexts(const cim::Repository& repository, const cim::NamespaceName& name_space)
      : repository_(repository), name_space_(name_space) {}

  /// The instance with such strings read, inside embedded instances, too; nullopt when there is none.
  std::optional<cim::Instance> read(const cim::Instance& given) const { return read(given, 0); }
  /// The same for a value that the schema declares to be of `type`.
  std::optional<cim::Value> read(cim::Type type, const cim::Value& given) const { return read(type, given, 0); }

 private:
  std::optional<cim::Instance> read(const cim::Instance& given, std::size_t embedding) const;
  std::optional<cim::Value> read(cim::Type type, const cim::Value& given, std::size_t embedding) const;
  std::optional<cim::Value> read_elements(cim::Type type, const cim::Value& given, std::size_t embedding) const;

  const cim::Repository& repository_;
  const cim::NamespaceName& name_space_;
};

}  // namespace lunaria::wbem::cimxml
