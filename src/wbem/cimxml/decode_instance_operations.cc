// Requests about instances (DSP0200 5.3.2.2, .5 to .7, .11, .18, .19).

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "wbem/cimxml/request_parameters.h"

namespace lunaria::wbem::cimxml {
namespace {

Parsed<Operation> parse_get_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_path(parameters, "InstanceName", name_space);
  if (!path) {
    return fail(path.error());
  }
  const auto local_only = take_flag(parameters, "LocalOnly", false);
  if (!local_only) {
    return fail(local_only.error());
  }
  const auto form = take_form(parameters);
  if (!form) {
    return fail(form.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return GetInstance{*std::move(path), {*local_only, *std::move(list)}, *form};
}

Parsed<Operation> parse_enumerate_instances(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", true);
  if (!name) {
    return fail(name.error());
  }
  const auto local_only = take_flag(parameters, "LocalOnly", false);
  const auto deep = take_flag(parameters, "DeepInheritance", true);
  if (!local_only || !deep) {
    return fail(!local_only ? local_only.error() : deep.error());
  }
  const auto form = take_form(parameters);
  if (!form) {
    return fail(form.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return EnumerateInstances{*std::move(name), {*local_only, *deep, *std::move(list)}, *form};
}

Parsed<Operation> parse_enumerate_instance_names(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", true);
  if (!name) {
    return fail(name.error());
  }
  return EnumerateInstanceNames{*std::move(name)};
}

Parsed<Operation> parse_create_instance(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  const auto element = require(parameters, "NewInstance", {"INSTANCE"});
  if (!element) {
    return fail(element.error());
  }
  auto instance = decode_instance(**element);
  if (!instance) {
    return fail(from(instance.error()));
  }
  return CreateInstance{*std::move(instance)};
}

Parsed<Operation> parse_modify_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  const auto found = require(parameters, "ModifiedInstance", {"VALUE.NAMEDINSTANCE"});
  if (!found) {
    return fail(found.error());
  }
  const XmlElement& element = **found;
  if (element.child_count() != 2) {
    return fail(from(unexpected(element, "ModifiedInstance")));
  }
  auto path = decode_object_path(*element.first_child);
  if (!path) {
    return fail(from(path.error()));
  }
  path->set_name_space(name_space);
  auto instance = decode_instance(*element.first_child->next_sibling);
  if (!instance) {
    return fail(from(instance.error()));
  }
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", true);  // deprecated, without effect
  if (!include_qualifiers) {
    return fail(include_qualifiers.error());
  }
  auto list = take_property_list(parameters);
  if (!list) {
    return fail(list.error());
  }
  return ModifyInstance{*std::move(path), *std::move(instance), *std::move(list)};
}

Parsed<Operation> parse_delete_instance(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_path(parameters, "InstanceName", name_space);
  if (!path) {
    return fail(path.error());
  }
  return DeleteInstance{*std::move(path)};
}

Parsed<Operation> parse_get_property(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_path(parameters, "InstanceName", name_space);
  if (!path) {
    return fail(path.error());
  }
  auto property = require_text(parameters, "PropertyName");
  if (!property) {
    return fail(property.error());
  }
  return GetProperty{*std::move(path), *std::move(property)};
}

/// NewValue says no type: text stays text until the class is known.
Parsed<cim::Value> take_new_value(Parameters& parameters) {
  const XmlElement* element = parameters.take("NewValue");
  const bool is_reference = element != nullptr && (element->is("VALUE.REFERENCE") || element->is("VALUE.REFARRAY"));
  const bool is_array = element != nullptr && (element->is("VALUE.ARRAY") || element->is("VALUE.REFARRAY"));
  auto value = decode_value(element, is_reference ? cim::Type::kReference : cim::Type::kString, is_array);
  if (!value) {
    return fail(from(value.error()));
  }
  return *std::move(value);
}

Parsed<Operation> parse_set_property(Parameters& parameters, const cim::NamespaceName& name_space) {
  auto path = take_path(parameters, "InstanceName", name_space);
  if (!path) {
    return fail(path.error());
  }
  auto property = require_text(parameters, "PropertyName");
  if (!property) {
    return fail(property.error());
  }
  auto value = take_new_value(parameters);
  if (!value) {
    return fail(value.error());
  }
  return SetProperty{*std::move(path), *std::move(property), *std::move(value)};
}

constexpr std::array kOperations{
    Intrinsic{"GetInstance", parse_get_instance},
    Intrinsic{"EnumerateInstances", parse_enumerate_instances},
    Intrinsic{"EnumerateInstanceNames", parse_enumerate_instance_names},
    Intrinsic{"CreateInstance", parse_create_instance},
    Intrinsic{"ModifyInstance", parse_modify_instance},
    Intrinsic{"DeleteInstance", parse_delete_instance},
    Intrinsic{"GetProperty", parse_get_property},
    Intrinsic{"SetProperty", parse_set_property},
};

}  // namespace

const Intrinsic* find_instance_operation(std::string_view name) {
  const auto found = std::ranges::find_if(
      kOperations, [name](const Intrinsic& candidate) { return cim::name_equal(candidate.name, name); });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace lunaria::wbem::cimxml
