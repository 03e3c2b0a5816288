#include "service/world_test.h"

namespace lunaria::service {
namespace {

class UserTest : public ServiceTest {
 protected:
  User add(const std::string& name, security::Role role, const std::string& password = "correct horse") {
    return must(service->add_user(admin(), {name, Secret(password), role}));
  }
  template <class T>
  ErrorCode refused(Reply<T> reply) {
    const Outcome<T> outcome = run(std::move(reply));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  Outcome<security::Principal> verify(const std::string& name, const std::string& password) {
    return run(service->verify_user(name, Secret(password), "192.0.2.1:4711"));
  }
};

TEST_F(UserTest, IsAddedListedAndRecognised) {
  const User jane = add("jane", security::Role::kOperator);
  EXPECT_EQ(must(service->list_users(admin())), std::vector<User>{jane});
  const Outcome<security::Principal> principal = verify("jane", "correct horse");
  ASSERT_TRUE(principal);
  EXPECT_EQ(*principal, (security::Principal{"jane", security::Role::kOperator, security::Authentication::kPassword,
                                             "192.0.2.1:4711"}));
  restart();
  EXPECT_TRUE(verify("jane", "correct horse"));
}

TEST_F(UserTest, IsRefusedTheSameWayWhateverIsWrong) {
  add("jane", security::Role::kViewer);
  const Outcome<security::Principal> password = verify("jane", "wrong horse");
  const Outcome<security::Principal> name = verify("joan", "correct horse");
  ASSERT_FALSE(password);
  ASSERT_FALSE(name);
  EXPECT_EQ(password.error(), name.error());
  EXPECT_EQ(password.error().code, ErrorCode::kPermissionDenied);
  EXPECT_FALSE(verify("jane", ""));
  EXPECT_FALSE(verify("", "correct horse"));
  EXPECT_FALSE(verify("Jane", "correct horse"));
  EXPECT_TRUE(log.contains("service.login"));
}

TEST_F(UserTest, IsVerifiedFastASecondTimeAndNeverWithAnOldPassword) {
  add("jane", security::Role::kViewer);
  ASSERT_TRUE(verify("jane", "correct horse"));
  const runtime::Instant before = world.clock().now();
  ASSERT_TRUE(verify("jane", "correct horse"));
  EXPECT_EQ(world.clock().now(), before) << "no worker thread was needed";
  must(service->set_password(admin(), "jane", Secret("battery staple")));
  EXPECT_FALSE(verify("jane", "correct horse"));
  EXPECT_TRUE(verify("jane", "battery staple"));
  must(service->delete_user(admin(), "jane"));
  EXPECT_FALSE(verify("jane", "battery staple"));
}

TEST_F(UserTest, RefusesBadNamesAndPasswords) {
  add("jane", security::Role::kViewer);
  const auto code = [&](const std::string& name, const std::string& password) {
    return refused(service->add_user(admin(), {name, Secret(password), security::Role::kViewer}));
  };
  EXPECT_EQ(code("jane", "correct horse"), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code("", "correct horse"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("a:b", "correct horse"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("joan", "short"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("joan", std::string(1025, 'x')), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->set_password(admin(), "nobody", Secret("correct horse"))), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_password(admin(), "jane", Secret("short"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->delete_user(admin(), "nobody")), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_role(admin(), "nobody", security::Role::kViewer)), ErrorCode::kNotFound);
}

TEST_F(UserTest, ManagesOthersAsAdministratorOnly) {
  add("jane", security::Role::kOperator);
  const security::Principal jane = *verify("jane", "correct horse");
  EXPECT_EQ(refused(service->list_users(jane)), ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused(service->add_user(jane, {"joan", Secret("correct horse"), security::Role::kViewer})),
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused(service->set_role(jane, "jane", security::Role::kAdministrator)), ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused(service->set_password(jane, "joan", Secret("correct horse"))), ErrorCode::kPermissionDenied);
  must(service->set_password(jane, "jane", Secret("battery staple")));
  EXPECT_TRUE(verify("jane", "battery staple"));
}

TEST_F(UserTest, KeepsTheLastAdministrator) {
  add("root", security::Role::kAdministrator);
  add("jane", security::Role::kOperator);
  EXPECT_EQ(refused(service->delete_user(admin(), "root")), ErrorCode::kInUse);
  EXPECT_EQ(refused(service->set_role(admin(), "root", security::Role::kViewer)), ErrorCode::kInUse);
  EXPECT_EQ(must(service->set_role(admin(), "jane", security::Role::kAdministrator)).role,
            security::Role::kAdministrator);
  must(service->delete_user(admin(), "root"));
  EXPECT_EQ(verify("jane", "correct horse")->role, security::Role::kAdministrator);
}

}  // namespace
}  // namespace lunaria::service
