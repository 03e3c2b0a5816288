#include "cim/query/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "cim/query/argument_check.h"

namespace lunaria::cim::query {
namespace {

constexpr SourceSet only(std::size_t source) {
  return SourceSet{1} << source;
}

bool is_path_function(Function function) {
  switch (function) {
    case Function::kHostPort:
    case Function::kModelPath:
    case Function::kClassPath:
    case Function::kObjectPath:
    case Function::kInstancePath:
    case Function::kInstanceToReference:
    case Function::kNameSpaceName:
    case Function::kClassName:
    case Function::kSchemaName:
    case Function::kNameSpaceType:
      return true;
    default:
      return false;
  }
}

/// The source whose property, or whose properties, an item shows as they are.
std::optional<std::size_t> plain_source(const Statement& statement, const SelectItem& item) {
  const auto only = statement.is_join() ? std::nullopt : std::optional(std::size_t{0});
  if (item.expression == kNoNode) {
    const auto named = statement.source_named(item.source);
    return named ? named : only;
  }
  const Node& node = statement.nodes[item.expression];
  if (node.kind != NodeKind::kPath || node.symbol || !node.steps.back().ranges.empty() || node.steps.back().is_all) {
    return std::nullopt;
  }
  const auto named = node.steps.size() == 2 ? statement.source_named(node.steps.front().name) : std::nullopt;
  const std::string& name = node.steps.back().name;
  const bool is_plain = (named || node.steps.size() == 1) && (name.starts_with("__") || name_equal(item.name, name));
  return !is_plain ? std::nullopt : named ? named : only;
}

/// Windows' name for the instance of an indication counts as a property.
bool knows(const Class& cls, std::string_view property) {
  return cls.find_property(property) || (name_equal(property, "TargetInstance") && cls.is_a("CIM_InstIndication"));
}

/// In messages.
const std::string& called(const Source& source) {
  return source.subquery ? source.alias : source.class_name;
}

Error invalid(std::string message) {
  return Error(Status::kInvalidQuery, std::move(message));
}

}  // namespace

// What SATISFIES asks stands between the array and the whole, and a nested one in front of that around it.
NodeIndex binder_of(const Statement& statement, std::string_view name, NodeIndex node) {
  for (NodeIndex index = node + 1; index < statement.nodes.size(); ++index) {
    const Node& each = statement.nodes[index];
    const bool binds = each.kind == NodeKind::kAnySatisfies || each.kind == NodeKind::kEverySatisfies;
    if (binds && each.left < node && name_equal(each.name, name)) {
      return index;
    }
  }
  return kNoNode;
}

std::optional<std::size_t> kept_source(const Statement& statement) {
  const auto& items = statement.items;
  const auto first = items.empty() ? std::optional(std::size_t{0}) : plain_source(statement, items.front());
  const auto is_of_first = [&](const SelectItem& item) { return plain_source(statement, item) == first; };
  return std::ranges::all_of(items, is_of_first) ? first : std::nullopt;
}

// A name that no source has in front may belong to each of them, and what looks like a property within one may be one
// behind the name of a class above: those that ask know no schema.
std::vector<std::string> read_properties(const Statement& statement, std::size_t source) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    const bool is_known = std::ranges::any_of(names, [&name](const std::string& n) { return name_equal(n, name); });
    if (!is_known && !name.starts_with("__") && name != "*") {
      names.push_back(name);
    }
  };
  for (NodeIndex index = 0; index < statement.nodes.size(); ++index) {
    const Node& node = statement.nodes[index];
    if (node.kind != NodeKind::kPath || binder_of(statement, node.steps.front().name, index) != kNoNode) {
      continue;
    }
    const std::string& first = node.steps.front().name;
    const auto named = node.steps.size() > 1 ? statement.source_named(first) : std::nullopt;
    if (named && named != source) {
      continue;
    }
    if (!named || statement.may_be_hidden(first)) {
      add(first);
    }
    if (node.steps.size() > 1 && (named || !statement.is_join())) {
      add(node.steps[1].name);
    }
  }
  return names;
}

