#include "service/image_place.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

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
  void make_file(const std::string& path) {
    ASSERT_TRUE(disks.create_directories(path.substr(0, path.rfind('/'))));
    auto file = disks.open(path, {.create_new = true});
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->truncate(4 * kMiB));
  }
  void restart_with(std::vector<std::string> image_directories) {
    settings.image_directories = std::move(image_directories);
    restart();
  }
  Outcome<Disk> create(const security::Principal& principal, const std::string& path) {
    CreateDisk request;
    request.path = path;
    request.size = 4 * kMiB;
    return run(service->create_disk(principal, std::move(request)));
  }
  /// The error with every mention of the path taken out.
  Error without_path(const Outcome<Disk>& outcome, const std::string& path) {
    Error error = outcome ? Error{} : outcome.error();
    for (std::size_t at = error.message.find(path); at != std::string::npos; at = error.message.find(path)) {
      error.message.erase(at, path.size());
    }
    return error;
  }
  std::string kept_path(const Outcome<Disk>& disk) { return disk ? disk->path : disk.error().message; }
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

TEST_F(ImagePlaceTest, AdministratorsMayHaveImagesAnywhere) {
  make_file("/etc/large");
  EXPECT_EQ(kept_path(import(admin(), "/etc/large")), "/etc/large");
  EXPECT_EQ(kept_path(create(admin(), "/opt/x/new.img")), "/opt/x/new.img");
}

TEST_F(ImagePlaceTest, OperatorsMayHaveThemAmongTheDisksOnly) {
  const std::string disk = state_directory() + "/disks/old.img";
  make_file(disk);
  make_file("/etc/large");
  EXPECT_EQ(kept_path(import(op(), disk)), disk);
  EXPECT_EQ(kept_path(create(op(), state_directory() + "/disks/deep/new.img")),
            state_directory() + "/disks/deep/new.img");
  for (const Outcome<Disk>& outcome : {import(op(), "/etc/large"), create(op(), "/etc/new.img")}) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kPermissionDenied);
    EXPECT_NE(outcome.error().message.find("image-directories"), std::string::npos) << outcome.error().message;
    EXPECT_NE(outcome.error().message.find(state_directory() + "/disks"), std::string::npos);
  }
  EXPECT_FALSE(disks.status("/etc/new.img"));
  EXPECT_TRUE(log.contains("action=disk.import object=/etc/large result=permission_denied"))
      << "an attempt leaves a line";
}

TEST_F(ImagePlaceTest, OperatorsMayHaveThemWhereTheSettingsSay) {
  restart_with({"/srv/images", "/mnt/links"});
  disks.link_symbolically("/mnt/links", "/mnt/real");
  for (const char* const path : {"/srv/images/a.img", "/srv/images/deep/b.img", "/mnt/real/c.img"}) {
    make_file(path);
    EXPECT_EQ(kept_path(import(op(), path)), path);
  }
  EXPECT_EQ(kept_path(create(op(), "/mnt/links/d.img")), "/mnt/real/d.img");
  for (const char* const path : {"/srv/images2/e.img", "/srv/e.img", "/mnt/e.img", "/srv/image"}) {
    make_file(path);
    EXPECT_EQ(import(op(), path).error().code, ErrorCode::kPermissionDenied) << path;
  }
}

