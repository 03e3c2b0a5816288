#include "cim/associations.h"

#include <algorithm>
#include <utility>

#include "cim/input_check.h"
#include "cim/instance_fetch.h"
#include "cim/limits.h"
#include "cim/selecting_sink.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

bool matches(std::string_view filter, std::string_view name) {
  return filter.empty() || name_equal(filter, name);
}

bool is_a_or_any(const Class& cls, std::string_view filter) {
  return filter.empty() || cls.is_a(filter);
}

bool is_qualified(const Class& association, const AssociationFilter& filter) {
  return filter.association_qualifier.empty() || association.qualifiers().find(filter.association_qualifier) != nullptr;
}

/// A path to a target whose class is not at hand, or with keys that nobody has checked, as an instance of keys alone.
Instance instance_of_keys(const ClassPtr& cls, const ObjectPath& path) {
  if (cls) {
    Instance instance(cls);
    bool all_fit = path.keys().size() == cls->key_indexes().size();
    for (const KeyBinding& key : path.keys()) {
      const auto index = cls->find_property(key.name);
      const auto value = index ? key.value.converted_to(cls->property(*index).type) : std::nullopt;
      all_fit = all_fit && value;
      if (value) {
        instance.set(*index, *value);
      }
    }
    if (all_fit) {
      return instance;
    }
  }
  InstanceBuilder builder(path.class_name());
  for (const KeyBinding& key : path.keys()) {
    static_cast<void>(builder.add(key.name, key.value, true));
  }
  return builder.build();
}

/// The namespace for results elsewhere; null for those in the namespace of the request.
std::shared_ptr<const NamespaceName> place_of(const NamespaceName& name_space, const NamespaceName& requested) {
  return name_space == requested ? nullptr : std::make_shared<const NamespaceName>(name_space);
}

/// Whether the property may refer to an object of `cls`.
bool may_point_to(const Class& cls, const Property& reference) {
  return reference.type == Type::kReference && (reference.object_class.empty() || cls.is_a(reference.object_class));
}

}  // namespace

/// Takes association instances and passes on what they lead to. Fetching an object may wait, so that it happens in
/// ready(), one association at a time.
class AssociationWalk::TargetSink final : public InstanceSink {
 public:
  explicit TargetSink(AssociationWalk& walk) : walk_(walk) {}

  Delivery deliver(Instance&& association) override {
    for (std::size_t source = 0; source < association.values().size(); ++source) {
      if (points_to_object(association, source)) {
        collect(association, source);
      }
    }
    return targets_.empty() ? Delivery::kGoOn : Delivery::kWait;
  }

  runtime::Task<bool> ready() override {
    const ProviderPause pause(walk_.context_);
    const std::vector<ObjectPath> targets = std::exchange(targets_, {});
    for (const ObjectPath& target : targets) {
      const bool go_on = co_await pass_on(target);
      if (!go_on) {
        is_gone_ = true;
        co_return false;
      }
    }
    co_return true;
  }

