#include "cim/query/result_class.h"

#include <optional>
#include <string>
#include <utility>

#include "cim/instance.h"
#include "cim/query/expression_types.h"
#include "cim/query/query.h"

namespace lunaria::cim::query {

ClassPtr result_class(const Statement& statement, const Sources& sources, const Repository& repository) {
  const ExpressionTypes types(statement, sources, repository);
  InstanceBuilder builder{std::string(Query::kResultClass)};
  for (const SelectItem& item : statement.items) {
    auto type = item.expression == kNoNode ? std::nullopt : types.of(item.expression);
    if (!type) {
      return nullptr;
    }
    builder.add(item.name, Value::null(type->type, type->is_array), false, std::move(type->object_class));
  }
  return builder.build().cls();
}

}  // namespace lunaria::cim::query
