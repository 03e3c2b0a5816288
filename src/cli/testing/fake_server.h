#pragma once

// FakeServer: the shipped schema behind a real object manager with instances in memory, for tests of commands. What is
// asked is written down; what the schema does not allow fails as it would at a server.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cim/object_manager.h"
#include "cim/test_provider.h"
#include "cli/requests.h"
#include "cli/server.h"

namespace lunaria::cli {

class FakeServer final : public Server {
 public:
  FakeServer();
  Outcome<wbem::cimxml::ResponseMessage> call(wbem::Operation operation, cim::NamespaceName name_space) override;

  /// An instance of a shipped class that exists from now on.
  void add(std::string_view name_space, std::string_view class_name, const Properties& properties);
  /// What the method answers, once the object manager has found nothing wrong with the call.
  void answer_method(std::string method, wbem::cimxml::ResponseMessage answer) {
    answers_.insert_or_assign(std::move(method), std::move(answer));
  }
  /// Every call but reads of the schema fails with this from now on.
  void fail_with(Failure failure) { failure_ = std::make_unique<Failure>(std::move(failure)); }

  /// Every operation so far, a line each: "ModifyInstance root/wmi:WT_Host.HostName=\"web\" Enabled=TRUE".
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  cim::Repository repository_;
  cim::ProviderTable providers_;
  cim::TestProvider provider_;
  cim::AdmissionControl admission_;
  cim::ObjectManager manager_;
  cim::OperationContext context_;
  std::map<std::string, wbem::cimxml::ResponseMessage> answers_;
  std::unique_ptr<Failure> failure_;
  std::vector<std::string> requests_;
};

}  // namespace lunaria::cli
