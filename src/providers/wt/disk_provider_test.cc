#include "providers/wt/disk_provider.h"

#include <fmt/format.h>

#include "providers/testing/bed.h"
#include "scsi/designator.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
namespace names = schema::wt_disk;
namespace vhd = schema::wt_disk::create_vhd_wt_disk;
using cim::Status;
using cim::Value;

constexpr std::uint64_t kSize = 64 * kMebibyte;

class DiskProviderTest : public Bed {
 protected:
  const cim::ObjectPath cls = class_path(names::kClass);

  static Values image(const std::string& path, std::uint16_t type = 3, std::uint64_t size = kSize) {
    return {{vhd::kDevicePath, Value(path)}, {vhd::kVhdType, Value(type)}, {vhd::kMaxInternalSize, Value(size)}};
  }
  /// The disk that a method answers.
  cim::Instance made(std::string_view method, const Values& values) {
    const auto result = invoke(cls, method, values);
    EXPECT_TRUE(result) << result.error().to_string();
    const cim::InstancePtr instance = result ? result->return_value.as_instance() : nullptr;
    EXPECT_NE(instance, nullptr);
    return instance != nullptr ? *instance : cim::Instance(repository.find_class(kWmi, names::kClass));
  }
  std::uint32_t make_image(const std::string& path) {
    return static_cast<std::uint32_t>(number_of(made(vhd::kMethod, image(path)), names::kWTD));
  }
  void map(std::uint32_t disk, const std::string& host) {
    const auto target = make_target(host);
    must(service->map_disk(op(), {target.id, static_cast<service::DiskId>(disk), std::nullopt, false}));
  }
};

TEST_F(DiskProviderTest, MakesADynamicImageAndShowsIt) {
  Values values = image("/srv/one.img");
  values.push_back({vhd::kDescription, Value("first")});
  const cim::Instance answered = made(vhd::kMethod, values);
  const auto stored = get(disk_path(1));
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(answered, *stored);
  EXPECT_EQ(number_of(*stored, names::kWTD), 1U);
  EXPECT_EQ(number_of(*stored, names::kType), 3U);
  EXPECT_EQ(number_of(*stored, names::kFlags), 0U);
  EXPECT_EQ(number_of(*stored, names::kStatus), 0U);
  EXPECT_EQ(text_of(*stored, names::kDescription), "first");
  EXPECT_EQ(text_of(*stored, names::kDevicePath), "/srv/one.img");
  EXPECT_EQ(text_of(*stored, names::kActiveDevicePath), "/srv/one.img");
  EXPECT_EQ(number_of(*stored, names::kSize), 64U);
  EXPECT_EQ(number_of(*stored, names::kAllocatedSize), 0U);
  EXPECT_EQ(number_of(*stored, names::kBlockSize), 512U);
  EXPECT_EQ(flag_of(*stored, names::kEnabled), true);
  const auto disk = must(service->get_disk(viewer(), service::DiskId{1}));
  EXPECT_EQ(text_of(*stored, names::kSerialNumber), disk.serial);
  EXPECT_EQ(text_of(*stored, names::kGuid), disk.guid.to_string());
}

TEST_F(DiskProviderTest, MakesAFixedImageWithItsSpace) {
  Values values = image("/srv/fixed.img", 2);
  values.push_back({vhd::kLogicalSectorSize, Value(std::uint32_t{4096})});
  values.push_back({vhd::kClearData, Value(true)});
  const cim::Instance disk = made(vhd::kMethod, values);
  EXPECT_EQ(number_of(disk, names::kType), 2U);
  EXPECT_EQ(number_of(disk, names::kAllocatedSize), 64U);
  EXPECT_EQ(number_of(disk, names::kBlockSize), 4096U);
}

TEST_F(DiskProviderTest, AnswersFactoriesOnInstancesToo) {
  const auto result = invoke(disk_path(77), vhd::kMethod, image("/srv/one.img"));
  EXPECT_TRUE(result) << result.error().to_string();
}

TEST_F(DiskProviderTest, RoundsSizesUpToWholeSectors) {
  made(vhd::kMethod, image("/srv/odd.img", 3, kSize + 1));
  EXPECT_EQ(must(service->get_disk(viewer(), service::DiskId{1})).size, kSize + 4096);
}

