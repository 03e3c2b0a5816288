#pragma once

// SelectingSink: what stands between a provider and the receiver of its instances. It stamps what an answer shows onto
// them, remembers when the receiver has gone, and keeps the provider's time apart from the receiver's.

#include <utility>

#include "cim/instance_sink.h"
#include "cim/operation_meter.h"
#include "cim/property_list.h"

namespace lunaria::cim {

/// Lives for one provider's part of an enumeration; the context outlives it.
class SelectingSink final : public InstanceSink {
 public:
  SelectingSink(const OperationContext& context, InstanceSink& sink, PropertySelectionPtr selection)
      : context_(context), sink_(sink), selection_(std::move(selection)) {}

  Delivery deliver(Instance&& instance) override {
    const ProviderPause pause(context_);
    instance.select(selection_);
    const Delivery delivery = sink_.deliver(std::move(instance));
    is_gone_ = is_gone_ || delivery == Delivery::kGone;
    return delivery;
  }
  runtime::Task<bool> ready() override {
    const ProviderPause pause(context_);
    const bool go_on = co_await sink_.ready();
    is_gone_ = is_gone_ || !go_on;
    co_return go_on;
  }
  bool is_gone() const { return is_gone_; }

 private:
  const OperationContext& context_;
  InstanceSink& sink_;
  PropertySelectionPtr selection_;
  bool is_gone_ = false;
};

}  // namespace lunaria::cim
