#include "cli/remote_server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace lunaria::cli {
namespace {

using wbem::cimxml::ClientError;

/// The address that a resolver's answer holds; nullopt for families other than the Internet's.
std::optional<IpAddress> address_of(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, info.ai_addr, sizeof(address));
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &address.sin_addr, octets.size());
    return IpAddress::v4(octets);
  }
  if (info.ai_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, info.ai_addr, sizeof(address));
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &address.sin6_addr, octets.size());
    return IpAddress::v6(octets, address.sin6_scope_id);
  }
  return std::nullopt;
}

Outcome<std::vector<IpAddress>> resolve(const std::string& host) {
  if (const auto address = IpAddress::parse(host)) {
    return std::vector{*address};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    return fail(Failure{ExitCode::kCannotConnect, fmt::format("there is no host {}: {}", host, gai_strerror(error)),
                        "Is the name spelled right? An IP address works as well."});
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (const auto address = address_of(*each)) {
      addresses.push_back(*address);
    }
  }
  if (addresses.empty()) {
    return fail(Failure{ExitCode::kCannotConnect, fmt::format("the host {} has no address", host)});
  }
  return addresses;
}

Outcome<security::TlsClientContext> make_tls(const Arguments& global) {
  security::TlsTrust trust;
  trust.fingerprint_sha256 = global.text("--fingerprint");
  if (global.has("--certificate") != global.has("--key")) {
    return fail(usage("--certificate and --key go together"));
  }
  std::string key_pem;
  for (const auto& [option, text] :
       {std::pair{"--ca", &trust.authorities_pem}, {"--certificate", &trust.certificate_pem}, {"--key", &key_pem}}) {
    if (global.has(option)) {
      std::ifstream file(global.text(option), std::ios::binary);
      text->assign(std::istreambuf_iterator<char>(file), {});
      if (!file || text->empty()) {
        return fail(usage(fmt::format("cannot read {} (for {})", global.text(option), option)));
      }
    }
  }
  trust.key_pem = Secret(key_pem);
  auto context = security::TlsClientContext::make(trust);
  if (!context) {
    return fail(usage(context.error().message));
  }
  return *std::move(context);
}

Outcome<wbem::cimxml::ClientCredentials> read_credentials(const Arguments& global, Terminal& terminal) {
  wbem::cimxml::ClientCredentials credentials;
  credentials.user = global.text("--user");
  if (credentials.user.empty()) {
    return fail(usage("--server needs --user NAME, or --certificate FILE and --key FILE, or --negotiate",
                      "Users are made on the server itself: `lunaria user add NAME`."));
  }
  auto password = global.has("--password-file") ? read_secret_file(global.text("--password-file"))
                                                : terminal.read_secret(fmt::format("Password of {}", credentials.user));
  if (!password) {
    return fail(password.error());
  }
  credentials.password = *std::move(password);
  return credentials;
}

ConnectionOptions socket_options(std::string path) {
  ConnectionOptions options;
  options.where = path;
  options.addresses.emplace_back(std::move(path));
  options.authority = "localhost";
  return options;
}

Outcome<ConnectionOptions> url_options(const Arguments& global, Terminal& terminal) {
  const auto url = ServerUrl::parse(global.text("--server"));
  if (!url) {
    return fail(url.error());
  }
  const auto addresses = resolve(url->host);
  if (!addresses) {
    return fail(addresses.error());
  }
  ConnectionOptions options;
  options.where = global.text("--server");
  options.authority = url->authority();
  options.server_name = url->host;
  for (const IpAddress& address : *addresses) {
    if (!url->is_tls && !address.is_loopback()) {
      return fail(
          usage(fmt::format("{} would send the password readable over the network", options.where), "Use https://."));
    }
    options.addresses.emplace_back(IpEndpoint{address, url->port});
  }
  if (url->is_tls) {
    auto tls = make_tls(global);
    if (!tls) {
      return fail(tls.error());
    }
    options.tls = *std::move(tls);
  }
  if (global.has("--negotiate")) {
    for (const char* option : {"--user", "--password-file"}) {
      if (global.has(option)) {
        return fail(usage(fmt::format("--negotiate and {} exclude each other", option),
                          "A ticket says who is asking: `klist` shows whose it is."));
      }
    }
    options.credentials.ticket_host = url->host;
    return options;
  }
  if (global.has("--certificate") && !global.has("--user")) {
    return options;  // the certificate says who is asking
  }
  auto credentials = read_credentials(global, terminal);
  if (!credentials) {
    return fail(credentials.error());
  }
  options.credentials = *std::move(credentials);
  return options;
}

}  // namespace

