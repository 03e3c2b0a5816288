// Requests about classes and qualifier declarations (DSP0200 5.3.2.1, .3, .4, .8 to .10, .24 to .27).

#include <algorithm>
#include <array>
#include <utility>

#include "wbem/cimxml/decode_declaration.h"
#include "wbem/cimxml/request_parameters.h"

namespace lunaria::wbem::cimxml {
namespace {

Parsed<cim::ClassOptions> take_class_options(Parameters& parameters, bool has_property_list) {
  const auto local_only = take_flag(parameters, "LocalOnly", true);
  const auto include_qualifiers = take_flag(parameters, "IncludeQualifiers", true);
  const auto include_origin = take_flag(parameters, "IncludeClassOrigin", false);
  if (!local_only || !include_qualifiers || !include_origin) {
    return fail(!local_only           ? local_only.error()
                : !include_qualifiers ? include_qualifiers.error()
                                      : include_origin.error());
  }
  cim::ClassOptions options{*local_only, *include_qualifiers, *include_origin, std::nullopt};
  if (has_property_list) {
    auto list = take_property_list(parameters);
    if (!list) {
      return fail(list.error());
    }
    options.properties = *std::move(list);
  }
  return options;
}

Parsed<Operation> parse_get_class(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", true);
  if (!name) {
    return fail(name.error());
  }
  auto options = take_class_options(parameters, true);
  if (!options) {
    return fail(options.error());
  }
  return GetClass{*std::move(name), *std::move(options)};
}

Parsed<Operation> parse_enumerate_classes(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", false);
  if (!name) {
    return fail(name.error());
  }
  const auto deep = take_flag(parameters, "DeepInheritance", false);
  if (!deep) {
    return fail(deep.error());
  }
  auto options = take_class_options(parameters, false);
  if (!options) {
    return fail(options.error());
  }
  return EnumerateClasses{*std::move(name), *deep, *std::move(options)};
}

Parsed<Operation> parse_enumerate_class_names(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", false);
  if (!name) {
    return fail(name.error());
  }
  const auto deep = take_flag(parameters, "DeepInheritance", false);
  if (!deep) {
    return fail(deep.error());
  }
  return EnumerateClassNames{*std::move(name), *deep};
}

Parsed<cim::ClassDeclaration> take_class(Parameters& parameters, std::string_view name) {
  const auto element = require(parameters, name, {"CLASS"});
  if (!element) {
    return fail(element.error());
  }
  auto declaration = decode_class_declaration(**element);
  if (!declaration) {
    return fail(from(declaration.error()));
  }
  return *std::move(declaration);
}

Parsed<Operation> parse_create_class(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto declaration = take_class(parameters, "NewClass");
  if (!declaration) {
    return fail(declaration.error());
  }
  return CreateClass{*std::move(declaration)};
}

Parsed<Operation> parse_modify_class(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto declaration = take_class(parameters, "ModifiedClass");
  if (!declaration) {
    return fail(declaration.error());
  }
  return ModifyClass{*std::move(declaration)};
}

Parsed<Operation> parse_delete_class(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = take_class_name(parameters, "ClassName", true);
  if (!name) {
    return fail(name.error());
  }
  return DeleteClass{*std::move(name)};
}

Parsed<Operation> parse_get_qualifier(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = require_text(parameters, "QualifierName");
  if (!name) {
    return fail(name.error());
  }
  return GetQualifier{*std::move(name)};
}

Parsed<Operation> parse_enumerate_qualifiers(Parameters& /*parameters*/, const cim::NamespaceName& /*name_space*/) {
  return EnumerateQualifiers{};
}

Parsed<Operation> parse_set_qualifier(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  const auto element = require(parameters, "QualifierDeclaration", {"QUALIFIER.DECLARATION"});
  if (!element) {
    return fail(element.error());
  }
  auto declaration = decode_qualifier_declaration(**element);
  if (!declaration) {
    return fail(from(declaration.error()));
  }
  return SetQualifier{*std::move(declaration)};
}

Parsed<Operation> parse_delete_qualifier(Parameters& parameters, const cim::NamespaceName& /*name_space*/) {
  auto name = require_text(parameters, "QualifierName");
  if (!name) {
    return fail(name.error());
  }
  return DeleteQualifier{*std::move(name)};
}

constexpr std::array kOperations{
    Intrinsic{"GetClass", parse_get_class},
    Intrinsic{"EnumerateClasses", parse_enumerate_classes},
    Intrinsic{"EnumerateClassNames", parse_enumerate_class_names},
    Intrinsic{"CreateClass", parse_create_class},
    Intrinsic{"ModifyClass", parse_modify_class},
    Intrinsic{"DeleteClass", parse_delete_class},
    Intrinsic{"GetQualifier", parse_get_qualifier},
    Intrinsic{"EnumerateQualifiers", parse_enumerate_qualifiers},
    Intrinsic{"SetQualifier", parse_set_qualifier},
    Intrinsic{"DeleteQualifier", parse_delete_qualifier},
};

}  // namespace

const Intrinsic* find_schema_operation(std::string_view name) {
  const auto found = std::ranges::find_if(
      kOperations, [name](const Intrinsic& candidate) { return cim::name_equal(candidate.name, name); });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace lunaria::wbem::cimxml
