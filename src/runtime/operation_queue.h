#pragma once

// OperationQueue: first in, first out, through the link that every Operation carries; holds any number of them without
// memory of its own. For implementations of Shard, File and Stream.

#include "runtime/operation.h"

namespace lunaria::runtime {

/// Single-threaded. An operation stands in one queue at a time.
class OperationQueue final {
 public:
  OperationQueue() = default;
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;
  OperationQueue(OperationQueue&& other) noexcept : first_(other.first_), last_(other.last_) {
    other.first_ = nullptr;
    other.last_ = nullptr;
  }
  OperationQueue& operator=(OperationQueue&&) = delete;

  bool empty() const { return first_ == nullptr; }
  void push(Operation& operation) {
    operation.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &operation;
    last_ = &operation;
  }
  /// The oldest, now out of the queue; nullptr when empty.
  Operation* pop() {
    Operation* oldest = first_;
    if (oldest != nullptr) {
      first_ = oldest->next;
      if (first_ == nullptr) {
        last_ = nullptr;
      }
    }
    return oldest;
  }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
};

}  // namespace lunaria::runtime
