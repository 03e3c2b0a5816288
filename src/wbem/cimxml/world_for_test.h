#pragma once

// The whole CIM-XML front end in a simulated world, for tests: an HTTP server with the handler on it, an object manager
// with a schema of its own and a provider in memory, and clients that send raw bytes. Not part of the product.

#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "cim/mof/compiler.h"
#include "cim/test_provider.h"
#include "http/server.h"
#include "runtime/submit.h"
#include "sim/world.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::wbem::cimxml {

/// What a client received, taken apart.
struct HttpReply {
  unsigned status = 0;
  std::string head;  ///< all of it, for what has no member here
  std::map<std::string, std::string> fields;
  std::string body;
  std::map<std::string, std::string> trailers;
  bool is_complete = false;  ///< the body ended as its framing says

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
  /// CIMError, with or without a prefix (M-POST): "" when there is none.
  std::string cim_error() const {
    const auto found = std::ranges::find_if(fields, [](const auto& each) { return each.first.ends_with("CIMError"); });
    return found == fields.end() ? "" : found->second;
  }
  /// The CODE of an ERROR element: "" when there is none.
  std::string cim_code() const {
    const auto at = body.find("<ERROR CODE=\"");
    return at == std::string::npos ? "" : body.substr(at + 13, body.find('"', at + 13) - at - 13);
  }
};

inline std::map<std::string, std::string> parse_fields(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
      fields[std::string(line.substr(0, colon))] = http::trim_blanks(line.substr(colon + 1));
    }
  }
  return fields;
}

/// `text` is everything that a connection received until it was closed.
inline HttpReply parse_reply(std::string_view text) {
  HttpReply reply;
  while (text.starts_with("HTTP/1.1 100")) {
    text.remove_prefix(text.find("\r\n\r\n") + 4);
  }
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string_view::npos) {
    return reply;
  }
  std::from_chars(text.data() + 9, text.data() + 12, reply.status);
  reply.head = text.substr(0, end + 2);
  reply.fields = parse_fields(std::string_view(reply.head).substr(reply.head.find("\r\n") + 2));
  std::string_view rest = text.substr(end + 4);
  if (reply.field("Transfer-Encoding") != "chunked") {
    reply.body = rest;
    reply.is_complete =
        !reply.fields.contains("Content-Length") || std::to_string(rest.size()) == reply.field("Content-Length");
    return reply;
  }
  for (;;) {
    std::size_t size = 0;
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos ||
        std::from_chars(rest.data(), rest.data() + line_end, size, 16).ec != std::errc()) {
      return reply;
    }
    rest.remove_prefix(line_end + 2);
    if (size == 0) {
      reply.trailers = parse_fields(rest);
      reply.is_complete = rest.ends_with("\r\n");
      return reply;
    }
    if (rest.size() < size + 2) {
      return reply;
    }
    reply.body += rest.substr(0, size);
    rest.remove_prefix(size + 2);
  }
}

/// One connection; what it receives piles up in `text`.
class RawClient final {
 public:
  RawClient(sim::World& world, sim::SimShard& shard, runtime::ListenAddress address, bool reads = true)
      : world_(world), shard_(shard) {
    shard_.run([&] { runtime::spawn(gate_, live(std::move(address), reads)); });
    EXPECT_TRUE(world_.run_until([this] { return stream_ != nullptr; }));
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    hang_up();
    EXPECT_TRUE(world_.run_until([this] { return gate_.count() == 0; }));
  }

  void send(std::string bytes) {
    outgoing_ = std::move(bytes);
    shard_.run([this] { runtime::spawn(gate_, send_outgoing()); });
  }
  void hang_up() {
    shard_.run([this] { stream_->shutdown(); });
  }
  template <class Predicate>
  bool run_until(Predicate predicate) {
    return world_.run_until(predicate, std::chrono::minutes(10));
  }
  bool wait_for_end() {
    return run_until([this] { return ended; });
  }

  std::string text;
  bool ended = false;

