#pragma once

// Server: the object manager as commands see it. Calls block: the program does one thing at a time.

#include "cim/name.h"
#include "cli/failure.h"
#include "wbem/cimxml/decode_response.h"
#include "wbem/operation.h"

namespace lunaria::cli {

/// Interface. An answer that holds a CIM error is a Failure already.
class Server {
 public:
  virtual ~Server() = default;
  virtual Outcome<wbem::cimxml::ResponseMessage> call(wbem::Operation operation, cim::NamespaceName name_space) = 0;
};

}  // namespace lunaria::cli
