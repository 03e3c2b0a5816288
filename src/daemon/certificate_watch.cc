#include "daemon/certificate_watch.h"

#include <utility>

#include "runtime/blocking.h"

namespace lunaria::daemon {

CertificateWatch::CertificateWatch(runtime::Shard& shard, Log& log, security::ServerCertificate& certificate,
                                   Replace replace)
    : shard_(shard), log_(log), certificate_(certificate), replace_(std::move(replace)) {
  alarm_.watch = this;
  alarm_.on_complete([](runtime::Operation& operation) noexcept {
    CertificateWatch& watch = *static_cast<Alarm&>(operation).watch;
    runtime::spawn(watch.looking_, watch.look());
  });
}

void CertificateWatch::start() {
  shard_.start(alarm_, kInterval);
}

runtime::Task<void> CertificateWatch::look() {
  auto changed = co_await runtime::run_blocking(shard_, [this] { return certificate_.load_if_changed(); });
  const std::string& file = certificate_.where().certificate_path;
  if (!changed) {
    log_.warning("management.certificate.refused", {{"file", file}, {"reason", changed.error().message}});
  } else if (changed->has_value()) {
    log_.info("management.certificate", {{"file", file}, {"sha256", (*changed)->fingerprint()}});
    replace_(**std::move(changed));
  }
  if (!looking_.is_closed()) {
    shard_.start(alarm_, kInterval);
  }
}

runtime::Task<void> CertificateWatch::stop() {
  looking_.close();
  static_cast<void>(shard_.cancel(alarm_));  // not pending while a look is under way
  co_await looking_.drained();
}

}  // namespace lunaria::daemon
