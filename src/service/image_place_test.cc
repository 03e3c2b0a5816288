#include "service/image_place.h"

#include <gtest/gtest.h>

#include <string>

#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

/// Two devices, each with the name that the kernel gives it and one that stays its own.
class ImagePlaceTest : public ServiceTest {
 protected:
  ImagePlaceTest() {
    add_device("/dev/dm-3", "/dev/vg0/lv1");
    add_device("/dev/dm-4", "/dev/vg0/lv2");
  }

  void add_device(const std::string& kernel_name, const std::string& name) {
    EXPECT_TRUE(disks.create_directories(name.substr(0, name.rfind('/'))));
    disks.add_device(kernel_name, 4 * kMiB);
    link(name, kernel_name);
  }
  /// The simulated disk follows links in two of its calls only: for the others it is one more name.
  void link(const std::string& name, const std::string& file) {
    disks.link_symbolically(name, file);
    disks.link(name, file);
  }
  Outcome<Disk> import(const security::Principal& principal, const std::string& path) {
    ImportDisk request;
    request.path = path;
    return run(service->import_disk(principal, std::move(request)));
  }
};

TEST_F(ImagePlaceTest, KeepsTheNameThatRootGaveADevice) {
  const Outcome<Disk> disk = import(admin(), "/dev/vg0/lv1");
  ASSERT_TRUE(disk) << disk.error().message;
  EXPECT_EQ(disk->path, "/dev/vg0/lv1");
  EXPECT_FALSE(disk->failure);
  EXPECT_EQ(import(admin(), "/dev/dm-3").error().code, ErrorCode::kAlreadyExists) << "it is that device";
  const Outcome<Disk> other = import(admin(), "/dev/dm-4");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->path, "/dev/dm-4") << "as it was named";
}

TEST_F(ImagePlaceTest, KeepsNoLinkThatOthersThanRootMayExchange) {
  disks.set_owner("/dev/vg0", 1000);
  const Outcome<Disk> disk = import(admin(), "/dev/vg0/lv1");
  ASSERT_TRUE(disk) << disk.error().message;
  EXPECT_EQ(disk->path, "/dev/dm-3");
  ASSERT_TRUE(disks.create_directories("/srv"));
  link("/srv/lv2", "/dev/dm-4");
  const Outcome<Disk> elsewhere = import(admin(), "/srv/lv2");
  ASSERT_TRUE(elsewhere) << elsewhere.error().message;
  EXPECT_EQ(elsewhere->path, "/dev/dm-4") << "a link outside of /dev";
}

}  // namespace
}  // namespace lunaria::service
