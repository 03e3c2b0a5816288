// What is said about who may read what, against what each provider answers to each role.

#include "providers/readers.h"

#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary

class ReadersTest : public Bed {};

TEST_F(ReadersTest, AreThoseWhomTheProvidersAnswer) {
  make_disk("d");
  make_target("t");
  must(service->add_user(admin(), {"vera", Secret("correct horse"), security::Role::kViewer}));
  std::size_t asked = 0;
  std::size_t refused = 0;
  for (const cim::NamespaceName& space : {kWmi, kInterop, kLunaria, kStorage}) {
    for (const cim::ClassPtr& cls : repository.classes(space)) {
      cim::Provider* const provider = table->find(space, cls->name());
      if (provider == nullptr) {
        continue;
      }
      for (const cim::Role role : {cim::Role::kViewer, cim::Role::kOperator, cim::Role::kAdministrator}) {
        context.role = role;
        cim::CollectingSink sink;
        const auto done = finish(provider->enumerate_instances({context, space, cls, nullptr}, sink));
        ++asked;
        refused += status_of(done) == cim::Status::kAccessDenied ? 1 : 0;
        EXPECT_EQ(status_of(done) == cim::Status::kAccessDenied, role < least_reader(*cls))
            << space.text() << ':' << cls->name() << ' ' << cim::to_string(role);
      }
    }
  }
  EXPECT_GT(asked, 100U);
  EXPECT_EQ(refused, 2U) << "users, to viewers and operators";
}

}  // namespace
}  // namespace lunaria::providers
