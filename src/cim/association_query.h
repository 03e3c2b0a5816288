#pragma once

// What ASSOCIATORS OF and REFERENCES OF of WQL mean as operations.

#include "cim/associations.h"
#include "cim/enumeration_request.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/query/query.h"
#include "cim/repository.h"

namespace lunaria::cim {

/// The filter that the words after WHERE are.
AssociationFilter association_filter(const query::Query& query);

/// The enumeration of what is associated with the instance in the braces; its namespace is that of the path, or else
/// `name_space`. RequiredQualifier is not in it. INVALID_QUERY where the braces hold no path of an instance.
Result<EnumerationRequest, Error> association_request(const query::Query& query, const Repository& repository,
                                                      const NamespaceName& name_space);

}  // namespace lunaria::cim