std::string ServerUrl::authority() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Outcome<ServerUrl> ServerUrl::parse(std::string_view text) {
  const Failure wrong = usage(fmt::format("'{}' is no server", text), "Write https://HOST or https://HOST:PORT.");
  ServerUrl url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
    url.port = 5989;
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
    url.is_tls = false;
    url.port = 5988;
  } else {
    return fail(wrong);
  }
  if (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !IpAddress::parse(text.substr(1, end - 1))) {
      return fail(wrong);
    }
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    url.host = text.substr(0, end);
    port = text.substr(end);
  }
  if (url.host.empty() || url.host.find_first_of("/@?# ") != std::string::npos) {
    return fail(wrong);
  }
  if (!port.empty()) {
    const auto read = std::from_chars(port.data() + 1, port.data() + port.size(), url.port);
    if (port.front() != ':' || read.ec != std::errc() || read.ptr != port.data() + port.size() || url.port == 0) {
      return fail(wrong);
    }
  }
  return url;
}

Outcome<ConnectionOptions> connection_options(const Arguments& global, const std::string& default_socket,
                                              Terminal& terminal) {
  const bool is_remote = global.has("--server");
  if (is_remote && global.has("--socket")) {
    return fail(usage("--socket and --server exclude each other"));
  }
  if (!is_remote) {
    for (const char* option :
         {"--user", "--password-file", "--negotiate", "--certificate", "--key", "--ca", "--fingerprint"}) {
      if (global.has(option)) {
        return fail(usage(
            fmt::format("{} needs --server", option),
            "The Unix socket knows who you are. The password of another user is given with --new-password-file."));
      }
    }
  }
  auto options = is_remote ? url_options(global, terminal)
                           : Outcome<ConnectionOptions>(
                                 socket_options(global.has("--socket") ? global.text("--socket") : default_socket));
  if (options && global.has("--timeout")) {
    constexpr std::uint64_t kSecondsMax = 24ULL * 60 * 60;
    const std::uint64_t seconds = global.number("--timeout").value_or(0);
    if (seconds == 0 || seconds > kSecondsMax) {
      return fail(usage("--timeout must be 1 to 86400 seconds"));
    }
    options->timeout = std::chrono::seconds(seconds);
  }
  return options;
}

RemoteServer::~RemoteServer() {
  if (reactor_) {
    reactor_->run_to_completion(0, disconnect());
  }
}

runtime::Task<void> RemoteServer::disconnect() {
  if (client_) {
    co_await client_->close();
    client_.reset();
  }
}

runtime::Task<void> RemoteServer::exchange(const wbem::Operation& operation, const cim::NamespaceName& name_space,
                                           std::optional<wbem::cimxml::ClientReply>& reply) {
  for (;;) {
    if (!client_) {
      client_ =
          std::make_unique<wbem::cimxml::Client>(reactor_->shard(0),
                                                 http::ClientOptions{.address = options_.addresses[address_index_],
                                                                     .authority = options_.authority,
                                                                     .server_name = options_.server_name,
                                                                     .tls = options_.tls,
                                                                     .timeout = options_.timeout},
                                                 options_.credentials.clone());
    }
    reply.emplace(co_await client_->call(operation, name_space));
    const bool is_elsewhere =
        !*reply && reply->error().kind == ClientError::Kind::kConnect && address_index_ + 1 < options_.addresses.size();
    if (!is_elsewhere) {
      co_return;
    }
    co_await disconnect();
    ++address_index_;
  }
}

Outcome<wbem::cimxml::ResponseMessage> RemoteServer::call(wbem::Operation operation, cim::NamespaceName name_space) {
  if (!reactor_) {
    constexpr std::size_t kBufferBytes = std::size_t{32} << 20;  // taken as needed, which is not much here
    auto started = reactor::Reactor::start({.shard_count = 1, .worker_count = 1, .buffer_budget = kBufferBytes});
    if (!started) {
      return fail(Failure{ExitCode::kFailed, fmt::format("cannot start: {}", runtime::to_string(started.error())),
                          "io_uring must be allowed on this machine: see /proc/sys/kernel/io_uring_disabled."});
    }
    reactor_ = *std::move(started);
  }
  std::optional<wbem::cimxml::ClientReply> reply;
  reactor_->run_to_completion(0, exchange(operation, name_space, reply));
  if (!*reply) {
    return fail(failure_of(reply->error(), options_.where));
  }
  if ((*reply)->error) {
    return fail(failure_of(*(*reply)->error));
  }
  return **std::move(reply);
}

}  // namespace lunaria::cli
