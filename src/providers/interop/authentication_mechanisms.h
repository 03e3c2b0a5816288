#pragma once

// How the classes of CIM-XML say in which ways clients may prove who they are.

#include <string_view>

#include "cim/instance.h"
#include "providers/environment.h"

namespace lunaria::providers {

/// Sets a pair of parallel arrays that the class has: the mechanisms, and a text for each that is Other (1), NULL for
/// the rest. The texts are NULL as a whole when every mechanism has a number of its own.
void set_authentication_mechanisms(cim::Instance& instance, AuthenticationMechanisms mechanisms,
                                   std::string_view supported, std::string_view descriptions);

}  // namespace lunaria::providers
