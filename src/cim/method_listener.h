#pragma once

// MethodListener: hears of method calls on instances: the source of CIM_InstMethodCall.

#include "base/result.h"
#include "cim/error.h"
#include "cim/instance.h"
#include "cim/method.h"
#include "cim/name.h"
#include "cim/provider.h"

namespace lunaria::cim {

/// One call that was let in, with its parameters checked. References live as long as the call of the listener.
struct MethodCall {
  const NamespaceName& name_space;
  const Method& method;
  const ParameterValues& in;
};

/// Interface; control shard only. Must not block, and takes no part in the outcome.
class MethodListener {
 public:
  virtual ~MethodListener() = default;
  /// False while nobody would hear: no need to read the instance for it.
  virtual bool hears_method_calls() const = 0;
  /// Before the provider is called: the instance as it is.
  virtual void on_method_called(const MethodCall& call, const Instance& before) = 0;
  /// After that, however it ended: the instance as it is then; as it was before where it is gone.
  virtual void on_method_ended(const MethodCall& call, const Instance& after,
                               const Result<MethodResult, Error>& outcome) = 0;
};

}  // namespace lunaria::cim
