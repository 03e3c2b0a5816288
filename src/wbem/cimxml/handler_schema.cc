// Handler: operations on classes and qualifier declarations.

#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::wbem::cimxml {

runtime::Task<void> Handler::run(const GetClass& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto found = object_manager_.get_class(context, request.name_space, call.class_name);
  if (!found) {
    co_await stream.finish(found.error());
    co_return;
  }
  stream.open_return_value();
  append_class(stream.text(), **found, call.options);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const EnumerateClasses& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto found =
      object_manager_.enumerate_classes(context, request.name_space, call.class_name, call.deep_inheritance);
  if (!found) {
    co_await stream.finish(found.error());
    co_return;
  }
  stream.open_return_value();
  for (const cim::ClassPtr& cls : *found) {
    append_class(stream.text(), *cls, call.options);
    if (stream.is_due()) {
      const bool is_there = co_await stream.send_piece();
      if (!is_there) {
        break;
      }
    }
  }
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const EnumerateClassNames& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto names =
      object_manager_.enumerate_class_names(context, request.name_space, call.class_name, call.deep_inheritance);
  if (!names) {
    co_await stream.finish(names.error());
    co_return;
  }
  stream.open_return_value();
  for (const std::string& name : *names) {
    append_object_name(stream.text(), cim::ObjectPath({}, name));
  }
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const GetQualifier& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto type = object_manager_.get_qualifier(context, request.name_space, call.name);
  if (!type) {
    co_await stream.finish(type.error());
    co_return;
  }
  stream.open_return_value();
  append_qualifier_type(stream.text(), **type);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const EnumerateQualifiers& /*call*/, const RequestMessage& request,
                                 ResponseStream& stream, cim::OperationContext& context) {
  const auto types = object_manager_.enumerate_qualifiers(context, request.name_space);
  if (!types) {
    co_await stream.finish(types.error());
    co_return;
  }
  stream.open_return_value();
  for (const cim::QualifierTypePtr& type : *types) {
    append_qualifier_type(stream.text(), *type);
  }
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const CreateClass& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.create_class(context, request.name_space, call.declaration);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const ModifyClass& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.modify_class(context, request.name_space, call.declaration);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const DeleteClass& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.delete_class(context, request.name_space, call.class_name);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const SetQualifier& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.set_qualifier(context, request.name_space, call.declaration);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const DeleteQualifier& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.delete_qualifier(context, request.name_space, call.name);
  co_await end(stream, done);
}

}  // namespace lunaria::wbem::cimxml