struct BadImage {
  std::string why;
  Values values;
  Status status;
};

TEST_F(DiskProviderTest, RefusesImagesThatCannotBe) {
  const auto with = [](Values values, Named extra) {
    values.push_back(std::move(extra));
    return values;
  };
  const Values good = image("/srv/x.img");
  const std::vector<BadImage> cases = {
      {"no path",
       {{vhd::kVhdType, Value(std::uint16_t{3})}, {vhd::kMaxInternalSize, Value(kSize)}},
       Status::kInvalidParameter},
      {"empty path", image(""), Status::kInvalidParameter},
      {"relative path", image("x.img"), Status::kInvalidParameter},
      {"Windows path", image("C:\\x.img"), Status::kInvalidParameter},
      {"no type",
       {{vhd::kDevicePath, Value("/srv/x.img")}, {vhd::kMaxInternalSize, Value(kSize)}},
       Status::kInvalidParameter},
      {"no size",
       {{vhd::kDevicePath, Value("/srv/x.img")}, {vhd::kVhdType, Value(std::uint16_t{3})}},
       Status::kInvalidParameter},
      {"type 0", image("/srv/x.img", 0), Status::kInvalidParameter},
      {"type 1, fixed of an old release", image("/srv/x.img", 1), Status::kInvalidParameter},
      {"type 5", image("/srv/x.img", 5), Status::kInvalidParameter},
      {"differencing", image("/srv/x.img", 4), Status::kNotSupported},
      {"VHD", image("/srv/x.vhd"), Status::kNotSupported},
      {"VHDX", image("/srv/x.VHDX"), Status::kNotSupported},
      {"pass-through", image("SCSI:/dev/sda"), Status::kNotSupported},
      {"memory", image("RAMDISK:"), Status::kInvalidParameter},
      {"size 0", image("/srv/x.img", 3, 0), Status::kInvalidParameter},
      {"size below 1 MiB", image("/srv/x.img", 3, kMebibyte - 4096), Status::kInvalidParameter},
      {"largest size there is", image("/srv/x.img", 3, ~std::uint64_t{0}), Status::kInvalidParameter},
      {"parent of a dynamic disk", with(good, {vhd::kParentPath, Value("/srv/p.img")}), Status::kInvalidParameter},
      {"sector of 513", with(good, {vhd::kLogicalSectorSize, Value(std::uint32_t{513})}), Status::kInvalidParameter},
      {"sector of 2048", with(good, {vhd::kLogicalSectorSize, Value(std::uint32_t{2048})}), Status::kInvalidParameter},
      {"physical sector below the logical one",
       with(with(good, {vhd::kLogicalSectorSize, Value(std::uint32_t{4096})}),
            {vhd::kPhysicalSectorSize, Value(std::uint32_t{512})}),
       Status::kInvalidParameter},
      {"long description", with(good, {vhd::kDescription, Value(std::string(1025, 'x'))}), Status::kInvalidParameter},
  };
  for (const BadImage& bad : cases) {
    EXPECT_EQ(status_of(invoke(cls, vhd::kMethod, bad.values)), bad.status) << bad.why;
  }
  EXPECT_TRUE(list(kWmi, names::kClass).empty());
  EXPECT_EQ(status_of(invoke(cls, vhd::kMethod, {{"NoSuchParameter", Value(true)}})), Status::kInvalidParameter);
}

TEST_F(DiskProviderTest, RefusesAPathThatIsTaken) {
  make_image("/srv/one.img");
  EXPECT_EQ(status_of(invoke(cls, vhd::kMethod, image("/srv/one.img"))), Status::kAlreadyExists);
}

TEST_F(DiskProviderTest, AFullStoreFailsWithItsReason) {
  disks.options().capacity = kMebibyte;
  const auto result = invoke(cls, vhd::kMethod, image("/srv/big.img", 2));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, Status::kFailed);
  EXPECT_FALSE(result.error().message.empty());
  EXPECT_TRUE(list(kWmi, names::kClass).empty());
}

