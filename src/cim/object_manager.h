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
#include "cim/associations.h"
#include "cim/audit.h"
#include "cim/class_query.h"
#include "cim/enumeration_request.h"
#include "cim/enumerator.h"
#include "cim/error.h"
#include "cim/event_keeper.h"
#include "cim/instance_sink.h"
#include "cim/method_listener.h"
#include "cim/open_enumerations.h"
#include "cim/operation_context.h"
#include "cim/property_list.h"
#include "cim/provider.h"
#include "cim/provider_table.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"
#include "runtime/task.h"

namespace lunaria::cim {

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

/// What an object manager can do without; null where it is not there. All of it outlives the object.
struct Extensions {
  SchemaEditor* schema_editor = nullptr;     ///< null: NOT_SUPPORTED
  OpenEnumerations* enumerations = nullptr;  ///< over the same repository and providers; null: NOT_SUPPORTED
  AuditTrail* audit = nullptr;               ///< null: nothing is recorded
  MethodListener* methods = nullptr;         ///< null: nobody hears of method calls
  EventKeeper* events = nullptr;             ///< null: answers do not wait for anything
};

/// All members are for the control shard. References outlive the object; arguments taken by reference outlive the call.
/// Every operation can also answer ACCESS_DENIED, SERVER_IS_SHUTTING_DOWN, SERVER_LIMITS_EXCEEDED and
/// INVALID_NAMESPACE.
class ObjectManager final {
 public:
  ObjectManager(const Repository& repository, const ProviderTable& providers, AdmissionControl& admission,
                Authorizer authorizer, Extensions extensions = {});

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

  // Changes of the schema: SchemaEditor says what each can answer.
  runtime::Task<Result<void, Error>> create_class(const OperationContext& context, const NamespaceName& name_space,
                                                  const ClassDeclaration& declaration) const;
  runtime::Task<Result<void, Error>> modify_class(const OperationContext& context, const NamespaceName& name_space,
                                                  const ClassDeclaration& declaration) const;
  runtime::Task<Result<void, Error>> delete_class(const OperationContext& context, const NamespaceName& name_space,
                                                  std::string_view class_name) const;
  runtime::Task<Result<void, Error>> set_qualifier(const OperationContext& context, const NamespaceName& name_space,
                                                   const QualifierType& declaration) const;
  runtime::Task<Result<void, Error>> delete_qualifier(const OperationContext& context, const NamespaceName& name_space,
                                                      std::string_view name) const;

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
  /// Whatever the request asks for, as an operation of its own: Enumerator::produce() says what it answers.
  runtime::Task<Result<void, Error>> enumerate(const OperationContext& context, const EnumerationRequest& request,
                                               InstanceSink& sink) const;
  /// References or Associators on a class. INVALID_PARAMETER when a class is not there.
  Result<std::vector<ClassPtr>, Error> class_references(const OperationContext& context,
                                                        const NamespaceName& name_space, std::string_view class_name,
                                                        const AssociationFilter& filter) const;
  Result<std::vector<ClassPtr>, Error> class_associators(const OperationContext& context,
                                                         const NamespaceName& name_space, std::string_view class_name,
                                                         const AssociationFilter& filter) const;

  /// What a query selects where that is classes: see query_classes(). What is given outlives the task.
  runtime::Task<Result<std::vector<PlacedClass>, Error>> exec_class_query(const OperationContext& context,
                                                                          const NamespaceName& name_space,
                                                                          const QueryText& query) const;

  // Pulled enumerations: OpenEnumerations says what each answers.
  runtime::Task<Result<PullProgress, Error>> open_enumeration(const OperationContext& context,
                                                              const EnumerationRequest& request,
                                                              const OpenOptions& options, InstanceSink& sink) const;
  runtime::Task<Result<PullProgress, Error>> pull(const OperationContext& context, const NamespaceName& name_space,
                                                  PullContent content, std::string_view id,
                                                  std::uint32_t object_count_max, InstanceSink& sink) const;
  /// What is pulled, for the form of the answer; null where pull() will say why not.
  const EnumerationRequest* opened_request(const OperationContext& context, const NamespaceName& name_space,
                                           std::string_view id) const;
  Result<void, Error> close_enumeration(const OperationContext& context, const NamespaceName& name_space,
                                        std::string_view id) const;
  runtime::Task<Result<std::uint64_t, Error>> count_enumeration(const OperationContext& context,
                                                                const NamespaceName& name_space,
                                                                std::string_view id) const;