bool Sources::Found::has_property(std::string_view name) const {
  if (properties) {
    return std::ranges::any_of(*properties, [name](const std::string& each) { return name_equal(each, name); });
  }
  return classes.empty() || std::ranges::any_of(classes, [name](const ClassPtr& cls) { return knows(*cls, name); });
}

Result<Sources, Error> Sources::find(const Statement& statement, const Repository& repository,
                                     const NamespaceName& name_space) {
  Sources sources(statement);
  for (const Source& source : statement.sources) {
    auto found = find_one(source, repository, name_space);
    if (!found) {
      return fail(found.error());
    }
    sources.each_.push_back(*std::move(found));
  }
  for (const SelectItem& item : statement.items) {
    const auto is_above = [&item](const ClassPtr& cls) { return cls->is_a(item.source); };
    const auto& first = sources.each_.front().classes;
    if (item.expression == kNoNode && !item.source.empty() && !statement.source_named(item.source) &&
        !std::ranges::any_of(first, is_above)) {
      return fail(invalid(item.source + " in front of '.*' is no class after FROM"));
    }
  }
  // What a node is made of stands before it.
  for (NodeIndex index = 0; index < statement.nodes.size(); ++index) {
    const Node& node = statement.nodes[index];
    SourceSet read = 0;
    const auto add = [&](NodeIndex part) { read |= part != kNoNode ? sources.read_by_[part] : 0; };
    add(node.left);
    add(node.right);
    std::ranges::for_each(node.arguments, add);
    if (node.kind == NodeKind::kPath) {
      const auto own = sources.read_by_path(index);
      if (!own) {
        return fail(own.error());
      }
      read |= *own;
    }
    if (node.kind == NodeKind::kFunction && node.arguments.empty() && is_path_function(node.function)) {
      if (statement.is_join()) {
        return fail(invalid("in a join, functions of paths need an argument: ObjectPath(Class)"));
      }
      read |= only(0);
    }
    sources.read_by_.push_back(read);
  }
  if (const auto checked = sources.check_lone_aliases(); !checked) {
    return fail(checked.error());
  }
  if (const auto checked = sources.check_paths(repository); !checked) {
    return fail(checked.error());
  }
  if (const auto checked = check_arguments(statement, sources, repository); !checked) {
    return fail(checked.error());
  }
  return sources;
}

Result<Sources::Found, Error> Sources::find_one(const Source& source, const Repository& repository,
                                                const NamespaceName& name_space) {
  if (source.subquery) {
    return find_rows(*source.subquery, repository, name_space);
  }
  Found found{.name_space = source.name_space.empty() ? name_space : NamespaceName(source.name_space)};
  found.classes = repository.with_descendants(found.name_space, source.class_name);
  if (found.classes.empty()) {
    return fail(invalid(fmt::format("no class {} in namespace {}", source.class_name, found.name_space.text())));
  }
  return found;
}

// Its depth is bounded by the parser.
Result<Sources::Found, Error> Sources::find_rows(const Statement& subquery, const Repository& repository,
                                                 const NamespaceName& name_space) {
  auto inner = find(subquery, repository, name_space);
  if (!inner) {
    return fail(inner.error());
  }
  const auto kept = kept_source(subquery);
  Found found = kept ? std::move(inner->each_[*kept]) : Found{.name_space = name_space};
  const auto shows_all = [](const SelectItem& item) { return item.expression == kNoNode; };
  if (!std::ranges::any_of(subquery.items, shows_all)) {
    found.properties.emplace();
    for (const SelectItem& item : subquery.items) {
      found.properties->push_back(item.name);
    }
  }
  return found;
}

Result<SourceSet, Error> Sources::read_by_path(NodeIndex path) const {
  const Node& node = statement_->nodes[path];
  const std::string& first = node.steps.front().name;
  if (binder_of(*statement_, first, path) != kNoNode) {
    return SourceSet{0};
  }
  const auto named = statement_->source_named(first);
  if (!named) {
    return read_by_property(node);
  }
  const bool is_hidden = statement_->may_be_hidden(first) && each_[*named].has_property(first);
  const auto checked =
      node.steps.size() == 1 || is_hidden ? Result<void, Error>() : check_property(*named, node.steps[1]);
  return checked ? Result<SourceSet, Error>(only(*named)) : fail(checked.error());
}