TEST_F(DiskProviderTest, MakesDisksInMemory) {
  namespace ram = names::create_ram_wt_disk;
  const Values values = {{ram::kDevicePath, Value("ramdisk:")},
                         {ram::kMaxInternalSize, Value(kSize + 1)},
                         {ram::kPhysicalSectorSize, Value(std::uint32_t{512})}};
  const cim::Instance disk = made(ram::kMethod, values);
  EXPECT_EQ(number_of(disk, names::kType), 30002U);
  EXPECT_EQ(text_of(disk, names::kDevicePath), "RAMDISK:");
  EXPECT_EQ(must(service->get_disk(viewer(), service::DiskId{1})).size, kSize + 4096) << "whole pages";
  EXPECT_EQ(status_of(invoke(cls, ram::kMethod,
                             {{ram::kDevicePath, Value("RAMDISK:x")}, {ram::kMaxInternalSize, Value(kSize)}})),
            Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(cls, ram::kMethod, {{ram::kMaxInternalSize, Value(kSize)}})), Status::kInvalidParameter);
  EXPECT_EQ(
      status_of(invoke(cls, ram::kMethod,
                       {{ram::kDevicePath, Value("RAMDISK:")}, {ram::kMaxInternalSize, Value(~std::uint64_t{0})}})),
      Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(disk_path(1), names::extend::kMethod,
                             {{names::extend::kAdditionalSizeInMB, Value(std::uint32_t{1})}})),
            Status::kNotSupported);
}

TEST_F(DiskProviderTest, ForgetsADiskAndAdoptsItsImageAgain) {
  namespace import = names::import_wt_disk;
  make_image("/srv/one.img");
  ASSERT_TRUE(remove(disk_path(1)));
  EXPECT_EQ(status_of(get(disk_path(1))), Status::kNotFound);
  EXPECT_EQ(status_of(remove(disk_path(1))), Status::kNotFound);
  const cim::Instance disk =
      made(import::kMethod, {{import::kDevicePath, Value("/srv/one.img")}, {import::kDescription, Value("back")}});
  EXPECT_EQ(number_of(disk, names::kWTD), 2U) << "numbers are not used again";
  EXPECT_EQ(number_of(disk, names::kSize), 64U);
  EXPECT_EQ(text_of(disk, names::kDescription), "back");

  const auto imported = [&](const std::string& path, const std::string& group = "") {
    return status_of(
        invoke(cls, import::kMethod, {{import::kDevicePath, Value(path)}, {import::kResourceGroup, Value(group)}}));
  };
  EXPECT_EQ(imported("/srv/one.img"), Status::kAlreadyExists);
  EXPECT_EQ(imported("/srv/none.img"), Status::kNotFound);
  EXPECT_EQ(imported("one.img"), Status::kInvalidParameter);
  EXPECT_EQ(imported(""), Status::kInvalidParameter);
  EXPECT_EQ(imported("/srv/one.vhdx"), Status::kNotSupported);
  EXPECT_EQ(imported("SCSI:/dev/sda"), Status::kNotSupported);
  EXPECT_EQ(imported("/srv/none.img", "group"), Status::kNotSupported);
}

TEST_F(DiskProviderTest, TheOldFactoriesActAsTheNewOnes) {
  namespace old = names::new_wt_disk;
  const Values values = {{old::kDevicePath, Value("/srv/old.img")},
                         {old::kDescription, Value("old")},
                         {old::kClearPartTable, Value(true)},
                         {old::kSizeInMB, Value(std::uint32_t{3})}};
  const cim::Instance disk = made(old::kMethod, values);
  EXPECT_EQ(number_of(disk, names::kType), 2U);
  EXPECT_EQ(number_of(disk, names::kSize), 3U);
  EXPECT_EQ(status_of(invoke(cls, old::kMethod, {{old::kDevicePath, Value("/srv/x.img")}})), Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(cls, names::new_diff_wt_disk::kMethod,
                             {{names::new_diff_wt_disk::kDevicePath, Value("/srv/d.img")},
                              {names::new_diff_wt_disk::kParentPath, Value("/srv/old.img")}})),
            Status::kNotSupported);
}

