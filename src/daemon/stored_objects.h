#pragma once

// StoredObjects: the object manager's ObjectStore over an ObjectFile. Calls are gathered while the file is busy, and
// what was gathered is carried out as one transaction on a worker thread: many clients share one sync. A single
// instance is looked up at once while no worker has the file.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/object_file.h"
#include "cim/indication/message_store.h"
#include "cim/object_store.h"
#include "runtime/gate.h"
#include "runtime/shard.h"

namespace lunaria::daemon {

/// Lives on the control shard. close() comes before the destructor.
class StoredObjects final : public cim::ObjectStore, public cim::indication::MessageStore {
 public:
  explicit StoredObjects(runtime::Shard& shard) : shard_(shard) {}

  /// The error is a sentence that says what to do.
  runtime::Task<Result<void, std::string>> open(std::string path);
  runtime::Task<void> close();

  runtime::Task<Result<std::vector<cim::SchemaElement>, cim::Error>> load_schema() override;
  runtime::Task<Result<void, cim::Error>> put_schema(cim::SchemaElement element) override;
  runtime::Task<Result<void, cim::Error>> remove_schema(cim::SchemaElementKind kind, cim::NamespaceName name_space,
                                                        std::string name) override;
  runtime::Task<Result<void, cim::Error>> open_set(cim::InstanceSet set) override;
  runtime::Task<Result<std::optional<std::string>, cim::Error>> find(cim::InstanceSet set, std::string key) override;
  runtime::Task<Result<void, cim::Error>> insert(cim::InstanceSet set, cim::StoredInstance instance) override;
  runtime::Task<Result<bool, cim::Error>> replace(cim::InstanceSet set, cim::StoredInstance instance,
                                                  std::string expected) override;
  runtime::Task<Result<bool, cim::Error>> erase(cim::InstanceSet set, std::string key) override;
  runtime::Task<Result<std::vector<cim::StoredInstance>, cim::Error>> page(cim::InstanceSet set,
                                                                           std::string after_key) override;
  runtime::Task<Result<bool, cim::Error>> has_instances(cim::InstanceSet set) override;

  runtime::Task<Result<std::vector<cim::indication::StoredMessage>, cim::Error>> load_messages() override;
  runtime::Task<Result<void, cim::Error>> push_message(cim::indication::StoredMessage message) override;
  runtime::Task<Result<void, cim::Error>> remove_message(std::string destination, std::int64_t sequence) override;
  runtime::Task<Result<void, cim::Error>> remove_messages(std::string destination) override;

 private:
  struct Job;
  template <class T>
  using Work = std::function<catalogue::Outcome<T>(catalogue::ObjectFile&)>;
  enum class Access : std::uint8_t { kRead, kWrite };

  /// Queues the work and waits until its transaction is on stable storage.
  template <class T>
  runtime::Task<Result<T, cim::Error>> perform(Access access, Work<T> work);
  runtime::Task<void> run_queue();
  void carry_out(const std::vector<Job*>& batch);

  runtime::Shard& shard_;
  runtime::Gate gate_;
  std::unique_ptr<catalogue::ObjectFile> file_;
  std::vector<Job*> queue_;
  bool is_running_ = false;
};

}  // namespace lunaria::daemon
