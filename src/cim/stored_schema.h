#pragma once

// StoredSchema: the schema that clients make at run time. Checks each change against what is there, keeps it in the
// ObjectStore, then puts it into the repository and gives classes that can have instances the provider that keeps them.

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log.h"
#include "cim/object_manager.h"
#include "cim/object_store.h"
#include "cim/provider.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"
#include "runtime/async_mutex.h"

namespace lunaria::cim {

class SchemaFit;

/// Control shard only. Changes are carried out one at a time.
class StoredSchema final : public SchemaEditor {
 public:
  /// What it works with; all of it outlives it.
  struct Environment {
    Repository& repository;
    ProviderTable& providers;
    Provider& instances;  ///< serves the classes that are made
    ObjectStore& store;
    Log& log;
  };
  explicit StoredSchema(const Environment& environment) : environment_(environment) {}

  /// Adds what the store has to the repository, which holds the shipped schema and nothing else by now: that cannot be
  /// changed, only built upon. What does not fit the shipped schema of this version any more is logged and left alone:
  /// such a class keeps its namespace from being deleted, and can be deleted or made anew.
  runtime::Task<Result<void, Error>> load();

  /// From now on `listener` hears of namespaces; null: nobody does. It outlives this, or is taken away.
  void tell_of_namespaces(NamespaceListener* listener) { listener_ = listener; }

  runtime::Task<Result<void, Error>> create_namespace(const OperationContext& context,
                                                      const NamespaceName& name) override;
  runtime::Task<Result<void, Error>> delete_namespace(const OperationContext& context,
                                                      const NamespaceName& name) override;
  runtime::Task<Result<void, Error>> create_class(const OperationContext& context, const NamespaceName& name_space,
                                                  const ClassDeclaration& declaration) override;
  runtime::Task<Result<void, Error>> modify_class(const OperationContext& context, const NamespaceName& name_space,
                                                  const ClassDeclaration& declaration) override;
  runtime::Task<Result<void, Error>> delete_class(const OperationContext& context, const NamespaceName& name_space,
                                                  std::string_view class_name) override;
  runtime::Task<Result<void, Error>> set_qualifier_type(const OperationContext& context,
                                                        const NamespaceName& name_space,
                                                        const QualifierType& declaration) override;
  runtime::Task<Result<void, Error>> delete_qualifier_type(const OperationContext& context,
                                                           const NamespaceName& name_space,
                                                           std::string_view name) override;

 private:
  /// What was made at run time in one namespace.
  struct Made {
    bool is_namespace = false;  ///< the namespace itself
    NameSet classes;
    NameSet unreadable_classes;  ///< stored, but not among the classes of the repository
    NameSet qualifier_types;
  };

  void add_namespace(const NamespaceName& name);
  void load_qualifier_type(const SchemaElement& element);
  void load_class(const SchemaElement& element);
  void tell_unreadable(const NamespaceName& name_space, std::string_view name, std::string_view reason);
  void serve(const NamespaceName& name_space, const ClassPtr& cls);
  runtime::Task<Result<void, Error>> put_class(const NamespaceName& name_space, SchemaChange change);
  runtime::Task<Result<void, Error>> check_instances(const NamespaceName& name_space, const SchemaChange& change);
  runtime::Task<Result<void, Error>> check_stored(const NamespaceName& name_space, const ClassPtr& cls,
                                                  const SchemaFit& fit);
  Result<void, Error> check_text(const NamespaceName& name_space, const Class& cls, const std::string& text) const;
  QualifierTypePtr standard_qualifier_type(std::string_view name) const;
  Result<SchemaChange, Error> read_qualifier_type(const NamespaceName& name_space, const std::string& text) const;
  std::string class_text(const NamespaceName& name_space, const Class& cls) const;

  Environment environment_;
  std::unordered_map<NamespaceName, Made, NamespaceHash> made_;
  runtime::AsyncMutex mutex_;
  NamespaceListener* listener_ = nullptr;
};

}  // namespace lunaria::cim
