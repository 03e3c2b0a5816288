#pragma once

// Queries whose results are classes: `SELECT * FROM meta_class`, and ASSOCIATORS OF and REFERENCES OF with SchemaOnly
// or ClassDefsOnly (WQL).

#include <vector>

#include "cim/enumeration_request.h"
#include "cim/enumerator.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/operation_context.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

struct PlacedClass {
  NamespaceName name_space;
  ClassPtr cls;
};

/// Classes of one namespace.
std::vector<PlacedClass> placed_classes(const std::vector<ClassPtr>& classes, const NamespaceName& name_space);

/// Whether the results of a query are classes; false for one that cannot be read.
bool asks_for_classes(const QueryText& text);

/// Those classes, each once. With ClassDefsOnly they are those of the instances that the query would else answer, which
/// are enumerated for it as the caller. INVALID_QUERY; what Enumerator::produce() answers. What is given outlives the
/// task.
runtime::Task<Result<std::vector<PlacedClass>, Error>> query_classes(const Repository& repository,
                                                                     const Enumerator& enumerator,
                                                                     const OperationContext& context,
                                                                     const NamespaceName& name_space,
                                                                     const QueryText& text);

}  // namespace lunaria::cim
