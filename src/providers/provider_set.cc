#include "providers/provider_set.h"

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "cim/name.h"
#include "cim/operation_statistics.h"
#include "providers/errors.h"
#include "providers/interop/computed_provider.h"
#include "providers/interop/job_provider.h"
#include "providers/interop/namespace_provider.h"
#include "providers/interop/object_manager_provider.h"
#include "providers/interop/profile_provider.h"
#include "providers/interop/registered_profiles.h"
#include "providers/interop/server_model.h"
#include "providers/interop/statistics_provider.h"
#include "providers/interop/system_provider.h"
#include "providers/interop/wbem_server_model.h"
#include "providers/interop/wbem_server_namespace_provider.h"
#include "providers/interop/wbem_server_provider.h"
#include "providers/lunaria/access_rule_provider.h"
#include "providers/lunaria/disk_provider.h"
#include "providers/lunaria/initiator_provider.h"
#include "providers/lunaria/mapping_initiator_provider.h"
#include "providers/lunaria/mapping_provider.h"
#include "providers/lunaria/portal_group_provider.h"
#include "providers/lunaria/portal_provider.h"
#include "providers/lunaria/redirect_provider.h"
#include "providers/lunaria/role_provider.h"
#include "providers/lunaria/target_provider.h"
#include "providers/lunaria/user_provider.h"
#include "providers/storage/service_provider.h"
#include "providers/wt/connection_provider.h"
#include "providers/wt/disk_provider.h"
#include "providers/wt/general_provider.h"
#include "providers/wt/host_provider.h"
#include "providers/wt/id_method_provider.h"
#include "providers/wt/lun_mapping_provider.h"
#include "providers/wt/portal_provider.h"
#include "providers/wt/session_provider.h"
#include "schema/names.h"
#include "security/principal.h"
#include "service/event.h"

namespace lunaria::providers {
namespace {

constexpr std::string_view kInterop = "root/interop";
constexpr std::string_view kStorage = "root/cimv2/storage/iscsitarget";
constexpr std::string_view kWmi = "root/wmi";
constexpr std::string_view kLunaria = "root/lunaria";

enum class Served : std::uint8_t { kInterop, kStorage, kBoth };
struct ComputedRow {
  std::string_view class_name;
  ComputedInstances compute;
  Served where;
};
constexpr auto kComputed = std::to_array<ComputedRow>({
    {schema::cim_cimxml_communication_mechanism::kClass, &communication_mechanisms, Served::kBoth},
    {schema::msftsm_comm_mechanism_for_manager::kClass, &mechanisms_for_manager, Served::kBoth},
    {schema::msftsm_namespace_in_manager::kClass, &namespaces_in_manager, Served::kBoth},
    {schema::msftsm_hosted_service::kClass, &hosted_services, Served::kBoth},
    {schema::msftsm_hosted_access_point::kClass, &hosted_access_points, Served::kBoth},
    {schema::cim_element_statistical_data::kClass, &element_statistical_data, Served::kBoth},
    {schema::msftsm_software_identity::kClass, &software_identities, Served::kInterop},
    {schema::msftsm_element_software_identity::kClass, &element_software_identities, Served::kInterop},
    {schema::msftsm_referenced_profile::kClass, &referenced_profiles, Served::kInterop},
    {schema::msftsm_sub_profile_requires_profile::kClass, &sub_profiles_require_profiles, Served::kInterop},
    {schema::msftsm_element_conforms_to_profile::kClass, &elements_conform_to_profiles, Served::kInterop},
    {schema::msftsm_element_conforms_to_profile_ex::kClass, &elements_conform_to_profiles_ex, Served::kStorage},
    {schema::cim_indication_service_capabilities::kClass, &indication_service_capabilities, Served::kInterop},
    {schema::lunaria_element_capabilities::kClass, &element_capabilities, Served::kInterop},
    {schema::cim_wbem_server_capabilities::kClass, &wbem_server_capabilities, Served::kInterop},
    {schema::cim_protocol_service::kClass, &protocol_services, Served::kInterop},
    {schema::cim_cimxml_capabilities::kClass, &cimxml_capabilities, Served::kInterop},
    {schema::lunaria_hosted_dependency::kClass, &hosted_dependencies, Served::kInterop},
});

}  // namespace

struct ProviderSet::Providers {
  explicit Providers(Environment environment)
      : disk(environment),
        host(environment),
        id_method(environment),
        lun_mapping(environment),
        portal(environment),
        session(environment),
        connection(environment),
        general(environment),
        object_manager(environment),
        namespaces(environment),
        wbem_server(environment),
        wbem_server_namespaces(environment),
        system(environment),
        statistics(environment),
        profiles(environment, &registered_profiles),
        sub_profiles(environment, &registered_sub_profiles),
        job(environment),
        lunaria_disk(environment),
        lunaria_mapping(environment),
        lunaria_user(environment),
        lunaria_access_rule(environment),
        lunaria_initiator(environment),
        lunaria_mapping_initiator(environment),
        lunaria_portal_group(environment),
        lunaria_portal(environment),
        lunaria_redirect(environment),
        lunaria_target(environment) {
    for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
      storage_services.push_back(std::make_unique<StorageServiceProvider>(environment, storage_service_kind(i)));
    }
    for (const ComputedRow& row : kComputed) {
      computed.push_back(std::make_unique<ComputedProvider>(environment, row.compute));
    }
  }