  bool is_gone() const { return is_gone_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  bool points_to_object(const Instance& association, std::size_t index) const {
    const auto reference = association.value(index).as_reference();
    if (!reference || !matches(walk_.request_.filter.role, association.cls()->property(index).name)) {
      return false;
    }
    return ObjectPath::equal_ignoring_host(with_place(*reference), walk_.object_);
  }
  ObjectPath with_place(ObjectPath path) const {
    if (path.name_space().empty()) {
      path.set_name_space(walk_.request_.name_space);
    }
    return path;
  }
  void collect(const Instance& association, std::size_t source) {
    for (std::size_t i = 0; i < association.values().size(); ++i) {
      const auto reference = association.value(i).as_reference();
      if (i != source && reference && matches(walk_.request_.filter.result_role, association.cls()->property(i).name)) {
        targets_.push_back(with_place(*reference));
      }
    }
  }

  runtime::Task<bool> pass_on(const ObjectPath& target) {
    const ClassPtr cls = walk_.repository_.find_class(target.name_space(), target.class_name());
    if (!walk_.admits(target, cls.get())) {
      co_return true;
    }
    if (walk_.request_.kind == Kind::kAssociatorNames) {
      Instance name = instance_of_keys(cls, target);
      name.set_name_space(place_of(target.name_space(), walk_.request_.name_space));
      const bool taken = co_await walk_.sink_.put(std::move(name));
      co_return taken;
    }
    // A reference that leads nowhere, or to what is not managed here, has nothing to show.
    auto instance = co_await fetch_instance(walk_.repository_, walk_.providers_, walk_.context_, target,
                                            walk_.request_.options.properties);
    if (!instance) {
      error_ = instance.error();
      co_return false;
    }
    if (!*instance) {
      co_return true;
    }
    (*instance)->set_name_space(place_of(target.name_space(), walk_.request_.name_space));
    const bool taken = co_await walk_.sink_.put(**std::move(instance));
    co_return taken;
  }

  AssociationWalk& walk_;
  std::vector<ObjectPath> targets_;
  std::optional<Error> error_;
  bool is_gone_ = false;
};

AssociationWalk::AssociationWalk(const Repository& repository, const ProviderTable& providers,
                                 const OperationContext& context, const EnumerationRequest& request, InstanceSink& sink,
                                 EnumerationErrors* errors)
    : repository_(repository),
      providers_(providers),
      context_(context),
      request_(request),
      sink_(sink),
      errors_(errors) {}

bool AssociationWalk::lists_references() const {
  return request_.kind == Kind::kReferences || request_.kind == Kind::kReferenceNames;
}

Result<void, Error> AssociationWalk::resolve_object() {
  if (!request_.object.is_instance()) {
    return fail(Error(Status::kInvalidParameter, "the path of an instance is needed, not of a class"));
  }
  object_class_ = repository_.find_class(request_.name_space, request_.object.class_name());
  if (!object_class_) {
    return fail(Error(Status::kInvalidParameter,
                      "no class " + request_.object.class_name() + " in namespace " + request_.name_space.text()));
  }
  auto typed = InputCheck(repository_, request_.name_space).instance_path(*object_class_, request_.object);
  if (!typed) {
    return fail(typed.error());
  }
  object_ = std::move(*typed);
  for (const std::string* name : {&request_.filter.association_class, &request_.filter.result_class}) {
    if (auto known = check_filter_class(*name); !known) {
      return known;
    }
  }
  return {};
}

// A class may be missing here and be the class of a result in another namespace; one that is nowhere is a mistake.
Result<void, Error> AssociationWalk::check_filter_class(std::string_view class_name) const {
  if (class_name.empty()) {
    return {};
  }
  const auto spaces = repository_.namespaces();
  const bool is_known = std::ranges::any_of(
      spaces, [&](const NamespaceName& space) { return repository_.find_class(space, class_name) != nullptr; });
  if (!is_known) {
    return fail(Error(Status::kInvalidParameter, "no class " + std::string(class_name) + " in any namespace"));
  }
  return {};
}

runtime::Task<Result<void, Error>> AssociationWalk::check_object_exists() {
  Provider* const provider = providers_.find(request_.name_space, object_class_->name());
  if (provider == nullptr) {
    co_return fail(Error(Status::kNotFound, "no instance " + object_.to_string()));
  }
  const ProviderCall call{context_, request_.name_space, object_class_,
                          std::make_shared<const PropertySelection>(PropertySelection::keys_of(*object_class_))};
  const ProviderTime timing(context_);
  const auto there = co_await provider->get_instance(call, object_);
  if (!there) {
    co_return fail(there.error());
  }
  co_return Result<void, Error>();
}

bool AssociationWalk::may_connect(const Class& association) const {
  const std::string& wanted = lists_references() ? request_.filter.result_class : request_.filter.association_class;
  if (!association.is_association() || !is_a_or_any(association, wanted) ||
      !is_qualified(association, request_.filter)) {
    return false;
  }
  return std::ranges::any_of(association.properties(), [this](const PropertyPtr& property) {
    return matches(request_.filter.role, property->name) && may_point_to(*object_class_, *property);
  });
}

bool AssociationWalk::admits(const ObjectPath& target, const Class* cls) {
  const std::string& wanted = request_.filter.result_class;
  if (!wanted.empty() && (cls != nullptr ? !cls->is_a(wanted) : !name_equal(target.class_name(), wanted))) {
    return false;
  }
  if (listed_.size() >= limits::kDistinctObjectsMax) {
    return true;
  }
  return listed_.insert(target.canonical()).second;
}

runtime::Task<Result<void, Error>> AssociationWalk::walk_class(const ClassPtr& association, Provider& provider,
                                                               bool& is_gone) {
  const std::string_view role = request_.filter.role;
  const ProviderTime timing(context_);
  if (lists_references()) {
    const PropertySelectionPtr selection =
        request_.kind == Kind::kReferenceNames
            ? std::make_shared<const PropertySelection>(PropertySelection::keys_of(*association))
            : select_properties(*association, *association, request_.options.properties, false, true);
    // The provider has to see the references, whatever the answer shows.
    const ProviderCall call{context_, request_.name_space, association, nullptr};
    SelectingSink selecting(context_, sink_, selection);
    auto outcome = co_await provider.references(call, object_, role, selecting);
    is_gone = selecting.is_gone();
    co_return outcome;
  }
  const ProviderCall call{context_, request_.name_space, association, nullptr};
  TargetSink targets(*this);
  auto outcome = co_await provider.references(call, object_, role, targets);
  if (targets.error()) {
    co_return fail(*targets.error());
  }
  is_gone = targets.is_gone();
  co_return outcome;
}

runtime::Task<Result<void, Error>> AssociationWalk::run() {
  if (const auto resolved = resolve_object(); !resolved) {
    co_return fail(resolved.error());
  }
  if (request_.object_must_exist) {
    const auto exists = co_await check_object_exists();
    if (!exists) {
      co_return fail(exists.error());
    }
  }
  for (const ClassPtr& association : repository_.classes(request_.name_space)) {
    Provider* const provider =
        may_connect(*association) ? providers_.find(request_.name_space, association->name()) : nullptr;
    if (provider == nullptr) {
      continue;
    }
    bool is_gone = false;
    const auto outcome = co_await walk_class(association, *provider, is_gone);
    if (!outcome && outcome.error().status != Status::kNotSupported) {
      if (errors_ == nullptr) {
        co_return fail(outcome.error());
      }
      const bool go_on = co_await errors_->failed(outcome.error());
      is_gone = is_gone || !go_on;
    }
    if (is_gone || context_.is_cancelled) {
      break;
    }
  }
  co_return Result<void, Error>();
}

namespace {

/// Calls `visit(association, index)` for each reference that may point to `cls`.
template <class Visit>
void visit_references(const Repository& repository, const NamespaceName& name_space, const Class& cls,
                      std::string_view association_filter, std::string_view role, const Visit& visit) {
  for (const ClassPtr& association : repository.classes(name_space)) {
    if (!association->is_association() || !is_a_or_any(*association, association_filter)) {
      continue;
    }
    for (std::size_t i = 0; i < association->properties().size(); ++i) {
      const Property& property = association->property(i);
      if (matches(role, property.name) && may_point_to(cls, property)) {
        visit(association, i);
      }
    }
  }
}

void add_once(std::vector<ClassPtr>& classes, const ClassPtr& cls) {
  if (std::ranges::find(classes, cls) == classes.end()) {
    classes.push_back(cls);
  }
}

}  // namespace

std::vector<ClassPtr> referencing_classes(const Repository& repository, const NamespaceName& name_space,
                                          const Class& cls, const AssociationFilter& filter) {
  std::vector<ClassPtr> found;
  visit_references(repository, name_space, cls, filter.result_class, filter.role,
                   [&found](const ClassPtr& association, std::size_t /*source*/) { add_once(found, association); });
  return found;
}

std::vector<ClassPtr> associated_classes(const Repository& repository, const NamespaceName& name_space,
                                         const Class& cls, const AssociationFilter& filter) {
  std::vector<ClassPtr> found;
  visit_references(repository, name_space, cls, filter.association_class, filter.role,
                   [&](const ClassPtr& association, std::size_t source) {
                     if (!is_qualified(*association, filter)) {
                       return;
                     }
                     for (std::size_t i = 0; i < association->properties().size(); ++i) {
                       const Property& other = association->property(i);
                       if (i == source || other.type != Type::kReference || !matches(filter.result_role, other.name)) {
                         continue;
                       }
                       const ClassPtr target = repository.find_class(name_space, other.object_class);
                       if (target && is_a_or_any(*target, filter.result_class)) {
                         add_once(found, target);
                       }
                     }
                   });
  return found;
}

}  // namespace lunaria::cim
