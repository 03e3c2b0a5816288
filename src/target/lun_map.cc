#include "target/lun_map.h"

#include <algorithm>

namespace lunaria::target {
LunMap::LunMap(const Published& published, const TargetConfig& target) {
  units_.reserve(target.luns.size());
  for (const LunMapping& mapping : target.luns) {
    const UnitPlace place = published.find_unit(mapping.unit);
    if (place.unit != nullptr) {
      units_.push_back({mapping.lun, mapping.unit, mapping.read_only, place});
    }
  }
  std::ranges::sort(units_, {}, &MappedUnit::lun);
}

const MappedUnit* LunMap::find(scsi::Lun lun) const {
  const auto number = scsi::decode_lun(lun);
  if (!number) {
    return nullptr;
  }
  const auto found = std::ranges::lower_bound(units_, *number, {}, &MappedUnit::lun);
  return found == units_.end() || found->lun != *number ? nullptr : &*found;
}

std::shared_ptr<const scsi::LunInventory> LunMap::inventory() const {
  auto inventory = std::make_shared<scsi::LunInventory>();
  for (const MappedUnit& unit : units_) {
    inventory->luns.push_back(scsi::encode_lun(unit.lun));
  }
  return inventory;
}

bool LunMap::same_as(const LunMap& other) const {
  return std::ranges::equal(units_, other.units_, [](const MappedUnit& left, const MappedUnit& right) {
    return left.lun == right.lun && left.id == right.id && left.read_only == right.read_only &&
           left.place.unit == right.place.unit;
  });
}

}  // namespace lunaria::target