Result<void, Error> Sources::check_property(std::size_t source, const PathStep& step) const {
  const Found& found = each_[source];
  const std::string& source_name = called(statement_->sources[source]);
  const auto is_of_scope = [&step](const ClassPtr& cls) { return step.scope.empty() || cls->is_a(step.scope); };
  if (!found.classes.empty() && std::ranges::none_of(found.classes, is_of_scope)) {
    return fail(invalid(fmt::format("no instance of {} is a {}", source_name, step.scope)));
  }
  if (step.name.starts_with("__") || step.name == "*") {
    return {};
  }
  if (!found.has_property(step.name)) {
    return fail(invalid(fmt::format("{} has no property {}", source_name, step.name)));
  }
  const auto has_it = [&](const ClassPtr& cls) { return is_of_scope(cls) && knows(*cls, step.name); };
  if (!step.scope.empty() && !found.classes.empty() && std::ranges::none_of(found.classes, has_it)) {
    return fail(invalid(fmt::format("{} has no property {}", step.scope, step.name)));
  }
  return {};
}

// An alias is a value only where an instance is one. As it hides the properties of its name, one alone would be NULL
// for those who mean the property.
Result<void, Error> Sources::check_lone_aliases() const {
  const Nodes& nodes = statement_->nodes;
  std::vector<bool> takes_instance(nodes.size());
  for (const Node& node : nodes) {
    if (node.kind == NodeKind::kIsa) {
      takes_instance[node.left] = true;
    } else if (node.kind == NodeKind::kFunction && is_path_function(node.function) && !node.arguments.empty()) {
      takes_instance[node.arguments.front()] = true;
    }
  }
  for (NodeIndex index = 0; index < nodes.size(); ++index) {
    const Node& node = nodes[index];
    if (node.kind != NodeKind::kPath || node.steps.size() != 1 || takes_instance[index]) {
      continue;
    }
    const std::string& name = node.steps.front().name;
    const bool is_alias = statement_->source_named(name) && !statement_->may_be_hidden(name) &&
                          binder_of(*statement_, name, index) == kNoNode;
    for (std::size_t i = 0; is_alias && i < each_.size(); ++i) {
      if (each_[i].has_property(name)) {
        return fail(invalid(fmt::format("{} is a class after FROM; for the property write {}.{}", name,
                                        statement_->sources[i].name(), name)));
      }
    }
  }
  return {};
}

// The first name may also be that of a class above, for the instance itself or in front of one of its properties.
Result<SourceSet, Error> Sources::read_by_property(const Node& node) const {
  const PathStep& first = node.steps.front();
  const std::string& name = first.name;
  SourceSet found = 0;
  std::string places;
  const bool is_of_any = name.starts_with("__") || name == "*";
  for (std::size_t i = 0; i < each_.size() && !is_of_any; ++i) {
    if (each_[i].has_property(name)) {
      found |= only(i);
      places += fmt::format("{}{}.{}", places.empty() ? "" : " or ", statement_->sources[i].name(), name);
    }
  }
  const bool is_of_several = (found & (found - 1)) != 0;
  if (is_of_several) {
    return fail(invalid(fmt::format("{} may be of several classes: write {}", name, places)));
  }
  if (found == 0 && statement_->is_join() && !is_of_any) {
    return fail(invalid(fmt::format("no class after FROM has a property {}", name)));
  }
  const auto is_above = [&name](const ClassPtr& cls) { return cls->is_a(name); };
  const bool is_class = found == 0 && std::ranges::any_of(each_.front().classes, is_above);
  const std::size_t source = found == 0 ? 0 : static_cast<std::size_t>(std::countr_zero(found));
  const auto checked = !is_class                ? check_property(source, first)
                       : node.steps.size() == 1 ? Result<void, Error>()
                                                : check_property(source, node.steps[1]);
  return checked ? Result<SourceSet, Error>(only(source)) : fail(checked.error());
}

}  // namespace lunaria::cim::query
