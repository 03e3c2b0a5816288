#include "providers/indication/namespace_source.h"

#include "cim/namespace_class.h"
#include "providers/indication/shared_spaces.h"
#include "providers/interop/namespace_provider.h"
#include "providers/interop/wbem_server_namespace_provider.h"
#include "schema/names.h"

namespace lunaria::providers {

void NamespaceSource::on_namespace_created(const cim::NamespaceName& name) {
  subscriptions_.namespaces_changed();  // the server's own filters hear of what happens in the new one from the start
  if (!listener_.is_listening()) {
    return;
  }
  tell_model(Fate::kCame, name);
  const cim::NamespacePlace place = cim::place_among(repository_.namespaces(), name);
  if (place.outer) {
    tell_place(Fate::kCame, *place.outer, name);
  }
  // What was seen from the one above is seen from the new one now.
  for (const cim::NamespaceName& inner : place.inner) {
    if (place.outer) {
      tell_place(Fate::kWent, *place.outer, inner);
    }
    tell_place(Fate::kCame, name, inner);
  }
}

void NamespaceSource::on_namespace_deleted(const cim::NamespaceName& name) {
  if (listener_.is_listening()) {
    tell_model(Fate::kWent, name);
    // None was below it, or it would have stayed.
    if (const cim::NamespacePlace place = cim::place_among(repository_.namespaces(), name); place.outer) {
      tell_place(Fate::kWent, *place.outer, name);
    }
  }
  subscriptions_.namespaces_changed();
}

void NamespaceSource::tell_model(Fate fate, const cim::NamespaceName& name) {
  for (const cim::NamespaceName& space : shared_spaces()) {
    if (const cim::ClassPtr cls = repository_.find_class(space, schema::msftsm_namespace::kClass)) {
      tell(fate, space, namespace_instance(cls, server_, name));
    }
    if (const cim::ClassPtr cls = repository_.find_class(space, schema::cim_wbem_server_namespace::kClass)) {
      tell(fate, space, wbem_server_namespace_instance(cls, name));
    }
  }
}

void NamespaceSource::tell_place(Fate fate, const cim::NamespaceName& outer, const cim::NamespaceName& inner) {
  if (const cim::ClassPtr cls = repository_.find_class(outer, cim::NamespaceClassProvider::kClass)) {
    tell(fate, outer, cim::NamespaceClassProvider::make_instance(cls, outer, inner));
  }
}

void NamespaceSource::tell(Fate fate, const cim::NamespaceName& space, const cim::Instance& instance) {
  if (fate == Fate::kCame) {
    listener_.on_created(space, instance);
  } else {
    listener_.on_deleted(space, instance);
  }
}

}  // namespace lunaria::providers
