#pragma once

// AdmissionControl: lets operations into the object manager, or not. Stopping the object manager as a service is
// closing this; a local administrator can still look at it and start it again.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cim/error.h"
#include "cim/name.h"
#include "cim/operation_context.h"
#include "runtime/alarm.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// What an operation is about to do, as admission, authorization and audit see it. Views into the request.
struct OperationRequest {
  OperationKind kind;
  const NamespaceName& name_space;
  std::string_view class_name;   ///< "" for operations on a whole namespace
  std::string_view method_name;  ///< for kInvokeMethod
};

/// Lives on one shard, outlives every operation.
class AdmissionControl final {
 public:
  struct Limits {
    std::size_t operations_max = 1024;  ///< inside at once; beyond: CIM_ERR_SERVER_LIMITS_EXCEEDED
  };
  /// What stays possible while closed, for an administrator on the local socket: reading instances of these classes
  /// and invoking these methods on them.
  struct Exceptions {
    std::vector<std::string> classes;
    std::vector<std::string> methods;
  };

  /// One operation inside. Leaves when destroyed.
  class [[nodiscard]] Ticket final {
   public:
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();

   private:
    friend AdmissionControl;
    explicit Ticket(AdmissionControl& control) : control_(&control) {}
    AdmissionControl* control_;
  };

  AdmissionControl(Limits limits, Exceptions exceptions);
  AdmissionControl(const AdmissionControl&) = delete;
  AdmissionControl& operator=(const AdmissionControl&) = delete;
  ~AdmissionControl();

  /// A ticket to hold during the operation; SERVER_IS_SHUTTING_DOWN while closed, SERVER_LIMITS_EXCEEDED when full.
  Result<Ticket, Error> enter(const OperationContext& context, const OperationRequest& request);

  bool is_closed() const { return closed_; }
  std::size_t inside() const { return inside_; }
  void close() { closed_ = true; }
  void open();
  /// True when no more than `remaining` operations are inside, or when open again: a StopService that is itself inside
  /// waits for 1. False when that takes longer than `patience`. Operations admitted as exceptions count.
  runtime::Task<bool> wait_until_inside(std::size_t remaining, runtime::Shard& shard, runtime::Duration patience);

 private:
  /// In the frame of wait_until_inside.
  struct Waiter {
    std::size_t remaining;
    runtime::Alarm done;
  };

  void leave();
  void wake();
  bool is_exception(const OperationContext& context, const OperationRequest& request) const;

  Limits limits_;
  Exceptions exceptions_;
  bool closed_ = false;
  std::size_t inside_ = 0;
  std::vector<Waiter*> waiters_;
};

}  // namespace lunaria::cim
