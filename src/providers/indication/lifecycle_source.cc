#include "providers/indication/lifecycle_source.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "providers/indication/shared_spaces.h"
#include "providers/interop/identity.h"
#include "providers/interop/job_instance.h"
#include "providers/interop/object_manager_provider.h"
#include "providers/interop/server_model.h"
#include "providers/interop/system_provider.h"
#include "providers/interop/wbem_server_provider.h"
#include "providers/lunaria/access_rule_provider.h"
#include "providers/lunaria/disk_provider.h"
#include "providers/lunaria/initiator_provider.h"
#include "providers/lunaria/mapping_initiator_provider.h"
#include "providers/lunaria/mapping_provider.h"
#include "providers/lunaria/portal_group_provider.h"
#include "providers/lunaria/portal_provider.h"
#include "providers/lunaria/redirect_provider.h"
#include "providers/lunaria/target_provider.h"
#include "providers/lunaria/user_provider.h"
#include "providers/storage/service_provider.h"
#include "providers/values.h"
#include "providers/wt/disk_instance.h"
#include "providers/wt/general_provider.h"
#include "providers/wt/host_instance.h"
#include "providers/wt/id_method_provider.h"
#include "providers/wt/lun_mapping_provider.h"
#include "providers/wt/portal_provider.h"
#include "providers/wt/session_instance.h"
#include "schema/names.h"
#include "security/principal.h"

namespace lunaria::providers {
namespace {

using service::Change;

constexpr std::uint16_t kSecurityAlert = 8;  ///< of AlertType
constexpr std::uint16_t kWarning = 3;        ///< of PerceivedSeverity

/// What an alert says.
struct Alert {
  cim::ObjectPath element;
  std::uint16_t type = 0;      ///< AlertType
  std::uint16_t severity = 0;  ///< PerceivedSeverity
  std::string event_id;
  std::string message;
  std::string cause;
  std::string action;
};

}  // namespace

/// Turns one event after the other into calls of the listener.
struct LifecycleSource::Translator {
  explicit Translator(LifecycleSource& given_source)
      : source(given_source),
        environment{source.service_, source.repository_, source.clock_},
        access_rules(environment),
        initiators(environment),
        mapping_initiators(environment),
        portal_groups(environment),
        portals(environment),
        redirects(environment),
        targets(environment) {}

  /// `make` turns a value into an instance of the class.
  template <class Value, class Make>
  void tell(const cim::NamespaceName& space, std::string_view class_name, const Change<Value>& change, Make make) {
    const cim::ClassPtr cls = source.repository_.find_class(space, class_name);
    if (cls == nullptr) {
      return;
    }
    if (change.before && change.after) {
      source.listener_.on_modified(space, make(cls, *change.before), make(cls, *change.after));
    } else if (change.after) {
      source.listener_.on_created(space, make(cls, *change.after));
    } else if (change.before) {
      source.listener_.on_deleted(space, make(cls, *change.before));
    }
  }

  /// The same for the items of a list inside another value.
  void tell_lists(const cim::NamespaceName& space, std::vector<cim::Instance> before,
                  const std::vector<cim::Instance>& after) {
    std::map<std::string, cim::Instance> old;
    for (cim::Instance& each : before) {
      std::string key = each.path(space).canonical();
      old.emplace(std::move(key), std::move(each));
    }
    for (const cim::Instance& each : after) {
      const auto found = old.find(each.path(space).canonical());
      if (found == old.end()) {
        source.listener_.on_created(space, each);
        continue;
      }
      source.listener_.on_modified(space, found->second, each);
      old.erase(found);
    }
    for (const auto& [key, gone] : old) {
      source.listener_.on_deleted(space, gone);
    }
  }

  template <class Item>
  static auto maker(const ListedProvider<Item>& provider) {
    return [&provider](const cim::ClassPtr& cls, const Item& item) { return provider.to_instance(cls, item); };
  }

  void alert(const Alert& alert) {
    namespace names = schema::cim_alert_indication;
    cim::Instance instance(source.repository_.find_class(shared_spaces()[0], names::kClass));
    set(instance, names::kAlertingManagedElement, alert.element.to_string());
    set(instance, names::kAlertingElementFormat, names::AlertingElementFormat::kCIMObjectPath);
    set(instance, names::kAlertType, alert.type);
    set(instance, names::kPerceivedSeverity, alert.severity);
    set(instance, names::kProbableCause, std::uint16_t{1});
    set(instance, names::kProbableCauseDescription, alert.cause);
    set(instance, names::kRecommendedActions, cim::Value::array(cim::Type::kString, {cim::Value(alert.action)}));
    set(instance, names::kEventID, alert.event_id);
    set_time(instance, names::kEventTime, source.clock_.wall_time());
    set(instance, names::kSystemCreationClassName, kArrayClass);
    set(instance, names::kSystemName, source.server_.guid.to_string());
    set(instance, names::kProviderName, "lunariad");
    set(instance, names::kOwningEntity, "Lunaria");
    set(instance, names::kMessageID, alert.event_id);
    set(instance, names::kMessage, alert.message);
    source.listener_.on_process({}, std::move(instance));
  }

