#pragma once

// OperationMeter: what one operation costs while statistics are gathered, and the two guards that tell it when
// providers are at work. Without a meter a guard costs a look at a pointer.

#include <cstdint>

#include "cim/operation_context.h"
#include "runtime/clock.h"

namespace lunaria::cim {

/// Lives in the front end, as long as the operation; control shard only.
class OperationMeter final {
 public:
  explicit OperationMeter(const runtime::Clock& clock) : clock_(clock), started_(clock.now()) {}

  void enter_provider() { entered_ = clock_.now(); }
  void leave_provider() { in_providers_ += clock_.now() - entered_; }

  /// Since it was made.
  runtime::Duration elapsed() const { return clock_.now() - started_; }
  runtime::Duration in_providers() const { return in_providers_; }

  std::uint64_t request_bytes = 0;   ///< of the message, without what HTTP adds
  std::uint64_t response_bytes = 0;  ///< the same

 private:
  const runtime::Clock& clock_;
  runtime::Instant started_;
  runtime::Instant entered_{};
  runtime::Duration in_providers_{};
};

/// A provider is at work while it lives. Around every call of a provider; `context` outlives it.
class [[nodiscard]] ProviderTime final {
 public:
  explicit ProviderTime(const OperationContext& context) : context_(context) {
    if (context_.meter != nullptr) {
      context_.meter->enter_provider();
    }
  }
  ProviderTime(const ProviderTime&) = delete;
  ProviderTime& operator=(const ProviderTime&) = delete;
  ~ProviderTime() { end(); }
  /// It has answered.
  void end() {
    if (context_.meter != nullptr && !has_ended_) {
      context_.meter->leave_provider();
    }
    has_ended_ = true;
  }

 private:
  const OperationContext& context_;
  bool has_ended_ = false;
};

/// The provider waits while it lives: what it has produced is being passed on. The context may have another meter at
/// its end than at its beginning: that of the next Pull.
class [[nodiscard]] ProviderPause final {
 public:
  explicit ProviderPause(const OperationContext& context) : context_(context) {
    if (context_.meter != nullptr) {
      context_.meter->leave_provider();
    }
  }
  ProviderPause(const ProviderPause&) = delete;
  ProviderPause& operator=(const ProviderPause&) = delete;
  ~ProviderPause() {
    if (context_.meter != nullptr) {
      context_.meter->enter_provider();
    }
  }

 private:
  const OperationContext& context_;
};

}  // namespace lunaria::cim
