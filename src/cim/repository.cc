#include "cim/repository.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "cim/class_resolver.h"
#include "cim/limits.h"
#include "cim/schema_value.h"

namespace lunaria::cim {
namespace {

struct ClassNode {
  ClassPtr cls;
  std::vector<const ClassNode*> children;  // nodes of a NameMap stay where they are
};

bool uses(const QualifierSet& qualifiers, std::string_view name) {
  return std::ranges::any_of(qualifiers.entries(), [name](const QualifierSet::Entry& entry) {
    return name_equal(entry.qualifier->name, name);
  });
}

/// Whether any element of the class carries the qualifier.
bool uses(const Class& cls, std::string_view name) {
  return uses(cls.qualifiers(), name) ||
         std::ranges::any_of(cls.properties(), [name](const auto& p) { return uses(p->qualifiers, name); }) ||
         std::ranges::any_of(cls.methods(), [name](const auto& m) {
           return uses(m->qualifiers, name) || std::ranges::any_of(m->parameters, [name](const Parameter& parameter) {
                    return uses(parameter.qualifiers, name);
                  });
         });
}

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

  /// Puts a class in the place of the one with its name.
  void replace(const ClassPtr& cls) {
    const auto node = classes.find(cls->name());
    std::ranges::replace(class_order, node->second.cls, cls);
    node->second.cls = cls;
  }

  void remove(std::string_view class_name) {
    const auto node = classes.find(class_name);
    if (node == classes.end()) {
      return;
    }
    const auto above = classes.find(node->second.cls->superclass_name());
    std::erase(above != classes.end() ? above->second.children : roots, &node->second);
    std::erase(class_order, node->second.cls);
    classes.erase(node);
  }

  void insert(const ClassPtr& cls) {
    ClassNode& node = classes.emplace(cls->name(), ClassNode{cls, {}}).first->second;
    const auto above = classes.find(cls->superclass_name());
    (above != classes.end() ? above->second.children : roots).push_back(&node);
    class_order.push_back(cls);
  }
};

/// A namespace as it will be: classes of a change hide those that they replace.
class Prospect final : public ResolverScope {
 public:
  explicit Prospect(Space& space) : space_(space) {}
  void add(const ClassPtr& cls) { changed_.insert_or_assign(cls->name(), cls); }

  QualifierTypePtr qualifier_type(std::string_view name) const override { return space_.qualifier_type(name); }
  ClassPtr find_class(std::string_view name) const override {
    const auto found = changed_.find(name);
    return found != changed_.end() ? found->second : space_.find_class(name);
  }
  QualifierPtr shared_flag(const QualifierType& declaration, bool value) override {
    return space_.shared_flag(declaration, value);
  }

 private:
  Space& space_;
  NameMap<ClassPtr> changed_;
};

/// That overriding references and embedded instances are of the overridden class or one below it.
Result<void, Error> check_overridden_classes(const Class& cls, const ResolverScope& scope,
                                             std::string* at_fault = nullptr) {
  const std::size_t inherited = cls.superclass() ? cls.superclass()->properties().size() : 0;
  for (std::size_t i = 0; i < inherited; ++i) {
    const Property& property = cls.property(i);
    const std::string& base = cls.superclass()->property(i).object_class;
    const ClassPtr target = scope.find_class(property.object_class);
    if (target && !base.empty() && !target->is_a(base)) {
      if (at_fault != nullptr) {
        *at_fault = property.name;
      }
      return fail(Error(Status::kInvalidParameter, cls.name() + '.' + property.name + ": " + property.object_class +
                                                       " is not below " + base + ", which it overrides"));
    }
  }
  return {};
}

DeclarationPart part_of(const ClassDeclaration& declaration, std::string_view property) {
  const auto found = std::ranges::find_if(declaration.properties, [property](const PropertyDeclaration& declared) {
    return name_equal(declared.name, property);
  });
  if (found == declaration.properties.end()) {
    return {};
  }
  return {.property = static_cast<std::size_t>(found - declaration.properties.begin())};
}

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
  NameMap<ClassPtr> everywhere;