TEST_F(DiskProviderTest, GrowsAndShrinksByMebibytes) {
  namespace resize = names::resize;
  make_image("/srv/one.img");
  const auto change = [&](std::uint32_t delta, std::optional<bool> shrink) {
    Values values = {{resize::kDeltaInMB, Value(delta)}};
    if (shrink) {
      values.push_back({resize::kShrink, Value(*shrink)});
    }
    const auto result = invoke(disk_path(1), resize::kMethod, values);
    EXPECT_TRUE(!result || result->return_value.is_absent()) << "a void method returns no value";
    return status_of(result);
  };
  const auto size = [&] { return number_of(*get(disk_path(1)), names::kSize); };
  EXPECT_EQ(change(6, std::nullopt), Status{});
  EXPECT_EQ(size(), 70U);
  EXPECT_EQ(change(10, true), Status{});
  EXPECT_EQ(size(), 60U);
  EXPECT_EQ(change(0, false), Status{});
  EXPECT_EQ(size(), 60U);
  EXPECT_EQ(change(60, true), Status::kInvalidParameter);
  EXPECT_EQ(change(61, true), Status::kInvalidParameter);
  EXPECT_EQ(change(0xFFFF'FFFF, true), Status::kInvalidParameter);
  EXPECT_EQ(change(0xFFFF'FFFF, false), Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(disk_path(1), resize::kMethod)), Status::kInvalidParameter);
  EXPECT_EQ(status_of(invoke(disk_path(9), resize::kMethod, {{resize::kDeltaInMB, Value(std::uint32_t{1})}})),
            Status::kNotFound);
  EXPECT_EQ(size(), 60U);
  EXPECT_TRUE(
      invoke(disk_path(1), names::extend::kMethod, {{names::extend::kAdditionalSizeInMB, Value(std::uint32_t{4})}}));
  EXPECT_EQ(size(), 64U);
}

TEST_F(DiskProviderTest, DoesNotShrinkWhatAnInitiatorSees) {
  make_image("/srv/one.img");
  map(1, "host");
  log_in(1, service::TargetId{1}, "iqn.2026-11.com.example:client");
  EXPECT_EQ(number_of(*get(disk_path(1)), names::kStatus), 1U);
  const auto result =
      invoke(disk_path(1), names::resize::kMethod,
             {{names::resize::kDeltaInMB, Value(std::uint32_t{1})}, {names::resize::kShrink, Value(true)}});
  EXPECT_EQ(status_of(result), Status::kFailed);
}

TEST_F(DiskProviderTest, AMappedDiskIsNotForgottenAndTheMessageNamesTheHolder) {
  make_image("/srv/one.img");
  map(1, "holder");
  const auto result = remove(disk_path(1));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, Status::kFailed);
  EXPECT_NE(result.error().message.find("holder"), std::string::npos);
}

TEST_F(DiskProviderTest, ChangesDescriptionAndEnabled) {
  make_image("/srv/one.img");
  ASSERT_TRUE(modify(disk_path(1), {{names::kDescription, Value("new")}, {names::kEnabled, Value(false)}}));
  cim::Instance disk = *get(disk_path(1));
  EXPECT_EQ(text_of(disk, names::kDescription), "new");
  EXPECT_EQ(flag_of(disk, names::kEnabled), false);
  ASSERT_TRUE(modify(disk_path(1), {{names::kDescription, Value::null(cim::Type::kString)}}));
  EXPECT_EQ(text_of(*get(disk_path(1)), names::kDescription), "");
  EXPECT_EQ(flag_of(*get(disk_path(1)), names::kEnabled), false) << "what was not named stays";
  EXPECT_EQ(status_of(modify(disk_path(1), {{names::kEnabled, Value::null(cim::Type::kBoolean)}})),
            Status::kInvalidParameter);
  EXPECT_EQ(status_of(modify(disk_path(1), {{names::kSize, Value(std::uint32_t{1})}})), Status::kNotSupported);
  EXPECT_EQ(status_of(modify(disk_path(1), {{"NoSuch", Value(true)}})), Status::kNoSuchProperty);
  EXPECT_EQ(status_of(modify(disk_path(1), {{names::kEnabled, Value("yes")}})), Status::kTypeMismatch);
  EXPECT_EQ(status_of(modify(disk_path(9), {{names::kEnabled, Value(true)}})), Status::kNotFound);
}

TEST_F(DiskProviderTest, OperationsAreDoneWhenTheirCallReturns) {
  make_image("/srv/one.img");
  const auto cancelled = invoke(disk_path(1), names::cancel_async_operation::kMethod);
  ASSERT_TRUE(cancelled);
  EXPECT_TRUE(cancelled->return_value.is_absent());
  namespace progress = names::get_async_operation_progress;
  const auto now = invoke(disk_path(1), progress::kMethod);
  ASSERT_TRUE(now);
  EXPECT_TRUE(now->return_value.is_absent());
  EXPECT_EQ(*now->out.find(progress::kProgressPercent), Value(std::uint32_t{100}));
  EXPECT_EQ(*now->out.find(progress::kLastError), Value(std::int32_t{0}));
  namespace mounts = names::get_dv_mount_points;
  const auto mounted = invoke(disk_path(1), mounts::kMethod);
  ASSERT_TRUE(mounted);
  EXPECT_EQ(mounted->return_value, Value(std::int32_t{0}));
  EXPECT_TRUE(mounted->out.find(mounts::kMountPoints)->elements().empty());
  for (const std::string_view method : {names::cancel_async_operation::kMethod, progress::kMethod, mounts::kMethod,
                                        names::get_rollback_progress::kMethod}) {
    EXPECT_EQ(status_of(invoke(disk_path(9), method)), Status::kNotFound) << method;
    EXPECT_EQ(status_of(invoke(cls, method)), Status::kMethodNotAvailable) << method;
  }
}

TEST_F(DiskProviderTest, LunInformationIsWhatTheDataPlaneAnswersInInquiry) {
  namespace info = schema::wt_vds_lun_information;
  namespace descriptor = schema::wt_vpd_identification_descriptor;
  make_image("/srv/one.img");
  const scsi::Identity& served = data_plane->units.at(service::DiskId{1}).config.identity;
  const cim::InstancePtr shown = value_of(*get(disk_path(1)), names::kVdsLunInfo).as_instance();
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(text_of(*shown, info::kVendorId), served.vendor);
  EXPECT_EQ(text_of(*shown, info::kProductId), served.product);
  EXPECT_EQ(text_of(*shown, info::kProductRevision), served.revision);
  EXPECT_EQ(text_of(*shown, info::kSerialNumber), served.serial);
  EXPECT_EQ(number_of(*shown, info::kBusType), 9U);
  const std::vector<scsi::Designator> designators = scsi::unit_designators(served);
  const cim::Value all = value_of(*shown, info::kDeviceIdDescriptor);
  ASSERT_EQ(all.elements().size(), designators.size());
  for (std::size_t i = 0; i < designators.size(); ++i) {
    const cim::InstancePtr one = all.elements()[i].as_instance();
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(number_of(*one, descriptor::kCodeSet), std::to_underlying(designators[i].code_set));
    EXPECT_EQ(number_of(*one, descriptor::kIdentifierType), std::to_underlying(designators[i].type));
    EXPECT_EQ(value_of(*one, descriptor::kIdentifier), Value::array_of(designators[i].bytes));
  }
}

TEST_F(DiskProviderTest, EnumeratesAllAndBuildsOnlyWhatIsWanted) {
  for (int i = 1; i <= 3; ++i) {
    make_image(fmt::format("/srv/{}.img", i));
  }
  const auto all = list(kWmi, names::kClass);
  ASSERT_EQ(all.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all[i], *get(disk_path(static_cast<std::uint32_t>(i + 1))));
  }
  const auto some = list(kWmi, names::kClass, cim::PropertyList{{"Size"}});
  ASSERT_EQ(some.size(), 3U);
  EXPECT_EQ(some[0].find(names::kVdsLunInfo), nullptr);
  EXPECT_EQ(list_names(kWmi, names::kClass)[2], disk_path(3));
  EXPECT_EQ(status_of(get(disk_path(0))), Status::kNotFound);
  EXPECT_EQ(status_of(get(disk_path(4))), Status::kNotFound);
}

}  // namespace
}  // namespace lunaria::providers
