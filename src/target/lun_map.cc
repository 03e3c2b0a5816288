#include "target/lun_map.h"

#include <algorithm>

namespace lunaria::target {
namespace {

const InitiatorLun* find_exception(const LunMapping& mapping, std::string_view initiator_name) {
  const auto found = std::ranges::lower_bound(mapping.initiators, initiator_name, {}, &InitiatorLun::initiator);
  return found == mapping.initiators.end() || found->initiator != initiator_name ? nullptr : &*found;
}

}  // namespace

LunMap::LunMap(const Published& published, const TargetConfig& target, std::string_view initiator_name) {
  units_.reserve(target.luns.size());
  for (const LunMapping& mapping : target.luns) {
    const InitiatorLun* own = find_exception(mapping, initiator_name);
    const UnitPlace place = published.find_unit(mapping.unit);
    if (place.unit == nullptr || (mapping.named_only && own == nullptr)) {
      continue;
    }
    const std::uint16_t lun = own == nullptr ? mapping.lun : own->lun.value_or(mapping.lun);
    const bool read_only = mapping.read_only || (own != nullptr && own->read_only);
    units_.push_back({lun, mapping.unit, read_only, place});
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
