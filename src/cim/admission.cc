#include "cim/admission.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lunaria::cim {
namespace {

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](const std::string& one) { return name_equal(one, name); });
}

}  // namespace

AdmissionControl::Ticket::Ticket(Ticket&& other) noexcept : control_(std::exchange(other.control_, nullptr)) {}

AdmissionControl::Ticket::~Ticket() {
  if (control_ != nullptr) {
    control_->leave();
  }
}

AdmissionControl::AdmissionControl(Limits limits, Exceptions exceptions)
    : limits_(limits), exceptions_(std::move(exceptions)) {}

AdmissionControl::~AdmissionControl() {
  check(inside_ == 0, "admission control outlives the operations inside");
}

Result<AdmissionControl::Ticket, Error> AdmissionControl::enter(const OperationContext& context,
                                                                const OperationRequest& request) {
  if (closed_ && !is_exception(context, request)) {
    return fail(Error(Status::kServerIsShuttingDown, "the object manager is stopped"));
  }
  if (inside_ >= limits_.operations_max) {
    return fail(Error(Status::kServerLimitsExceeded, "too many operations at once"));
  }
  ++inside_;
  return Ticket(*this);
}

bool AdmissionControl::is_exception(const OperationContext& context, const OperationRequest& request) const {
  if (context.peer != Peer::kLocalSocket || context.role != Role::kAdministrator ||
      !has_name(exceptions_.classes, request.class_name)) {
    return false;
  }
  switch (request.kind) {
    case OperationKind::kGetInstance:
    case OperationKind::kEnumerateInstances:
    case OperationKind::kEnumerateInstanceNames:
      return true;
    case OperationKind::kInvokeMethod:
      return has_name(exceptions_.methods, request.method_name);
    default:
      return false;
  }
}

void AdmissionControl::open() {
  closed_ = false;
  wake();
}

void AdmissionControl::leave() {
  check(inside_ > 0, "a ticket leaves once");
  --inside_;
  wake();
}

void AdmissionControl::wake() {
  // A waiter that wakes may leave, open or wait again: take those that are due off the list before any of them runs.
  std::vector<Waiter*> due;
  std::erase_if(waiters_, [&](Waiter* waiter) {
    const bool is_due = !closed_ || inside_ <= waiter->remaining;
    if (is_due) {
      due.push_back(waiter);
    }
    return is_due;
  });
  for (Waiter* waiter : due) {
    waiter->done.ring();
  }
}

runtime::Task<bool> AdmissionControl::wait_until_inside(std::size_t remaining, runtime::Shard& shard,
                                                        runtime::Duration patience) {
  if (!closed_ || inside_ <= remaining) {
    co_return true;
  }
  Waiter waiter{remaining, runtime::Alarm(shard)};
  waiters_.push_back(&waiter);
  co_await waiter.done.wait(patience);
  co_return std::erase(waiters_, &waiter) == 0;
}

}  // namespace lunaria::cim
