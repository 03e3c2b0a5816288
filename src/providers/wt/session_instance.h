#pragma once

// Sessions and connections as instances of WT_Session and WT_Connection.

#include "cim/instance.h"
#include "service/portal.h"

namespace lunaria::providers {

/// The connections are embedded when `connection` is given.
cim::Instance session_instance(const cim::ClassPtr& cls, const cim::ClassPtr& connection,
                               const service::Session& session);
/// One connection of the session with this TSIH.
cim::Instance connection_instance(const cim::ClassPtr& cls, std::uint16_t tsih,
                                  const target::ConnectionStatus& connection);

}  // namespace lunaria::providers
