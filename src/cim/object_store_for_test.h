#pragma once

// An ObjectStore in memory, for tests of this folder and of the protocols. Not part of the product.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/object_store.h"
#include "runtime/shard.h"

namespace lunaria::cim {

/// Pages hold two instances, so that tests see several.
class MemoryObjectStore final : public ObjectStore {
 public:
  /// What every change answers from now on; an error without message stands for none.
  void fail_with(Error error) { error_ = std::move(error); }
  const std::vector<SchemaElement>& schema() const { return schema_; }

  runtime::Task<Result<std::vector<SchemaElement>, Error>> load_schema() override { co_return schema_; }
  runtime::Task<Result<void, Error>> put_schema(SchemaElement element) override {
    if (!error_.message.empty()) {
      co_return fail(error_);
    }
    if (element.kind == SchemaElementKind::kClass) {
      sets_.try_emplace(name_of({element.name_space, element.name}));
    }
    const auto there = find_element(element.kind, element.name_space, element.name);
    if (there != schema_.end()) {
      *there = std::move(element);
    } else {
      schema_.push_back(std::move(element));
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> remove_schema(SchemaElementKind kind, NamespaceName name_space,
                                                   std::string name) override {
    if (!error_.message.empty()) {
      co_return fail(error_);
    }
    const auto set = sets_.find(name_of({name_space, name}));
    if (kind == SchemaElementKind::kClass && set != sets_.end()) {
      if (!set->second.empty()) {
        co_return fail(Error(Status::kClassHasInstances, name));
      }
      sets_.erase(set);
    }
    if (const auto there = find_element(kind, name_space, name); there != schema_.end()) {
      schema_.erase(there);
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> open_set(InstanceSet set) override {
    sets_.try_emplace(name_of(set));
    co_return Result<void, Error>();
  }
  runtime::Task<Result<std::optional<std::string>, Error>> find(InstanceSet set, std::string key) override {
    const auto& records = sets_[name_of(set)];
    const auto found = records.find(key);
    co_return found != records.end() ? std::optional(found->second) : std::nullopt;
  }
  runtime::Task<Result<void, Error>> insert(InstanceSet set, StoredInstance instance) override {
    co_await pass_time();
    const auto there = sets_.find(name_of(set));
    if (there == sets_.end()) {
      co_return fail(Error(Status::kInvalidClass, set.class_name));
    }
    if (!error_.message.empty()) {
      co_return fail(error_);
    }
    if (!there->second.emplace(std::move(instance.key), std::move(instance.record)).second) {
      co_return fail(Error(Status::kAlreadyExists, "there"));
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<bool, Error>> replace(InstanceSet set, StoredInstance instance, std::string expected) override {
    co_await pass_time();
    auto& records = sets_[name_of(set)];
    const auto found = records.find(instance.key);
    const bool is_expected = found != records.end() && found->second == expected && interfere_-- <= 0;
    if (is_expected) {
      found->second = std::move(instance.record);
    }
    co_return is_expected;
  }
  runtime::Task<Result<bool, Error>> erase(InstanceSet set, std::string key) override {
    co_await pass_time();
    if (!error_.message.empty()) {
      co_return fail(error_);
    }
    co_return sets_[name_of(set)].erase(key) != 0;
  }
  runtime::Task<Result<std::vector<StoredInstance>, Error>> page(InstanceSet set, std::string after_key) override {
    ++page_count_;
    const auto& records = sets_[name_of(set)];
    std::vector<StoredInstance> found;
    for (auto next = records.upper_bound(after_key); next != records.end() && found.size() < 2; ++next) {
      found.push_back({next->first, next->second});
    }
    co_return found;
  }
  runtime::Task<Result<bool, Error>> has_instances(InstanceSet set) override { co_return !sets_[name_of(set)].empty(); }
  /// Pages that were asked for.
  std::size_t page_count() const { return page_count_; }
  /// The next so many replacements find that somebody else was faster.
  void interfere(int count) { interfere_ = count; }
  /// Changes of instances let others run on this shard before they happen, as those of a disk do. Null: not any more.
  void take_time(runtime::Shard* shard) { shard_ = shard; }

 private:
  runtime::Task<void> pass_time() {
    if (shard_ != nullptr) {
      co_await runtime::yield_on(*shard_);
    }
  }
  static std::string name_of(const InstanceSet& set) { return fold_name(set.name_space.text() + ':' + set.class_name); }
  std::vector<SchemaElement>::iterator find_element(SchemaElementKind kind, const NamespaceName& name_space,
                                                    const std::string& name) {
    return std::ranges::find_if(schema_, [&](const SchemaElement& each) {
      return each.kind == kind && each.name_space == name_space && name_equal(each.name, name);
    });
  }

  std::vector<SchemaElement> schema_;
  std::map<std::string, std::map<std::string, std::string>> sets_;
  Error error_;
  int interfere_ = 0;
  std::size_t page_count_ = 0;
  runtime::Shard* shard_ = nullptr;
};

}  // namespace lunaria::cim
