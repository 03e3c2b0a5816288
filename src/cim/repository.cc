#include "cim/repository.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "cim/class_resolver.h"
#include "cim/limits.h"

namespace lunaria::cim {
namespace {

struct ClassNode {
  ClassPtr cls;
  std::vector<const ClassNode*> children;  // nodes of a NameMap stay where they are
};

/// One namespace.
struct Space final : ResolverScope {
  NamespaceName name;
  NameMap<QualifierTypePtr> qualifier_types;
  std::vector<QualifierTypePtr> qualifier_order;
  NameMap<ClassNode> classes;
  std::vector<ClassPtr> class_order;
  std::vector<const ClassNode*> roots;
  NameMap<std::pair<QualifierPtr, QualifierPtr>> flags;  // false, true

  QualifierTypePtr qualifier_type(std::string_view type_name) const override {
    const auto found = qualifier_types.find(type_name);
    return found != qualifier_types.end() ? found->second : nullptr;
  }
  ClassPtr find_class(std::string_view class_name) const override {
    const auto found = classes.find(class_name);
    return found != classes.end() ? found->second.cls : nullptr;
  }
  QualifierPtr shared_flag(const QualifierType& declaration, bool value) override {
    auto& pair = flags[declaration.name];
    QualifierPtr& flag = value ? pair.second : pair.first;
    if (!flag) {
      flag = std::make_shared<const Qualifier>(Qualifier{declaration.name, Value(value), declaration.flavor});
    }
    return flag;
  }

  void insert(const ClassPtr& cls) {
    ClassNode& node = classes.emplace(cls->name(), ClassNode{cls, {}}).first->second;
    const auto above = classes.find(cls->superclass_name());
    (above != classes.end() ? above->second.children : roots).push_back(&node);
    class_order.push_back(cls);
  }
};

std::size_t depth(const Class* cls) {
  std::size_t levels = 0;
  for (; cls != nullptr; cls = cls->superclass().get()) {
    ++levels;
  }
  return levels;
}

void append_with_descendants(const ClassNode& top, std::vector<ClassPtr>& out) {
  out.push_back(top.cls);
  for (const ClassNode* child : top.children) {  // at most kInheritanceDepthMax levels
    append_with_descendants(*child, out);
  }
}

Error no_namespace(const NamespaceName& name) {
  return Error(Status::kInvalidNamespace, "no namespace " + name.text());
}

}  // namespace

struct Repository::State {
  std::unordered_map<NamespaceName, Space, NamespaceHash> spaces;
  std::vector<NamespaceName> order;

