#pragma once

// CHAP settings as properties of an instance, and changes of them back: WT_Host, LUNARIA_Initiator and
// LUNARIA_PortalGroup have the same ones.

#include <string_view>

#include "cim/error.h"
#include "cim/instance.h"
#include "service/chap.h"

namespace lunaria::providers {

/// What a secret reads as when it is set. Shorter than any secret may be, so that it can be told from one when it is
/// written back.
inline constexpr std::string_view kSecretMask = "********";

/// The properties of one direction.
struct ChapNames {
  std::string_view enable;
  std::string_view user_name;
  std::string_view secret;
};

void set_chap(cim::Instance& instance, const ChapNames& names, const service::ChapSettings& chap);
/// What changes; writing the mask changes nothing.
Result<service::SetChap, cim::Error> changed_chap(const cim::Instance& changes, const ChapNames& names);

}  // namespace lunaria::providers
