#pragma once

// Provider: where the instances of a class come from. One per class or family of classes, registered by an explicit
// table (ProviderTable in object_manager.h). The object manager has checked everything that the schema can tell before
// it calls: namespace, class, keys, types, parameters.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/instance_sink.h"
#include "cim/operation_context.h"
#include "runtime/task.h"

namespace lunaria::cim {

namespace query {
class Prefilter;
}  // namespace query

/// The class that a call is about, and who calls. References and pointers live as long as the call.
struct ProviderCall {
  const OperationContext& context;
  const NamespaceName& name_space;
  ClassPtr cls;  ///< the concrete class; make instances with `Instance(call.cls)`
  /// The properties that the receiver wants; setting others is allowed but wasted. Keys must always be set.
  PropertySelectionPtr properties;
  /// Of enumerate_instances: instances that it does not admit may be left out, none need be. Null when all are wanted.
  std::shared_ptr<const query::Prefilter> prefilter{};

  /// Whether the property (by name) is wanted.
  bool wants(std::string_view property) const {
    const auto index = cls->find_property(property);
    return index && (!properties || properties->contains(*index));
  }
};

/// Values by parameter name, for input and output. Small: searched from the start.
class ParameterValues final {
 public:
  struct Entry {
    std::string name;
    Value value;
    bool is_untyped = false;  ///< strings whose type nobody stated
  };

  /// Replaces a value of that name.
  void set(std::string name, Value value);
  /// For protocols: `text` holds strings (CIM-XML without PARAMTYPE); the object manager reads them as the declared
  /// type.
  void set_untyped(std::string name, Value text);
  /// Null when the parameter was not given.
  const Value* find(std::string_view name) const;
  const std::vector<Entry>& all() const { return values_; }

 private:
  Entry& entry(std::string name);
  std::vector<Entry> values_;
};

/// What a method returned. Out parameters are named and typed as the class says; those without value are left out or
/// NULL.
struct MethodResult {
  Value return_value;
  ParameterValues out;
};

/// Interface. Methods are coroutines: parameters given by reference outlive the call. What a provider does not override
/// answers NOT_SUPPORTED. Providers hold no state of their own that a restart would lose.
class Provider {
 public:
  virtual ~Provider() = default;

  /// Puts every instance of exactly `call.cls` into the sink, in a stable order, and returns early without error when
  /// put() answers false.
  virtual runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink);
  /// The same with the keys alone set (others are ignored). By default enumerate_instances with `call.properties` set
  /// to the keys.
  virtual runtime::Task<Result<void, Error>> enumerate_instance_names(ProviderCall call, InstanceSink& sink);
  /// `path` holds exactly the keys of the class, in class order, with their declared types. NOT_FOUND when there is no
  /// such instance. Finds what enumerate_instances lists, and nothing else: a query that says all keys asks here.
  virtual runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path);
  /// `instance` has defaults filled in; keys that the client left out are absent. Answers the new path, whose namespace
  /// and class the object manager sets. ALREADY_EXISTS when it is there.
  virtual runtime::Task<Result<ObjectPath, Error>> create_instance(ProviderCall call, const Instance& instance);
  /// Only the properties to be changed are set in `changes`: writable ones, checked against their types.
  virtual runtime::Task<Result<void, Error>> modify_instance(ProviderCall call, const ObjectPath& path,
                                                             const Instance& changes);
  virtual runtime::Task<Result<void, Error>> delete_instance(ProviderCall call, const ObjectPath& path);
  /// `path` is an instance path as for get_instance, or a class path for a call on the class: METHOD_NOT_AVAILABLE when
  /// the method needs an instance. `in` has the parameters that were given, each of the declared type, Required ones
  /// among them.
  virtual runtime::Task<Result<MethodResult, Error>> invoke_method(ProviderCall call, const ObjectPath& path,
                                                                   const Method& method, const ParameterValues& in);
  /// For association classes: the instances of `call.cls` in which the reference property `role` ("" for any) points to
  /// `object`. By default they are picked from enumerate_instances.
  virtual runtime::Task<Result<void, Error>> references(ProviderCall call, const ObjectPath& object,
                                                        std::string_view role, InstanceSink& sink);
};

}  // namespace lunaria::cim
