#pragma once

// ObjectManager: the operations of DSP0200 5.3 as every protocol calls them. It checks names, classes, keys, types and
// rights, finds the provider, and streams what it answers.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cim/admission.h"
#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/operation_context.h"
#include "cim/property_list.h"
#include "cim/provider.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// Which provider serves which class. Filled at start by the daemon; providers are not owned.
class ProviderTable final {
 public:
  /// For exactly this class; subclasses are registered on their own. A second provider for a class is a bug.
  void add(const NamespaceName& name_space, std::string_view class_name, Provider& provider);
  /// Null when nobody serves it.
  Provider* find(const NamespaceName& name_space, std::string_view class_name) const;

 private:
  std::unordered_map<NamespaceName, NameMap<Provider*>, NamespaceHash> providers_;
};

/// Whether the principal may do this: nothing, or ACCESS_DENIED. Called once per operation, before anything is looked
/// up, with the class name of the request.
using Authorizer = std::function<Result<void, Error>(const OperationContext&, const OperationRequest&)>;

/// Parameters of the class operations; the defaults are those of DSP0200.
struct ClassOptions {
  bool local_only = true;
  bool include_qualifiers = true;
  bool include_class_origin = false;
  PropertyList properties = std::nullopt;

  /// Whether an answer shows this element of the class; local_only and properties decide.
  bool shows(const Class& cls, const Property& property) const;
  bool shows(const Class& cls, const Method& method) const;
  /// Whether it shows this qualifier of the class itself, or of an element (`is_propagated`: of the element).
  bool shows(const QualifierSet::Entry& entry, bool is_propagated = false) const;
};

/// Parameters of the instance operations. IncludeQualifiers and IncludeClassOrigin only change how an instance is
/// written: protocols look at Instance::cls() for both.
struct GetInstanceOptions {
  bool local_only = false;
  PropertyList properties = std::nullopt;
};
struct EnumerateInstancesOptions {
  bool local_only = false;
  bool deep_inheritance = true;
  PropertyList properties = std::nullopt;
};

/// All members are for the control shard. References outlive the object; arguments taken by reference outlive the call.
/// Every operation can also answer ACCESS_DENIED, SERVER_IS_SHUTTING_DOWN, SERVER_LIMITS_EXCEEDED and
/// INVALID_NAMESPACE.
class ObjectManager final {
 public:
  ObjectManager(const Repository& repository, const ProviderTable& providers, AdmissionControl& admission,
                Authorizer authorizer);

  /// NOT_FOUND when there is no such class (DSP0200 5.3.2.1).
  Result<ClassPtr, Error> get_class(const OperationContext& context, const NamespaceName& name_space,
                                    std::string_view class_name) const;
  /// `class_name` "" stands for the top. INVALID_CLASS when it is not there. Superclasses come before subclasses.
  Result<std::vector<ClassPtr>, Error> enumerate_classes(const OperationContext& context,
                                                         const NamespaceName& name_space, std::string_view class_name,
                                                         bool deep_inheritance) const;
  Result<std::vector<std::string>, Error> enumerate_class_names(const OperationContext& context,
                                                                const NamespaceName& name_space,
                                                                std::string_view class_name,
                                                                bool deep_inheritance) const;
  Result<QualifierTypePtr, Error> get_qualifier(const OperationContext& context, const NamespaceName& name_space,
                                                std::string_view name) const;
  Result<std::vector<QualifierTypePtr>, Error> enumerate_qualifiers(const OperationContext& context,
                                                                    const NamespaceName& name_space) const;

  /// `path` gives namespace, class and keys. The answer's selection says which properties to write.
  runtime::Task<Result<Instance, Error>> get_instance(const OperationContext& context, const ObjectPath& path,
                                                      const GetInstanceOptions& options) const;
  /// Instances of the class and its subclasses, provider by provider. What was put before an error stays valid.
  runtime::Task<Result<void, Error>> enumerate_instances(const OperationContext& context,
                                                         const NamespaceName& name_space, std::string_view class_name,
                                                         const EnumerateInstancesOptions& options,
                                                         InstanceSink& sink) const;
  /// Instances of which only the keys count: write Instance::path(name_space), or the keys themselves.
  runtime::Task<Result<void, Error>> enumerate_instance_names(const OperationContext& context,
                                                              const NamespaceName& name_space,
                                                              std::string_view class_name, InstanceSink& sink) const;
  /// `instance` may be of a class made up by an InstanceBuilder. Answers the full path.
  runtime::Task<Result<ObjectPath, Error>> create_instance(const OperationContext& context,
                                                           const NamespaceName& name_space,
                                                           const Instance& instance) const;
  /// Changes the listed properties, or all writable ones that `instance` carries. See README.md for what happens to
  /// keys and read-only ones.
  runtime::Task<Result<void, Error>> modify_instance(const OperationContext& context, const ObjectPath& path,
                                                     const Instance& instance, const PropertyList& properties) const;
  runtime::Task<Result<void, Error>> delete_instance(const OperationContext& context, const ObjectPath& path) const;
  /// `path` is an instance path, or a class path.
  runtime::Task<Result<MethodResult, Error>> invoke_method(const OperationContext& context, const ObjectPath& path,
                                                           std::string_view method_name,
                                                           const ParameterValues& parameters) const;

  const Repository& repository() const { return repository_; }

 private:
  /// An existing class, its provider (null when it has none), and the path with typed keys.
  struct Target {
    ClassPtr cls;
    Provider* provider;
    ObjectPath path;
  };
  Result<AdmissionControl::Ticket, Error> begin(const OperationContext& context, const OperationRequest& request) const;
  Result<ClassPtr, Error> find_class(const NamespaceName& name_space, std::string_view class_name) const;
  Result<Target, Error> find_target(const ObjectPath& path) const;
  Result<std::vector<ClassPtr>, Error> list_classes(const NamespaceName& name_space, std::string_view class_name,
                                                    bool deep_inheritance) const;

  const Repository& repository_;
  const ProviderTable& providers_;
  AdmissionControl& admission_;
  Authorizer authorizer_;
};

}  // namespace lunaria::cim
