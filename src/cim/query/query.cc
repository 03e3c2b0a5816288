#include "cim/query/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "cim/name.h"
#include "cim/query/parser.h"
#include "cim/query/sources.h"

namespace lunaria::cim::query {
Query::Query(Language language, std::string text, std::shared_ptr<const Statement> statement)
    : language_(language), text_(std::move(text)), statement_(std::move(statement)) {}

Result<Query, Error> Query::parse(Language language, std::string_view text) {
  auto statement = Parser(language, text).parse();
  if (!statement) {
    const SyntaxError& error = statement.error();
    return fail(Error(Status::kInvalidQuery,
                      fmt::format("{} query, character {}: {}{}", language_name(language), error.position + 1,
                                  error.message, error.text.empty() ? "" : ", at '" + error.text + "'")));
  }
  return Query(language, std::string(text), std::make_shared<const Statement>(std::move(*statement)));
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
  const auto sources = Sources::find(*statement_, repository, name_space);
  return sources ? Result<void, Error>() : Result<void, Error>(fail(sources.error()));
}

bool Query::matches(const Instance& instance, const Surroundings& surroundings) const {
  return statement_->condition == kNoNode ||
         Evaluator(language_, *statement_, surroundings, instance).is_true(statement_->condition);
}

bool Query::matches(const Class& cls, const Surroundings& surroundings) const {
  return statement_->condition == kNoNode ||
         Evaluator(language_, *statement_, surroundings, cls).is_true(statement_->condition);
}

PropertyList Query::needed_properties(std::size_t source) const {
  const auto shows_all = [&](const SelectItem& item) {
    return item.expression == kNoNode && statement_->source_named(item.source).value_or(source) == source;
  };
  const bool wants_all = kind() != StatementKind::kSelect || std::ranges::any_of(statement_->items, shows_all);
  return wants_all ? PropertyList() : PropertyList(read_properties(*statement_, source));
}

PropertyList Query::selected_properties() const {
  if (!kept_source()) {
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

std::optional<std::size_t> Query::kept_source() const {
  return query::kept_source(*statement_);
}

std::optional<Query> Query::subquery(std::size_t source) const {
  const auto& statement = statement_->sources[source].subquery;
  return statement ? std::optional(Query(language_, text_, statement)) : std::nullopt;
}

bool Query::shows(std::string_view property, const Class& cls) const {
  return std::ranges::any_of(statement_->items, [&](const SelectItem& item) {
    const PathStep& step = statement_->nodes[item.expression].steps.back();
    return name_equal(step.name, property) && (step.scope.empty() || cls.is_a(step.scope));
  });
}

Instance Query::project(Row row, const Surroundings& surroundings, const ClassPtr& result_class) const {
  if (const auto kept = kept_source()) {
    Instance shown = *row[*kept];
    if (PropertyList selected = selected_properties()) {
      std::erase_if(*selected, [&](const std::string& name) { return !shows(name, *shown.cls()); });
      shown.select(std::make_shared<const PropertySelection>(*shown.cls(), selected));
    }
    return shown;
  }
  Evaluator evaluator(language_, *statement_, surroundings, row);
  std::vector<Column> columns;
  for (const SelectItem& item : statement_->items) {
    if (item.expression == kNoNode) {
      show_all(row, item, columns);
    } else {
      columns.push_back({item.name, evaluator.value(item.expression)});
    }
  }
  return made_up(std::move(columns), result_class);
}

Instance Query::made_up(std::vector<Column> columns, const ClassPtr& result_class) {
  const auto fits = [&result_class](const Column& column) {
    const auto index = result_class->find_property(column.name);
    const Property* const property = index ? &result_class->property(*index) : nullptr;
    return property != nullptr && (column.value.is_null() || (column.value.type() == property->type &&
                                                              column.value.is_array() == property->is_array));
  };
  if (result_class && std::ranges::all_of(columns, fits)) {
    Instance row(result_class);
    for (Column& column : columns) {
      const auto index = result_class->find_property(column.name);
      row.set(*index, column.value.is_absent() ? Value::null(Type::kString) : std::move(column.value));
    }
    return row;
  }
  InstanceBuilder builder{std::string(kResultClass)};
  for (Column& column : columns) {
    builder.add(std::move(column.name),
                column.value.is_absent() ? Value::null(Type::kString) : std::move(column.value));
  }
  return builder.build();
}

// A name that is taken gets that of its source in front.
void Query::show_all(Row row, const SelectItem& item, std::vector<Column>& columns) const {
  const auto named = statement_->source_named(item.source);
  for (std::size_t source = named.value_or(0); source < (named ? *named + 1 : row.size()); ++source) {
    const Instance& instance = *row[source];
    for (std::size_t i = 0; i < instance.values().size(); ++i) {
      if (instance.value(i).is_absent() || !instance.is_selected(i)) {
        continue;
      }
      std::string name = instance.cls()->property(i).name;
      if (std::ranges::any_of(columns, [&name](const Column& other) { return name_equal(other.name, name); })) {
        name.insert(0, statement_->sources[source].name() + '_');
      }
      columns.push_back({std::move(name), instance.value(i)});
    }
  }
}

}  // namespace lunaria::cim::query
