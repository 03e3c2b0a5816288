#pragma once

// What CIM_InstMethodCall says of a call beyond the instance: name, parameters, result. Secrets stay behind.

#include "cim/instance.h"
#include "cim/method_listener.h"

namespace lunaria::cim::indication {

/// Class of the embedded object that holds parameters; the schema names it and declares it nowhere.
inline constexpr std::string_view kMethodParametersClass = "__MethodParameters";

/// The parameters that were given and those that came back (null before the method has run), but for the secret ones.
/// An [In, Out] parameter shows what came back.
Instance method_parameters(const Method& method, const ParameterValues& in, const ParameterValues* out);

/// Sets the properties that CIM_InstMethodCall adds. `outcome` is null before the method has run; `error_class` is
/// CIM_Error, for what a method that failed left behind.
void describe_call(Instance& indication, const MethodCall& call, const Result<MethodResult, Error>* outcome,
                   const ClassPtr& error_class);

}  // namespace lunaria::cim::indication
