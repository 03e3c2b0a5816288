#include "daemon/management.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "daemon/authorization.h"
#include "daemon/operation_grace.h"
#include "daemon/schema_loading.h"
#include "providers/readers.h"
#include "schema/names.h"
#include "wbem/cimxml/encode.h"

namespace lunaria::daemon {
namespace {

/// How long replies may take to reach slow clients once the object manager has stopped.
constexpr runtime::Duration kReplyGrace = std::chrono::seconds(10);

/// The kernel keeps the addresses of a process that was killed for a moment.
constexpr runtime::Duration kAddressWait = std::chrono::seconds(5);
constexpr runtime::Duration kAddressRetry = std::chrono::milliseconds(20);

constexpr std::string_view kInterop = "root/interop";

/// What a stopped object manager still does, for a local administrator on the Unix socket.
cim::AdmissionControl::Exceptions exceptions_while_stopped() {
  namespace manager = schema::msftsm_object_manager;
  return {{std::string(manager::kClass), std::string(schema::cim_wbem_server::kClass)},
          {std::string(manager::start_service::kMethod), std::string(manager::request_state_change::kMethod)}};
}

bool is_tcp(const http::ListenerView& listener) {
  return listener.transport != http::Transport::kUnix;
}

}  // namespace

Management::Management(runtime::Shard& shard, service::Service& service, Log& log, ManagementAddresses addresses,
                       ManagementStores stores, ManagementTrust trust, std::function<void()> request_exit)
    : shard_(shard),
      service_(service),
      log_(log),
      addresses_(std::move(addresses)),
      request_exit_(std::move(request_exit)),
      admission_({}, exceptions_while_stopped()),
      names_(shard_, stores.names),
      exporter_(shard_, std::move(trust.listeners),
                [this](std::string host) { return names_.look_up(std::move(host)); }),
      outbox_(shard_, stores.messages, exporter_, log_),
      dispatcher_(repository_, cim::NamespaceName(kInterop), shard_.clock(), outbox_, providers::least_reader),
      made_instances_(repository_, stores.objects, &dispatcher_),
      made_schema_({repository_, provider_table_, made_instances_, stores.objects, log_}),
      namespace_class_(repository_, &made_schema_),
      enumerator_(repository_, provider_table_),
      enumerations_(shard_, enumerator_),
      object_manager_(repository_, provider_table_, admission_, authorize,
                      {.schema_editor = &made_schema_,
                       .enumerations = &enumerations_,
                       .audit = &stores.audit,
                       .methods = &dispatcher_,
                       .events = &outbox_}),
      providers_({service_,
                  repository_,
                  shard_.clock(),
                  &made_schema_,
                  &statistics_,
                  &wbem::cimxml::instance_with_path,
                  {.negotiate = trust.tickets != nullptr, .client_certificates = trust.client_certificates}}),
      indications_(service_,
                   {repository_, stores.objects, made_instances_, shard_, dispatcher_, outbox_, exporter_, log_}),
      authenticator_(shard_, service_, stores.audit, log_, trust.tickets, std::move(trust.kerberos_users), trust.pam),
      handler_(shard_, object_manager_, authenticator_, log_, &statistics_),
      server_(shard_, handler_, log_) {
  admission_.close();
}

Management::~Management() = default;

runtime::Task<service::Outcome<void>> Management::open(security::TlsServerContext tls) {
  if (const auto loaded = load_shipped_schema(repository_); !loaded) {
    co_return fail(service::Error{service::ErrorCode::kIo, "The built-in schema does not compile: " + loaded.error()});
  }
  providers_.add_to(provider_table_);
  indications_.add_to(provider_table_);
  repository_.add_everywhere(cim::NamespaceClassProvider::make_class());
  provider_table_.add_everywhere(cim::NamespaceClassProvider::kClass, namespace_class_);
  if (const auto loaded = co_await made_schema_.load(); !loaded) {
    co_return fail(service::Error{service::ErrorCode::kIo, loaded.error().message});
  }
  if (const auto opened = co_await providers_.open(); !opened) {
    co_return fail(service::Error{service::ErrorCode::kIo, opened.error().message});
  }
  if (const auto opened = co_await indications_.open(); !opened) {
    co_return fail(service::Error{service::ErrorCode::kIo, opened.error().message});
  }
  made_schema_.tell_of_namespaces(&indications_.namespaces());
  server_.set_tls_context(std::move(tls));
  const auto opened = co_await listen_soon({addresses_.socket_path, http::Transport::kUnix});
  if (!opened) {
    co_return fail(service::Error{service::ErrorCode::kIo,
                                  fmt::format("Cannot listen on {}: {}. Is another lunariad running with this state "
                                              "directory?",
                                              addresses_.socket_path, to_string(opened.error()))});
  }
  co_return service::Outcome<void>();
}

runtime::Task<Result<http::ListenerView, runtime::IoError>> Management::listen_soon(http::ListenerOptions options) {
  const runtime::Instant give_up = shard_.clock().now() + kAddressWait;
  auto opened = server_.listen(options);
  while (!opened && opened.error().code == EADDRINUSE && shard_.clock().now() < give_up) {
    co_await runtime::sleep_for(shard_, kAddressRetry);
    opened = server_.listen(options);
  }
  co_return opened;
}

runtime::Task<service::Outcome<void>> Management::listen(const IpEndpoint& endpoint, http::Transport transport) {
  const auto opened = co_await listen_soon({endpoint, transport});
  if (!opened) {
    co_return fail(
        service::Error{service::ErrorCode::kIo,
                       fmt::format("Cannot listen on {}: {}. Give another address: {} ADDRESS:PORT",
                                   endpoint.to_string(), to_string(opened.error()),
                                   transport == http::Transport::kTls ? "--https-address" : "--http-address")});
  }
  log_.info("management.listening", {{"address", endpoint.to_string()}, {"tls", transport == http::Transport::kTls}});
  co_return service::Outcome<void>();
}

runtime::Task<service::Outcome<void>> Management::start() {
  while (closing_.count() != 0) {
    co_await runtime::yield_on(shard_);
  }
  service::Outcome<void> outcome;
  for (const IpEndpoint& endpoint : addresses_.http) {
    outcome = outcome ? co_await listen(endpoint, http::Transport::kPlain) : outcome;
  }
  for (const IpEndpoint& endpoint : addresses_.https) {
    outcome = outcome ? co_await listen(endpoint, http::Transport::kTls) : outcome;
  }
  if (!outcome) {
    co_await server_.close_listeners(is_tcp, runtime::Duration::zero());
    co_return outcome;
  }
  admission_.open();
  log_.info("management.started");
  co_return outcome;
}

// The request that asked for this is inside and gets its answer afterwards: it is the one that is not waited for.
runtime::Task<service::Outcome<void>> Management::stop(service::StopMode mode) {
  admission_.close();
  co_await wait_for_operations(shard_, admission_, 1, handler_, server_);
  runtime::spawn(closing_, close_tcp());
  log_.info("management.stopped", {{"process_ends", mode == service::StopMode::kShutDown}});
  if (mode == service::StopMode::kShutDown) {
    request_exit_();
  }
  co_return service::Outcome<void>();
}

runtime::Task<void> Management::close_tcp() {
  co_await server_.close_listeners(is_tcp, kReplyGrace);
}

runtime::Task<void> Management::close(runtime::Duration grace) {
  admission_.close();
  closing_.close();
  co_await server_.stop(grace);
  co_await enumerations_.close_all();
  made_schema_.tell_of_namespaces(nullptr);
  co_await indications_.close();
  co_await outbox_.close();
  co_await names_.close();
  co_await closing_.drained();
}

}  // namespace lunaria::daemon
