#include "cim/query/argument_check.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "cim/query/expression_types.h"

namespace lunaria::cim::query {
namespace {

Error invalid(std::string message) {
  return Error(Status::kInvalidQuery, std::move(message));
}

bool may_stand_together(Type left, Type right) {
  return left == right || (is_numeric(left) && is_numeric(right));
}

Result<void, Error> check_created_array(const Statement& statement, const Node& call, const ExpressionTypes& types) {
  ExpressionTypes::MaybeType first;
  for (const NodeIndex argument : call.arguments) {
    if (statement.nodes[argument].kind == NodeKind::kSymbol) {
      return fail(invalid(fmt::format("#'{0}' in CreateArray is of no property: write Property#'{0}'",
                                      *statement.nodes[argument].symbol)));
    }
    const auto type = types.of(argument);
    if (!type) {
      continue;
    }
    if (type->is_array) {
      return fail(invalid("CreateArray takes single values, no arrays"));
    }
    if (!first) {
      first = type;
    }
    if (!may_stand_together(first->type, type->type)) {
      return fail(invalid(fmt::format("CreateArray takes values of one type, not {} and {}", type_name(first->type),
                                      type_name(type->type))));
    }
  }
  return {};
}

}  // namespace

Result<void, Error> check_arguments(const Statement& statement, const Sources& sources, const Repository& repository) {
  const ExpressionTypes types(statement, sources, repository);
  for (const Node& node : statement.nodes) {
    if (node.kind != NodeKind::kFunction || node.function != Function::kCreateArray) {
      continue;
    }
    if (auto checked = check_created_array(statement, node, types); !checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace lunaria::cim::query
