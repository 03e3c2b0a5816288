#pragma once

// Keytabs: files with the keys of Kerberos services. What is in them is read by the library.

#include <string>

#include "base/result.h"

namespace lunaria::security {

/// Whether the keytab has a key of the principal ("HTTP/host.example@EXAMPLE.COM"). Fails with what the library says
/// where it has none, or cannot be read. Blocks.
Result<void, std::string> find_key(const std::string& keytab_path, const std::string& principal);

}  // namespace lunaria::security
