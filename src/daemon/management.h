#pragma once

// Management: the object manager with its providers and listeners, as one service that can be started and stopped while
// data is served. The Unix socket is always open: it is the way back in.

#include <functional>
#include <vector>

#include "base/ip_address.h"
#include "base/log.h"
#include "cim/indication/dispatcher.h"
#include "cim/indication/message_store.h"
#include "cim/indication/outbox.h"
#include "cim/namespace_class.h"
#include "cim/object_manager.h"
#include "cim/repository.h"
#include "cim/repository_provider.h"
#include "cim/stored_schema.h"
#include "daemon/listener_names.h"
#include "daemon/user_authenticator.h"
#include "http/server.h"
#include "providers/indication/indication_providers.h"
#include "providers/provider_set.h"
#include "runtime/gate.h"
#include "service/service.h"
#include "wbem/cimxml/exporter.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::daemon {

struct ManagementAddresses {
  std::vector<IpEndpoint> http;
  std::vector<IpEndpoint> https;
  std::string socket_path;
};

/// Whom the object manager trusts, beside the catalogue's users.
struct ManagementTrust {
  security::TlsClientContext listeners;               ///< of indications, over https
  const security::TicketAcceptor* tickets = nullptr;  ///< null: no Kerberos
  KerberosUsers kerberos_users{};
  PamLogin* pam = nullptr;           ///< null: PAM is not asked
  bool client_certificates = false;  ///< whether the TLS context that open() gets asks for them
};

/// Where the object manager keeps what clients make, and indications on their way.
struct ManagementStores {
  cim::ObjectStore& objects;
  cim::indication::MessageStore& messages;
  cim::AuditTrail& audit;
  NameConversation& names;  ///< of listeners
};

/// Lives on the control shard; what it is given outlives it.
class Management final : public service::ManagedService {
 public:
  Management(runtime::Shard& shard, service::Service& service, Log& log, ManagementAddresses addresses,
             ManagementStores stores, ManagementTrust trust, std::function<void()> request_exit);
  Management(const Management&) = delete;
  Management& operator=(const Management&) = delete;
  /// close() comes first.
  ~Management() override;

  /// Loads the schema, shipped and made, opens the Unix socket. TCP listeners open with start().
  runtime::Task<service::Outcome<void>> open(security::TlsServerContext tls);
  /// What new connections present; those that exist keep theirs.
  void set_tls_context(security::TlsServerContext tls) { server_.set_tls_context(std::move(tls)); }
  /// Lets requests inside finish, then closes everything.
  runtime::Task<void> close(runtime::Duration grace);

  runtime::Task<service::Outcome<void>> start() override;
  runtime::Task<service::Outcome<void>> stop(service::StopMode mode) override;

 private:
  /// An address that is in use is tried for a while.
  runtime::Task<Result<http::ListenerView, runtime::IoError>> listen_soon(http::ListenerOptions options);
  runtime::Task<service::Outcome<void>> listen(const IpEndpoint& endpoint, http::Transport transport);
  runtime::Task<void> close_tcp();

  runtime::Shard& shard_;
  service::Service& service_;
  Log& log_;
  ManagementAddresses addresses_;
  std::function<void()> request_exit_;

  cim::Repository repository_;
  cim::ProviderTable provider_table_;
  cim::AdmissionControl admission_;
  ListenerNames names_;
  wbem::cimxml::HttpExporter exporter_;
  cim::indication::Outbox outbox_;
  cim::indication::Dispatcher dispatcher_;
  cim::RepositoryProvider made_instances_;
  cim::StoredSchema made_schema_;
  cim::NamespaceClassProvider namespace_class_;
  cim::Enumerator enumerator_;
  cim::OpenEnumerations enumerations_;
  cim::ObjectManager object_manager_;
  cim::OperationStatistics statistics_;
  providers::ProviderSet providers_;
  providers::IndicationProviders indications_;
  UserAuthenticator authenticator_;
  wbem::cimxml::Handler handler_;
  http::Server server_;
  runtime::Gate closing_;  // close_tcp() after a stop
};

}  // namespace lunaria::daemon
