#include "cim/query/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "cim/name.h"
#include "cim/query/parser.h"

namespace lunaria::cim::query {
namespace {

/// The property of the enumerated instance that a path begins with; "" when it begins with something else.
std::string_view own_property(const Statement& statement, const Node& node) {
  const auto& steps = node.steps;
  const bool has_source =
      steps.size() > 1 && (name_equal(steps[0].name, statement.class_name) ||
                           (!statement.class_alias.empty() && name_equal(steps[0].name, statement.class_alias)));
  const std::string& name = steps[has_source ? 1 : 0].name;
  return name.starts_with("__") || name == "*" ? std::string_view() : std::string_view(name);
}

bool is_plain_property(const Statement& statement, const SelectItem& item) {
  if (item.expression == kNoNode) {
    return true;
  }
  const Node& node = statement.nodes[item.expression];
  if (node.kind != NodeKind::kPath || node.symbol || !node.steps.back().ranges.empty() || node.steps.back().is_all) {
    return false;
  }
  const std::string_view name = own_property(statement, node);
  const bool is_last = node.steps.size() == 1 || (node.steps.size() == 2 && name.data() == node.steps[1].name.data());
  return is_last && (node.steps.back().name.starts_with("__") || name_equal(item.name, name));
}

bool is_variable(const Statement& statement, std::string_view name) {
  return std::ranges::any_of(statement.nodes, [name](const Node& node) {
    const bool binds = node.kind == NodeKind::kAnySatisfies || node.kind == NodeKind::kEverySatisfies;
    return binds && name_equal(node.name, name);
  });
}

/// The properties that the expressions read of the instance itself.
std::vector<std::string> read_properties(const Statement& statement) {
  std::vector<std::string> names;
  for (const Node& node : statement.nodes) {
    if (node.kind != NodeKind::kPath) {
      continue;
    }
    const std::string_view name = own_property(statement, node);
    const bool is_known = std::ranges::any_of(names, [name](const std::string& n) { return name_equal(n, name); });
    if (!name.empty() && !is_known && !is_variable(statement, name)) {
      names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

Query::Query(Language language, std::string text, Statement statement)
    : language_(language),
      text_(std::move(text)),
      statement_(std::make_shared<const Statement>(std::move(statement))) {}

Result<Query, Error> Query::parse(Language language, std::string_view text) {
  auto statement = Parser(language, text).parse();
  if (!statement) {
    const SyntaxError& error = statement.error();
    return fail(Error(Status::kInvalidQuery,
                      fmt::format("{} query, character {}: {}{}", language_name(language), error.position + 1,
                                  error.message, error.text.empty() ? "" : ", at '" + error.text + "'")));
  }
  return Query(language, std::string(text), std::move(*statement));
}

Result<Query, Error> Query::parse(std::string_view language, std::string_view text) {
  const auto known = language_from_name(language);
  if (!known) {
    return fail(Error(Status::kQueryLanguageNotSupported,
                      fmt::format("no query language '{}'; there are DMTF:CQL, DMTF:FQL and WQL", language)));
  }
  return parse(*known, text);
}

Result<void, Error> Query::check(const Repository& repository, const NamespaceName& name_space) const {
  if (kind() != StatementKind::kSelect) {
    return {};
  }
  const NamespaceName where = statement_->name_space.empty() ? name_space : NamespaceName(statement_->name_space);
  const auto classes = repository.with_descendants(where, class_name());
  if (classes.empty()) {
    return fail(Error(Status::kInvalidQuery, fmt::format("no class {} in namespace {}", class_name(), where.text())));
  }
  for (const std::string& name : read_properties(*statement_)) {
    const bool is_alias_of_windows = name_equal(name, "TargetInstance") && classes.front()->is_a("CIM_InstIndication");
    const bool is_there = std::ranges::any_of(
        classes, [&name](const ClassPtr& cls) { return cls->find_property(name) || cls->is_a(name); });
    if (!is_there && !is_alias_of_windows) {
      return fail(Error(Status::kInvalidQuery, fmt::format("{} has no property {}", class_name(), name)));
    }
  }
  return {};
}

bool Query::matches(const Instance& instance, const Surroundings& surroundings) const {
  return statement_->condition == kNoNode ||
         Evaluator(language_, *statement_, surroundings, instance).is_true(statement_->condition);
}

bool Query::matches(const Class& cls, const Surroundings& surroundings) const {
  return statement_->condition == kNoNode ||
         Evaluator(language_, *statement_, surroundings, cls).is_true(statement_->condition);
}

PropertyList Query::needed_properties() const {
  const bool wants_all =
      kind() != StatementKind::kSelect ||
      std::ranges::any_of(statement_->items, [](const SelectItem& item) { return item.expression == kNoNode; });
  return wants_all ? PropertyList() : PropertyList(read_properties(*statement_));
}

PropertyList Query::selected_properties() const {
  if (!keeps_class()) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const SelectItem& item : statement_->items) {
    if (item.expression == kNoNode) {
      return std::nullopt;
    }
    names.push_back(statement_->nodes[item.expression].steps.back().name);
  }
  return names;
}

bool Query::keeps_class() const {
  return std::ranges::all_of(statement_->items,
                             [this](const SelectItem& item) { return is_plain_property(*statement_, item); });
}

Instance Query::project(const Instance& instance, const Surroundings& surroundings) const {
  if (keeps_class()) {
    Instance row = instance;
    if (const PropertyList selected = selected_properties()) {
      row.select(std::make_shared<const PropertySelection>(*instance.cls(), selected));
    }
    return row;
  }
  InstanceBuilder builder{std::string(kResultClass)};
  Evaluator evaluator(language_, *statement_, surroundings, instance);
  for (const SelectItem& item : statement_->items) {
    if (item.expression != kNoNode) {
      Value value = evaluator.value(item.expression);
      builder.add(item.name, value.is_absent() ? Value::null(Type::kString) : std::move(value));
      continue;
    }
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      if (!instance.value(i).is_absent()) {
        builder.add(instance.cls()->property(i).name, instance.value(i));
      }
    }
  }
  return builder.build();
}

}  // namespace lunaria::cim::query
