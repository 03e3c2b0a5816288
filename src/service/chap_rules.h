#pragma once

// What CHAP settings may be changed to, whoever's they are. Private to the service.

#include <string>
#include <string_view>

#include "catalogue/rows.h"
#include "service/chap.h"
#include "service/core.h"
#include "service/error.h"

namespace lunaria::service {

/// Both directions of one owner: the initiator proves itself, and we do.
struct ChapPair {
  catalogue::ChapColumns forward;
  catalogue::ChapColumns reverse;
};

struct ChapChange {
  const SetChap& forward;
  const SetChap& reverse;
  std::size_t secret_bytes_max = kSecretBytesMax;
};

/// `present` with the change applied and new secrets sealed for `owner` (chap_owner()); or what is wrong with it: a
/// direction that is on needs a user name and a secret, reverse CHAP needs CHAP, and the two secrets must differ.
Outcome<ChapPair> changed_chap(const Core& core, const std::string& owner, const ChapPair& present,
                               const ChapChange& change);

/// The CHAP settings of a target, which are kept apart from it.
ChapPair target_chap(const Core& core, const catalogue::TargetRow& row);

/// What the places of an owner's secrets begin with.
std::string chap_owner(catalogue::TargetId id);
std::string chap_owner(const catalogue::InitiatorRow& row);
std::string chap_owner(const catalogue::PortalGroupRow& row);

/// As it may be shown.
ChapSettings chap_settings(const catalogue::ChapColumns& columns);

/// Where a sealed secret belongs: it opens nowhere else.
std::string chap_place(std::string_view owner, catalogue::ChapDirection direction);

}  // namespace lunaria::service
