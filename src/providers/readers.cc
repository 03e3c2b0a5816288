#include "providers/readers.h"

#include "schema/names.h"

namespace lunaria::providers {

cim::Role least_reader(const cim::Class& cls) {
  // Service::list_users() wants Permission::kChangeSecurity. All else that providers show wants kRead.
  return cls.is_a(schema::lunaria_user::kClass) ? cim::Role::kAdministrator : cim::Role::kViewer;
}

}  // namespace lunaria::providers
