#include "scsi/mode_pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/fields.h"

namespace lunaria::scsi {
namespace {

constexpr std::size_t kPageSizeMax = 32;
constexpr std::uint8_t kAllPages = 0x3F;
constexpr std::uint8_t kAllSubpages = 0xFF;
constexpr std::uint64_t kThresholdSet = 1 << 20;
using PageBytes = std::span<std::byte, kPageSizeMax>;
using ConstPageBytes = std::span<const std::byte, kPageSizeMax>;

namespace recovery {  // SBC-4 6.5.10
using ProvisioningErrors = wire::Bits<bool, 7, 7>;
}
namespace caching {  // SBC-4 6.5.6
using WriteCacheEnable = wire::Bits<bool, 2, 2>;
}
namespace control {  // SPC-5 7.5.10
using TaskSetType = wire::Bits<std::uint8_t, 2, 5, 3>;
using QueueErrorManagement = wire::Bits<std::uint8_t, 3, 1, 2>;
using DescriptorSense = wire::Bits<bool, 2, 2>;
using GlobalLoggingDisabled = wire::Bits<bool, 2, 1>;
using QueueAlgorithm = wire::Bits<std::uint8_t, 3, 4, 4>;
using SoftwareProtect = wire::Bits<bool, 4, 3>;
using TaskAbortedStatus = wire::Bits<bool, 5, 6>;
}  // namespace control
namespace provisioning {  // SBC-4 6.5.9: two threshold descriptors
constexpr std::size_t kAvailableAt = 16;
constexpr std::size_t kUsedAt = 24;
constexpr std::size_t kDescriptorSize = 8;
using Enabled = wire::Bits<bool, 0, 7>;
using Arming = wire::Bits<std::uint8_t, 0, 0, 3>;
using Resource = wire::BigEndian<std::uint8_t, 1>;
using Count = wire::BigEndian<std::uint32_t, 4>;
constexpr std::uint8_t kIncreasing = 1;
constexpr std::uint8_t kDecreasing = 2;
constexpr std::uint8_t kAvailable = 0x01;  // as the parameter codes of the log page
constexpr std::uint8_t kUsed = 0x02;
}  // namespace provisioning
namespace exceptions {  // SBC-4 6.5.8
using Disabled = wire::Bits<bool, 2, 3>;
}

struct ModePage {
  std::uint8_t code;
  std::uint8_t subpage;
  std::uint8_t size;                              // of the whole page, header included
  void (*build)(PageBytes, const ModeSettings&);  // nullptr: the body is all zeros
  void (*mask)(PageBytes, ModeCapabilities);      // sets the changeable bits; nullptr: none
  void (*apply)(ConstPageBytes, ModeSettings&);   // takes the changeable bits
  bool (*accepts)(ConstPageBytes) = nullptr;      // whether what the changeable bits say has a meaning; nullptr: it has
};

void build_recovery(PageBytes page, const ModeSettings& settings) {
  recovery::ProvisioningErrors::set(page, settings.provisioning_errors);
}
void mask_recovery(PageBytes page, ModeCapabilities capabilities) {
  recovery::ProvisioningErrors::set(page, capabilities.thin);
}
void apply_recovery(ConstPageBytes page, ModeSettings& settings) {
  settings.provisioning_errors = recovery::ProvisioningErrors::get(page);
}

void build_provisioning(PageBytes page, const ModeSettings& settings) {
  const auto put = [](std::span<std::byte, provisioning::kDescriptorSize> descriptor, const SpaceThreshold& threshold,
                      std::uint8_t arming, std::uint8_t resource) {
    provisioning::Enabled::set(descriptor, threshold.enabled);
    provisioning::Arming::set(descriptor, arming);
    provisioning::Resource::set(descriptor, resource);
    provisioning::Count::set(descriptor, threshold.count);
  };
  put(page.subspan<provisioning::kAvailableAt, provisioning::kDescriptorSize>(), settings.available,
      provisioning::kDecreasing, provisioning::kAvailable);
  put(page.subspan<provisioning::kUsedAt, provisioning::kDescriptorSize>(), settings.used, provisioning::kIncreasing,
      provisioning::kUsed);
}
void mask_provisioning(PageBytes page, ModeCapabilities capabilities) {
  for (const std::size_t at : {provisioning::kAvailableAt, provisioning::kUsedAt}) {
    const auto descriptor = std::span<std::byte>(page).subspan(at).first<provisioning::kDescriptorSize>();
    provisioning::Enabled::set(descriptor, capabilities.thin);
    provisioning::Count::set(descriptor, capabilities.thin ? UINT32_MAX : 0);
  }
}
void apply_provisioning(ConstPageBytes page, ModeSettings& settings) {
  const auto take = [](std::span<const std::byte, provisioning::kDescriptorSize> descriptor) {
    return SpaceThreshold{provisioning::Enabled::get(descriptor), provisioning::Count::get(descriptor)};
  };
  settings.available = take(page.subspan<provisioning::kAvailableAt, provisioning::kDescriptorSize>());
  settings.used = take(page.subspan<provisioning::kUsedAt, provisioning::kDescriptorSize>());
}

void build_caching(PageBytes page, const ModeSettings& settings) {
  caching::WriteCacheEnable::set(page, settings.write_cache);
}
void mask_caching(PageBytes page, ModeCapabilities capabilities) {
  caching::WriteCacheEnable::set(page, capabilities.volatile_cache);
}
void apply_caching(ConstPageBytes page, ModeSettings& settings) {
  settings.write_cache = caching::WriteCacheEnable::get(page);
}

void build_control(PageBytes page, const ModeSettings& settings) {
  control::DescriptorSense::set(page, settings.descriptor_sense);
  control::GlobalLoggingDisabled::set(page, true);
  control::QueueAlgorithm::set(page, 1);  // SIMPLE tasks may be reordered
  control::SoftwareProtect::set(page, settings.software_protect);
  control::TaskAbortedStatus::set(page, settings.task_aborted_status);
  control::TaskSetType::set(page, settings.nexus_task_sets ? 1 : 0);
  control::QueueErrorManagement::set(page, std::to_underlying(settings.queue_error));
}
void mask_control(PageBytes page, ModeCapabilities /*capabilities*/) {
  control::DescriptorSense::set(page, true);
  control::SoftwareProtect::set(page, true);
  control::TaskAbortedStatus::set(page, true);
  control::TaskSetType::set(page, 1);  // 000b and 001b are all that there is
  control::QueueErrorManagement::set(page, 3);
}
void apply_control(ConstPageBytes page, ModeSettings& settings) {
  settings.descriptor_sense = control::DescriptorSense::get(page);
  settings.software_protect = control::SoftwareProtect::get(page);
  settings.task_aborted_status = control::TaskAbortedStatus::get(page);
  settings.nexus_task_sets = control::TaskSetType::get(page) == 1;
  settings.queue_error = QueueError{control::QueueErrorManagement::get(page)};
}
bool accepts_control(ConstPageBytes page) {
  return control::QueueErrorManagement::get(page) != 2;
}

void build_exceptions(PageBytes page, const ModeSettings& /*settings*/) {
  exceptions::Disabled::set(page, true);
}

constexpr auto kPages = std::to_array<ModePage>({
    {0x01, 0x00, 12, build_recovery, mask_recovery, apply_recovery},  // Read-Write Error Recovery, SBC-4 6.5.10
    {0x02, 0x00, 16, nullptr, nullptr, nullptr},                      // Disconnect-Reconnect, SPC-5 7.5.13
    {0x08, 0x00, 20, build_caching, mask_caching, apply_caching},     // Caching, SBC-4 6.5.6
    {0x0A, 0x00, 12, build_control, mask_control, apply_control, accepts_control},  // Control, SPC-5 7.5.10
    {0x0A, 0x01, 32, nullptr, nullptr, nullptr},                                    // Control Extension, SPC-5 7.5.11
    {0x1C, 0x00, 12, build_exceptions, nullptr, nullptr},  // Informational Exceptions, SBC-4 6.5.8
    // Logical Block Provisioning, SBC-4 6.5.9
    {0x1C, 0x02, 32, build_provisioning, mask_provisioning, apply_provisioning},
});
static_assert(std::ranges::all_of(kPages, [](const ModePage& page) { return page.size <= kPageSizeMax; }));

std::size_t header_size(const ModePage& page) {
  return page.subpage == 0 ? 2 : 4;
}

std::array<std::byte, kPageSizeMax> build_page(const ModePage& page, const ModeSettings& settings) {
  std::array<std::byte, kPageSizeMax> bytes{};
  bytes[0] = std::byte{page.code};
  if (page.subpage == 0) {
    bytes[1] = static_cast<std::byte>(page.size - 2);
  } else {
    bytes[0] |= std::byte{0x40};  // SPF: the sub_page format
    bytes[1] = std::byte{page.subpage};
    bytes[3] = static_cast<std::byte>(page.size - 4);
  }
  if (page.build != nullptr) {
    page.build(PageBytes(bytes), settings);
  }
  return bytes;
}

std::array<std::byte, kPageSizeMax> build_mask(const ModePage& page, ModeCapabilities capabilities) {
  std::array<std::byte, kPageSizeMax> bytes{};
  if (page.mask != nullptr) {
    page.mask(PageBytes(bytes), capabilities);
  }
  return bytes;
}

bool matches(const ModePage& page, std::uint8_t code, std::uint8_t subpage) {
  if (code == kAllPages) {
    return subpage == kAllSubpages || (subpage == 0 && page.subpage == 0);
  }
  return page.code == code && (subpage == kAllSubpages || page.subpage == subpage);
}

// Checks one page of a parameter list, which begins at `at` of it, and takes its settings; returns its size.
Result<std::size_t, Outcome> parse_page(std::span<const std::byte> list, std::size_t at, ModeSettings& settings,
                                        ModeCapabilities capabilities) {
  const auto first = std::to_integer<std::uint8_t>(list[at]);
  const bool has_subpage = (first & 0x40) != 0;
  if (list.size() - at < (has_subpage ? 4U : 2U)) {
    return fail(illegal_request(asc::kParameterListLengthError));
  }
  const auto code = static_cast<std::uint8_t>(first & 0x3F);  // PS is reserved here, and senders leave it set
  const auto subpage = has_subpage ? std::to_integer<std::uint8_t>(list[at + 1]) : std::uint8_t{0};
  const auto* page =
      std::ranges::find_if(kPages, [&](const ModePage& row) { return row.code == code && row.subpage == subpage; });
  if (page == kPages.end() || has_subpage != (page->subpage != 0)) {
    return fail(invalid_list(at, std::uint8_t{5}));
  }
  const auto current = build_page(*page, settings);
  const std::size_t length_at = has_subpage ? 2 : 1;
  for (std::size_t i = length_at; i < header_size(*page); ++i) {
    if (list[at + i] != current[i]) {
      return fail(invalid_list(at + i));
    }
  }
  if (list.size() - at < page->size) {
    return fail(illegal_request(asc::kParameterListLengthError));
  }
  const auto mask = build_mask(*page, capabilities);
  std::array<std::byte, kPageSizeMax> given{};
  std::copy_n(list.begin() + static_cast<std::ptrdiff_t>(at), page->size, given.begin());
  for (std::size_t i = header_size(*page); i < page->size; ++i) {
    if (((given[i] ^ current[i]) & ~mask[i]) != std::byte{}) {
      return fail(invalid_list(at + i));
    }
    given[i] = (given[i] & mask[i]) | (current[i] & ~mask[i]);
  }
  if (page->accepts != nullptr && !page->accepts(ConstPageBytes(given))) {
    return fail(invalid_list(at + 3, std::uint8_t{2}));  // QERR is the only field with values that mean nothing
  }
  if (page->apply != nullptr) {
    page->apply(ConstPageBytes(given), settings);
  }
  return std::size_t{page->size};
}

}  // namespace

SpaceThreshold SpaceThreshold::falling_to(std::uint64_t bytes) {
  const std::uint64_t count = (bytes >> 20) + (bytes % kThresholdSet != 0 ? 1 : 0);
  return {bytes != 0, static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX))};
}

