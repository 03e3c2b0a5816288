#pragma once

// ObjectStore: where the object manager keeps what clients make at run time: schema as MOF text, and instances as
// records (instance_record.h). Implemented over a database by the daemon, in memory by tests.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/error.h"
#include "cim/name.h"
#include "runtime/task.h"

namespace lunaria::cim {

enum class SchemaElementKind : std::uint8_t { kNamespace = 0, kQualifierType = 1, kClass = 2 };

/// One namespace, qualifier declaration or class that was made at run time.
struct SchemaElement {
  SchemaElementKind kind = SchemaElementKind::kClass;
  NamespaceName name_space;
  std::string name;  ///< "" for a namespace
  std::string mof;   ///< its declaration; "" for a namespace
};

/// The instances of one class.
struct InstanceSet {
  NamespaceName name_space;
  std::string class_name;
};

struct StoredInstance {
  std::string key;  ///< unique in its set; sets are ordered by it
  std::string record;
};

/// Interface; control shard only. Changes are on stable storage when they return. Calls take effect in the order in
/// which they were made. FAILED when the storage does.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Everything made at run time, each element after those that it was made upon.
  virtual runtime::Task<Result<std::vector<SchemaElement>, Error>> load_schema() = 0;
  /// Adds or replaces an element. A class gets its set of instances, which keeps what it has.
  virtual runtime::Task<Result<void, Error>> put_schema(SchemaElement element) = 0;
  /// Removes one; CLASS_HAS_INSTANCES while a class has any.
  virtual runtime::Task<Result<void, Error>> remove_schema(SchemaElementKind kind, NamespaceName name_space,
                                                           std::string name) = 0;
  /// Makes the set of instances of a class that is not among the elements; no-op when it is there.
  virtual runtime::Task<Result<void, Error>> open_set(InstanceSet set) = 0;

  /// nullopt when there is none. Takes the same time however many instances there are.
  virtual runtime::Task<Result<std::optional<std::string>, Error>> find(InstanceSet set, std::string key) = 0;
  /// ALREADY_EXISTS; INVALID_CLASS when the set is gone.
  virtual runtime::Task<Result<void, Error>> insert(InstanceSet set, StoredInstance instance) = 0;
  /// Replaces a record, if it still is `expected`: false when it is another by now, or gone.
  virtual runtime::Task<Result<bool, Error>> replace(InstanceSet set, StoredInstance instance,
                                                     std::string expected) = 0;
  /// False when there was none.
  virtual runtime::Task<Result<bool, Error>> erase(InstanceSet set, std::string key) = 0;
  /// The next instances after a key, in order ("" for the first): some of them, none at the end.
  virtual runtime::Task<Result<std::vector<StoredInstance>, Error>> page(InstanceSet set, std::string after_key) = 0;
  virtual runtime::Task<Result<bool, Error>> has_instances(InstanceSet set) = 0;
};

}  // namespace lunaria::cim