  Space* find(const NamespaceName& name) {
    const auto found = spaces.find(name);
    return found != spaces.end() ? &found->second : nullptr;
  }
};

Repository::Repository() : state_(std::make_unique<State>()) {}
Repository::~Repository() = default;
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;

Result<void, Error> Repository::add_namespace(const NamespaceName& name) {
  if (name.empty()) {
    return fail(Error(Status::kInvalidParameter, "a namespace needs a name"));
  }
  const auto [place, is_new] = state_->spaces.try_emplace(name);
  if (!is_new) {
    return fail(Error(Status::kAlreadyExists, "namespace " + name.text() + " is there already"));
  }
  place->second.name = name;
  state_->order.push_back(name);
  return {};
}

bool Repository::has_namespace(const NamespaceName& name) const {
  return state_->spaces.contains(name);
}

std::vector<NamespaceName> Repository::namespaces() const {
  return state_->order;
}

Result<void, Error> Repository::add_qualifier_type(const NamespaceName& name_space, QualifierType declaration) {
  Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  if (!is_valid_name(declaration.name)) {
    return fail(Error(Status::kInvalidParameter, "not a qualifier name: " + declaration.name));
  }
  if (const auto there = space->qualifier_type(declaration.name)) {
    if (*there == declaration) {
      return {};
    }
    return fail(Error(Status::kAlreadyExists, "qualifier " + declaration.name + " is declared otherwise already"));
  }
  const auto shared = std::make_shared<const QualifierType>(std::move(declaration));
  space->qualifier_types.emplace(shared->name, shared);
  space->qualifier_order.push_back(shared);
  return {};
}

Result<ClassPtr, Error> Repository::add_class(const NamespaceName& name_space, const ClassDeclaration& declaration) {
  Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  if (space->find_class(declaration.name)) {
    return fail(Error(Status::kAlreadyExists, "class " + declaration.name + " is there already"));
  }
  ClassPtr superclass;
  if (!declaration.superclass.empty()) {
    superclass = space->find_class(declaration.superclass);
    if (!superclass) {
      return fail(Error(Status::kInvalidSuperclass, declaration.name + ": no superclass " + declaration.superclass));
    }
    if (depth(superclass.get()) >= limits::kInheritanceDepthMax) {
      return fail(Error(Status::kInvalidSuperclass, declaration.name + ": too many levels of inheritance"));
    }
  }
  auto resolved = ClassResolver(*space, declaration, std::move(superclass)).resolve();
  if (!resolved) {
    return fail(resolved.error());
  }
  auto cls = std::make_shared<const Class>(std::move(*resolved));
  space->insert(cls);
  return ClassPtr(std::move(cls));
}

Result<void, Error> Repository::share_class(const NamespaceName& from, const NamespaceName& to,
                                            std::string_view class_name) {
  Space* const source = state_->find(from);
  Space* const target = state_->find(to);
  if (source == nullptr || target == nullptr) {
    return fail(no_namespace(source == nullptr ? from : to));
  }
  std::vector<ClassPtr> missing;
  for (ClassPtr cls = source->find_class(class_name); cls; cls = cls->superclass()) {
    const ClassPtr there = target->find_class(cls->name());
    if (there && there != cls) {
      return fail(Error(Status::kAlreadyExists, "another class " + cls->name() + " is in " + to.text()));
    }
    if (!there) {
      missing.push_back(cls);
    }
  }
  if (missing.empty() && !target->find_class(class_name)) {
    return fail(Error(Status::kNotFound, "no class " + std::string(class_name) + " in " + from.text()));
  }
  std::ranges::reverse(missing);
  std::ranges::for_each(missing, [target](const ClassPtr& cls) { target->insert(cls); });
  return {};
}

Result<void, Error> Repository::check_overrides(const NamespaceName& name_space, std::string& class_name) const {
  const Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  for (const ClassPtr& cls : space->class_order) {
    const std::size_t inherited = cls->superclass() ? cls->superclass()->properties().size() : 0;
    for (std::size_t i = 0; i < inherited; ++i) {
      const Property& property = cls->property(i);
      const std::string& base = cls->superclass()->property(i).object_class;
      const ClassPtr target = space->find_class(property.object_class);
      if (target && !base.empty() && !target->is_a(base)) {
        class_name = cls->name();
        return fail(Error(Status::kInvalidParameter, cls->name() + '.' + property.name + ": " + property.object_class +
                                                         " is not below " + base + ", which it overrides"));
      }
    }
  }
  return {};
}

std::vector<std::string> Repository::missing_classes(const NamespaceName& name_space) const {
  const Space* const space = state_->find(name_space);
  NameSet missing;
  const auto look = [&](const std::string& name) {
    if (!name.empty() && !space->find_class(name)) {
      missing.insert(name);
    }
  };
  for (const ClassPtr& cls : space != nullptr ? space->class_order : std::vector<ClassPtr>()) {
    for (const PropertyPtr& property : cls->properties()) {
      look(property->object_class);
    }
    for (const MethodPtr& method : cls->methods()) {
      look(method->return_class);
      std::ranges::for_each(method->parameters, look, &Parameter::object_class);
    }
  }
  std::vector<std::string> sorted(missing.begin(), missing.end());
  std::ranges::sort(sorted, NameLess());
  return sorted;
}

ClassPtr Repository::find_class(const NamespaceName& name_space, std::string_view class_name) const {
  const Space* const space = state_->find(name_space);
  return space != nullptr ? space->find_class(class_name) : nullptr;
}

QualifierTypePtr Repository::find_qualifier_type(const NamespaceName& name_space, std::string_view name) const {
  const Space* const space = state_->find(name_space);
  return space != nullptr ? space->qualifier_type(name) : nullptr;
}

std::vector<ClassPtr> Repository::classes(const NamespaceName& name_space) const {
  const Space* const space = state_->find(name_space);
  return space != nullptr ? space->class_order : std::vector<ClassPtr>();
}

std::vector<QualifierTypePtr> Repository::qualifier_types(const NamespaceName& name_space) const {
  const Space* const space = state_->find(name_space);
  return space != nullptr ? space->qualifier_order : std::vector<QualifierTypePtr>();
}

std::vector<ClassPtr> Repository::subclasses(const NamespaceName& name_space, std::string_view class_name) const {
  std::vector<ClassPtr> found;
  const Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return found;
  }
  const auto node = space->classes.find(class_name);
  if (!class_name.empty() && node == space->classes.end()) {
    return found;
  }
  for (const ClassNode* child : class_name.empty() ? space->roots : node->second.children) {
    found.push_back(child->cls);
  }
  return found;
}

std::vector<ClassPtr> Repository::with_descendants(const NamespaceName& name_space, std::string_view class_name) const {
  std::vector<ClassPtr> found;
  const Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return found;
  }
  if (const auto node = space->classes.find(class_name); node != space->classes.end()) {
    append_with_descendants(node->second, found);
  }
  return found;
}

}  // namespace lunaria::cim
