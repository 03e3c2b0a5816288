#pragma once

// EnumerationRequest: which objects an enumeration lists, in one value for the plain operations of DSP0200 and for
// those that are pulled.

#include <cstdint>
#include <memory>
#include <string>

#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/property_list.h"

namespace lunaria::cim {

namespace query {
struct Conditions;
}  // namespace query

/// Which associations to follow; "" stands for any (DSP0200 5.3.2.12 to 5.3.2.15).
struct AssociationFilter {
  std::string association_class{};  ///< AssocClass; not for references
  std::string result_class{};       ///< of the associated objects, or of the associations when those are listed
  std::string role{};               ///< the reference property that points to the object
  std::string result_role{};        ///< the one that points to the result; not for references
  std::string
      association_qualifier{};  ///< the association's class has it (RequiredAssocQualifier of WQL); "" for any class
};

/// Parameters of EnumerateInstances that say which properties an answer shows.
struct EnumerateInstancesOptions {
  bool local_only = false;
  bool deep_inheritance = true;
  PropertyList properties = std::nullopt;
};

/// A query as it came.
struct QueryText {
  std::string language{};  ///< "WQL", "DMTF:CQL"
  std::string text{};
};

struct EnumerationRequest {
  enum class Kind : std::uint8_t {
    kInstances,        ///< of `class_name` and the classes below it
    kInstanceNames,    ///< the same, keys alone
    kAssociators,      ///< what is associated with `object`
    kAssociatorNames,  ///< the same, keys alone
    kReferences,       ///< the association instances that point to `object`
    kReferenceNames,   ///< the same, keys alone
    kQuery,            ///< what `query` selects
  };

  Kind kind = Kind::kInstances;
  NamespaceName name_space{};
  std::string class_name{};
  ObjectPath object{};  ///< an instance
  AssociationFilter filter{};
  EnumerateInstancesOptions options{};
  QueryText query{};  ///< for the other kinds the FilterQuery of a pulled operation; "" when there is none
  /// How instances are to be written, for protocols: a Pull does not say it again.
  bool include_qualifiers = false;
  bool include_class_origin = false;
  /// Of instances only those that meet these are of interest (kInstances): others may be listed as well. Set by whoever
  /// runs a query; null when there are none.
  std::shared_ptr<const query::Conditions> conditions{};
  /// The pulled operations say NOT_FOUND where `object` is not there; the plain ones list nothing.
  bool object_must_exist = false;

  /// Whether only the keys of the results count.
  bool is_names_only() const {
    return kind == Kind::kInstanceNames || kind == Kind::kAssociatorNames || kind == Kind::kReferenceNames;
  }
};

}  // namespace lunaria::cim