  ClassPtr find_everywhere(std::string_view class_name) const {
    const auto found = everywhere.find(class_name);
    return found != everywhere.end() ? found->second : nullptr;
  }

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

Result<ClassPtr, Error> Repository::add_class(const NamespaceName& name_space, const ClassDeclaration& declaration,
                                              DeclarationPart* wrong) {
  auto change = resolve_new(name_space, declaration, wrong);
  if (!change) {
    return fail(change.error());
  }
  state_->find(name_space)->insert(*change);
  return change;
}

Result<ClassPtr, Error> Repository::resolve_new(const NamespaceName& name_space, const ClassDeclaration& declaration,
                                                DeclarationPart* wrong) const {
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
  ClassResolver resolver(*space, declaration, std::move(superclass));
  auto resolved = resolver.resolve();
  if (!resolved) {
    if (wrong != nullptr) {
      *wrong = resolver.part();
    }
    return fail(resolved.error());
  }
  return ClassPtr(std::make_shared<const Class>(std::move(*resolved)));
}

Result<void, Error> Repository::can_remove_namespace(const NamespaceName& name) const {
  const Space* const space = state_->find(name);
  if (space == nullptr) {
    return fail(Error(Status::kNotFound, "no namespace " + name.text()));
  }
  const std::string prefix = fold_name(name.text()) + '/';
  const bool has_namespaces = std::ranges::any_of(
      state_->order, [&prefix](const NamespaceName& other) { return fold_name(other.text()).starts_with(prefix); });
  if (!space->class_order.empty() || has_namespaces) {
    return fail(Error(Status::kNamespaceNotEmpty,
                      name.text() + (has_namespaces ? " has namespaces below it" : " still has classes")));
  }
  return {};
}

Result<void, Error> Repository::remove_namespace(const NamespaceName& name) {
  auto allowed = can_remove_namespace(name);
  if (allowed) {
    std::erase(state_->order, name);
    state_->spaces.erase(name);
  }
  return allowed;
}

Result<SchemaChange, Error> Repository::plan_class(const NamespaceName& name_space,
                                                   const ClassDeclaration& declaration) const {
  auto cls = resolve_new(name_space, declaration, nullptr);
  if (!cls) {
    return fail(cls.error());
  }
  Prospect prospect(*state_->find(name_space));
  prospect.add(*cls);
  if (auto checked = check_overridden_classes(**cls, prospect); !checked) {
    return fail(checked.error());
  }
  SchemaChange change;
  change.name_space = name_space;
  change.classes.push_back(std::move(*cls));
  return change;
}

Result<SchemaChange, Error> Repository::plan_modified_class(const NamespaceName& name_space,
                                                            const ClassDeclaration& declaration,
                                                            DeclarationPart* wrong) const {
  Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  const auto affected = with_descendants(name_space, declaration.name);
  if (affected.empty()) {
    return fail(Error(Status::kNotFound, "no class " + declaration.name + " in " + name_space.text()));
  }
  if (!name_equal(affected.front()->superclass_name(), declaration.superclass)) {
    return fail(Error(Status::kInvalidSuperclass, declaration.name + ": the superclass cannot be changed"));
  }
  SchemaChange change;
  change.name_space = name_space;
  Prospect prospect(*space);
  for (const ClassPtr& old : affected) {
    const bool is_self = old == affected.front();
    const ClassDeclaration again = is_self ? declaration : declaration_of(*old);
    ClassResolver resolver(prospect, again, old->superclass() ? prospect.find_class(old->superclass_name()) : nullptr);
    auto resolved = resolver.resolve();
    std::string property;
    Result<void, Error> fits =
        resolved ? check_overridden_classes(*resolved, prospect, &property) : fail(resolved.error());
    if (!fits) {
      if (is_self && wrong != nullptr) {
        *wrong = resolved ? part_of(declaration, property) : resolver.part();
      }
      return fail(is_self ? fits.error()
                          : Error(Status::kClassHasChildren,
                                  "its subclass " + old->name() + " would not fit: " + fits.error().message));
    }
    change.classes.push_back(std::make_shared<const Class>(std::move(*resolved)));
    prospect.add(change.classes.back());
  }
  return change;
}

Result<SchemaChange, Error> Repository::plan_removed_class(const NamespaceName& name_space,
                                                           std::string_view class_name) const {
  const auto affected = with_descendants(name_space, class_name);
  if (affected.empty()) {
    return fail(Error(Status::kNotFound, "no class " + std::string(class_name) + " in " + name_space.text()));
  }
  if (affected.size() > 1) {
    return fail(Error(Status::kClassHasChildren,
                      affected.front()->name() + " has subclasses, " + affected[1]->name() + " among them"));
  }
  SchemaChange change;
  change.name_space = name_space;
  change.removed_class = affected.front()->name();
  return change;
}

Result<SchemaChange, Error> Repository::plan_qualifier_type(const NamespaceName& name_space,
                                                            QualifierType declaration) const {
  const Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  if (!is_valid_name(declaration.name)) {
    return fail(Error(Status::kInvalidParameter, "not a qualifier name: " + declaration.name));
  }
  if (const auto wrong = wrong_in_schema(declaration)) {
    return fail(Error(Status::kInvalidParameter, "qualifier " + declaration.name + ": " + *wrong));
  }
  SchemaChange change;
  change.name_space = name_space;
  const auto there = space->qualifier_type(declaration.name);
  if (there && *there == declaration) {
    return change;
  }
  if (there && is_used(name_space, declaration.name)) {
    return fail(Error(Status::kNotSupported, "qualifier " + there->name + " is used by classes as it is declared"));
  }
  change.qualifier_type = std::make_shared<const QualifierType>(std::move(declaration));
  return change;
}

Result<SchemaChange, Error> Repository::plan_removed_qualifier_type(const NamespaceName& name_space,
                                                                    std::string_view name) const {
  const auto there = find_qualifier_type(name_space, name);
  if (!there) {
    return fail(Error(Status::kNotFound, "no qualifier " + std::string(name)));
  }
  if (is_used(name_space, name)) {
    return fail(Error(Status::kFailed, "qualifier " + there->name + " is used by classes"));
  }
  SchemaChange change;
  change.name_space = name_space;
  change.removed_qualifier_type = there->name;
  return change;
}

bool Repository::is_used(const NamespaceName& name_space, std::string_view qualifier) const {
  const Space* const space = state_->find(name_space);
  return space != nullptr &&
         std::ranges::any_of(space->class_order, [&](const ClassPtr& cls) { return uses(*cls, qualifier); });
}

void Repository::apply(const SchemaChange& change) {
  Space* const space = state_->find(change.name_space);
  if (space == nullptr) {
    return;
  }
  for (const ClassPtr& cls : change.classes) {
    space->classes.contains(cls->name()) ? space->replace(cls) : space->insert(cls);
  }
  space->remove(change.removed_class);
  const auto drop_qualifier = [space](const std::string& name) {
    space->qualifier_types.erase(name);
    space->flags.erase(name);
    std::erase_if(space->qualifier_order, [&name](const auto& type) { return name_equal(type->name, name); });
  };
  if (!change.removed_qualifier_type.empty()) {
    drop_qualifier(change.removed_qualifier_type);
  }
  if (change.qualifier_type) {
    drop_qualifier(change.qualifier_type->name);
    space->qualifier_types.emplace(change.qualifier_type->name, change.qualifier_type);
    space->qualifier_order.push_back(change.qualifier_type);
  }
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

void Repository::add_everywhere(const ClassPtr& cls) {
  state_->everywhere.insert_or_assign(cls->name(), cls);
}

Result<void, Error> Repository::check_overrides(const NamespaceName& name_space, std::string& class_name,
                                                std::string* property) const {
  const Space* const space = state_->find(name_space);
  if (space == nullptr) {
    return fail(no_namespace(name_space));
  }
  for (const ClassPtr& cls : space->class_order) {
    if (auto checked = check_overridden_classes(*cls, *space, property); !checked) {
      class_name = cls->name();
      return checked;
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
  if (space == nullptr) {
    return nullptr;
  }
  ClassPtr cls = space->find_class(class_name);
  return cls ? cls : state_->find_everywhere(class_name);
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
  } else if (ClassPtr cls = state_->find_everywhere(class_name)) {
    found.push_back(std::move(cls));
  }
  return found;
}

}  // namespace lunaria::cim
