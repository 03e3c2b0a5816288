// Requests that follow associations, ask queries, and pull (DSP0200 5.3.2.12 to .17, 5.4.2).

#include <algorithm>
#include <array>
#include <utility>

#include "wbem/cimxml/request_parameters.h"

namespace lunaria::wbem::cimxml {
namespace {

using Follow = FollowAssociations::Kind;
using Request = cim::EnumerationRequest;

/// AssocClass and ResultRole where results are associated objects; ResultClass and Role always.
Parsed<cim::AssociationFilter> take_filter(Parameters& parameters, bool is_for_references) {
  cim::AssociationFilter filter;
  auto result_class = take_class_name(parameters, "ResultClass", false);
  auto role = take_text(parameters, "Role");
  if (!result_class || !role) {
    return fail(!result_class ? result_class.error() : role.error());
  }
  filter.result_class = *std::move(result_class);
  filter.role = *std::move(role);
  if (is_for_references) {
    return filter;
  }
  auto association_class = take_class_name(parameters, "AssocClass", false);
  auto result_role = take_text(parameters, "ResultRole");
  if (!association_class || !result_role) {
    return fail(!association_class ? association_class.error() : result_role.error());
  }
  filter.association_class = *std::move(association_class);
  filter.result_role = *std::move(result_role);
  return filter;
}

Parsed<Operation> parse_follow(Parameters& parameters, const cim::NamespaceName& name_space, Follow kind) {
  auto object = take_path(parameters, "ObjectName", name_space);
  if (!object) {
    return fail(object.error());
  }
  auto filter = take_filter(parameters, kind == Follow::kReferences || kind == Follow::kReferenceNames);
  if (!filter) {
    return fail(filter.error());
  }
  FollowAssociations call{kind, *std::move(object), *std::move(filter), std::nullopt, {}};
  if (kind == Follow::kAssociatorNames || kind == Follow::kReferenceNames) {
    return call;
  }
  auto list = take_property_list(parameters);
  const auto form = take_form(parameters);
  if (!list || !form) {
    return fail(!list ? list.error() : form.error());
  }
  call.properties = *std::move(list);
  call.form = *form;
  return call;
}

template <Follow kKind>
Parsed<Operation> parse_follow_of(Parameters& parameters, const cim::NamespaceName& name_space) {
  return parse_follow(parameters, name_space, kKind);
}

Parsed<Operation> parse_exec_query(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto language = require_text(parameters, "QueryLanguage");
  auto text = require_text(parameters, "Query");
  if (!language || !text) {
    return fail(!language ? language.error() : text.error());
  }
  return ExecQuery{{*std::move(language), *std::move(text)}};
}

/// What every Open operation takes.
Parsed<void> take_open_options(Parameters& parameters, OpenEnumeration& call) {
  const auto timeout = take_number(parameters, "OperationTimeout");
  const auto continue_on_error = take_flag(parameters, "ContinueOnError", false);
  const auto count = take_number(parameters, "MaxObjectCount");
  auto language = take_text(parameters, "FilterQueryLanguage");
  auto text = take_text(parameters, "FilterQuery");
  if (!timeout || !continue_on_error || !count) {
    return fail(!timeout ? timeout.error() : !continue_on_error ? continue_on_error.error() : count.error());
  }
  if (!language || !text) {
    return fail(!language ? language.error() : text.error());
  }
  call.options = {*timeout, *continue_on_error, count->value_or(0)};
  call.request.query = {*std::move(language), *std::move(text)};
  return {};
}

/// PropertyList and IncludeClassOrigin; the Paths operations have neither.
Parsed<void> take_shown(Parameters& parameters, OpenEnumeration& call) {
  if (call.request.is_names_only()) {
    return {};
  }
  auto list = take_property_list(parameters);
  const auto form = take_form(parameters);
  if (!list || !form) {
    return fail(!list ? list.error() : form.error());
  }
  call.request.options.properties = *std::move(list);
  call.request.include_qualifiers = form->include_qualifiers;
  call.request.include_class_origin = form->include_class_origin;
  return {};
}

Parsed<void> take_class_extent(Parameters& parameters, OpenEnumeration& call) {
  auto name = take_class_name(parameters, "ClassName", true);
  if (!name) {
    return fail(name.error());
  }
  call.request.class_name = *std::move(name);
  if (call.request.is_names_only()) {
    return {};
  }
  const auto local_only = take_flag(parameters, "LocalOnly", false);  // of older versions of the standard
  const auto deep = take_flag(parameters, "DeepInheritance", true);
  if (!local_only || !deep) {
    return fail(!local_only ? local_only.error() : deep.error());
  }
  call.request.options.local_only = *local_only;
  call.request.options.deep_inheritance = *deep;
  return {};
}

Parsed<void> take_association(Parameters& parameters, OpenEnumeration& call) {
  auto object = take_path(parameters, "InstanceName", call.request.name_space);
  if (!object) {
    return fail(object.error());
  }
  const bool is_for_references =
      call.request.kind == Request::Kind::kReferences || call.request.kind == Request::Kind::kReferenceNames;
  auto filter = take_filter(parameters, is_for_references);
  if (!filter) {
    return fail(filter.error());
  }
  call.request.object = *std::move(object);
  call.request.filter = *std::move(filter);
  call.request.object_must_exist = true;
  return {};
}

Parsed<void> take_query(Parameters& parameters, OpenEnumeration& call) {
  const auto wants_class = take_flag(parameters, "ReturnQueryResultClass", false);
  if (!wants_class) {
    return fail(wants_class.error());
  }
  call.wants_query_class = *wants_class;
  if (call.request.query.text.empty() || call.request.query.language.empty()) {
    return fail(invalid_parameter("the parameters FilterQueryLanguage and FilterQuery are needed"));
  }
  return {};
}

Parsed<Operation> parse_open(Parameters& parameters, const cim::NamespaceName& name_space, Request::Kind kind) {
  OpenEnumeration call;
  call.request.kind = kind;
  call.request.name_space = name_space;
  if (auto taken = take_open_options(parameters, call); !taken) {
    return fail(taken.error());
  }
  const bool is_class_extent = kind == Request::Kind::kInstances || kind == Request::Kind::kInstanceNames;
  auto target = kind == Request::Kind::kQuery ? take_query(parameters, call)
                : is_class_extent             ? take_class_extent(parameters, call)
                                              : take_association(parameters, call);
  if (!target) {
    return fail(target.error());
  }
  if (kind != Request::Kind::kQuery) {
    if (auto taken = take_shown(parameters, call); !taken) {
      return fail(taken.error());
    }
  }
  return call;
}

template <Request::Kind kKind>
Parsed<Operation> parse_open_of(Parameters& parameters, const cim::NamespaceName& name_space) {
  return parse_open(parameters, name_space, kKind);
}

template <cim::PullContent kContent>
Parsed<Operation> parse_pull_of(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto context = require_text(parameters, "EnumerationContext");
  const auto count = take_number(parameters, "MaxObjectCount");
  if (!context || !count) {
    return fail(!context ? context.error() : count.error());
  }
  if (!*count) {
    return fail(invalid_parameter("the parameter MaxObjectCount is missing"));
  }
  return PullEnumeration{kContent, *std::move(context), **count};
}

Parsed<Operation> parse_close(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto context = require_text(parameters, "EnumerationContext");
  if (!context) {
    return fail(context.error());
  }
  return CloseEnumeration{*std::move(context)};
}

Parsed<Operation> parse_count(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto context = require_text(parameters, "EnumerationContext");
  if (!context) {
    return fail(context.error());
  }
  return CountEnumeration{*std::move(context)};
}

constexpr std::array kOperations{
    Intrinsic{"Associators", parse_follow_of<Follow::kAssociators>},
    Intrinsic{"AssociatorNames", parse_follow_of<Follow::kAssociatorNames>},
    Intrinsic{"References", parse_follow_of<Follow::kReferences>},
    Intrinsic{"ReferenceNames", parse_follow_of<Follow::kReferenceNames>},
    Intrinsic{"ExecQuery", parse_exec_query},
    Intrinsic{"OpenEnumerateInstances", parse_open_of<Request::Kind::kInstances>},
    Intrinsic{"OpenEnumerateInstancePaths", parse_open_of<Request::Kind::kInstanceNames>},
    Intrinsic{"OpenAssociatorInstances", parse_open_of<Request::Kind::kAssociators>},
    Intrinsic{"OpenAssociatorInstancePaths", parse_open_of<Request::Kind::kAssociatorNames>},
    Intrinsic{"OpenReferenceInstances", parse_open_of<Request::Kind::kReferences>},
    Intrinsic{"OpenReferenceInstancePaths", parse_open_of<Request::Kind::kReferenceNames>},
    Intrinsic{"OpenQueryInstances", parse_open_of<Request::Kind::kQuery>},
    Intrinsic{"PullInstancesWithPath", parse_pull_of<cim::PullContent::kInstancesWithPath>},
    Intrinsic{"PullInstancePaths", parse_pull_of<cim::PullContent::kPaths>},
    Intrinsic{"PullInstances", parse_pull_of<cim::PullContent::kInstances>},
    Intrinsic{"CloseEnumeration", parse_close},
    Intrinsic{"EnumerationCount", parse_count},
};

}  // namespace

const Intrinsic* find_enumeration_operation(std::string_view name) {
  const auto found = std::ranges::find_if(
      kOperations, [name](const Intrinsic& candidate) { return cim::name_equal(candidate.name, name); });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace lunaria::wbem::cimxml
