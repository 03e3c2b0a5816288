#pragma once

// What every provider works with; all of it outlives the providers. Control shard only.

#include "runtime/clock.h"
#include "service/service.h"

namespace lunaria::cim {
class OperationStatistics;
class Repository;
class SchemaEditor;
}  // namespace lunaria::cim

namespace lunaria::providers {

struct Environment {
  service::Service& service;
  const cim::Repository& repository;  ///< where classes of embedded objects are found
  const runtime::Clock& clock;
  cim::SchemaEditor* schema_editor = nullptr;      ///< null where namespaces cannot be made
  cim::OperationStatistics* statistics = nullptr;  ///< null where nobody counts operations
};

}  // namespace lunaria::providers
