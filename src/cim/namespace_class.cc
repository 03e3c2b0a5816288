#include "cim/namespace_class.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cim/name.h"

namespace lunaria::cim {
namespace {

constexpr std::size_t kNameIndex = 0;

bool is_below(const NamespaceName& inner, const NamespaceName& outer) {
  const std::string& text = inner.text();
  const std::size_t size = outer.text().size();
  return text.size() > size + 1 && text[size] == '/' &&
         name_equal(std::string_view(text).substr(0, size), outer.text());
}

NamespaceName child(const NamespaceName& outer, std::string_view name) {
  return NamespaceName(outer.text() + '/' + std::string(name));
}

std::string name_of(const ObjectPath& path) {
  const Value* name = path.key("Name");
  return name == nullptr ? std::string() : std::string(name->string_or_empty());
}

Error fixed_namespaces() {
  return Error(Status::kNotSupported, "the namespaces of this object manager cannot be changed");
}

}  // namespace

NamespacePlace place_among(const std::vector<NamespaceName>& all, const NamespaceName& name) {
  NamespacePlace place;
  for (const NamespaceName& each : all) {
    if (is_below(name, each) && (!place.outer || is_below(each, *place.outer))) {
      place.outer = each;
    } else if (is_below(each, name)) {
      place.inner.push_back(each);
    }
  }
  const std::vector<NamespaceName> below = place.inner;
  std::erase_if(place.inner, [&](const NamespaceName& each) {
    return std::ranges::any_of(below, [&](const NamespaceName& other) { return is_below(each, other); });
  });
  return place;
}

Instance NamespaceClassProvider::make_instance(const ClassPtr& cls, const NamespaceName& outer,
                                               const NamespaceName& inner) {
  Instance instance(cls);
  instance.set(kNameIndex, Value(inner.text().substr(outer.text().size() + 1)));
  return instance;
}

ClassPtr NamespaceClassProvider::make_class() {
  Property name;
  name.name = "Name";
  name.type = Type::kString;
  name.default_value = Value::null(Type::kString);
  name.class_origin = std::string(kClass);
  name.declared_in = std::string(kClass);
  name.is_key = true;
  const Flavor fixed{.overridable = false};
  name.qualifiers.add(std::make_shared<const Qualifier>(Qualifier{"Key", Value(true), fixed}));
  Class::Parts parts;
  parts.name = std::string(kClass);
  parts.properties.push_back(std::make_shared<const Property>(std::move(name)));
  return std::make_shared<const Class>(std::move(parts));
}

runtime::Task<Result<void, Error>> NamespaceClassProvider::enumerate_instances(ProviderCall call, InstanceSink& sink) {
  const NamespacePlace place = place_among(repository_.namespaces(), call.name_space);
  for (const NamespaceName& each : place.inner) {
    Instance instance = make_instance(call.cls, call.name_space, each);
    const bool go_on = co_await sink.put(std::move(instance));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, Error>();
}

runtime::Task<Result<Instance, Error>> NamespaceClassProvider::get_instance(ProviderCall call, const ObjectPath& path) {
  const std::string name = name_of(path);
  const NamespacePlace place = place_among(repository_.namespaces(), call.name_space);
  const auto found = std::ranges::find(place.inner, child(call.name_space, name));
  if (name.empty() || found == place.inner.end()) {
    co_return fail(Error(Status::kNotFound, "no namespace " + name + " below " + call.name_space.text()));
  }
  co_return make_instance(call.cls, call.name_space, *found);
}

runtime::Task<Result<ObjectPath, Error>> NamespaceClassProvider::create_instance(ProviderCall call,
                                                                                 const Instance& instance) {
  const Value* name = instance.find("Name");
  if (name == nullptr || name->string_or_empty().empty()) {
    co_return fail(Error(Status::kInvalidParameter, "a namespace needs a Name"));
  }
  if (schema_editor_ == nullptr) {
    co_return fail(fixed_namespaces());
  }
  const NamespaceName made = child(call.name_space, name->string_or_empty());
  const auto outcome = co_await schema_editor_->create_namespace(call.context, made);
  if (!outcome) {
    co_return fail(outcome.error());
  }
  co_return instance.path(call.name_space);
}

runtime::Task<Result<void, Error>> NamespaceClassProvider::delete_instance(ProviderCall call, const ObjectPath& path) {
  const NamespaceName name = child(call.name_space, name_of(path));
  if (!repository_.has_namespace(name)) {
    co_return fail(Error(Status::kNotFound, "no namespace " + name.text()));
  }
  if (schema_editor_ == nullptr) {
    co_return fail(fixed_namespaces());
  }
  auto outcome = co_await schema_editor_->delete_namespace(call.context, name);
  co_return outcome;
}

}  // namespace lunaria::cim
