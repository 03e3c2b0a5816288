#pragma once

// LunMap: LUN to unit for one session. Built when the session begins and when a publication changes it.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "scsi/lun.h"
#include "scsi/nexus.h"
#include "target/published.h"

namespace lunaria::target {

struct MappedUnit {
  std::uint16_t lun = 0;
  UnitId id{};
  bool read_only = false;
  UnitPlace place;
};

class LunMap final {
 public:
  LunMap() = default;
  /// What `initiator_name` (normalised) sees of the target.
  LunMap(const Published& published, const TargetConfig& target, std::string_view initiator_name);

  /// Null when nothing is mapped there.
  const MappedUnit* find(scsi::Lun lun) const;
  const std::vector<MappedUnit>& units() const { return units_; }
  std::shared_ptr<const scsi::LunInventory> inventory() const;
  bool same_as(const LunMap& other) const;

 private:
  std::vector<MappedUnit> units_;  // ascending by lun
};

}  // namespace lunaria::target
