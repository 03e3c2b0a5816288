// ExportIndication from an exporter to a listener: the messages, the URLs, and the whole way over HTTP.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "http/server.h"
#include "sim/world.h"
#include "wbem/cimxml/export_message.h"
#include "wbem/cimxml/exporter.h"
#include "wbem/cimxml/listener.h"

namespace lunaria::wbem::cimxml {
namespace {

using namespace std::chrono_literals;

cim::Instance sample(const std::string& name) {
  cim::InstanceBuilder inner("X_Disk");
  inner.add("Name", cim::Value(name), true);
  cim::InstanceBuilder builder("CIM_InstCreation");
  builder.add("SourceInstance",
              cim::Value(std::make_shared<const cim::Instance>(inner.build()), cim::Type::kEmbeddedObject));
  builder.add("SequenceNumber", cim::Value(std::int64_t{7}));
  return builder.build();
}

Result<ExportMessage, MessageError> decode(const std::string& text) {
  const auto document = XmlDocument::parse(text);
  if (!document) {
    return fail(MessageError{400, "request-not-well-formed", document.error().message});
  }
  return decode_export(document->root());
}

TEST(ExportMessages, ReadBackWhatWasWritten) {
  const auto message = decode(encode_export(sample("a<b>&\"c\""), "id \"1\" & more"));
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->message_id, "id \"1\" & more");
  EXPECT_EQ(message->indication.class_name(), "CIM_InstCreation");
  EXPECT_EQ(message->indication.find("SequenceNumber")->as_signed(), 7);
  const auto inner = message->indication.find("SourceInstance")->as_instance();
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->find("Name")->string_or_empty(), "a<b>&\"c\"");
  const auto answer = XmlDocument::parse(encode_export_response(*message));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->root().child("MESSAGE")->attribute("ID"), "id \"1\" & more");
  EXPECT_FALSE(export_refusal(answer->root()));
}

TEST(ExportMessages, WhatIsNoIndicationIsRefused) {
  for (
      const char* text :
      {"<CIM/>", "<X/>", R"(<CIM><MESSAGE ID="1"/></CIM>)", R"(<CIM><MESSAGE><SIMPLEEXPREQ/></MESSAGE></CIM>)",
       R"(<CIM><MESSAGE ID="1"><SIMPLEEXPREQ><EXPMETHODCALL NAME="Other"/></SIMPLEEXPREQ></MESSAGE></CIM>)",
       R"(<CIM><MESSAGE ID="1"><SIMPLEEXPREQ><EXPMETHODCALL NAME="ExportIndication"/></SIMPLEEXPREQ></MESSAGE></CIM>)",
       R"(<CIM><MESSAGE ID="1"><SIMPLEEXPREQ><EXPMETHODCALL NAME="ExportIndication"><EXPPARAMVALUE NAME="NewIndication">)"
       R"(<INSTANCE/></EXPPARAMVALUE></EXPMETHODCALL></SIMPLEEXPREQ></MESSAGE></CIM>)"}) {
    const auto message = decode(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error().cim_error, "request-not-valid") << text;
  }
}

TEST(ExportMessages, AnErrorIsARefusal) {
  const auto refused =
      XmlDocument::parse(R"(<CIM><MESSAGE ID="1"><SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication">)"
                         R"(<ERROR CODE="2" DESCRIPTION="no"/></EXPMETHODRESPONSE></SIMPLEEXPRSP></MESSAGE></CIM>)");
  ASSERT_TRUE(refused);
  EXPECT_EQ(export_refusal(refused->root()), "the listener answered CIM error 2: no");
}

