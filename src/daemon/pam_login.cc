#include "daemon/pam_login.h"

#include <algorithm>
#include <utility>

#include "runtime/blocking.h"
#include "security/limits.h"
#include "service/names.h"

namespace lunaria::daemon {
namespace {

/// Stands where the catalogue's users have their stored hash.
constexpr std::string_view kByPam = "pam";

constexpr security::Role to_role(pam::Role role) {
  switch (role) {
    case pam::Role::kViewer:
      return security::Role::kViewer;
    case pam::Role::kOperator:
      return security::Role::kOperator;
    case pam::Role::kAdministrator:
      return security::Role::kAdministrator;
  }
  return security::Role::kViewer;
}

}  // namespace

PamLogin::PamLogin(runtime::Shard& shard, Log& log, PamOptions options, Ask ask)
    : shard_(shard), log_(log), options_(std::move(options)), ask_(std::move(ask)), verified_(shard.random()) {}

std::optional<security::Principal> PamLogin::remembered(const std::string& user, const Secret& password,
                                                        std::string peer) {
  const auto found = remembered_.find(user);
  const runtime::Instant now = shard_.clock().now();
  if (found == remembered_.end()) {
    return std::nullopt;
  }
  if (now >= found->second.until) {
    remembered_.erase(found);
    verified_.forget(user);
    return std::nullopt;
  }
  if (!verified_.contains(user, kByPam, password.reveal(), now)) {
    return std::nullopt;
  }
  return security::Principal{user, found->second.role, security::Authentication::kPam, std::move(peer)};
}

runtime::AsyncMutex& PamLogin::shortest_queue() {
  return *std::ranges::min_element(
      helpers_, {}, [](const runtime::AsyncMutex& helper) { return helper.waiting() + (helper.is_held() ? 1 : 0); });
}

runtime::Task<std::optional<security::Principal>> PamLogin::judge(std::string user, Secret password,
                                                                  std::string address, std::string peer) {
  if (!service::check_user_name(user) || user.starts_with('-')) {
    co_return std::nullopt;  // nothing that a module could take for a path or an option
  }
  runtime::AsyncMutex& queue = shortest_queue();
  if (queue.waiting() >= kWaitingMax / kHelpersMax) {
    log_.warning("management.pam.busy", {{"user", user}, {"peer", peer}});
    co_return std::nullopt;
  }
  const pam::Question question{.service = options_.service,
                               .user = user,
                               .password = std::move(password),
                               .peer = std::move(address),
                               .administrators = options_.administrators,
                               .operators = options_.operators,
                               .viewers = options_.viewers};
  pam::Answer answer;
  {
    const runtime::AsyncMutex::Lock lock = co_await queue.acquire();
    answer = co_await runtime::run_blocking(shard_, [&] { return ask_(question); });
  }
  if (answer.kind == pam::Answer::Kind::kFailed) {
    log_.error("management.pam.failed", {{"user", user}, {"peer", peer}, {"reason", answer.reason}});
    co_return std::nullopt;
  }
  if (answer.kind == pam::Answer::Kind::kRefused) {
    co_return std::nullopt;
  }
  if (!answer.role) {
    log_.warning("management.pam.no_role", {{"user", user}, {"peer", peer}});
    co_return std::nullopt;
  }
  const security::Role role = to_role(*answer.role);
  const runtime::Instant now = shard_.clock().now();
  if (remembered_.size() >= security::kVerifiedEntriesMax) {
    remembered_.clear();  // they are asked about again
  }
  verified_.remember(user, kByPam, question.password.reveal(), now);
  remembered_.insert_or_assign(user, Remembered{role, now + kRememberedFor});
  co_return security::Principal{std::move(user), role, security::Authentication::kPam, std::move(peer)};
}

}  // namespace lunaria::daemon
