#pragma once

// Instances as bytes, for keeping them: compact, self-describing, read back whatever happened to the class meanwhile.
// docs/formats/objects.md has the format.

#include <optional>
#include <string>
#include <string_view>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/query/conditions.h"
#include "cim/repository.h"

namespace lunaria::cim {

/// NOT_SUPPORTED for an embedded class definition, which has no such form.
Result<std::string, Error> encode_instance(const Instance& instance);

/// The instance of `cls` that a record holds. Properties that the class does not have any more, or has with another
/// type, are left out; those that the record does not have are NULL, or have their default where NULL is not allowed
/// (Required), embedded instances keeping only what they were given. Embedded instances are of the classes that
/// `name_space` has now. nullopt for bytes that no encode_instance() wrote. Time and memory are bounded by the size of
/// the record.
std::optional<Instance> decode_instance(std::string_view record, const ClassPtr& cls, const Repository& repository,
                                        const NamespaceName& name_space);

/// Bytes that no encode_instance() wrote.
struct DamagedRecord {};
/// The same for those who want only what a prefilter admits: nullopt for the others, of which no more is read than it
/// takes to see that.
Result<std::optional<Instance>, DamagedRecord> decode_admitted(std::string_view record, const ClassPtr& cls,
                                                               const Repository& repository,
                                                               const NamespaceName& name_space,
                                                               const query::Prefilter& prefilter);

}  // namespace lunaria::cim
