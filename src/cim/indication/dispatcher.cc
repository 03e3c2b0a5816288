#include "cim/indication/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cim/datetime.h"
#include "cim/indication/method_call.h"

namespace lunaria::cim::indication {
namespace {

/// PerceivedSeverity of what merely happened.
constexpr std::uint16_t kInformation = 2;

constexpr std::string_view kMethodCallClass = "CIM_InstMethodCall";

DateTime time_of(const runtime::Clock& clock) {
  return DateTime::timestamp(std::chrono::time_point_cast<std::chrono::microseconds>(clock.wall_time()));
}

/// An event without namespace concerns the whole server.
bool covers(const ActiveFilter& filter, const NamespaceName& name_space) {
  return name_space.empty() || std::ranges::find(filter.namespaces, name_space) != filter.namespaces.end();
}

/// The indication with the properties that a query asks for, and those by which a listener tells indications apart. A
/// list of anything but plain properties sends them all: what is delivered stays an indication.
Instance selected(const query::Query& query, const Instance& indication) {
  Instance row = indication;
  PropertyList list = query.kept_source() ? query.selected_properties() : std::nullopt;
  if (list) {
    for (const char* always :
         {"IndicationIdentifier", "IndicationTime", "IndicationFilterName", "SequenceContext", "SequenceNumber"}) {
      list->emplace_back(always);
    }
    row.select(std::make_shared<const PropertySelection>(*indication.cls(), list));
  }
  return row;
}

/// Sets what every CIM_InstIndication says.
void describe_source(Instance& indication, const NamespaceName& name_space, const Instance& instance) {
  bool is_complete = indication.set("PerceivedSeverity", Value(kInformation));
  is_complete &=
      indication.set("SourceInstance", Value(std::make_shared<const Instance>(instance), Type::kEmbeddedObject));
  is_complete &= indication.set("SourceInstanceModelPath", Value(instance.path(name_space).to_string()));
  check(is_complete, "the indication classes have these properties");
}

}  // namespace

Dispatcher::Dispatcher(const Repository& repository, NamespaceName interop, const runtime::Clock& clock, Outbox& outbox,
                       LeastReader least_reader)
    : repository_(repository),
      interop_(std::move(interop)),
      clock_(clock),
      outbox_(outbox),
      least_reader_(std::move(least_reader)),
      identifier_prefix_("Lunaria:" + time_of(clock).to_string() + ':') {}

ClassPtr Dispatcher::find_class(std::string_view class_name) const {
  ClassPtr cls = repository_.find_class(interop_, class_name);
  check(cls != nullptr, "the interop namespace has the indication classes");
  return cls;
}

bool Dispatcher::asks_for_methods(const ActiveSubscription& subscription) const {
  const ClassPtr cls = find_class(kMethodCallClass);
  return std::ranges::any_of(subscription.filters,
                             [&](const ActiveFilter& each) { return cls->is_a(each.query.class_name()); });
}

void Dispatcher::set_subscription(const std::string& id, ActiveSubscription subscription) {
  if (asks_for_methods(subscription)) {
    hearing_methods_.insert(id);
  } else {
    hearing_methods_.erase(id);
  }
  subscriptions_.insert_or_assign(id, std::move(subscription));
}

void Dispatcher::remove_subscription(const std::string& id) {
  hearing_methods_.erase(id);
  subscriptions_.erase(id);
}

std::string Dispatcher::next_identifier() {
  return identifier_prefix_ + std::to_string(++last_identifier_);
}

void Dispatcher::on_created(const NamespaceName& name_space, const Instance& instance) {
  tell("CIM_InstCreation", name_space, instance, nullptr);
}

void Dispatcher::on_modified(const NamespaceName& name_space, const Instance& previous, const Instance& instance) {
  if (!(previous == instance)) {
    tell("CIM_InstModification", name_space, instance, &previous);
  }
}

void Dispatcher::on_deleted(const NamespaceName& name_space, const Instance& instance) {
  tell("CIM_InstDeletion", name_space, instance, nullptr);
}

void Dispatcher::on_process(const NamespaceName& name_space, Instance indication) {
  if (is_listening()) {
    dispatch(name_space, std::move(indication), Role::kViewer);
  }
}

void Dispatcher::on_method_called(const MethodCall& call, const Instance& before) {
  tell_call(call, before, nullptr);
}

void Dispatcher::on_method_ended(const MethodCall& call, const Instance& after,
                                 const Result<MethodResult, Error>& outcome) {
  tell_call(call, after, &outcome);
}

void Dispatcher::tell_call(const MethodCall& call, const Instance& instance,
                           const Result<MethodResult, Error>* outcome) {
  if (!hears_method_calls()) {
    return;
  }
  Instance indication(find_class(kMethodCallClass));
  describe_source(indication, call.name_space, instance);
  describe_call(indication, call, outcome, find_class("CIM_Error"));
  dispatch(call.name_space, std::move(indication), least_reader_of(instance));
}

void Dispatcher::tell(std::string_view class_name, const NamespaceName& name_space, const Instance& instance,
                      const Instance* previous) {
  if (!is_listening()) {
    return;
  }
  Instance indication(find_class(class_name));
  describe_source(indication, name_space, instance);
  if (previous != nullptr) {
    const bool is_complete =
        indication.set("PreviousInstance", Value(std::make_shared<const Instance>(*previous), Type::kEmbeddedObject));
    check(is_complete, "CIM_InstModification has this property");
  }
  dispatch(name_space, std::move(indication), least_reader_of(instance));
}

Role Dispatcher::least_reader_of(const Instance& instance) const {
  return least_reader_ ? least_reader_(*instance.cls()) : Role::kViewer;
}

void Dispatcher::dispatch(const NamespaceName& name_space, Instance indication, Role least_reader) {
  const query::Surroundings surroundings{.name_space = name_space, .wall_time = clock_.wall_time()};
  bool is_stamped = false;
  for (const auto& [id, subscription] : subscriptions_) {
    if (subscription.reader < least_reader) {
      continue;
    }
    const auto filter = std::ranges::find_if(subscription.filters, [&](const ActiveFilter& each) {
      return covers(each, name_space) && indication.cls()->is_a(each.query.class_name()) &&
             each.query.matches(indication, surroundings);
    });
    if (filter == subscription.filters.end() || (subscription.is_over && subscription.is_over())) {
      continue;
    }
    if (!is_stamped) {
      is_stamped = true;
      (void)indication.set("IndicationIdentifier", Value(next_identifier()));
      (void)indication.set("IndicationTime", Value(time_of(clock_)));
    }
    Instance message = selected(filter->query, indication);
    (void)message.set("IndicationFilterName", Value(filter->name));
    outbox_.post(subscription.destination, std::move(message), least_reader);
  }
}

}  // namespace lunaria::cim::indication