  void operator()(const service::DiskChanged& change) {
    tell(wmi, schema::wt_disk::kClass, change, [](const cim::ClassPtr& cls, const service::Disk& disk) {
      return disk_instance({cls, nullptr, nullptr}, disk, nullptr);
    });
    tell(own, schema::lunaria_disk::kClass, change, lunaria_disk_instance);
    if (change.after && change.after->failure && (!change.before || !change.before->failure)) {
      alert_of_failed(*change.after);
    }
  }
  void alert_of_failed(const service::Disk& disk) {
    namespace names = schema::lunaria_disk;
    alert({{own, std::string(names::kClass), {{std::string(names::kName), cim::Value(disk.name)}}},
           5,
           6,
           "Lunaria:DiskFailed",
           "Disk " + disk.name + " has failed: " + *disk.failure,
           *disk.failure,
           "Look at the storage behind the disk; then `lunaria disk enable " + disk.name + "`."});
  }
  void operator()(const service::TargetChanged& change) {
    tell(wmi, schema::wt_host::kClass, change, [](const cim::ClassPtr& cls, const service::Target& target) {
      return host_instance({cls, nullptr, nullptr}, target, nullptr);
    });
    tell(own, schema::lunaria_target::kClass, change, maker<service::Target>(targets));
    const cim::ClassPtr cls = source.repository_.find_class(own, schema::lunaria_redirect::kClass);
    const auto list = [&](const std::optional<service::Target>& target) {
      std::vector<cim::Instance> instances;
      for (const service::Redirect& each : target ? target->redirects : std::vector<service::Redirect>()) {
        instances.push_back(maker<TargetRedirect>(redirects)(cls, {*target, each}));
      }
      return instances;
    };
    tell_lists(own, list(change.before), list(change.after));
  }
  void operator()(const service::MappingChanged& change) {
    tell(wmi, schema::wt_lun_mapping::kClass, change, lun_mapping_instance);
    tell(own, schema::lunaria_mapping::kClass, change, lunaria_mapping_instance);
    const cim::ClassPtr cls = source.repository_.find_class(own, schema::lunaria_mapping_initiator::kClass);
    const auto list = [&](const std::optional<service::Mapping>& mapping) {
      std::vector<cim::Instance> instances;
      for (const service::MappingInitiator& each :
           mapping ? mapping->initiators : std::vector<service::MappingInitiator>()) {
        instances.push_back(maker<NamedInitiator>(mapping_initiators)(cls, {*mapping, each}));
      }
      return instances;
    };
    tell_lists(own, list(change.before), list(change.after));
  }
  void operator()(const service::AccessRuleChanged& event) {
    tell(wmi, schema::wt_id_method::kClass, event.rule, [&](const cim::ClassPtr& cls, const service::AccessRule& rule) {
      return id_method_instance(cls, event.target_name, rule);
    });
    tell(own, schema::lunaria_access_rule::kClass, event.rule,
         [&](const cim::ClassPtr& cls, const service::AccessRule& rule) {
           const service::AccessEntry entry{event.target, event.target_name, rule, {}, std::nullopt, {}};
           return maker<service::AccessEntry>(access_rules)(cls, entry);
         });
  }
  void operator()(const service::ServerChanged& change) {
    tell(wmi, schema::wt_general::kClass, change, general_instance);
    for (const cim::NamespaceName& space : shared_spaces()) {
      tell(space, schema::msftsm_system::kClass, change, system_instance);
    }
    (void)spawn(source.gate_, source.look_at_services(change));
  }
  void operator()(const service::PortalChanged& change) {
    tell(wmi, schema::wt_portal::kClass, change, portal_instance);
    tell(own, schema::lunaria_portal::kClass, change, maker<service::Portal>(portals));
    if (change.after && change.after->failure && (!change.before || !change.before->failure)) {
      alert_of_failed(*change.after);
    }
  }
  void alert_of_failed(const service::Portal& portal) {
    namespace names = schema::lunaria_portal;
    const std::string cause = "it cannot be listened on: " + *portal.failure;
    alert({{own, std::string(names::kClass), {{std::string(names::kAddress), cim::Value(portal.address.to_string())}}},
           2,
           5,
           "Lunaria:PortalFailed",
           fmt::format("Portal {} port {} does not work: {}", portal.address.to_string(), portal.port, cause),
           cause,
           "See that the address exists and the port is free; it is tried again until `lunaria portal list` shows no "
           "failure."});
  }
  void operator()(const service::PortalGroupChanged& change) {
    tell(own, schema::lunaria_portal_group::kClass, change, maker<service::PortalGroup>(portal_groups));
  }
  void operator()(const service::InitiatorChanged& change) {
    tell(own, schema::lunaria_initiator::kClass, change, maker<service::Initiator>(initiators));
  }
  void operator()(const service::UserChanged& change) {
    tell(own, schema::lunaria_user::kClass, change, user_instance);
  }
  void operator()(const service::ServiceStateChanged& change) {
    const service::ServiceKind kind = change.after ? change.after->kind : change.before->kind;
    tell_service(kind, change, [&](const service::ServiceStatus& status) { return View{source.server_, status}; });
  }
  void operator()(const service::JobChanged& change) {
    for (const cim::NamespaceName& space : shared_spaces()) {
      tell(space, schema::msiscsitarget_concrete_job::kClass, change,
           [&](const cim::ClassPtr& cls, const service::Job& job) {
             return job_instance(cls, job, source.clock_.wall_time());
           });
    }
  }
  void operator()(const service::SessionOpened& /*event*/) { source.session_opened(); }
  void operator()(const service::SessionClosed& event) { source.session_closed(event); }
  void operator()(const service::SpaceReached& event) {
    namespace names = schema::lunaria_disk;
    const std::string cause = fmt::format("{} bytes are {}; its threshold is {}", event.bytes,
                                          event.is_used ? "taken" : "left to it", event.threshold);
    alert({{own, std::string(names::kClass), {{std::string(names::kName), cim::Value(event.disk_name)}}},
           5,
           3,
           "Lunaria:DiskSpace",
           "Disk " + event.disk_name + " meets a threshold of its space: " + cause,
           cause,
           "Make room in the file system of the disk, have initiators free what they do not use, or set another "
           "threshold with `lunaria disk set " +
               event.disk_name + "`."});
  }