  DiskProvider disk;
  HostProvider host;
  IdMethodProvider id_method;
  LunMappingProvider lun_mapping;
  PortalProvider portal;
  SessionProvider session;
  ConnectionProvider connection;
  GeneralProvider general;
  ObjectManagerProvider object_manager;
  NamespaceProvider namespaces;
  WbemServerProvider wbem_server;
  WbemServerNamespaceProvider wbem_server_namespaces;
  SystemProvider system;
  StatisticsProvider statistics;
  ProfileProvider profiles;
  ProfileProvider sub_profiles;
  JobProvider job;
  LunariaDiskProvider lunaria_disk;
  LunariaMappingProvider lunaria_mapping;
  LunariaUserProvider lunaria_user;
  LunariaAccessRuleProvider lunaria_access_rule;
  LunariaInitiatorProvider lunaria_initiator;
  LunariaMappingInitiatorProvider lunaria_mapping_initiator;
  LunariaPortalGroupProvider lunaria_portal_group;
  LunariaPortalProvider lunaria_portal;
  LunariaRedirectProvider lunaria_redirect;
  LunariaRoleProvider lunaria_role;
  LunariaTargetProvider lunaria_target;
  std::vector<std::unique_ptr<StorageServiceProvider>> storage_services;
  std::vector<std::unique_ptr<ComputedProvider>> computed;  // as kComputed
};

ProviderSet::ProviderSet(Environment environment)
    : environment_(environment), providers_(std::make_unique<Providers>(environment)) {}

ProviderSet::~ProviderSet() = default;

runtime::Task<Result<void, cim::Error>> ProviderSet::open() {
  cim::OperationStatistics* const statistics = environment_.statistics;
  if (statistics == nullptr) {
    co_return Result<void, cim::Error>();
  }
  const auto server = co_await environment_.service.server(security::internal_principal());
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  statistics->set_gathering(server->gathers_statistics, environment_.clock.wall_time());
  subscription_ = environment_.service.subscribe([this, statistics](const service::Event& event) {
    if (const auto* changed = std::get_if<service::ServerChanged>(&event); changed != nullptr && changed->after) {
      statistics->set_gathering(changed->after->gathers_statistics, environment_.clock.wall_time());
    }
  });
  co_return Result<void, cim::Error>();
}

void ProviderSet::add_to(cim::ProviderTable& table) {
  const cim::NamespaceName wmi(kWmi);
  table.add(wmi, schema::wt_disk::kClass, providers_->disk);
  table.add(wmi, schema::wt_host::kClass, providers_->host);
  table.add(wmi, schema::wt_id_method::kClass, providers_->id_method);
  table.add(wmi, schema::wt_lun_mapping::kClass, providers_->lun_mapping);
  table.add(wmi, schema::wt_portal::kClass, providers_->portal);
  table.add(wmi, schema::wt_session::kClass, providers_->session);
  table.add(wmi, schema::wt_connection::kClass, providers_->connection);
  table.add(wmi, schema::wt_general::kClass, providers_->general);
  const cim::NamespaceName own(kLunaria);
  table.add(own, schema::lunaria_disk::kClass, providers_->lunaria_disk);
  table.add(own, schema::lunaria_mapping::kClass, providers_->lunaria_mapping);
  table.add(own, schema::lunaria_user::kClass, providers_->lunaria_user);
  table.add(own, schema::lunaria_access_rule::kClass, providers_->lunaria_access_rule);
  table.add(own, schema::lunaria_initiator::kClass, providers_->lunaria_initiator);
  table.add(own, schema::lunaria_mapping_initiator::kClass, providers_->lunaria_mapping_initiator);
  table.add(own, schema::lunaria_portal_group::kClass, providers_->lunaria_portal_group);
  table.add(own, schema::lunaria_portal::kClass, providers_->lunaria_portal);
  table.add(own, schema::lunaria_redirect::kClass, providers_->lunaria_redirect);
  table.add(own, schema::lunaria_role::kClass, providers_->lunaria_role);
  table.add(own, schema::lunaria_target::kClass, providers_->lunaria_target);
  const cim::NamespaceName interop(kInterop);
  table.add(interop, schema::msftsm_registered_profile::kClass, providers_->profiles);
  table.add(interop, schema::msftsm_registered_sub_profile::kClass, providers_->sub_profiles);
  table.add(interop, schema::cim_wbem_server::kClass, providers_->wbem_server);
  table.add(interop, schema::cim_wbem_server_namespace::kClass, providers_->wbem_server_namespaces);
  providers_->profiles.look_up_in(table);
  providers_->sub_profiles.look_up_in(table);
  const cim::NamespaceName storage(kStorage);
  for (std::size_t i = 0; i < kStorageServiceCount; ++i) {
    table.add(storage, storage_service_kind(i).class_name, *providers_->storage_services[i]);
  }
  for (std::size_t i = 0; i < kComputed.size(); ++i) {
    if (kComputed[i].where != Served::kStorage) {
      table.add(interop, kComputed[i].class_name, *providers_->computed[i]);
    }
    if (kComputed[i].where != Served::kInterop) {
      table.add(storage, kComputed[i].class_name, *providers_->computed[i]);
    }
  }
  for (const std::string_view name : {kInterop, kStorage}) {
    const cim::NamespaceName name_space(name);
    table.add(name_space, schema::msftsm_object_manager::kClass, providers_->object_manager);
    table.add(name_space, schema::cim_cimom_statistical_data::kClass, providers_->statistics);
    table.add(name_space, schema::msftsm_namespace::kClass, providers_->namespaces);
    table.add(name_space, schema::cim_namespace::kClass, providers_->namespaces);
    table.add(name_space, schema::msftsm_system::kClass, providers_->system);
    table.add(name_space, schema::msiscsitarget_concrete_job::kClass, providers_->job);
  }
}

}  // namespace lunaria::providers
