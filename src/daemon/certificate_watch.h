#pragma once

// CertificateWatch: looks now and then whether the certificate's files have been exchanged (renewed, most often), and
// has new connections present what they hold now. Connections that exist keep what they were made with.

#include <chrono>
#include <functional>

#include "base/log.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "security/server_certificate.h"

namespace lunaria::daemon {

/// Control shard only; what it is given outlives it. stop() comes before the destructor.
class CertificateWatch final {
 public:
  /// How long an exchanged certificate may go unnoticed.
  static constexpr runtime::Duration kInterval = std::chrono::seconds(5);

  using Replace = std::function<void(security::TlsServerContext)>;

  CertificateWatch(runtime::Shard& shard, Log& log, security::ServerCertificate& certificate, Replace replace);
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;
  ~CertificateWatch() = default;

  /// From now on, every kInterval. Files that are not good are logged once, and what was presented stays.
  void start();
  runtime::Task<void> stop();

 private:
  struct Alarm final : runtime::Timer {
    CertificateWatch* watch = nullptr;
  };
  runtime::Task<void> look();

  runtime::Shard& shard_;
  Log& log_;
  security::ServerCertificate& certificate_;
  Replace replace_;
  Alarm alarm_;
  runtime::Gate looking_;
};

}  // namespace lunaria::daemon