 private:
  runtime::Task<void> live(runtime::ListenAddress address, bool reads) {
    runtime::ConnectRequest connect;
    connect.address = std::move(address);
    co_await submit(shard_.network(), connect);
    stream_ = std::move(connect.stream);
    std::vector<std::byte> memory(16384);
    while (reads) {
      runtime::ReceiveRequest receive;
      receive.memory = memory;
      co_await submit(*stream_, receive);
      if (receive.result <= 0) {
        ended = true;
        co_return;
      }
      text.append(static_cast<const char*>(static_cast<const void*>(memory.data())),
                  static_cast<std::size_t>(receive.result));
    }
  }
  runtime::Task<void> send_outgoing() {
    iovec part{.iov_base = outgoing_.data(), .iov_len = outgoing_.size()};
    while (part.iov_len > 0) {
      runtime::SendRequest request;
      request.memory = {&part, 1};
      co_await submit(*stream_, request);
      if (request.result <= 0) {
        co_return;
      }
      part.iov_base = static_cast<char*>(part.iov_base) + request.result;
      part.iov_len -= static_cast<std::size_t>(request.result);
    }
  }

  sim::World& world_;
  sim::SimShard& shard_;
  std::unique_ptr<runtime::Stream> stream_;
  std::string outgoing_;
  runtime::Gate gate_;
};

/// Lets everybody in as `principal`, unless a test has put a failure here.
class FakeAuthenticator final : public Authenticator {
 public:
  runtime::Task<Result<AuthenticatedClient, AuthenticationFailure>> authenticate(const http::RequestHead& /*head*/,
                                                                                 const http::Peer& /*peer*/) override {
    if (failure) {
      co_return fail(*failure);
    }
    co_return AuthenticatedClient{
        {"tester", security::Role::kAdministrator, security::Authentication::kPassword, "192.0.2.1:50000"}, proof};
  }
  std::optional<AuthenticationFailure> failure;
  std::string proof;
};

inline constexpr const char* kTestSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);
Qualifier Abstract : boolean = false, Scope(class, association), Flavor(Restricted);
Qualifier Write : boolean = false, Scope(property);
Qualifier Required : boolean = false, Scope(property, method, parameter);
Qualifier In : boolean = true, Scope(parameter);
Qualifier Out : boolean = false, Scope(parameter);
Qualifier Static : boolean = false, Scope(method);
Qualifier Description : string, Scope(any), Flavor(Translatable);
Qualifier ValueMap : string[], Scope(property, method, parameter);
Qualifier EmbeddedInstance : string, Scope(property, method, parameter);
[Abstract, Description("What has a <caption> & more")] class T_Element { [Write] string Caption; };
[Description("A disk")] class T_Disk : T_Element {
  [Key] string System; [Key] uint32 Id; [Write, Description("Shown to \"people\"")] string Label = "none";
  uint64 Size = 7; [Write] boolean Enabled; sint32 Offset; real64 Load; datetime Since; char16 Letter;
  [Write, ValueMap{"1", "2"}] uint16 Modes[]; [Write, EmbeddedInstance("T_Part")] string Part;
  [Description("Another size")] uint32 Resize([Required] uint64 Size, [In(false), Out] string Message,
    [In, Out] uint16 Hints[], [In, Out, EmbeddedInstance("T_Part")] string Part, [In, Out] T_Disk REF Like);
  [Static] uint32 Scan();
};
class T_FastDisk : T_Disk { [Write] uint32 Speed = 3; };
class T_Part { string Name; [EmbeddedInstance("T_Part")] string Next; };
class T_Lonely { [Key] string Name; void Rest(); };
[Association] class T_Link { [Key] T_Disk REF Left; [Key] T_Disk REF Right; };
)";

