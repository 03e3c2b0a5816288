#pragma once

// The methods of a class as a table: one row per method, so that nothing that the schema declares is forgotten.

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "cim/provider.h"

namespace lunaria::providers {

using MethodReply = runtime::Task<Result<cim::MethodResult, cim::Error>>;

/// `handler` is a coroutine of the provider; `path` is an instance path unless the method is Static.
template <class ProviderType>
struct MethodRow {
  std::string_view name;
  MethodReply (ProviderType::*handler)(cim::ProviderCall call, const cim::ObjectPath& path,
                                       const cim::ParameterValues& in);
};

/// Runs the row of `method`. METHOD_NOT_AVAILABLE when there is none, or when a method of instances is called on the
/// class; Static ones are taken on the class and on any instance.
template <class ProviderType>
MethodReply dispatch(ProviderType& provider, std::span<const MethodRow<ProviderType>> rows, cim::ProviderCall call,
                     const cim::ObjectPath& path, const cim::Method& method, const cim::ParameterValues& in) {
  const auto row = std::ranges::find_if(
      rows, [&](const MethodRow<ProviderType>& each) { return cim::name_equal(each.name, method.name); });
  if (row == rows.end()) {
    co_return fail(
        cim::Error(cim::Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
  }
  if (!method.is_static && !path.is_instance()) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              call.cls->name() + '.' + method.name + " is called on an instance, not on the class"));
  }
  auto result = co_await (provider.*row->handler)(std::move(call), path, in);
  co_return result;
}

/// What a method of an integer type answers.
template <class Number>
cim::MethodResult returning(Number number) {
  cim::MethodResult result;
  result.return_value = cim::Value(number);
  return result;
}

}  // namespace lunaria::providers
