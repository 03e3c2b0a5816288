#pragma once

// How the object manager carries out a change. For its own sources alone.

#include <type_traits>
#include <utility>

#include "cim/object_manager.h"

namespace lunaria::cim {

template <class T>
runtime::Task<Result<T, Error>> ObjectManager::carry_out(const OperationContext& context, Change change,
                                                         runtime::Task<Result<T, Error>> work) const {
  const auto ticket = begin(context, change.request);
  Result<T, Error> outcome = fail(ticket ? Error() : ticket.error());
  if (ticket) {
    outcome = co_await std::move(work);
    // Whoever is told that something has happened may rely on it that listeners will be.
    if (extensions_.events != nullptr && extensions_.events->is_keeping()) {
      co_await extensions_.events->kept();
    }
  }
  if (extensions_.audit != nullptr) {
    AuditRecord record = describe(context, change);
    record.result = audit_result(outcome ? nullptr : &outcome.error());
    if constexpr (!std::is_void_v<T>) {
      if (outcome) {
        add_answer(record, *outcome);
      }
    }
    extensions_.audit->record(record);
  }
  co_return outcome;
}

}  // namespace lunaria::cim
