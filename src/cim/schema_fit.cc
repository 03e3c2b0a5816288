#include "cim/schema_fit.h"

#include <algorithm>

#include "cim/object_path.h"
#include "cim/repository_provider.h"

namespace lunaria::cim {
namespace {

constexpr const char* kBounds[] = {"MaxLen", "MinLen", "MaxValue", "MinValue", "OctetString"};

bool has_same_bounds(const Property& before, const Property& after) {
  return std::ranges::all_of(kBounds, [&](const char* name) {
    const Qualifier* const was = before.qualifiers.find(name);
    const Qualifier* const is = after.qualifiers.find(name);
    return is == nullptr || (was != nullptr && was->value == is->value);
  });
}

/// `instance` with the properties of another class, which has them all.
Instance as_instance_of(const ClassPtr& cls, const Instance& instance) {
  Instance again(cls);
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (const auto index = cls->find_property(instance.cls()->property(i).name)) {
      again.set(*index, instance.value(i));
    }
  }
  return again;
}

}  // namespace

bool can_have_instances(const Class& cls) {
  return !cls.is_abstract() && !cls.is_indication();
}

bool may_embed(const Class& cls) {
  return std::ranges::any_of(cls.properties(), [](const PropertyPtr& property) { return is_embedded(property->type); });
}

std::optional<std::string> misfit(const Class& before, const Class& after) {
  for (const PropertyPtr& property : before.properties()) {
    const auto index = after.find_property(property->name);
    if (!index) {
      return "the property " + property->name + " would be gone";
    }
    const Property& now = after.property(*index);
    if (now.type != property->type || now.is_array != property->is_array || now.is_key != property->is_key ||
        (now.array_size != 0 && now.array_size != property->array_size)) {
      return "the property " + property->name + " would have another type, or be a key no more";
    }
  }
  for (const PropertyPtr& property : after.properties()) {
    const bool is_new = !before.find_property(property->name);
    if (is_new && (property->is_key || (property->is_required && property->default_value.is_null()))) {
      return "the new property " + property->name + " would need a value";
    }
  }
  if (!can_have_instances(after)) {
    return std::string("the class could have none any more");
  }
  return std::nullopt;
}

bool narrows(const Class& before, const Class& after) {
  return std::ranges::any_of(before.properties(), [&after](const PropertyPtr& was) {
    const auto index = after.find_property(was->name);
    return !index || (after.property(*index).is_required && !was->is_required) ||
           !name_equal(after.property(*index).object_class, was->object_class) ||
           !has_same_bounds(*was, after.property(*index));
  });
}

SchemaFit::SchemaFit(const Repository& repository, const SchemaChange& change)
    : repository_(repository), change_(change), concerns_embedded_(!change.removed_class.empty()) {
  for (const ClassPtr& after : change.classes) {
    const ClassPtr before = repository.find_class(change.name_space, after->name());
    concerns_embedded_ = concerns_embedded_ || (before && (cim::misfit(*before, *after) || narrows(*before, *after)));
  }
}

/// The class as it will be; null when it is not changed.
ClassPtr SchemaFit::after(std::string_view class_name) const {
  const auto found = std::ranges::find_if(
      change_.classes, [class_name](const ClassPtr& cls) { return name_equal(cls->name(), class_name); });
  return found != change_.classes.end() ? *found : nullptr;
}

bool SchemaFit::concerns(const Class& cls) const {
  const ClassPtr changed = after(cls.name());
  return (changed && narrows(cls, *changed)) || (concerns_embedded_ && may_embed(cls));
}

std::optional<std::string> SchemaFit::misfit(const Instance& instance) const {
  if (name_equal(instance.class_name(), change_.removed_class)) {
    return "the class " + change_.removed_class + " would be gone";
  }
  const ClassPtr changed = after(instance.class_name());
  if (changed) {
    if (auto wrong = cim::misfit(*instance.cls(), *changed)) {
      return wrong;
    }
    const Instance again = as_instance_of(changed, instance);
    for (std::size_t i = 0; i < again.values().size(); ++i) {
      const Property& property = changed->property(i);
      const bool was_there = instance.cls()->find_property(property.name).has_value();
      if (was_there && property.is_required && again.value(i).is_null()) {
        return "the property " + property.name + " would need a value";
      }
    }
    if (const auto bounds = check_value_bounds(again); !bounds) {
      return bounds.error().message;
    }
  }
  const Class& cls = changed ? *changed : *instance.cls();
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const auto index = cls.find_property(instance.cls()->property(i).name);
    if (auto wrong = index ? misfit(cls.property(*index), instance.value(i)) : std::nullopt) {
      return wrong;
    }
  }
  return std::nullopt;
}

/// Of references and embedded instances, in arrays, too.
std::optional<std::string> SchemaFit::misfit(const Property& property, const Value& value) const {
  for (const Value& element : value.elements()) {
    if (auto wrong = misfit(property, element)) {
      return wrong;
    }
  }
  ClassPtr held;
  if (const auto embedded = value.as_instance()) {
    if (auto wrong = misfit(*embedded)) {
      return property.name + " holds a " + embedded->class_name() + ": " + *wrong;
    }
    held = repository_.find_class(change_.name_space, embedded->class_name());  // none: gone before this change
  } else if (const auto path = value.as_reference()) {
    held = repository_.find_class(path->name_space().empty() ? change_.name_space : path->name_space(),
                                  path->class_name());
  }
  if (held && !property.object_class.empty() && !held->is_a(property.object_class)) {
    return property.name + " holds a " + held->name() + ", not a " + property.object_class;
  }
  return std::nullopt;
}

}  // namespace lunaria::cim
