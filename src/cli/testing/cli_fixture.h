#pragma once

// Runs command lines against a FakeServer, with somebody who types what the test says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <deque>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/json.h"
#include "cli/server.h"
#include "cli/terminal.h"
#include "cli/testing/fake_server.h"

namespace lunaria::cli {

/// Types the given lines, one after the other.
class FakeTerminal final : public Terminal {
 public:
  void type(std::string line) { lines_.push_back(std::move(line)); }
  const std::vector<std::string>& prompts() const { return prompts_; }
  Outcome<Secret> read_secret(std::string_view prompt) override {
    prompts_.emplace_back(prompt);
    if (lines_.empty()) {
      return fail(usage("there is no terminal"));
    }
    Secret secret(lines_.front());
    lines_.pop_front();
    return secret;
  }

 private:
  std::deque<std::string> lines_;
  std::vector<std::string> prompts_;
};

class CliFixture : public testing::Test {
 protected:
  struct Ran {
    ExitCode code;
    std::string out;
    std::string err;
  };
  Ran run_words(const std::vector<std::string>& words) {
    std::ostringstream out;
    std::ostringstream err;
    const ExitCode code = run(words, {out, err, terminal_, [this](const Arguments&, Terminal&) {
                                        return Outcome<std::unique_ptr<Server>>(std::make_unique<Forward>(server_));
                                      }});
    return {code, out.str(), err.str()};
  }
  Ran run_line(std::initializer_list<std::string> words) { return run_words(words); }
  /// The JSON that a successful command prints.
  Json run_json(std::vector<std::string> words) {
    words.emplace_back("--json");
    const Ran ran = run_words(words);
    EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
    return Json::parse(ran.out, nullptr, false);
  }

  FakeServer server_;
  FakeTerminal terminal_;

 private:
  class Forward final : public Server {
   public:
    explicit Forward(FakeServer& server) : server_(server) {}
    Outcome<wbem::cimxml::ResponseMessage> call(wbem::Operation operation, cim::NamespaceName name_space) override {
      return server_.call(std::move(operation), std::move(name_space));
    }

   private:
    FakeServer& server_;
  };
};

}  // namespace lunaria::cli
