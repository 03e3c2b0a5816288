#pragma once

// Daemon: everything wired together, started and stopped in order.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "daemon/audit_log.h"
#include "daemon/certificate_watch.h"
#include "daemon/management.h"
#include "daemon/name_resolver.h"
#include "daemon/options.h"
#include "daemon/stored_objects.h"
#include "runtime/file.h"
#include "runtime/random.h"
#include "runtime/shard.h"
#include "security/secret_box.h"
#include "security/server_certificate.h"
#include "service/file_volume_store.h"
#include "service/service.h"
#include "target/server.h"

namespace lunaria::daemon {

/// The machine, as the daemon is given it; outlives the daemon.
struct Machine {
  runtime::Shard& control;
  std::vector<runtime::Shard*> data_shards;
  runtime::FileSystem& files;
  runtime::Random& random;
};

/// start() and stop() run on the control shard; constructor and destructor anywhere.
class Daemon final {
 public:
  /// `request_exit` is called on the control shard when a client asks for the end of the process.
  Daemon(Machine machine, Options options, Log& log, std::function<void()> request_exit);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Serving when it returns without error. The error is a sentence or two: what is wrong, and what to do.
  runtime::Task<Result<void, std::string>> start();
  /// In reverse order: management, sessions, volumes, catalogue. Also after a start that failed half way.
  runtime::Task<void> stop();

  /// What a first-time user may try next, when --demo was given.
  const std::string& demo_text() const { return demo_text_; }

 private:
  Result<void, std::string> prepare();
  Result<security::TlsServerContext, std::string> load_tls();
  /// Whom indications are delivered to over HTTPS.
  Result<security::TlsClientContext, std::string> load_listener_trust();
  /// Makes tickets_ where a keytab is configured.
  Result<void, std::string> load_tickets();
  runtime::Task<Result<void, std::string>> open_audit();
  runtime::Task<Result<void, std::string>> start_service();
  runtime::Task<Result<void, std::string>> start_management(security::TlsServerContext tls);
  runtime::Task<Result<void, std::string>> make_demo();

  Machine machine_;
  Options options_;
  Log& log_;
  std::function<void()> request_exit_;
  std::string demo_text_;

  std::unique_ptr<security::SecretBox> secrets_;
  std::unique_ptr<security::ServerCertificate> certificate_;
  std::unique_ptr<service::FileVolumeStore> volumes_;
  std::unique_ptr<target::Server> data_plane_;
  std::unique_ptr<DnsResolver> names_;
  std::unique_ptr<service::Service> service_;
  std::unique_ptr<StoredObjects> objects_;
  std::unique_ptr<DnsResolver> listener_names_;
  std::unique_ptr<security::TicketAcceptor> tickets_;
  std::unique_ptr<PamLogin> pam_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Management> management_;
  service::MethodService method_services_;  // the services of the storage model
  std::unique_ptr<CertificateWatch> certificate_watch_;
};

}  // namespace lunaria::daemon
