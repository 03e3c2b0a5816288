// What the schema says of the paths of a query, before there is an instance.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "cim/limits.h"
#include "cim/query/sources.h"

namespace lunaria::cim::query {
namespace {

bool has_symbol(const Property& property, const std::string& symbol) {
  const Qualifier* const names = property.qualifiers.find("Values");
  return names != nullptr && std::ranges::any_of(names->value.elements(), [&symbol](const Value& each) {
           return each.string_or_empty() == symbol;
         });
}

Error invalid(std::string message) {
  return Error(Status::kInvalidQuery, std::move(message));
}

}  // namespace

/// Follows paths as the evaluator does, which knows the class of each instance: through every class that it may be.
class Sources::PathProperties final {
 public:
  PathProperties(const Sources& sources, const Repository& repository, std::size_t& lookups_left)
      : sources_(sources), repository_(repository), lookups_left_(lookups_left) {}

  /// None where the schema does not tell, or it would take too long.
  /// A variable leads on to the path of its array, which stands before: none can lead in circles.
  std::vector<PropertyPtr> find(NodeIndex path) {
    if (!is_of_property(path)) {
      return {};
    }
    const std::vector<PathStep>& steps = nodes()[path].steps;
    const bool is_member = nodes()[path].kind == NodeKind::kMember;
    const NodeIndex binder = is_member ? kNoNode : binder_of(*sources_.statement_, steps.front().name, path);
    std::size_t position = 1;
    std::vector<PropertyPtr> current;
    if (is_member) {
      current = of_named_instance(path);
    } else if (binder == kNoNode) {
      current = of_source(path, position);
    } else if (spend(nodes().size())) {
      current = find(nodes()[binder].left);
    }
    for (; position < steps.size() && !current.empty(); ++position) {
      const auto is_array = [&](const PropertyPtr& each) { return each->is_array && !steps[position - 1].is_single; };
      const auto may_lead_on = [](const PropertyPtr& each) { return is_embedded(each->type); };
      if (std::ranges::none_of(current, may_lead_on)) {
        dead_end_ = current.front();
      }
      passes_array_ = passes_array_ || std::ranges::any_of(current, is_array);
      current = of_objects(current, Type::kEmbeddedInstance, steps[position]);
    }
    return lookups_left_ > 0 ? current : std::vector<PropertyPtr>();
  }
  /// Whether anything that was found may be the elements of an array, as far as the path does not end there.
  bool passes_array() const { return passes_array_; }

  /// Whether it goes on behind what may hold an object.
  Result<void, Error> check_steps(NodeIndex path) {
    dead_end_.reset();
    find(path);
    if (!dead_end_ || lookups_left_ == 0) {
      return {};
    }
    const std::string name = dead_end_->declared_in + '.' + dead_end_->name;
    return fail(invalid(dead_end_->type == Type::kReference
                            ? name + " is a reference and no embedded object: write InstanceOf() around it"
                            : name + " is no embedded object"));
  }

  Result<void, Error> check_symbol(const std::string& symbol, NodeIndex path) {
    if (!is_of_property(path)) {
      return fail(
          invalid(fmt::format("#'{}' is compared with no property, which would say what it stands for", symbol)));
    }
    const auto properties = find(path);
    const auto knows = [&symbol](const PropertyPtr& each) { return has_symbol(*each, symbol); };
    if (!properties.empty() && std::ranges::none_of(properties, knows)) {
      const Property& property = *properties.front();
      return fail(invalid(fmt::format("{}.{} has no value #'{}'", property.declared_in, property.name, symbol)));
    }
    return {};
  }

 private:
  const Nodes& nodes() const { return sources_.statement_->nodes; }

  /// Whether it ends at a property of something, and not at elements of an array that was created.
  bool is_of_property(NodeIndex path) const {
    const Node& node = nodes()[path];
    return node.kind == NodeKind::kPath || (node.kind == NodeKind::kMember && !node.steps.front().name.empty());
  }

  /// The first property behind InstanceOf(reference), whose own path stands before.
  std::vector<PropertyPtr> of_named_instance(NodeIndex path) {
    const Node& node = nodes()[path];
    const NodeIndex reference = nodes()[node.left].arguments.front();
    return spend(1) ? of_objects(find(reference), Type::kReference, node.steps.front()) : std::vector<PropertyPtr>();
  }