TEST_F(ImagePlaceTest, TheWholeServerMayBeAPlace) {
  restart_with({"/"});
  make_file("/etc/large");
  EXPECT_EQ(kept_path(import(op(), "/etc/large")), "/etc/large");
  make_file(state_directory() + "/host.key");
  EXPECT_EQ(import(op(), state_directory() + "/host.key").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ImagePlaceTest, LinksLeadOperatorsNowhereElse) {
  restart_with({"/srv/images"});
  make_file("/etc/large");
  make_file("/srv/images/a.img");
  link("/srv/images/link", "/etc/large");
  disks.link_symbolically("/srv/images/etc", "/etc");
  disks.link_symbolically("/opt/images", "/srv/images");
  for (const char* const path : {"/srv/images/link", "/srv/images/etc/large", "/srv/images/etc/none"}) {
    EXPECT_EQ(import(op(), path).error().code, ErrorCode::kPermissionDenied) << path;
    EXPECT_EQ(create(op(), path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  EXPECT_EQ(kept_path(import(op(), "/opt/images/a.img")), "/srv/images/a.img");
}

TEST_F(ImagePlaceTest, OperatorsLearnNothingOfWhatIsElsewhere) {
  restart_with({"/srv/images"});
  make_file("/etc/large");
  make_file("/etc/served");
  ASSERT_TRUE(import(admin(), "/etc/served"));
  disks.link_symbolically("/srv/images/link", "/etc/large");
  const Error expected = without_path(import(op(), "/etc/large"), "/etc/large");
  EXPECT_EQ(expected.code, ErrorCode::kPermissionDenied);
  for (const std::string path :
       {"/etc/none", "/etc", "/etc/served", "/etc/large/below", "/dev/dm-3", "/srv/images/link"}) {
    EXPECT_EQ(without_path(import(op(), path), path), expected) << path;
    EXPECT_EQ(without_path(create(op(), path), path), expected) << path;
  }
  disks.set_faults([](const sim::Call& call) {
    return call.path == "/etc/large" ? sim::Fate::error(EACCES) : sim::Fate::proceed();
  });
  EXPECT_EQ(without_path(import(op(), "/etc/large"), "/etc/large"), expected) << "not even whether it can be found";
  EXPECT_EQ(import(admin(), "/etc/large").error().code, ErrorCode::kIo);
  std::vector<std::string> asked;
  disks.set_faults([&asked](const sim::Call& call) {
    asked.push_back(call.path);
    return sim::Fate::proceed();
  });
  EXPECT_FALSE(import(op(), "/etc/none"));
  EXPECT_EQ(std::ranges::count(asked, "/etc/none"), 1) << "where it leads, and no more";
}

TEST_F(ImagePlaceTest, OneDeviceMayBeAPlace) {
  restart_with({"/dev/vg0/lv1"});
  EXPECT_EQ(import(op(), "/dev/vg0/lv2").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(import(op(), "/dev/dm-4").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(create(op(), "/dev/vg0/new.img").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(kept_path(import(op(), "/dev/dm-3")), "/dev/vg0/lv1") << "it may be another's number after the next start";
}

TEST_F(ImagePlaceTest, ADirectoryOfDevicesMayBeAPlace) {
  restart_with({"/dev/vg0"});
  add_device("/dev/dm-5", "/dev/vg1/lv1");
  EXPECT_EQ(kept_path(import(op(), "/dev/vg0/lv1")), "/dev/vg0/lv1");
  for (const char* const path : {"/dev/dm-4", "/dev/dm-5", "/dev/vg1/lv1"}) {
    EXPECT_EQ(import(op(), path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  make_file("/etc/large");
  link("/dev/vg0/file", "/etc/large");
  EXPECT_EQ(import(op(), "/dev/vg0/file").error().code, ErrorCode::kPermissionDenied) << "it leads out of /dev";
  disks.set_owner("/dev/vg0", 1000);
  EXPECT_EQ(import(op(), "/dev/vg0/lv2").error().code, ErrorCode::kPermissionDenied)
      << "anybody may have made that link";
}

TEST_F(ImagePlaceTest, NoDeviceThatIsInUseIsImported) {
  disks.set_claimed("/dev/dm-3", true);
  const Outcome<Disk> refused = import(admin(), "/dev/vg0/lv1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInUse);
  EXPECT_NE(refused.error().message.find("mounted"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
  disks.set_claimed("/dev/dm-3", false);
  EXPECT_TRUE(import(admin(), "/dev/vg0/lv1"));
}

TEST_F(ImagePlaceTest, ADeviceThatIsMountedMeanwhileFailsUntilItIsFree) {
  const Outcome<Disk> disk = import(admin(), "/dev/vg0/lv1");
  ASSERT_TRUE(disk) << disk.error().message;
  stop();
  disks.set_claimed("/dev/dm-3", true);
  start();
  const std::string failure = must(service->get_disk(viewer(), disk->id)).failure.value_or("");
  EXPECT_NE(failure.find("It is in use: mounted"), std::string::npos) << failure;
  disks.set_claimed("/dev/dm-3", false);
  EXPECT_FALSE(must(service->repair_disk(op(), disk->id)).failure);
}

}  // namespace
}  // namespace lunaria::service
