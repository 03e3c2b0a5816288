#pragma once

// For tests: the indication service over the bed of all providers, and whole indications as it sends them.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cim/indication/exporter_for_test.h"
#include "cim/object_store_for_test.h"
#include "providers/indication/indication_providers.h"
#include "providers/readers.h"
#include "providers/testing/bed.h"

namespace lunaria::providers::testing {

inline constexpr const char* kUrl = "http://192.0.2.7:5988/";

/// Remembers whole indications.
class KeepingExporter final : public cim::indication::Exporter {
 public:
  Result<void, std::string> check_url(std::string_view url) const override {
    if (!url.starts_with("http")) {
      return fail(std::string("no URL"));
    }
    return {};
  }
  std::string encode(const cim::Instance& indication, std::string_view /*message_id*/) const override {
    encoded.push_back(indication);
    return std::to_string(encoded.size());
  }
  std::unique_ptr<cim::indication::ExportConnection> connect(std::string_view url) override {
    return inner.connect(url);
  }
  mutable std::vector<cim::Instance> encoded;
  cim::indication::FakeExporter inner;
};

class IndicationServiceTest : public Bed {
 protected:
  void SetUp() override {
    Bed::SetUp();
    begin();
  }
  void TearDown() override {
    end();
    Bed::TearDown();
  }
  void begin() {
    outbox = std::make_unique<cim::indication::Outbox>(shard, messages, exporter, log);
    dispatcher =
        std::make_unique<cim::indication::Dispatcher>(repository, kInterop, world.clock(), *outbox, least_reader);
    manager = std::make_unique<cim::ObjectManager>(
        repository, *table, admission,
        [](const cim::OperationContext&, const cim::OperationRequest&) { return Result<void, cim::Error>(); },
        cim::Extensions{.methods = dispatcher.get(), .events = outbox.get()});
    stored = std::make_unique<cim::RepositoryProvider>(repository, store, dispatcher.get());
    indications = std::make_unique<IndicationProviders>(
        *service, Subscriptions::Parts{repository, store, *stored, shard, *dispatcher, *outbox, exporter, log});
    indications->add_to(*table);
    const auto opened = finish(indications->open());
    ASSERT_TRUE(opened) << opened.error().to_string();
  }
  void end() {
    finish(closing());
    indications.reset();
    stored.reset();
    dispatcher.reset();
    outbox.reset();
  }
  runtime::Task<bool> closing() {
    co_await indications->close();
    co_await outbox->close();
    co_return true;
  }

  Result<cim::ObjectPath, cim::Error> make_one(std::string_view class_name, const Values& values) {
    return finish(manager->create_instance(context, kInterop, build(class_name, values)));
  }
  Result<cim::ObjectPath, cim::Error> make_filter(const std::string& query, std::string_view language = "DMTF:CQL",
                                                  const std::string& space = "root/lunaria") {
    return make_one("CIM_IndicationFilter",
                    {{"Query", cim::Value(query)},
                     {"QueryLanguage", cim::Value(language)},
                     {"SourceNamespaces", cim::Value::array_of(std::vector<std::string>{space})}});
  }
  Result<cim::ObjectPath, cim::Error> make_destination(const Values& more = {}) {
    Values values = {{"Destination", cim::Value(kUrl)}, {"Name", cim::Value("listener")}};
    values.insert(values.end(), more.begin(), more.end());
    return make_one("CIM_ListenerDestinationCIMXML", values);
  }
  Result<cim::ObjectPath, cim::Error> subscribe(const cim::ObjectPath& filter, const cim::ObjectPath& destination,
                                                const Values& more = {}) {
    Values values = {{"Filter", cim::Value(filter)}, {"Handler", cim::Value(destination)}};
    values.insert(values.end(), more.begin(), more.end());
    return make_one("CIM_IndicationSubscription", values);
  }
  /// A subscription to one query, from nothing.
  cim::ObjectPath listen(const std::string& query, const Values& more = {}, const std::string& space = "root/lunaria") {
    const auto filter = make_filter(query, "DMTF:CQL", space);
    const auto destination = make_destination();
    EXPECT_TRUE(filter && destination);
    const auto path = subscribe(*filter, *destination, more);
    EXPECT_TRUE(path) << path.error().to_string();
    return *path;
  }
  /// What was told, "CIM_InstCreation PATH" each.
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const cim::Instance& each : exporter.encoded) {
      all.push_back(each.class_name() + ' ' + text_of(each, "SourceInstanceModelPath"));
    }
    return all;
  }
  std::size_t delivered() { return exporter.inner.received[kUrl].size(); }
  void settle() { world.run_for(std::chrono::milliseconds(10)); }

  cim::MemoryObjectStore store;
  cim::indication::MemoryMessages messages;
  KeepingExporter exporter;
  std::unique_ptr<cim::indication::Outbox> outbox;
  std::unique_ptr<cim::indication::Dispatcher> dispatcher;
  std::unique_ptr<cim::RepositoryProvider> stored;
  std::unique_ptr<IndicationProviders> indications;
};

}  // namespace lunaria::providers::testing
