#pragma once

// HttpExporter: delivers indications to CIM-XML listeners over HTTP and HTTPS (DSP0200 6 and 7).

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "cim/indication/exporter.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/tls.h"

namespace lunaria::wbem::cimxml {

/// The addresses of a host, or a sentence that says why there are none. Returns within a bounded time.
using AddressLookup = std::function<runtime::Task<Result<std::vector<IpAddress>, std::string>>(std::string host)>;

/// How long a listener may take for each step of a delivery.
inline constexpr runtime::Duration kExportTimeout = std::chrono::seconds(5);

/// Control shard only; the shard outlives it, and it the connections that it made.
class HttpExporter final : public cim::indication::Exporter {
 public:
  /// `tls`: whom to trust behind https URLs.
  HttpExporter(runtime::Shard& shard, security::TlsClientContext tls, AddressLookup lookup)
      : shard_(shard), tls_(std::move(tls)), lookup_(std::move(lookup)) {}

  Result<void, std::string> check_url(std::string_view url) const override;
  std::string encode(const cim::Instance& indication, std::string_view message_id) const override;
  std::unique_ptr<cim::indication::ExportConnection> connect(std::string_view url) override;

 private:
  runtime::Shard& shard_;
  security::TlsClientContext tls_;
  AddressLookup lookup_;
};

}  // namespace lunaria::wbem::cimxml
