#pragma once

// For tests: messages in memory, and listeners that are there or not as the test wants.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/indication/exporter.h"
#include "cim/indication/message_store.h"
#include "runtime/event.h"

namespace lunaria::cim::indication {

class MemoryMessages final : public MessageStore {
 public:
  runtime::Task<Result<std::vector<StoredMessage>, Error>> load_messages() override { co_return messages; }
  runtime::Task<Result<void, Error>> push_message(StoredMessage message) override {
    if (is_slow) {
      co_await written.wait();
    }
    messages.push_back(std::move(message));
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> remove_message(std::string destination, std::int64_t sequence) override {
    std::erase_if(messages, [&](const StoredMessage& each) {
      return each.destination == destination && each.sequence == sequence;
    });
    co_return Result<void, Error>();
  }
  runtime::Task<Result<void, Error>> remove_messages(std::string destination) override {
    std::erase_if(messages, [&](const StoredMessage& each) { return each.destination == destination; });
    co_return Result<void, Error>();
  }
  std::vector<StoredMessage> messages;
  bool is_slow = false;  ///< what is pushed is there when `written` is set
  runtime::Event written;
};

/// Listeners by URL: what they got, and whether they answer.
class FakeExporter final : public Exporter {
 public:
  Result<void, std::string> check_url(std::string_view /*url*/) const override { return {}; }
  std::string encode(const Instance& indication, std::string_view /*message_id*/) const override {
    const Value* number = indication.find("SequenceNumber");
    const Value* source = indication.find("SourceInstanceModelPath");
    return indication.class_name() + ' ' + number->to_text() + (source != nullptr ? ' ' + source->to_text() : "");
  }
  std::unique_ptr<ExportConnection> connect(std::string_view url) override {
    auto connection = std::make_unique<Connection>(*this, std::string(url));
    last_connection = connection.get();
    return connection;
  }

  std::map<std::string, std::vector<std::string>> received;
  std::map<std::string, bool> is_dead;
  std::map<std::string, bool> is_silent;  ///< takes the message and never answers
  int tries = 0;
  ExportConnection* last_connection = nullptr;

 private:
  class Connection final : public ExportConnection {
   public:
    Connection(FakeExporter& exporter, std::string url) : exporter_(exporter), url_(std::move(url)) {}
    runtime::Task<Result<void, std::string>> send(const std::string& body) override {
      ++exporter_.tries;
      if (exporter_.is_dead[url_]) {
        co_return fail(std::string("nobody listens"));
      }
      if (exporter_.is_silent[url_]) {
        co_await cancelled_.wait();
        co_return fail(std::string("cancelled"));
      }
      exporter_.received[url_].push_back(body);
      co_return Result<void, std::string>();
    }
    void cancel() override { cancelled_.set(); }
    runtime::Task<void> close() override { co_return; }

   private:
    FakeExporter& exporter_;
    runtime::Event cancelled_;
    std::string url_;
  };
};

}  // namespace lunaria::cim::indication