TEST(ExportMessages, WhatIsNoAnswerToAnExportIsARefusal) {
  struct Row {
    const char* text;
    const char* reason;
  };
  for (const Row& row : {Row{"<html><body/></html>",
                             "the listener's answer is none to ExportIndication: html holds no "
                             "MESSAGE"},
                         Row{R"(<X><MESSAGE ID="1"><SIMPLEEXPRSP><EXPMETHODRESPONSE/></SIMPLEEXPRSP></MESSAGE></X>)",
                             "the listener's answer is none to ExportIndication: it is no CIM"},
                         Row{R"(<CIM><MESSAGE ID="1"><SIMPLERSP/></MESSAGE></CIM>)",
                             "the listener's answer is none to ExportIndication: MESSAGE holds no SIMPLEEXPRSP"},
                         Row{R"(<CIM><MESSAGE ID="1"><SIMPLEEXPRSP/></MESSAGE></CIM>)",
                             "the listener's answer is none to ExportIndication: SIMPLEEXPRSP holds no "
                             "EXPMETHODRESPONSE"}}) {
    EXPECT_EQ(export_refusal(std::string_view(row.text)), row.reason);
  }
  EXPECT_TRUE(export_refusal(std::string_view("foo"))->starts_with("the listener's answer is no XML: "));
}

TEST(ListenerUrl, Table) {
  struct Row {
    const char* text;
    const char* authority;  ///< null: refused
    const char* path;
  };
  for (const Row& row : {Row{"http://host", "host:5988", "/"},
                         Row{"https://host", "host:5989", "/"},
                         Row{"HTTP://Host/A", "Host:5988", "/A"},
                         Row{"Https://host", "host:5989", "/"},
                         Row{"http://192.0.2.1:80/a/b?c=d", "192.0.2.1:80", "/a/b?c=d"},
                         Row{"https://[2001:db8::1]:5/x", "[2001:db8::1]:5", "/x"},
                         Row{"http://[::1]", "[::1]:5988", "/"},
                         Row{"http://", nullptr, ""},
                         Row{"http:///x", nullptr, ""},
                         Row{"host:80", "host:80", "/"},
                         Row{"ftp://host", nullptr, ""},
                         Row{"http://host:", nullptr, ""},
                         Row{"http://host:0", nullptr, ""},
                         Row{"http://host:65536", nullptr, ""},
                         Row{"http://host:8x", nullptr, ""},
                         Row{"http://user@host", nullptr, ""},
                         Row{"http://[::1", nullptr, ""},
                         Row{"http://[host]x", nullptr, ""},
                         Row{"http://ho st", nullptr, ""},
                         Row{"http://host/a b", nullptr, ""},
                         Row{"http://host/\r\nX: y", nullptr, ""},
                         Row{"http://host/a#b", nullptr, ""},
                         Row{"", nullptr, ""}}) {
    const auto url = ListenerUrl::parse(row.text);
    ASSERT_EQ(url.has_value(), row.authority != nullptr) << row.text;
    if (url) {
      EXPECT_EQ(url->authority(), row.authority) << row.text;
      EXPECT_EQ(url->path, row.path) << row.text;
    }
  }
}

class NoLog final : public Log {
 public:
  void write(LogLevel /*level*/, std::string_view /*event*/, std::span<const LogField> /*fields*/) override {}
};

