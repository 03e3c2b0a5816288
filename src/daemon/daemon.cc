#include "daemon/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/units.h"
#include "daemon/journal_socket.h"
#include "daemon/local_addresses.h"
#include "daemon/neighbours.h"
#include "daemon/pam_helper.h"
#include "runtime/blocking.h"
#include "security/gss_acceptor.h"
#include "security/host_key.h"
#include "security/self_signed.h"
#include "security/small_file.h"

namespace lunaria::daemon {
namespace {

using namespace units;  // NOLINT(google-build-using-namespace): literals

constexpr std::uint64_t kDemoSize = 1_GiB;
/// What a setting says that has nothing behind it.
constexpr std::string_view kNone = "none";
/// All authorities of a system are a quarter of that.
constexpr std::size_t kAuthoritiesBytesMax = 1_MiB;
/// Requests inside may finish when the daemon ends; initiators may log out.
constexpr runtime::Duration kManagementGrace = std::chrono::seconds(5);
constexpr runtime::Duration kSessionGrace = std::chrono::seconds(2);

/// How to call the command line from where the daemon was started: by its path in the build tree where that is where
/// the daemon runs from, and else by its name.
std::string command_line_program() {
  std::error_code error;
  const std::filesystem::path daemon = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path built = daemon.parent_path().parent_path() / "cli/lunaria";
  if (error || !std::filesystem::exists(built, error)) {
    return "lunaria";
  }
  const std::filesystem::path nearby = std::filesystem::proximate(built, error);
  return error ? built.string() : nearby.string();
}

}  // namespace

Daemon::Daemon(Machine machine, Options options, Log& log, std::function<void()> request_exit)
    : machine_(std::move(machine)), options_(std::move(options)), log_(log), request_exit_(std::move(request_exit)) {}

Daemon::~Daemon() = default;

Result<void, std::string> Daemon::prepare() {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(options_.state_directory, error).lexically_normal().string();
  if (const auto made = machine_.files.create_directories(absolute); !made) {
    return fail(fmt::format("Cannot make the state directory {}: {}. Give a writable one: --state-directory DIR",
                            absolute, to_string(made.error())));
  }
  // What lies inside is told from what does not by this path.
  const auto real = machine_.files.real_path(absolute);
  if (!real) {
    return fail(fmt::format("Cannot find the state directory {}: {}", absolute, to_string(real.error())));
  }
  options_.state_directory = *real;
  auto key = security::load_or_create_host_key(machine_.files, machine_.random, *real + "/host.key");
  if (!key) {
    return fail(key.error().message);
  }
  secrets_ = std::make_unique<security::SecretBox>(*std::move(key), machine_.random);
  return {};
}

Result<security::TlsServerContext, std::string> Daemon::load_tls() {
  const security::CertificateFiles& where = certificate_->where();
  const auto directory = std::filesystem::path(options_.tls_certificate).parent_path().string();
  if (const auto made = machine_.files.create_directories(directory); !made) {
    return fail(fmt::format("Cannot make {}: {}", directory, to_string(made.error())));
  }
  const auto there =
      security::load_or_create_certificate(machine_.files, where, {host_name()}, machine_.control.clock().wall_time());
  if (!there) {
    return fail(there.error().message);
  }
  auto context = certificate_->load();
  if (!context) {
    return fail(context.error().message);
  }
  log_.info("management.certificate", {{"file", where.certificate_path}, {"sha256", context->fingerprint()}});
  return *std::move(context);
}

Result<security::TlsClientContext, std::string> Daemon::load_listener_trust() {
  security::TlsTrust trust;
  if (!options_.indication_authorities.empty()) {
    const auto pem = security::read_small_file(machine_.files, options_.indication_authorities, kAuthoritiesBytesMax);
    if (!pem) {
      return fail(fmt::format("Cannot read {}: {}", options_.indication_authorities, to_string(pem.error())));
    }
    std::ranges::transform(*pem, std::back_inserter(trust.authorities_pem),
                           [](std::byte byte) { return static_cast<char>(byte); });
  }
  auto context = security::TlsClientContext::make(trust);
  if (!context) {
    return fail(context.error().message);
  }
  return *std::move(context);
}

Result<void, std::string> Daemon::load_tickets() {
  const KerberosOptions& kerberos = options_.kerberos;
  if (kerberos.keytab.empty()) {
    return {};
  }
  auto acceptor = security::GssAcceptor::make({.keytab_path = kerberos.keytab,
                                               .principal = kerberos.principal,
                                               .replay_cache_path = options_.state_directory + "/kerberos.replays"});
  if (!acceptor) {
    return fail(acceptor.error());
  }
  tickets_ = *std::move(acceptor);
  log_.info("management.kerberos", {{"keytab", kerberos.keytab}, {"principal", kerberos.principal}});
  return {};
}

runtime::Task<Result<void, std::string>> Daemon::start() {
  runtime::Shard& control = machine_.control;
  const auto prepared = co_await runtime::run_blocking(control, [this] { return prepare(); });
  if (!prepared) {
    co_return fail(prepared.error());
  }
  certificate_ = std::make_unique<security::ServerCertificate>(
      machine_.files, security::CertificateFiles{options_.tls_certificate, options_.tls_key},
      options_.tls_client_authorities);
  auto tls = co_await runtime::run_blocking(control, [this] { return load_tls(); });
  if (!tls) {
    co_return fail(tls.error());
  }
  const auto audited = co_await open_audit();
  if (!audited) {
    co_return audited;
  }
  const auto served = co_await start_service();
  if (!served) {
    co_return served;
  }
  const auto managed = co_await start_management(*std::move(tls));
  if (managed) {
    log_.info("daemon.started", {{"version", LUNARIA_VERSION}, {"shards", machine_.data_shards.size()}});
  }
  co_return managed;
}

runtime::Task<Result<void, std::string>> Daemon::open_audit() {
  std::unique_ptr<AuditFile> file;
  if (options_.audit_file != kNone) {
    file = std::make_unique<AuditFile>(machine_.files,
                                       AuditFile::Settings{.path = options_.audit_file,
                                                           .size_max = std::uint64_t{options_.audit_file_mib} * 1_MiB,
                                                           .count_max = options_.audit_file_count});
  }
  AuditLog::Journal journal;
  if (options_.audit_journal != kNone) {
    journal = [socket = std::make_shared<JournalSocket>(options_.audit_journal)](std::string_view datagram) {
      return socket->send(datagram);
    };
  }
  audit_ = std::make_unique<AuditLog>(machine_.control, log_, std::move(file), std::move(journal));
  const auto opened = co_await audit_->open();
  if (!opened) {
    co_return fail(fmt::format("Cannot write the audit file {}: {}. Give another: --audit-file FILE, or `none`",
                               options_.audit_file, to_string(opened.error())));
  }
  co_return Result<void, std::string>();
}

runtime::Task<Result<void, std::string>> Daemon::start_service() {
  runtime::Shard& control = machine_.control;
  iscsi::Timeouts timeouts;
  timeouts.command = std::chrono::seconds(options_.command_timeout_seconds);
  data_plane_ = std::make_unique<target::Server>(control, machine_.data_shards, log_, timeouts, find_neighbour);
  names_ = std::make_unique<DnsResolver>();
  volumes_ = std::make_unique<service::FileVolumeStore>(machine_.files);
  service_ = std::make_unique<service::Service>(service::Environment{.shard = control,
                                                                     .data_plane = *data_plane_,
                                                                     .volumes = *volumes_,
                                                                     .secrets = *secrets_,
                                                                     .log = log_,
                                                                     .local_addresses = local_addresses,
                                                                     .names = *names_},
                                                service::Settings{.state_directory = options_.state_directory,
                                                                  .image_directories = options_.image_directories,
                                                                  .host_name = host_name(),
                                                                  .version = LUNARIA_VERSION,
                                                                  .default_portals = options_.iscsi_addresses,
                                                                  .catalogue_vfs = {}});
  const auto started = co_await service_->start();
  if (!started) {
    co_return fail(started.error().message);
  }
  if (options_.demo) {
    const auto demo = co_await make_demo();
    if (!demo) {
      co_return fail(demo.error());
    }
  }
  co_return Result<void, std::string>();
}

runtime::Task<Result<void, std::string>> Daemon::start_management(security::TlsServerContext tls) {
  runtime::Shard& control = machine_.control;
  objects_ = std::make_unique<StoredObjects>(control);
  const auto objects_opened = co_await objects_->open(options_.state_directory + "/objects.db");
  if (!objects_opened) {
    co_return fail(objects_opened.error());
  }
  auto listener_trust = co_await runtime::run_blocking(control, [this] { return load_listener_trust(); });
  if (!listener_trust) {
    co_return fail(listener_trust.error());
  }
  const auto tickets = co_await runtime::run_blocking(control, [this] { return load_tickets(); });
  if (!tickets) {
    co_return fail(tickets.error());
  }
  if (!options_.pam.service.empty()) {
    pam_ = std::make_unique<PamLogin>(
        control, log_, options_.pam,
        [helper = PamHelper(options_.pam.helper)](const pam::Question& question) { return helper.ask(question); });
  }
  listener_names_ = std::make_unique<DnsResolver>();
  management_ = std::make_unique<Management>(
      control, *service_, log_,
      ManagementAddresses{options_.http_addresses, options_.https_addresses, options_.socket_path},
      ManagementStores{*objects_, *objects_, *audit_, *listener_names_},
      ManagementTrust{*std::move(listener_trust), tickets_.get(), options_.kerberos.users, pam_.get(),
                      !options_.tls_client_authorities.empty() && !options_.https_addresses.empty()},
      request_exit_);
  service_->manage(service::ServiceKind::kObjectManager, *management_);
  for (const service::ServiceKind kind : service::kServiceKinds) {
    if (kind != service::ServiceKind::kObjectManager) {
      service_->manage(kind, method_services_);
    }
  }
  if (const auto opened = co_await management_->open(std::move(tls)); !opened) {
    co_return fail(opened.error().message);
  }
  certificate_watch_ = std::make_unique<CertificateWatch>(
      control, log_, *certificate_,
      [this](security::TlsServerContext context) { management_->set_tls_context(std::move(context)); });
  certificate_watch_->start();
  const auto managing = co_await service_->start_managed_services();
  if (!managing) {
    co_return fail(managing.error().message);
  }
  co_return Result<void, std::string>();
}

runtime::Task<Result<void, std::string>> Daemon::make_demo() {
  const auto demo = co_await service_->ensure_demo(kDemoSize);
  if (!demo) {
    co_return fail(demo.error().message);
  }
  const std::string portal =
      options_.iscsi_addresses.empty() ? "127.0.0.1:3260" : options_.iscsi_addresses.front().to_string();
  demo_text_ = fmt::format(
      "\nLunaria serves the disk '{disk}' at target {iqn}.\nTry, in another terminal:\n\n"
      "  {lunaria} --socket {socket} status\n"
      "  iscsi-ls -s iscsi://{portal}\n"
      "  iscsi-inq iscsi://{portal}/{iqn}/0\n"
      "  qemu-img info iscsi://{portal}/{iqn}/0\n"
      "  {lunaria} --socket {socket} disk create second --size 1GiB\n\n"
      "Ctrl-C ends it; what was acknowledged stays in {state}.\n",
      fmt::arg("disk", demo->disk.name), fmt::arg("lunaria", command_line_program()), fmt::arg("iqn", demo->target.iqn),
      fmt::arg("socket", options_.socket_path), fmt::arg("portal", portal),
      fmt::arg("state", options_.state_directory));
  co_return Result<void, std::string>();
}

runtime::Task<void> Daemon::stop() {
  if (certificate_watch_ != nullptr) {
    co_await certificate_watch_->stop();
  }
  if (listener_names_ != nullptr) {
    listener_names_->cancel();
  }
  if (management_ != nullptr) {
    co_await management_->close(kManagementGrace);
  }
  if (audit_ != nullptr) {
    co_await audit_->close();
  }
  if (objects_ != nullptr) {
    co_await objects_->close();
  }
  if (service_ != nullptr) {
    co_await service_->settle();
  }
  if (data_plane_ != nullptr) {
    co_await data_plane_->stop(kSessionGrace);
  }
  if (service_ != nullptr) {
    co_await service_->stop();
  }
  certificate_watch_.reset();
  management_.reset();
  tickets_.reset();
  pam_.reset();
  audit_.reset();
  listener_names_.reset();
  objects_.reset();
  service_.reset();
  data_plane_.reset();
  log_.info("daemon.stopped");
}

}  // namespace lunaria::daemon
