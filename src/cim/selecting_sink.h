#pragma once

// SelectingSink: stamps what an answer shows onto instances on their way, and remembers when the receiver has gone.

#include <utility>

#include "cim/instance_sink.h"
#include "cim/property_list.h"

namespace lunaria::cim {

/// Lives for one provider's part of an enumeration.
class SelectingSink final : public InstanceSink {
 public:
  SelectingSink(InstanceSink& sink, PropertySelectionPtr selection) : sink_(sink), selection_(std::move(selection)) {}

  Delivery deliver(Instance&& instance) override {
    instance.select(selection_);
    const Delivery delivery = sink_.deliver(std::move(instance));
    is_gone_ = is_gone_ || delivery == Delivery::kGone;
    return delivery;
  }
  runtime::Task<bool> ready() override {
    const bool go_on = co_await sink_.ready();
    is_gone_ = is_gone_ || !go_on;
    co_return go_on;
  }
  bool is_gone() const { return is_gone_; }

 private:
  InstanceSink& sink_;
  PropertySelectionPtr selection_;
  bool is_gone_ = false;
};

}  // namespace lunaria::cim