  void operator()(const service::LoginsFailed& event) {
    const bool is_initiator = event.kind == service::LoginsFailed::Kind::kInitiator;
    const std::string where = event.address ? "at " + event.address->to_string() : "at several addresses";
    const std::string more =
        event.count > 1 ? fmt::format(" ({} times since the last alert)", event.count) : std::string();
    if (!is_initiator) {
      alert({object_manager_path(source.server_, shared_spaces()[0]), kSecurityAlert, kWarning,
             "Lunaria:ManagementLoginThrottled",
             fmt::format("Management clients {} are refused for a while: {}{}", where, event.reason, more),
             event.reason,
             "See whether a program there has an old password; else keep the address away from the management ports."});
      return;
    }
    alert(
        {door_of(event), kSecurityAlert, kWarning, "Lunaria:InitiatorLoginFailed",
         fmt::format("{} {} could not prove who it is to {}: {}{}",
                     event.initiator_name.empty() ? "An initiator" : "Initiator " + event.initiator_name, where,
                     event.target_iqn.empty() ? "discover targets" : "target " + event.target_iqn, event.reason, more),
         event.reason,
         "See that both sides have the same CHAP names and secrets; if nobody you know is there, keep the address "
         "away from the portals."});
  }
  /// What an initiator wanted to get into: a target, or discovery at a portal group.
  cim::ObjectPath door_of(const service::LoginsFailed& event) const {
    namespace target = schema::lunaria_target;
    namespace group = schema::lunaria_portal_group;
    if (!event.target_name.empty()) {
      return {own, std::string(target::kClass), {{std::string(target::kName), cim::Value(event.target_name)}}};
    }
    if (event.portal_group_tag != 0) {
      return {own, std::string(group::kClass), {{std::string(group::kTag), cim::Value(event.portal_group_tag)}}};
    }
    return object_manager_path(source.server_, shared_spaces()[0]);
  }

  /// What the instance of a service is made from.
  struct View {
    const service::Server& server;
    const service::ServiceStatus& status;
  };
  /// The service wherever it shows; `view` turns a value into what it is made from.
  template <class Value, class Look>
  void tell_service(service::ServiceKind kind, const Change<Value>& change, Look view) {
    if (kind == service::ServiceKind::kObjectManager) {
      for (const cim::NamespaceName& space : shared_spaces()) {
        tell(space, schema::msftsm_object_manager::kClass, change, [&](const cim::ClassPtr& cls, const Value& value) {
          return object_manager_instance(cls, view(value).server, view(value).status);
        });
      }
      tell(shared_spaces()[0], schema::cim_wbem_server::kClass, change,
           [&](const cim::ClassPtr& cls, const Value& value) {
             return wbem_server_instance(cls, view(value).server, view(value).status);
           });
      return;
    }
    for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
      const StorageServiceKind one = storage_service_kind(i);
      if (one.kind == kind) {
        tell(shared_spaces()[1], one.class_name, change, [&](const cim::ClassPtr& cls, const Value& value) {
          return storage_service_instance(cls, one, view(value).server, view(value).status);
        });
      }
    }
  }