  /// Moves `position` behind the names of the source and of its property.
  std::vector<PropertyPtr> of_source(NodeIndex path, std::size_t& position) {
    const std::vector<PathStep>& steps = nodes()[path].steps;
    const auto named = sources_.statement_->source_named(steps.front().name);
    const SourceSet read = sources_.read_by_[path];
    const std::size_t source = named.value_or(read == 0 ? 0 : static_cast<std::size_t>(std::countr_zero(read)));
    const std::vector<ClassPtr>& classes = sources_.each_[source].classes;
    if (!named || sources_.statement_->may_be_hidden(steps.front().name)) {
      auto found = of_classes(classes, steps.front());
      if (named && !found.empty()) {
        return {};  // which of them the name means depends on the class of the instance
      }
      if (!found.empty()) {
        return found;
      }
    }
    position = 2;
    return steps.size() > 1 ? of_classes(classes, steps[1]) : std::vector<PropertyPtr>();
  }

  std::vector<PropertyPtr> of_classes(const std::vector<ClassPtr>& classes, const PathStep& step) {
    std::vector<PropertyPtr> found;
    add(classes, step, found);
    return found;
  }

  /// Of the objects that these properties hold or, being references, name, wherever the class is: an indication tells
  /// of instances that live elsewhere. Properties of another type lead to none.
  std::vector<PropertyPtr> of_objects(const std::vector<PropertyPtr>& holders, Type type, const PathStep& step) {
    std::vector<PropertyPtr> found;
    for (const PropertyPtr& holder : holders) {
      const std::string& class_name = holder->object_class.empty() ? step.scope : holder->object_class;
      if (type == Type::kReference ? holder->type != type : !is_embedded(holder->type)) {
        continue;
      }
      if (class_name.empty()) {
        return {};
      }
      for (const NamespaceName& name_space : repository_.namespaces()) {
        add(repository_.with_descendants(name_space, class_name), step, found);
      }
    }
    return found;
  }

  void add(const std::vector<ClassPtr>& classes, const PathStep& step, std::vector<PropertyPtr>& found) {
    for (const ClassPtr& cls : classes) {
      const bool is_meant = spend(1) && (step.scope.empty() || cls->is_a(step.scope));
      const auto index = is_meant ? cls->find_property(step.name) : std::nullopt;
      if (index && std::ranges::find(found, cls->properties()[*index]) == found.end()) {
        found.push_back(cls->properties()[*index]);
      }
    }
  }

  bool spend(std::size_t lookups) {
    lookups_left_ -= std::min(lookups, lookups_left_);
    return lookups_left_ > 0;
  }

  const Sources& sources_;
  const Repository& repository_;
  bool passes_array_ = false;
  PropertyPtr dead_end_;
  std::size_t& lookups_left_;
};

std::optional<std::vector<PropertyPtr>> Sources::properties_of(NodeIndex path, const Repository& repository,
                                                               std::size_t& lookups_left) const {
  PathProperties properties(*this, repository, lookups_left);
  auto found = properties.find(path);
  return found.empty() || properties.passes_array() ? std::nullopt : std::optional(std::move(found));
}

Result<void, Error> Sources::check_paths(const Repository& repository) const {
  std::size_t lookups_left = limits::kQuerySchemaLookupsMax;
  PathProperties properties(*this, repository, lookups_left);
  for (NodeIndex index = 0; index < statement_->nodes.size(); ++index) {
    const Node& node = statement_->nodes[index];
    const bool leads_on = node.kind == NodeKind::kMember || (node.kind == NodeKind::kPath && node.steps.size() > 1);
    if (!leads_on) {
      continue;
    }
    if (auto checked = properties.check_steps(index); !checked) {
      return checked;
    }
  }
  return check_symbols(repository);
}

Result<void, Error> Sources::check_symbols(const Repository& repository) const {
  std::size_t lookups_left = limits::kQuerySchemaLookupsMax;
  PathProperties properties(*this, repository, lookups_left);
  const Nodes& nodes = statement_->nodes;
  for (NodeIndex index = 0; index < nodes.size(); ++index) {
    const Node& node = nodes[index];
    Result<void, Error> checked;
    if (node.symbol && node.kind != NodeKind::kSymbol) {
      checked = properties.check_symbol(*node.symbol, index);
    } else if (node.kind == NodeKind::kCompare && nodes[node.right].kind == NodeKind::kSymbol) {
      checked = properties.check_symbol(*nodes[node.right].symbol, node.left);
    } else if (node.kind == NodeKind::kCompare && nodes[node.left].kind == NodeKind::kSymbol) {
      checked = properties.check_symbol(*nodes[node.left].symbol, node.right);
    }
    if (!checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace lunaria::cim::query
