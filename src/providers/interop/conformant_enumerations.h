#pragma once

// ConformantEnumerations: what OpenConformantInstances of CIM_RegisteredProfile has begun and PullConformantInstances
// goes on with. They end when they were told in full, are closed, or nobody goes on in time.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cim/error.h"
#include "cim/object_path.h"
#include "cim/property_list.h"
#include "runtime/clock.h"

namespace lunaria::providers {

/// Something that keeps to a profile.
struct ConformantElement {
  std::uint16_t type = 0;  ///< InstanceType: 2 central, 3 scoping, 4 both
  cim::ObjectPath path;
};

/// How long an enumeration may wait for the next call, in seconds.
inline constexpr std::uint32_t kConformantTimeoutDefaultS = 60;
inline constexpr std::uint32_t kConformantTimeoutMaxS = 300;
/// Open at once, over all clients: an enumeration is a handful of paths.
inline constexpr std::size_t kConformantEnumerationsMax = 256;
/// Of one user, so that one that abandons its own leaves room for others.
inline constexpr std::size_t kConformantEnumerationsPerPrincipalMax = 64;
static_assert(kConformantEnumerationsPerPrincipalMax < kConformantEnumerationsMax);

/// Control shard only. Ids are not secret: an enumeration answers to who opened it, on the profile that it is of.
class ConformantEnumerations final {
 public:
  struct Enumeration {
    std::string principal;
    cim::ObjectPath profile;
    cim::PropertyList properties;
    std::vector<ConformantElement> rest;  ///< what has not been told
    runtime::Duration timeout{};
    runtime::Instant end{};  ///< set here
  };

  explicit ConformantEnumerations(const runtime::Clock& clock) : clock_(clock) {}

  /// Answers its id. SERVER_LIMITS_EXCEEDED.
  Result<std::string, cim::Error> open(Enumeration enumeration);
  /// Found, its time begins anew; null when there is none for this caller. Valid until the next call.
  Enumeration* find(const std::string& id, const std::string& principal, const cim::ObjectPath& profile);
  /// One that was found, and closed while it was gone on with; its time begins anew.
  void put_back(const std::string& id, Enumeration enumeration);
  void close(const std::string& id) { open_.erase(id); }

 private:
  void drop_expired();

  const runtime::Clock& clock_;
  std::map<std::string, Enumeration> open_;
  std::uint64_t last_number_ = 0;
};

}  // namespace lunaria::providers
