#include "providers/wt/target_lookup.h"

#include <utility>

#include "cim/name.h"
#include "providers/errors.h"
#include "providers/principals.h"

namespace lunaria::providers {

runtime::Task<Result<service::Target, cim::Error>> find_host(service::Service& service,
                                                             const cim::OperationContext& context, std::string name) {
  auto target = co_await service.find_target(to_principal(context), name);
  if (!target) {
    co_return fail(to_cim(target.error()));
  }
  if (!cim::name_equal(target->name, name)) {
    co_return fail(not_found("There is no target named " + name));
  }
  co_return std::move(*target);
}

}  // namespace lunaria::providers