SpaceThreshold SpaceThreshold::rising_to(std::uint64_t bytes) {
  if (bytes == 0) {
    return {};
  }
  return {true, static_cast<std::uint32_t>(std::clamp<std::uint64_t>(bytes >> 20, 1, UINT32_MAX))};
}

Outcome put_mode_pages(wire::Writer& out, std::uint8_t page, std::uint8_t subpage, PageControl control,
                       const ModeSettings& settings, ModeCapabilities capabilities) {
  bool found = false;
  for (const ModePage& row : kPages) {
    if (!matches(row, page, subpage)) {
      continue;
    }
    found = true;
    auto bytes = build_page(row, settings);
    if (control == PageControl::kChangeable) {
      const auto mask = build_mask(row, capabilities);
      std::copy(mask.begin() + static_cast<std::ptrdiff_t>(header_size(row)), mask.end(),
                bytes.begin() + static_cast<std::ptrdiff_t>(header_size(row)));
    }
    out.put(std::span(bytes).first(row.size));
  }
  return found ? good() : invalid_cdb(2, std::uint8_t{5});
}

Result<ModeSettings, Outcome> parse_mode_pages(std::span<const std::byte> list, std::size_t offset,
                                               const ModeSettings& current, ModeCapabilities capabilities) {
  ModeSettings settings = current;
  for (std::size_t at = offset; at < list.size();) {
    const auto size = parse_page(list, at, settings, capabilities);
    if (!size) {
      return fail(size.error());
    }
    at += *size;
  }
  return settings;
}

}  // namespace lunaria::scsi
