#include "cim/modification.h"

#include <optional>
#include <string>

#include "cim/input_check.h"
#include "cim/name.h"

namespace lunaria::cim {
namespace {

std::string place(const Class& cls, const Property& property) {
  return cls.name() + '.' + property.name;
}

Error required(const Class& cls, const Property& property) {
  return Error(Status::kInvalidParameter, place(cls, property) + ": the property must not be NULL");
}

/// One modification being planned.
class Planner final {
 public:
  Planner(const Repository& repository, ClassPtr cls, const ObjectPath& path, const Instance& given)
      : check_(repository, path.name_space()),
        cls_(std::move(cls)),
        path_(path),
        given_(given),
        plan_(Instance(cls_)) {}

  Result<void, Error> plan_property(std::string_view name, bool is_listed) {
    const auto index = cls_->find_property(name);
    if (!index) {
      return fail(Error(Status::kNoSuchProperty, cls_->name() + " has no property " + std::string(name)));
    }
    const Property& property = cls_->property(*index);
    const Value* carried = given_.find(name);
    if (carried == nullptr && property.is_key) {
      return {};  // the path has it
    }
    Value value = property.default_value;
    if (carried != nullptr) {
      auto checked = check_.value(ExpectedType(property), *carried);
      if (!checked) {
        return fail(Error(checked.error().status, place(*cls_, property) + ": " + checked.error().message));
      }
      value = std::move(*checked);
    }
    if (property.is_key) {
      const Value* key = path_.key(name);
      if (key == nullptr || !(*key == value)) {
        return fail(Error(Status::kInvalidParameter, place(*cls_, property) + ": a key cannot be changed"));
      }
      return {};
    }
    if (!property.is_writable) {
      if (is_listed) {
        plan_.expect_unchanged(*index, std::move(value));
      }
      return {};
    }
    if (property.is_required && value.is_null()) {
      return fail(required(*cls_, property));
    }
    plan_.change(*index, std::move(value));
    return {};
  }

  Modification take() { return std::move(plan_); }

 private:
  InputCheck check_;
  ClassPtr cls_;
  const ObjectPath& path_;
  const Instance& given_;
  Modification plan_;
};

}  // namespace

Result<Instance, Error> complete_new_instance(const Repository& repository, const NamespaceName& name_space,
                                              const ClassPtr& cls, const Instance& given) {
  auto complete = InputCheck(repository, name_space).instance(cls, given);
  if (!complete) {
    return complete;
  }
  for (std::size_t i = 0; i < cls->properties().size(); ++i) {
    const Property& property = cls->property(i);
    const Value& value = complete->value(i);
    if (value.is_absent() && !property.default_value.is_null()) {
      complete->set(i, property.default_value);
    } else if (!value.is_absent() && value.is_null() && (property.is_required || property.is_key)) {
      return fail(required(*cls, property));
    }
  }
  return complete;
}

void Modification::change(std::size_t index, Value value) {
  changes_.set(index, std::move(value));
  is_empty_ = false;
}

Result<void, Error> Modification::check_read_only(const Instance& current) const {
  for (const auto& [index, value] : read_only_) {
    const Value& now = current.value(index);
    const bool is_same = now.is_null() ? value.is_null() : now == value;
    if (!is_same) {
      return fail(Error(Status::kNotSupported, place(*changes_.cls(), changes_.cls()->property(index)) +
                                                   ": read-only, for the class declares no Write"));
    }
  }
  return {};
}

Result<Modification, Error> plan_modification(const Repository& repository, const ClassPtr& cls, const ObjectPath& path,
                                              const Instance& given, const PropertyList& properties) {
  if (!name_equal(given.class_name(), cls->name())) {
    return fail(Error(Status::kInvalidParameter,
                      "an instance of " + given.class_name() + " cannot replace one of " + cls->name()));
  }
  Planner planner(repository, cls, path, given);
  if (properties) {
    for (const std::string& name : *properties) {
      if (auto planned = planner.plan_property(name, true); !planned) {
        return fail(planned.error());
      }
    }
    return planner.take();
  }
  for (std::size_t i = 0; i < given.values().size(); ++i) {
    if (given.value(i).is_absent()) {
      continue;
    }
    if (auto planned = planner.plan_property(given.cls()->property(i).name, false); !planned) {
      return fail(planned.error());
    }
  }
  return planner.take();
}

}  // namespace lunaria::cim
