#include "cim/query/argument_check.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "cim/query/expression_types.h"
#include "cim/query/typed_path.h"

namespace lunaria::cim::query {
namespace {

Error invalid(std::string message) {
  return Error(Status::kInvalidQuery, std::move(message));
}

bool may_stand_together(Type left, Type right) {
  return left == right || (is_numeric(left) && is_numeric(right));
}

/// In messages.
std::string called(const ExpressionType& type) {
  return std::string(is_embedded(type.type) ? "instance" : type_name(type.type)) + (type.is_array ? "[]" : "");
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
      return fail(
          invalid(fmt::format("CreateArray takes values of one type, not {} and {}", called(*first), called(*type))));
    }
  }
  return {};
}

/// Whether it is the name of a class after FROM alone.
bool is_source(const Statement& statement, NodeIndex index, const ExpressionTypes& types) {
  const Node& node = statement.nodes[index];
  if (node.kind != NodeKind::kPath || node.steps.size() != 1) {
    return false;
  }
  const std::string& name = node.steps.front().name;
  return statement.source_named(name) && binder_of(statement, name, index) == kNoNode && !types.of(index);
}

Result<void, Error> check_instance_of(const Statement& statement, const Node& call, const ExpressionTypes& types) {
  const NodeIndex argument = call.arguments.front();
  const Node& node = statement.nodes[argument];
  const auto refuse = [](std::string_view what) {
    return fail(invalid(fmt::format("InstanceOf takes a reference or the path of an instance, not {}", what)));
  };
  if (is_source(statement, argument, types)) {
    return refuse(node.steps.front().name + ", which is an instance");
  }
  if (node.kind == NodeKind::kSymbol || node.symbol) {
    return refuse(fmt::format("#'{}'", *node.symbol));
  }
  if (const auto type = types.of(argument)) {
    if (type->is_array || !(type->is(Type::kReference) || type->is(Type::kString))) {
      return refuse(called(*type));
    }
  }
  if (node.kind == NodeKind::kLiteral) {
    const auto path = typed_path(node.value.string_or_empty()).path;
    if (!path || !path->is_instance()) {
      return refuse(fmt::format("'{}'", node.value.string_or_empty()));
    }
  }
  return {};
}

}  // namespace

Result<void, Error> check_arguments(const Statement& statement, const Sources& sources, const Repository& repository) {
  const ExpressionTypes types(statement, sources, repository);
  for (const Node& node : statement.nodes) {
    Result<void, Error> checked;
    if (node.kind == NodeKind::kFunction && node.function == Function::kCreateArray) {
      checked = check_created_array(statement, node, types);
    } else if (node.kind == NodeKind::kFunction && node.function == Function::kInstanceOf) {
      checked = check_instance_of(statement, node, types);
    }
    if (!checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace lunaria::cim::query
