#pragma once

// CIM objects into CIM-XML elements (DSP0201 5). Every function appends to `out`.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"
#include "cim/error.h"
#include "cim/instance.h"
#include "cim/object_manager.h"
#include "cim/object_path.h"
#include "cim/value.h"
#include "wbem/operation.h"

namespace lunaria::wbem::cimxml {

/// VALUE, VALUE.ARRAY, VALUE.REFERENCE or VALUE.REFARRAY; nothing for NULL.
void append_value(std::string& out, const cim::Value& value);
/// PROPERTY, PROPERTY.ARRAY or PROPERTY.REFERENCE of an instance. `property` says origin and referenced class.
void append_property(std::string& out, const cim::Property& property, const cim::Value& value, bool include_origin,
                     bool include_qualifiers);
/// INSTANCE with the properties that are there and selected.
void append_instance(std::string& out, const cim::Instance& instance, const InstanceForm& form);
/// VALUE.INSTANCEWITHPATH with the properties that are there and selected.
std::string instance_with_path(const cim::ObjectPath& path, const cim::Instance& instance);
/// INSTANCENAME or CLASSNAME.
void append_object_name(std::string& out, const cim::ObjectPath& path);
/// LOCALINSTANCEPATH or LOCALCLASSPATH, or with a host INSTANCEPATH or CLASSPATH.
void append_object_path(std::string& out, const cim::ObjectPath& path);
/// LOCALNAMESPACEPATH.
void append_local_namespace(std::string& out, const cim::NamespaceName& name_space);
/// CLASS with what the options show.
void append_class(std::string& out, const cim::Class& cls, const cim::ClassOptions& options);
/// CLASS as clients send it to CreateClass and ModifyClass.
void append_class_declaration(std::string& out, const cim::ClassDeclaration& declaration);
/// QUALIFIER.DECLARATION.
void append_qualifier_type(std::string& out, const cim::QualifierType& type);
/// NAMESPACEPATH: host and namespace.
void append_namespace_path(std::string& out, std::string_view host, const cim::NamespaceName& name_space);
/// ERROR with code, description and, for all but the oldest clients, a CIM_Error instance (DSP0200 7.5) that says who
/// speaks and which message it is.
void append_error(std::string& out, const cim::Error& error, bool with_instance = true);
/// PARAMVALUE of a method call or its response.
void append_parameter_value(std::string& out, std::string_view name, const cim::Value& value);
/// The PARAMTYPE or TYPE attribute's text; embedded objects are "string".
std::string_view wire_type_name(cim::Type type);

/// Writes many instances of a few classes, in the same words as append_instance: what stands around the values is put
/// together once a class. One shard.
class InstanceEncoder final {
 public:
  explicit InstanceEncoder(InstanceForm form) : form_(form) {}

  /// INSTANCE with the properties that are there and selected.
  void append_instance(std::string& out, const cim::Instance& instance);
  /// INSTANCENAME of the instance's own keys, without building a path.
  void append_name(std::string& out, const cim::Instance& instance);

 private:
  /// What stands around the value of one property.
  struct Tags {
    Tags(const cim::Property& property, const InstanceForm& form);
    std::string null;  ///< the whole element without a value
    std::string open;  ///< with VALUE, for scalars
    std::string close;
    std::string key_open;
    std::string key_close;
    bool is_scalar = true;
  };
  /// What stands around all values of one class.
  struct Frame {
    cim::ClassPtr cls;
    std::vector<Tags> tags;  // one per property
    std::string instance_open;
    std::string name_open;
  };
  const Frame& frame_for(const cim::ClassPtr& cls);
  Frame make_frame(const cim::ClassPtr& cls) const;

  InstanceForm form_;
  std::vector<Frame> frames_;
  std::size_t last_ = 0;  // the frame used last
};

/// An encoder for each way in which instances are written, for all answers of one server.
class EncoderSet final {
 public:
  InstanceEncoder& of(const InstanceForm& form) {
    return encoders_[(form.include_qualifiers ? 2U : 0U) + (form.include_class_origin ? 1U : 0U)];
  }

 private:
  std::array<InstanceEncoder, 4> encoders_{InstanceEncoder({false, false}), InstanceEncoder({false, true}),
                                           InstanceEncoder({true, false}), InstanceEncoder({true, true})};
};

/// EmbeddedObject="instance" or "object" for embedded types, nothing for others.
void append_embedded_attribute(std::string& out, cim::Type type);
/// ` name="value"`, the value escaped.
void append_attribute(std::string& out, std::string_view name, std::string_view value);
/// The message around a response: everything before and after what stands inside IMETHODRESPONSE or METHODRESPONSE.
void append_response_start(std::string& out, std::string_view message_id, std::string_view protocol_version,
                           bool is_extrinsic, std::string_view method_name);
void append_response_end(std::string& out, bool is_extrinsic);
/// A whole request of a client: `message_id` is a number. `name_space` for all but extrinsic calls, whose path has it.
std::string encode_request(const Operation& operation, const cim::NamespaceName& name_space,
                           std::string_view message_id);

}  // namespace lunaria::wbem::cimxml
