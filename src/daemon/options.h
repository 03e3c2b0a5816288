#pragma once

// What an administrator sets before the start: one small TOML file, the environment and flags, in rising order of
// precedence. Everything that changes at run time is in the catalogue instead; nothing is in both.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/log.h"
#include "daemon/kerberos_users.h"
#include "daemon/pam_login.h"

namespace lunaria::daemon {

/// Tickets instead of passwords: HTTP Negotiate.
struct KerberosOptions {
  std::string keytab;     ///< path; empty: no tickets are taken
  std::string principal;  ///< of this server; empty: any that the keytab has a key of
  KerberosUsers users;
};

struct Options {
  std::string state_directory = "/var/lib/lunaria";  ///< catalogue, host key, certificate, disks
  /// Directories and devices that operators may have images in, beside `<state>/disks`; absolute.
  std::vector<std::string> image_directories;
  std::vector<IpEndpoint> iscsi_addresses;  ///< portals made at the first start; then `lunaria portal set`
  std::vector<IpEndpoint> http_addresses;   ///< CIM-XML over HTTP; credentials only from loopback peers
  std::vector<IpEndpoint> https_addresses;  ///< CIM-XML over HTTPS
  std::string socket_path;                  ///< Unix socket of the object manager; empty: `<state>/lunaria.sock`
  std::string tls_certificate;              ///< PEM; empty: `<state>/tls/certificate.pem`, made when missing
  std::string tls_key;                      ///< PEM; empty: `<state>/tls/key.pem`
  std::string indication_authorities;       ///< PEM; issuers of listeners' certificates; empty: the system's
  std::string tls_client_authorities;       ///< PEM; issuers of client certificates; empty: clients show none
  KerberosOptions kerberos;
  PamOptions pam;
  std::uint16_t shards = 0;                   ///< data shards; 0: one less than the processors, at least 1
  std::uint32_t buffer_memory_mib = 256;      ///< memory for data in flight, all shards together
  std::uint32_t command_timeout_seconds = 0;  ///< a SCSI command that runs longer is aborted; 0: none is
  std::uint32_t busy_poll_us = 100;           ///< the longest that a shard looks for work before it sleeps
  LogLevel log_level = LogLevel::kInfo;
  std::string backend = "automatic";  ///< how to ask the kernel: io_uring, epoll, or the first that it allows
  /// Who changed what, one JSON object a line; empty: `<state>/audit/audit.jsonl`; "none": no file
  std::string audit_file;
  std::uint32_t audit_file_mib = 16;                          ///< a file that is larger is renamed, and another begun
  std::uint32_t audit_file_count = 8;                         ///< of them are kept
  std::string audit_journal = "/run/systemd/journal/socket";  ///< the same for systemd's journal; "none": not there
  bool demo = false;  ///< make a first disk and target when the catalogue is empty, and print what to try
};

/// The process goes on with these options, or ends with this exit status after what it printed.
using OptionsOutcome = std::variant<Options, int>;

/// Reads flags, environment (LUNARIA_*) and the file; answers --help, --version and --print-config itself. Wrong values
/// are explained on standard error, exit status 2.
OptionsOutcome read_options(int argc, const char* const* argv);

}  // namespace lunaria::daemon