  void tell_session(const Change<service::Session>& change) {
    tell(wmi, schema::wt_session::kClass, change, [](const cim::ClassPtr& cls, const service::Session& session) {
      return session_instance(cls, nullptr, session);
    });
    const service::Session& session = change.after ? *change.after : *change.before;
    for (const target::ConnectionStatus& each : session.status.connections) {
      Change<target::ConnectionStatus> connection;
      (change.after ? connection.after : connection.before) = each;
      tell(wmi, schema::wt_connection::kClass, connection,
           [&](const cim::ClassPtr& cls, const target::ConnectionStatus& status) {
             return connection_instance(cls, session.status.tsih, status);
           });
    }
  }

  LifecycleSource& source;
  Environment environment;
  cim::NamespaceName wmi{"root/wmi"};
  cim::NamespaceName own{"root/lunaria"};
  // Asked for nothing but how items look.
  LunariaAccessRuleProvider access_rules;
  LunariaInitiatorProvider initiators;
  LunariaMappingInitiatorProvider mapping_initiators;
  LunariaPortalGroupProvider portal_groups;
  LunariaPortalProvider portals;
  LunariaRedirectProvider redirects;
  LunariaTargetProvider targets;
};

LifecycleSource::LifecycleSource(service::Service& service, const cim::Repository& repository,
                                 const runtime::Clock& clock, cim::LifecycleListener& listener)
    : service_(service),
      repository_(repository),
      clock_(clock),
      listener_(listener),
      translator_(std::make_unique<Translator>(*this)) {}

LifecycleSource::~LifecycleSource() = default;

void LifecycleSource::start(const service::Server& server, const std::vector<service::Disk>& disks,
                            const std::vector<service::Portal>& portals) {
  server_ = server;
  subscription_ = service_.subscribe([this](const service::Event& event) { on_event(event); });
  if (!listener_.is_listening()) {
    return;
  }
  for (const service::Disk& disk : disks) {
    if (disk.enabled && disk.failure) {
      translator_->alert_of_failed(disk);
    }
  }
  for (const service::Portal& portal : portals) {
    if (portal.failure) {
      translator_->alert_of_failed(portal);
    }
  }
}

runtime::Task<void> LifecycleSource::close() {
  subscription_ = {};
  gate_.close();
  co_await gate_.drained();
}

void LifecycleSource::on_event(const service::Event& event) {
  if (listener_.is_listening()) {
    std::visit(*translator_, event);
  }
  if (const auto* changed = std::get_if<service::ServerChanged>(&event); changed != nullptr && changed->after) {
    server_ = *changed->after;
  }
}

/// Services are named after the server.
runtime::Task<void> LifecycleSource::look_at_services(service::ServerChanged change) {
  const auto states = co_await service_.list_service_states(security::internal_principal());
  if (!states) {
    co_return;
  }
  for (const service::ServiceStatus& status : *states) {
    translator_->tell_service(status.kind, change,
                              [&](const service::Server& server) { return Translator::View{server, status}; });
  }
}

void LifecycleSource::session_opened() {
  has_new_sessions_ = true;
  if (!std::exchange(is_looking_, true) && !spawn(gate_, look_at_sessions())) {
    is_looking_ = false;
  }
}

/// Many sessions that open at once are asked for with one question.
runtime::Task<void> LifecycleSource::look_at_sessions() {
  while (has_new_sessions_ && !gate_.is_closed()) {
    has_new_sessions_ = false;
    const auto sessions = co_await service_.list_sessions(security::internal_principal());
    if (!sessions) {
      break;
    }
    for (const service::Session& session : *sessions) {
      if (sessions_.emplace(session.status.tsih, session).second) {
        translator_->tell_session({std::nullopt, session});
      }
    }
  }
  is_looking_ = false;
}

/// Of a session that opened while nobody listened, only what the event says is known.
void LifecycleSource::session_closed(const service::SessionClosed& event) {
  service::Session session;
  session.status.tsih = event.tsih;
  session.status.initiator_name = event.initiator_name;
  if (auto known = sessions_.extract(event.tsih)) {
    session = std::move(known.mapped());
  }
  translator_->tell_session({std::move(session), std::nullopt});
}

}  // namespace lunaria::providers
