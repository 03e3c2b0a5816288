#pragma once

// RemoteServer: a Server at the other end of a socket: CIM-XML over HTTP on the real reactor. And the way from the
// global options to one.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/server.h"
#include "cli/terminal.h"
#include "http/client.h"
#include "reactor/reactor.h"
#include "wbem/cimxml/client.h"

namespace lunaria::cli {

/// --server, taken apart.
struct ServerUrl {
  bool is_tls = true;
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 0;
  /// "host:port", the address in brackets where it is IPv6.
  std::string authority() const;
  /// "https://host[:port]" or "http://host[:port]", nothing behind; ports 5989 and 5988 when absent.
  static Outcome<ServerUrl> parse(std::string_view text);
};

/// Where the server is and who asks.
struct ConnectionOptions {
  std::string where;  ///< for messages: the path or the URL
  /// Tried in this order, until one can be connected to; not empty. A Unix socket is the only one.
  std::vector<runtime::ListenAddress> addresses;
  std::string authority;
  std::string server_name;
  std::optional<security::TlsClientContext> tls;
  wbem::cimxml::ClientCredentials credentials;
  runtime::Duration timeout = std::chrono::seconds(60);
};

/// Reads files, resolves the host's name and asks for the password where the options call for it. A password is never
/// sent over plain HTTP to another machine: that is refused here.
Outcome<ConnectionOptions> connection_options(const Arguments& global, const std::string& default_socket,
                                              Terminal& terminal);

/// Starts the reactor with the first call, and keeps the connection between calls.
class RemoteServer final : public Server {
 public:
  explicit RemoteServer(ConnectionOptions options) : options_(std::move(options)) {}
  RemoteServer(const RemoteServer&) = delete;
  RemoteServer& operator=(const RemoteServer&) = delete;
  ~RemoteServer() override;

  Outcome<wbem::cimxml::ResponseMessage> call(wbem::Operation operation, cim::NamespaceName name_space) override;

 private:
  runtime::Task<void> exchange(const wbem::Operation& operation, const cim::NamespaceName& name_space,
                               std::optional<wbem::cimxml::ClientReply>& reply);
  runtime::Task<void> disconnect();

  ConnectionOptions options_;
  std::size_t address_index_ = 0;
  std::unique_ptr<reactor::Reactor> reactor_;
  std::unique_ptr<wbem::cimxml::Client> client_;  // made, used and destroyed on the reactor's shard
};

}  // namespace lunaria::cli
