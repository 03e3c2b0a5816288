#pragma once

// Runs a task that completes without waiting for the world. For tests.

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "base/check.h"
#include "runtime/gate.h"
#include "runtime/task.h"

namespace lunaria::cim {

template <class T>
runtime::Task<void> store_result(runtime::Task<T> task, std::optional<T>& result) {
  auto value = co_await std::move(task);
  result.emplace(std::move(value));
}

/// What the task answers, at once: one that waits for something fails the test, and ends it.
template <class T>
T run(runtime::Task<T> task) {
  std::optional<T> result;
  runtime::Gate gate;
  EXPECT_TRUE(runtime::spawn(gate, store_result(std::move(task), result)));
  EXPECT_EQ(gate.count(), 0U) << "the operation waits for something";
  check(result.has_value(), "the operation has answered");
  return *std::move(result);
}

}  // namespace lunaria::cim