  /// Deprecated ways to read and write one property. NO_SUCH_PROPERTY; `value` may be text, or an array of texts, of
  /// whatever type the property is.
  runtime::Task<Result<Value, Error>> get_property(const OperationContext& context, const ObjectPath& path,
                                                   std::string_view property) const;
  runtime::Task<Result<void, Error>> set_property(const OperationContext& context, const ObjectPath& path,
                                                  std::string_view property, const Value& value) const;

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
  /// What a change is about. Views and references into the request.
  struct Change {
    OperationRequest request;
    const ObjectPath* path = nullptr;  ///< of the object, where there is one
    std::string_view element{};        ///< the property or qualifier type, where there is one
    const Instance* instance = nullptr;
    const PropertyList* properties = nullptr;     ///< with `instance`
    const ParameterValues* parameters = nullptr;  ///< of a method
  };
  /// The one way of every change and every method call: admission and rights first, then `work`, then the record of
  /// how it ended. Nothing of `work` runs when it is refused. What it has told listeners of is kept when this returns.
  /// Defined in object_manager_change.h.
  template <class T>
  runtime::Task<Result<T, Error>> carry_out(const OperationContext& context, Change change,
                                            runtime::Task<Result<T, Error>> work) const;
  static AuditRecord describe(const OperationContext& context, const Change& change);
  /// Records a read that the role of the principal does not allow; anything else of a read is not recorded.
  void note_refusal(const OperationContext& context, const OperationRequest& request, const Error& error) const;

  // The work of each change, once it is let in.
  runtime::Task<Result<ObjectPath, Error>> create_admitted(const OperationContext& context,
                                                           const NamespaceName& name_space,
                                                           const Instance& instance) const;
  runtime::Task<Result<void, Error>> modify_admitted(const OperationContext& context, const ObjectPath& path,
                                                     const Instance& instance, const PropertyList& properties) const;
  runtime::Task<Result<void, Error>> delete_admitted(const OperationContext& context, const ObjectPath& path) const;
  runtime::Task<Result<void, Error>> set_property_admitted(const OperationContext& context, const ObjectPath& path,
                                                           std::string_view property, const Value& value) const;
  runtime::Task<Result<MethodResult, Error>> invoke_admitted(const OperationContext& context, const ObjectPath& path,
                                                             std::string_view method_name,
                                                             const ParameterValues& parameters) const;
  /// A call on an instance that somebody wants to hear of, before and after.
  runtime::Task<Result<MethodResult, Error>> invoke_told(ProviderCall call, Provider& provider, const ObjectPath& path,
                                                         const Method& method, const ParameterValues& in) const;

  Result<AdmissionControl::Ticket, Error> begin(const OperationContext& context, const OperationRequest& request) const;
  Result<ClassPtr, Error> find_class(const NamespaceName& name_space, std::string_view class_name) const;
  Result<Target, Error> find_target(const ObjectPath& path) const;
  Result<ClassPtr, Error> find_associated(const OperationContext& context, OperationKind kind,
                                          const NamespaceName& name_space, std::string_view class_name,
                                          const AssociationFilter& filter) const;
  /// Reads the instance first where it must, and hands the changes to its provider.
  runtime::Task<Result<void, Error>> modify_target(const OperationContext& context, const Target& target,
                                                   const Instance& instance, const PropertyList& properties) const;
  Result<std::vector<ClassPtr>, Error> list_classes(const NamespaceName& name_space, std::string_view class_name,
                                                    bool deep_inheritance) const;

  const Repository& repository_;
  const ProviderTable& providers_;
  AdmissionControl& admission_;
  Authorizer authorizer_;
  Extensions extensions_;
  Enumerator enumerator_;
};

}  // namespace lunaria::cim
