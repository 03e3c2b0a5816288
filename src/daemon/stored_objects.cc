#include "daemon/stored_objects.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/blocking.h"
#include "runtime/event.h"

namespace lunaria::daemon {
namespace {

/// Rows and bytes that one page of an enumeration reads ahead.
constexpr std::size_t kPageRowsMax = 512;
constexpr std::size_t kPageBytesMax = std::size_t{256} << 10;
/// Calls carried out together.
constexpr std::size_t kBatchMax = 256;

cim::Error from_file(const catalogue::Error& error) {
  return cim::Error(cim::Status::kFailed, error.message);
}

}  // namespace

/// One call on its way; in the frame of perform().
struct StoredObjects::Job {
  Access access = Access::kRead;
  std::function<std::optional<catalogue::Error>(catalogue::ObjectFile&)> run;
  std::optional<catalogue::Error> error;
  runtime::Event done;
};

runtime::Task<Result<void, std::string>> StoredObjects::open(std::string path) {
  auto opened = co_await runtime::run_blocking(
      shard_, [&path] { return catalogue::ObjectFile::open({.path = path, .vfs = {}}); });
  if (!opened) {
    co_return fail(opened.error().message);
  }
  file_ = std::move(*opened);
  co_return Result<void, std::string>();
}

runtime::Task<void> StoredObjects::close() {
  gate_.close();
  co_await gate_.drained();
  co_await runtime::run_blocking(shard_, [this] {
    file_.reset();
    return true;
  });
}

template <class T>
runtime::Task<Result<T, cim::Error>> StoredObjects::perform(Access access, Work<T> work) {
  if (file_ == nullptr || !gate_.try_enter()) {
    co_return fail(cim::Error(cim::Status::kServerIsShuttingDown, "the store of objects is closed"));
  }
  std::optional<catalogue::Outcome<T>> outcome;
  Job job;
  job.access = access;
  job.run = [&outcome, &work](catalogue::ObjectFile& file) {
    outcome.emplace(work(file));
    return *outcome ? std::nullopt : std::optional(outcome->error());
  };
  queue_.push_back(&job);
  if (!is_running_) {
    runtime::spawn(gate_, run_queue());
  }
  co_await job.done.wait();
  gate_.leave();
  if (job.error) {
    co_return fail(from_file(*job.error));
  }
  if constexpr (std::is_void_v<T>) {
    co_return Result<T, cim::Error>();
  } else {
    co_return std::move(**outcome);
  }
}

runtime::Task<void> StoredObjects::run_queue() {
  is_running_ = true;
  while (!queue_.empty()) {
    std::vector<Job*> batch = std::exchange(queue_, {});
    if (batch.size() > kBatchMax) {
      queue_.assign(batch.begin() + kBatchMax, batch.end());
      batch.resize(kBatchMax);
    }
    co_await runtime::run_blocking(shard_, [this, &batch] {
      carry_out(batch);
      return true;
    });
    for (Job* job : batch) {
      job->done.set();
    }
  }
  is_running_ = false;
}

// On a worker thread. A failure takes the transaction back: every call from the first change on shares it, for what
// came after may have seen what is not there now.
void StoredObjects::carry_out(const std::vector<Job*>& batch) {
  const auto first_write = std::ranges::find(batch, Access::kWrite, &Job::access);
  std::optional<catalogue::Error> failure;
  std::for_each(batch.begin(), first_write, [this](Job* job) { job->error = job->run(*file_); });
  if (first_write == batch.end()) {
    return;
  }
  auto transaction = catalogue::Transaction::begin(file_->database());
  if (!transaction) {
    failure = transaction.error();
  }
  for (auto job = first_write; job != batch.end() && !failure; ++job) {
    (*job)->error = (*job)->run(*file_);
    failure = (*job)->error;
  }
  if (!failure) {
    if (const auto committed = transaction->commit(); !committed) {
      failure = committed.error();
    }
  }
  if (failure) {
    file_->rolled_back();
    std::for_each(first_write, batch.end(), [&failure](Job* job) { job->error = failure; });
  }
}

runtime::Task<Result<std::vector<cim::SchemaElement>, cim::Error>> StoredObjects::load_schema() {
  const auto rows = co_await perform<std::vector<catalogue::SchemaRow>>(
      Access::kRead, [](catalogue::ObjectFile& file) { return file.schema(); });
  if (!rows) {
    co_return fail(rows.error());
  }
  std::vector<cim::SchemaElement> elements;
  for (const catalogue::SchemaRow& row : *rows) {
    elements.push_back(
        {static_cast<cim::SchemaElementKind>(row.kind), cim::NamespaceName(row.name_space), row.name, row.text});
  }
  co_return elements;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::put_schema(cim::SchemaElement element) {
  auto done = co_await perform<void>(Access::kWrite, [&element](catalogue::ObjectFile& file) {
    const auto& space = element.name_space.text();
    const auto put = file.put_schema({static_cast<std::int64_t>(element.kind), space, element.name, element.mof});
    return put && element.kind == cim::SchemaElementKind::kClass ? file.open_set(space, element.name) : put;
  });
  co_return done;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::remove_schema(cim::SchemaElementKind kind,
                                                                     cim::NamespaceName name_space, std::string name) {
  const auto removed = co_await perform<bool>(Access::kWrite, [&](catalogue::ObjectFile& file) {
    auto is_gone = kind == cim::SchemaElementKind::kClass ? file.remove_set(name_space.text(), name)
                                                          : catalogue::Outcome<bool>(true);
    if (!is_gone || !*is_gone) {
      return is_gone;
    }
    const auto done = file.remove_schema(static_cast<std::int64_t>(kind), name_space.text(), name);
    return done ? catalogue::Outcome<bool>(true) : catalogue::Outcome<bool>(fail(done.error()));
  });
  if (!removed) {
    co_return fail(removed.error());
  }
  if (!*removed) {
    co_return fail(cim::Error(cim::Status::kClassHasInstances, name + " has instances"));
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> StoredObjects::open_set(cim::InstanceSet set) {
  auto done = co_await perform<void>(Access::kWrite, [&set](catalogue::ObjectFile& file) {
    return file.open_set(set.name_space.text(), set.class_name);
  });
  co_return done;
}

runtime::Task<Result<std::optional<std::string>, cim::Error>> StoredObjects::find(cim::InstanceSet set,
                                                                                  std::string key) {
  // Mostly in memory, and then faster than two changes of threads. A worker has the file otherwise.
  if (file_ != nullptr && !is_running_ && !gate_.is_closed()) {
    auto there = file_->find(set.name_space.text(), set.class_name, key);
    if (!there) {
      co_return fail(from_file(there.error()));
    }
    co_return *std::move(there);
  }
  auto found = co_await perform<std::optional<std::string>>(Access::kRead, [&](catalogue::ObjectFile& file) {
    return file.find(set.name_space.text(), set.class_name, key);
  });
  co_return found;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::insert(cim::InstanceSet set, cim::StoredInstance instance) {
  const auto outcome = co_await perform<catalogue::InsertOutcome>(Access::kWrite, [&](catalogue::ObjectFile& file) {
    return file.insert(set.name_space.text(), set.class_name, {std::move(instance.key), std::move(instance.record)});
  });
  if (!outcome) {
    co_return fail(outcome.error());
  }
  switch (*outcome) {
    case catalogue::InsertOutcome::kInserted:
      co_return Result<void, cim::Error>();
    case catalogue::InsertOutcome::kExists:
      co_return fail(cim::Error(cim::Status::kAlreadyExists, "the instance is there already"));
    case catalogue::InsertOutcome::kNoSet:
      break;
  }
  co_return fail(cim::Error(cim::Status::kInvalidClass, "no class " + set.class_name + " any more"));
}

runtime::Task<Result<bool, cim::Error>> StoredObjects::replace(cim::InstanceSet set, cim::StoredInstance instance,
                                                               std::string expected) {
  auto replaced = co_await perform<bool>(Access::kWrite, [&](catalogue::ObjectFile& file) {
    return file.replace(set.name_space.text(), set.class_name, {std::move(instance.key), std::move(instance.record)},
                        expected);
  });
  co_return replaced;
}

runtime::Task<Result<bool, cim::Error>> StoredObjects::erase(cim::InstanceSet set, std::string key) {
  auto erased = co_await perform<bool>(Access::kWrite, [&](catalogue::ObjectFile& file) {
    return file.erase(set.name_space.text(), set.class_name, key);
  });
  co_return erased;
}

runtime::Task<Result<std::vector<cim::StoredInstance>, cim::Error>> StoredObjects::page(cim::InstanceSet set,
                                                                                        std::string after_key) {
  auto rows = co_await perform<std::vector<catalogue::ObjectRow>>(Access::kRead, [&](catalogue::ObjectFile& file) {
    return file.page(set.name_space.text(), set.class_name, after_key, kPageRowsMax, kPageBytesMax);
  });
  if (!rows) {
    co_return fail(rows.error());
  }
  std::vector<cim::StoredInstance> instances;
  instances.reserve(rows->size());
  for (catalogue::ObjectRow& row : *rows) {
    instances.push_back({std::move(row.key), std::move(row.record)});
  }
  co_return instances;
}

runtime::Task<Result<bool, cim::Error>> StoredObjects::has_instances(cim::InstanceSet set) {
  auto has_any = co_await perform<bool>(Access::kRead, [&](catalogue::ObjectFile& file) {
    return file.has_objects(set.name_space.text(), set.class_name);
  });
  co_return has_any;
}

runtime::Task<Result<std::vector<cim::indication::StoredMessage>, cim::Error>> StoredObjects::load_messages() {
  using Rows = std::vector<std::pair<std::string, catalogue::MessageRow>>;
  auto rows = co_await perform<Rows>(Access::kRead, [](catalogue::ObjectFile& file) { return file.messages(); });
  if (!rows) {
    co_return fail(rows.error());
  }
  std::vector<cim::indication::StoredMessage> messages;
  for (auto& [destination, row] : *rows) {
    messages.push_back({std::move(destination), row.sequence, std::move(row.body), static_cast<cim::Role>(row.reader)});
  }
  co_return messages;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::push_message(cim::indication::StoredMessage message) {
  auto done = co_await perform<void>(Access::kWrite, [&message](catalogue::ObjectFile& file) {
    return file.push_message(message.destination,
                             {message.sequence, std::move(message.body), std::to_underlying(message.reader)});
  });
  co_return done;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::remove_message(std::string destination, std::int64_t sequence) {
  auto done = co_await perform<void>(
      Access::kWrite, [&](catalogue::ObjectFile& file) { return file.remove_message(destination, sequence); });
  co_return done;
}

runtime::Task<Result<void, cim::Error>> StoredObjects::remove_messages(std::string destination) {
  auto done = co_await perform<void>(Access::kWrite,
                                     [&](catalogue::ObjectFile& file) { return file.remove_messages(destination); });
  co_return done;
}

}  // namespace lunaria::daemon