class CimXmlWorld {
 public:
  CimXmlWorld() {
    EXPECT_TRUE(repository.add_namespace(space));
    EXPECT_TRUE(repository.add_namespace(cim::NamespaceName("root/empty")));
    cim::mof::MemorySourceLoader loader;
    loader.add("schema", kTestSchema);
    cim::mof::Compiler compiler(repository, loader, space);
    const auto compiled = compiler.compile("schema");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    for (const char* name : {"T_Disk", "T_FastDisk", "T_Part", "T_Link"}) {
      providers.add(space, name, provider);
    }
    server_shard.run([&] {
      const auto view = server.listen({.address = *IpEndpoint::parse("192.0.2.7:5988")});
      EXPECT_TRUE(view);
      address_ = view->address;
    });
  }
  CimXmlWorld(const CimXmlWorld&) = delete;
  CimXmlWorld& operator=(const CimXmlWorld&) = delete;
  virtual ~CimXmlWorld() {
    bool done = false;
    server_shard.run([&] { runtime::spawn(gate_, stop_server(done)); });
    EXPECT_TRUE(world.run_until([&] { return done; }));
    EXPECT_EQ(admission.inside(), 0U) << "every operation has left";
  }

  cim::Instance disk(std::uint32_t id, const char* class_name = "T_Disk") const {
    cim::Instance instance = cim::Instance::with_defaults(repository.find_class(space, class_name));
    EXPECT_TRUE(instance.set("System", cim::Value("h")));
    EXPECT_TRUE(instance.set("Id", cim::Value(id)));
    return instance;
  }

  RawClient connect(bool reads = true) { return {world, client_shard, address_, reads}; }
  /// Sends these bytes on a new connection and takes what comes until the server closes it.
  HttpReply exchange(std::string bytes) {
    RawClient client = connect();
    client.send(std::move(bytes));
    EXPECT_TRUE(client.wait_for_end());
    return parse_reply(client.text);
  }

  const cim::NamespaceName space{"root/test"};
  sim::World world;
  sim::SimShard& server_shard = world.add_shard();
  sim::SimShard& client_shard = world.add_shard();
  MemoryLog log;
  cim::Repository repository;
  cim::TestProvider provider;
  cim::ProviderTable providers;
  cim::AdmissionControl admission{{.operations_max = 8}, {{"T_Lonely"}, {"StartService"}}};
  cim::Enumerator enumerator{repository, providers};
  cim::OpenEnumerations enumerations{server_shard, enumerator};
  cim::ObjectManager object_manager{
      repository,
      providers,
      admission,
      [](const cim::OperationContext& /*context*/,
         const cim::OperationRequest& /*request*/) -> Result<void, cim::Error> { return {}; },
      {.enumerations = &enumerations}};
  FakeAuthenticator authenticator;
  cim::OperationStatistics statistics;
  Handler handler{server_shard, object_manager, authenticator, log, &statistics};
  http::Server server{server_shard, handler, log};

 private:
  runtime::Task<void> stop_server(bool& done) {
    co_await server.stop(std::chrono::seconds(5));
    co_await enumerations.close_all();
    done = true;
  }

  runtime::ListenAddress address_;
  runtime::Gate gate_;
};

/// A request's fields, one a line, for what clients write in many ways.
struct CimFields {
  std::string method = "EnumerateClassNames";
  std::string object = "root/test";
  std::string more{};  ///< further lines, each with its line end
};

inline std::string http_post(const CimFields& fields, std::string_view body) {
  return "POST /cimom HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/xml; charset=\"utf-8\"\r\n"
         "CIMOperation: MethodCall\r\nCIMMethod: " +
         fields.method + "\r\nCIMObject: " + fields.object + "\r\n" + fields.more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// A message around a call.
inline std::string cim_message(std::string_view call) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"7\" "
         "PROTOCOLVERSION=\"1.0\"><SIMPLEREQ>" +
         std::string(call) + "</SIMPLEREQ></MESSAGE></CIM>";
}

inline constexpr std::string_view kTestSpace =
    "<LOCALNAMESPACEPATH><NAMESPACE NAME=\"root\"/><NAMESPACE NAME=\"test\"/></LOCALNAMESPACEPATH>";

inline std::string intrinsic_call(std::string_view name, std::string_view parameters) {
  return cim_message("<IMETHODCALL NAME=\"" + std::string(name) + "\">" + std::string(kTestSpace) +
                     std::string(parameters) + "</IMETHODCALL>");
}

}  // namespace lunaria::wbem::cimxml
