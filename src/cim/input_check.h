#pragma once

// Checks what a client sent against the schema, and gives it the schema's types: paths, property values, instances,
// method parameters. Pure functions over the repository; depth of nesting is limited.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cim/class.h"
#include "cim/error.h"
#include "cim/instance.h"
#include "cim/method.h"
#include "cim/object_path.h"
#include "cim/provider.h"
#include "cim/repository.h"
#include "cim/value.h"

namespace lunaria::cim {

/// What a value has to fit: the type part of a property or parameter.
struct ExpectedType {
  Type type;
  bool is_array;
  std::uint32_t array_size;
  std::string_view object_class;

  explicit ExpectedType(const Property& property)
      : type(property.type),
        is_array(property.is_array),
        array_size(property.array_size),
        object_class(property.object_class) {}
  explicit ExpectedType(const Parameter& parameter)
      : type(parameter.type),
        is_array(parameter.is_array),
        array_size(parameter.array_size),
        object_class(parameter.object_class) {}
};

/// Works within one namespace; cheap to make.
class InputCheck final {
 public:
  InputCheck(const Repository& repository, const NamespaceName& name_space)
      : repository_(repository), name_space_(name_space) {}

  /// The path with exactly the keys of the class, in its order, of its types and names; without host. Keys missing,
  /// unknown, NULL or of another type: INVALID_PARAMETER.
  Result<ObjectPath, Error> instance_path(const Class& cls, const ObjectPath& path) const;
  /// The value as the type wants it: NULL typed, references with namespace and typed keys, embedded instances bound to
  /// their class. TYPE_MISMATCH for another type or arrayness or an object of another class; INVALID_PARAMETER for an
  /// array longer than its fixed size and for what is wrong inside references and embedded instances.
  Result<Value, Error> value(const ExpectedType& expected, const Value& given) const;
  /// The same, with strings read as the expected type when they came without one.
  Result<Value, Error> untyped_value(const ExpectedType& expected, const Value& given) const;
  /// `given`, whose class may be made up, as an instance of `cls`: NO_SUCH_PROPERTY, else as value().
  Result<Instance, Error> instance(const ClassPtr& cls, const Instance& given) const;
  /// The In parameters, typed. Unknown, missing though Required, wrong in type: INVALID_PARAMETER.
  Result<ParameterValues, Error> parameters(const Method& method, const ParameterValues& given) const;

 private:
  InputCheck(const Repository& repository, const NamespaceName& name_space, std::size_t depth)
      : repository_(repository), name_space_(name_space), depth_(depth) {}
  Result<Value, Error> scalar(const ExpectedType& expected, const Value& given) const;
  Result<Value, Error> reference(const ExpectedType& expected, const ObjectPath& given) const;
  Result<Value, Error> embedded(const ExpectedType& expected, const Value& given) const;

  const Repository& repository_;
  const NamespaceName& name_space_;
  std::size_t depth_ = 0;
};

}  // namespace lunaria::cim
