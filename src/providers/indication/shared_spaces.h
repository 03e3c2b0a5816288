#pragma once

// The namespaces that both show what is about the server itself. Private to the folder.

#include <array>

#include "cim/name.h"

namespace lunaria::providers {

inline const std::array<cim::NamespaceName, 2>& shared_spaces() {
  static const std::array<cim::NamespaceName, 2> kSpaces = {cim::NamespaceName("root/interop"),
                                                            cim::NamespaceName("root/cimv2/storage/iscsitarget")};
  return kSpaces;
}

}  // namespace lunaria::providers
