#include "cim/instance_sink.h"

namespace lunaria::cim {

runtime::Task<bool> InstanceSink::ready() {
  co_return true;
}

InstanceSink::Delivery CollectingSink::deliver(Instance&& instance) {
  instances_.push_back(std::move(instance));
  return Delivery::kGoOn;
}

}  // namespace lunaria::cim