class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    shard.run([&] {
      server = std::make_unique<http::Server>(shard, listener, log);
      const auto opened = server->listen({*IpEndpoint::parse("192.0.2.1:9000"), http::Transport::kPlain});
      EXPECT_TRUE(opened);
    });
  }
  ~ExportTest() override {
    finish(server->stop(0s));
    server.reset();
  }
  template <class T>
  T finish(runtime::Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      bool done = false;
      shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, mark(std::move(task), done))); });
      EXPECT_TRUE(world.run_until([&] { return done; }));
    } else {
      std::optional<T> result;
      shard.run([&] { EXPECT_TRUE(runtime::spawn(gate, keep(std::move(task), result))); });
      EXPECT_TRUE(world.run_until([&] { return result.has_value(); }));
      return std::move(*result);
    }
  }
  static runtime::Task<void> mark(runtime::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  template <class T>
  static runtime::Task<void> keep(runtime::Task<T> task, std::optional<T>& result) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
  }
  runtime::Task<Result<std::vector<IpAddress>, std::string>> look_up(std::string host) {
    if (host != "listener.example") {
      co_return fail("no such host: " + host);
    }
    co_return std::vector{*IpAddress::parse("192.0.2.1")};
  }
  Result<void, std::string> deliver(const std::string& url, int count = 1) {
    auto connection = exporter->connect(url);
    Result<void, std::string> last;
    for (int i = 0; i < count; ++i) {
      const std::string body = exporter->encode(sample("disk" + std::to_string(i)), std::to_string(i));
      last = finish(connection->send(body));
    }
    finish(connection->close());
    return last;
  }

  sim::World world{{.seed = 1}};
  sim::SimShard& shard = world.add_shard();
  runtime::Gate gate;
  NoLog log;
  std::vector<std::string> received;
  Listener listener{[this](const cim::Instance& indication, const http::Peer& /*peer*/) {
    received.emplace_back(indication.find("SourceInstance")->as_instance()->find("Name")->string_or_empty());
  }};
  std::unique_ptr<http::Server> server;
  std::unique_ptr<HttpExporter> exporter = std::make_unique<HttpExporter>(
      shard, *security::TlsClientContext::make({}), [this](std::string host) { return look_up(std::move(host)); });
};

/// Answers everything in the same way.
class FixedAnswer final : public http::RequestHandler {
 public:
  runtime::Task<void> handle(const http::RequestHead& /*head*/, http::RequestBody& body, http::ResponseWriter& writer,
                             const http::Peer& /*peer*/) override {
    (void)co_await http::read_all(body);
    http::ResponseHead head;
    head.status = status;
    (void)co_await http::respond(writer, std::move(head), text);
  }
  std::uint16_t status = 200;
  std::string text;
};

TEST_F(ExportTest, APageOfSomethingElseConfirmsNothing) {
  FixedAnswer other;
  http::Server elsewhere(shard, other, log);
  shard.run([&] { EXPECT_TRUE(elsewhere.listen({*IpEndpoint::parse("192.0.2.1:9001"), http::Transport::kPlain})); });
  struct Row {
    std::uint16_t status;
    const char* text;
    bool is_good;
  };
  for (const Row& row :
       {Row{200, "foo", false}, Row{200, "<html/>", false}, Row{201, "foo", false}, Row{404, "", false},
        Row{200, "", true}, Row{200, " \r\n", true}, Row{202, "later", true}, Row{204, "", true}}) {
    other.status = row.status;
    other.text = row.text;
    EXPECT_EQ(deliver("http://192.0.2.1:9001/").has_value(), row.is_good) << row.status << ' ' << row.text;
  }
  finish(elsewhere.stop(0s));
}

TEST_F(ExportTest, IndicationsArriveOverOneConnection) {
  const auto done = deliver("http://192.0.2.1:9000/x", 3);
  EXPECT_TRUE(done) << done.error();
  EXPECT_EQ(received, (std::vector<std::string>{"disk0", "disk1", "disk2"}));
}

TEST_F(ExportTest, NamesAreLookedUp) {
  EXPECT_TRUE(deliver("http://listener.example:9000"));
  EXPECT_EQ(received.size(), 1U);
  const auto unknown = deliver("http://other.example:9000");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), "no such host: other.example");
}

TEST_F(ExportTest, ADeadListenerIsAFailureInBoundedTime) {
  const runtime::Instant before = world.clock().now();
  EXPECT_FALSE(deliver("http://192.0.2.1:9999"));
  EXPECT_LE(world.clock().now() - before, 2 * kExportTimeout);
  world.network().set_partitioned(true);
  const runtime::Instant silent = world.clock().now();
  EXPECT_FALSE(deliver("http://192.0.2.1:9000"));
  EXPECT_LE(world.clock().now() - silent, 2 * kExportTimeout) << "nor may a network that swallows everything";
  world.network().set_partitioned(false);
  EXPECT_FALSE(exporter->check_url("gopher://x"));
  EXPECT_TRUE(exporter->check_url("https://x"));
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
