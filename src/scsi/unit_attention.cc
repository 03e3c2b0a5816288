#include "scsi/unit_attention.h"

#include <algorithm>
#include <utility>

#include "scsi/additional_sense.h"

namespace lunaria::scsi {
namespace {

bool is_reset(AdditionalSense condition) {
  return std::to_underlying(condition) >> 8 == 0x29;
}

}  // namespace

void UnitAttentions::establish(AdditionalSense condition) {
  const auto end = conditions_.begin() + static_cast<std::ptrdiff_t>(count_);
  if (std::find(conditions_.begin(), end, condition) != end) {
    return;
  }
  if (count_ == conditions_.size()) {
    conditions_[0] = asc::kPowerOnOrReset;
    count_ = 1;
    return;
  }
  if (is_reset(condition)) {
    count_ = 0;
  }
  conditions_[count_++] = condition;
}

std::optional<AdditionalSense> UnitAttentions::take() {
  if (count_ == 0) {
    return std::nullopt;
  }
  const AdditionalSense first = conditions_[0];
  std::shift_left(conditions_.begin(), conditions_.begin() + static_cast<std::ptrdiff_t>(count_), 1);
  --count_;
  return first;
}

void UnitAttentions::clear(AdditionalSense condition) {
  const auto end = conditions_.begin() + static_cast<std::ptrdiff_t>(count_);
  count_ = static_cast<std::size_t>(std::remove(conditions_.begin(), end, condition) - conditions_.begin());
}

}  // namespace lunaria::scsi
