#include "target/portals.h"

#include <algorithm>
#include <utility>

#include "runtime/submit.h"

namespace lunaria::target {
namespace {

bool is_wanted(const std::vector<PortalConfig>& portals, const IpEndpoint& endpoint) {
  return std::ranges::any_of(
      portals, [&endpoint](const PortalConfig& portal) { return portal.listen && portal.endpoint == endpoint; });
}

}  // namespace

runtime::Task<std::vector<PortalFailure>> Portals::update(const std::vector<PortalConfig>& portals) {
  std::vector<IpEndpoint> unwanted;
  for (const auto& [endpoint, portal] : portals_) {
    if (!is_wanted(portals, endpoint)) {
      unwanted.push_back(endpoint);
    }
  }
  for (const IpEndpoint& endpoint : unwanted) {
    std::unique_ptr<Portal> portal = std::move(portals_.at(endpoint));
    portals_.erase(endpoint);
    co_await close(std::move(portal));
    home_.log().info("iscsi.portal.closed", {{"portal", endpoint.to_string()}});
  }
  std::erase_if(failed_, [&portals](const IpEndpoint& endpoint) { return !is_wanted(portals, endpoint); });
  std::vector<PortalFailure> failures;
  for (const PortalConfig& config : portals) {
    if (!config.listen || portals_.contains(config.endpoint)) {
      continue;
    }
    auto listener = home_.shard().network().listen(config.endpoint);
    if (!listener) {
      if (failed_.insert(config.endpoint).second) {
        home_.log().error("iscsi.portal.failed",
                          {{"portal", config.endpoint.to_string()}, {"reason", to_string(listener.error())}});
      }
      failures.push_back({config.endpoint, listener.error()});
      continue;
    }
    failed_.erase(config.endpoint);
    auto portal = std::make_unique<Portal>();
    portal->listener = *std::move(listener);
    Portal& opened = *portal;
    portals_.emplace(config.endpoint, std::move(portal));
    runtime::spawn(opened.accepting, accept_all(opened));
    home_.log().info("iscsi.portal.opened", {{"portal", config.endpoint.to_string()}});
  }
  co_return failures;
}

runtime::Task<void> Portals::accept_all(Portal& portal) {
  while (!portal.accepting.is_closed()) {
    runtime::AcceptRequest request;
    co_await runtime::submit(*portal.listener, request);
    if (request.result != 0) {
      if (portal.accepting.is_closed()) {
        co_return;
      }
      home_.log().warning("iscsi.accept.failed",
                          {{"reason", to_string(runtime::IoError{static_cast<int>(-request.result)})}});
      co_await runtime::sleep_for(home_.shard(), std::chrono::milliseconds(100));
      continue;
    }
    if (logins_ >= kLoginsMax) {
      home_.log().warning("iscsi.login.refused", {{"peer", request.stream->peer_endpoint().to_string()},
                                                  {"reason", "too many connections have not logged in"}});
      continue;
    }
    ++logins_;
    ConnectionLoop::start(home_, environment_, std::move(request.stream), [this] { --logins_; });
  }
}

runtime::Task<void> Portals::close(std::unique_ptr<Portal> portal) {
  portal->accepting.close();
  portal->listener->close();
  co_await portal->accepting.drained();
}

runtime::Task<void> Portals::stop() {
  while (!portals_.empty()) {
    std::unique_ptr<Portal> portal = std::move(portals_.begin()->second);
    portals_.erase(portals_.begin());
    co_await close(std::move(portal));
  }
}

}  // namespace lunaria::target
