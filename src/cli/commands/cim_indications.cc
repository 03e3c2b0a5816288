// lunaria cim listen, cim subscribe and cim unsubscribe: indications.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/indication_listener.h"
#include "cli/indication_text.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/subscribing.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace filter_names = schema::cim_indication_filter;
namespace destination_names = schema::cim_listener_destination_cimxml;
namespace subscription_names = schema::cim_indication_subscription;

constexpr std::string_view kEverything = "SELECT * FROM CIM_Indication";
/// Of the classes that tell of the server's own objects; others are chosen with --namespace.
constexpr std::array<std::string_view, 4> kSpaces = {"root/interop", "root/cimv2/storage/iscsitarget", "root/wmi",
                                                     "root/lunaria"};
constexpr std::chrono::milliseconds kPause{200};
constexpr std::chrono::milliseconds kTestPatience{10'000};

Outcome<std::unique_ptr<IndicationListener>> open_listener(const Arguments& arguments) {
  const std::string text = arguments.has("--listen") ? arguments.text("--listen") : "127.0.0.1:0";
  const auto address = IpEndpoint::parse(text);
  if (!address) {
    return fail(usage(fmt::format("'{}' is no address", text), "Write ADDRESS:PORT, such as 192.0.2.1:5990."));
  }
  auto listener = std::make_unique<IndicationListener>();
  const auto opened = listener->open(*address);
  if (!opened) {
    return fail(opened.error());
  }
  return listener;
}

/// Where the server finds this listener.
std::string url_of(const Arguments& arguments, const IndicationListener& listener) {
  return arguments.has("--url") ? arguments.text("--url") : fmt::format("http://{}", listener.address().to_string());
}

SubscriptionWish wish_of(const Arguments& arguments, std::string url) {
  SubscriptionWish wish;
  wish.name = arguments.text("--name");
  wish.url = std::move(url);
  wish.query = arguments.has("--query") ? arguments.text("--query") : std::string(kEverything);
  wish.language = arguments.text("--language") == "wql" ? "WQL" : "DMTF:CQL";
  wish.spaces = arguments.all("--namespace");
  if (wish.spaces.empty()) {
    wish.spaces.assign(kSpaces.begin(), kSpaces.end());
  }
  return wish;
}

/// SIGINT and SIGTERM wait until they are asked for, so that what was made can be removed. Before any thread is made.
class HeldSignals final {
 public:
  HeldSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  bool has_come() const {
    const timespec now{};
    return sigtimedwait(&signals_, nullptr, &now) > 0;
  }

 private:
  sigset_t signals_{};
};

void print(Printer& printer, const cim::Instance& indication) {
  printer.line(printer.options().json ? dump(indication_json(indication)) : indication_text(indication));
  printer.flush();
}

Outcome<void> listen(const Arguments& arguments, Environment& environment) {
  const HeldSignals signals;
  const auto listener = open_listener(arguments);
  if (!listener) {
    return fail(listener.error());
  }
  HeldSubscription subscription(environment.server, (*listener)->clock(), (*listener)->random());
  const std::string url = url_of(arguments, **listener);
  if (!arguments.has("--no-subscription")) {
    if (auto made = subscription.make(wish_of(arguments, url)); !made) {
      return made;
    }
  }
  if (!environment.printer.options().json && !environment.printer.options().quiet) {
    environment.printer.line(fmt::format("Listening at {}. Ctrl-C ends it.", url));
    environment.printer.flush();
  }
  std::uint64_t left = arguments.number("--count").value_or(0);
  const bool is_counted = left > 0;
  while ((!is_counted || left > 0) && !signals.has_come()) {
    const auto indication = (*listener)->next(kPause);
    if (indication && !is_renewal(*indication)) {
      print(environment.printer, *indication);
      --left;
    }
    if (auto kept = subscription.keep(); !kept) {
      return kept;
    }
  }
  return {};
}

/// Whether this is the creation of that filter.
bool tells_of(const cim::Instance& indication, const cim::ObjectPath& probe) {
  const auto path = cim::ObjectPath::parse(text_of(indication, "SourceInstanceModelPath"));
  return path && cim::ObjectPath::equal_ignoring_host(*path, probe);
}

Outcome<void> test_path(const Arguments& arguments, Environment& environment) {
  const HeldSignals signals;
  const auto listener = open_listener(arguments);
  if (!listener) {
    return fail(listener.error());
  }
  SubscriptionWish wish;
  wish.url = url_of(arguments, **listener);
  wish.query = "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_IndicationFilter";
  wish.language = "DMTF:CQL";
  wish.spaces = {std::string(kInteropSpace)};
  HeldSubscription subscription(environment.server, (*listener)->clock(), (*listener)->random());
  if (auto made = subscription.make(wish); !made) {
    return made;
  }
  const auto probe =
      create_in_interop(environment.server, filter_names::kClass,
                        {{std::string(filter_names::kName), cim::Value(subscription.new_name())},
                         {std::string(filter_names::kQuery), cim::Value("SELECT * FROM CIM_InstDeletion")},
                         {std::string(filter_names::kQueryLanguage), cim::Value("DMTF:CQL")}});
  bool has_arrived = false;
  for (auto waited = std::chrono::milliseconds(0);
       probe && !has_arrived && waited < kTestPatience && !signals.has_come(); waited += kPause) {
    const auto indication = (*listener)->next(kPause);
    has_arrived = indication && tells_of(*indication, *probe);
  }
  if (probe) {
    (void)delete_instance(environment.server, *probe);
  }
  if (!probe) {
    return fail(probe.error());
  }
  if (!has_arrived) {
    return fail(
        Failure{ExitCode::kFailed,
                fmt::format("no indication arrived at {} within {} seconds", wish.url, kTestPatience.count() / 1000),
                "The server must reach that address: give one with --listen and --url, and look for "
                "indication.not_delivered in its log."});
  }
  environment.printer.done(
      fmt::format("An indication arrived at {}: filter, subscription and delivery work.", wish.url));
  return {};
}

Outcome<void> subscribe(const Arguments& arguments, Environment& environment) {
  if (arguments.has("--test")) {
    return test_path(arguments, environment);
  }
  if (!arguments.has("URL")) {
    return fail(usage("no URL was given", "Write http://HOST:PORT or https://HOST:PORT, or use --test."));
  }
  const auto made = subscribe_to(environment.server, wish_of(arguments, arguments.text("URL")));
  if (!made) {
    return fail(made.error());
  }
  const cim::Value* name = made->destination->key(destination_names::kName);
  environment.printer.done(fmt::format("Indications are sent to {}. The subscription is called {}.",
                                       arguments.text("URL"), name != nullptr ? name->to_text() : ""));
  return {};
}

/// Whether a reference of a subscription leads to something of that name.
bool leads_to(const cim::Instance& subscription, std::string_view property, const std::string& name) {
  const cim::ObjectPathPtr path = value_of(subscription, property).as_reference();
  const cim::Value* key = path != nullptr ? path->key("Name") : nullptr;
  return key != nullptr && key->string_or_empty() == name;
}

Outcome<void> unsubscribe(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto found = enumerate(environment.server, kInteropSpace, subscription_names::kClass);
  if (!found) {
    return fail(found.error());
  }
  for (const auto& each : *found) {
    if (!leads_to(each.instance, subscription_names::kHandler, name)) {
      continue;
    }
    cim::ObjectPath path = each.path.value_or(each.instance.path(cim::NamespaceName(kInteropSpace)));
    path.set_name_space(cim::NamespaceName(kInteropSpace));
    path.set_host("");
    const auto done = delete_instance(environment.server, path);
    if (!done) {
      return fail(done.error());
    }
    MadeSubscription rest;
    const auto reference = [&](std::string_view property) -> std::optional<cim::ObjectPath> {
      const cim::ObjectPathPtr end = value_of(each.instance, property).as_reference();
      return end == nullptr ? std::nullopt : std::optional(*end);
    };
    rest.destination = reference(subscription_names::kHandler);
    // A filter of another name may serve others, or is the server's own.
    if (leads_to(each.instance, subscription_names::kFilter, name)) {
      rest.filter = reference(subscription_names::kFilter);
    }
    remove_all(environment.server, rest);
    environment.printer.done(fmt::format("Subscription {} removed.", name));
    return {};
  }
  return fail(Failure{ExitCode::kNotFound, fmt::format("there is no subscription called '{}'", name),
                      "`lunaria cim instances CIM_IndicationSubscription` lists them."});
}

constexpr Option kListen{"--listen", Takes::kText, "ADDRESS:PORT to listen on (default: 127.0.0.1, a free port)"};
constexpr Option kUrl{"--url", Takes::kText,
                      "Where the server finds this listener (default: http:// and that address)"};
constexpr Option kQuery{"--query", Takes::kText, "Which indications (default: SELECT * FROM CIM_Indication)"};
constexpr Option kLanguage{"--language", Takes::kChoice, "Language of the query (default: cql)", "cql|wql"};
constexpr Option kSources{
    "--namespace", Takes::kText, "Where events happen (default: all of the server's own)", "", false, false, true};
constexpr auto kListenOptions = std::to_array<Option>({
    kListen,
    kUrl,
    kQuery,
    kLanguage,
    kSources,
    {"--count", Takes::kNumber, "End after so many (default: with Ctrl-C)"},
    {"--no-subscription", Takes::kNothing, "Make no subscription: take what others have sent here"},
});
constexpr auto kSubscribeOptions = std::to_array<Option>({
    {"URL", Takes::kText, "Listener: http://HOST[:PORT][/PATH], or https", "", false, true},
    {"--test", Takes::kNothing, "Make a subscription to this command, cause an event, and see that it arrives"},
    {"--name", Takes::kText, "Name of the subscription (default: the server chooses)"},
    kQuery,
    kLanguage,
    kSources,
    {"--listen", Takes::kText, "With --test: ADDRESS:PORT to listen on (default: 127.0.0.1, a free port)"},
    {"--url", Takes::kText, "With --test: where the server finds this listener"},
});
constexpr auto kUnsubscribeOptions = std::to_array<Option>({
    {"NAME", Takes::kText, "Name that `lunaria cim subscribe` gave or told"},
});

constexpr auto kCommands = std::to_array<Command>({
    {"cim listen", "Print what happens on the server as it happens", "lunaria cim listen --json", kListenOptions,
     &listen},
    {"cim subscribe", "Have indications sent to a listener", "lunaria cim subscribe https://monitor.example:5989",
     kSubscribeOptions, &subscribe},
    {"cim unsubscribe", "Remove a subscription", "lunaria cim unsubscribe monitor", kUnsubscribeOptions, &unsubscribe},
});

}  // namespace

std::span<const Command> cim_indication_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
