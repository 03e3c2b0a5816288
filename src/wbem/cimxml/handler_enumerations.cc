// Handler: operations that enumerate, follow associations, ask queries and pull.

#include <utility>

#include "cim/class_query.h"
#include "cim/query_walk.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/handler.h"

namespace lunaria::wbem::cimxml {
namespace {

using Follow = FollowAssociations::Kind;

cim::EnumerationRequest::Kind request_kind(Follow kind) {
  switch (kind) {
    case Follow::kAssociators:
      return cim::EnumerationRequest::Kind::kAssociators;
    case Follow::kAssociatorNames:
      return cim::EnumerationRequest::Kind::kAssociatorNames;
    case Follow::kReferences:
      return cim::EnumerationRequest::Kind::kReferences;
    case Follow::kReferenceNames:
      break;
  }
  return cim::EnumerationRequest::Kind::kReferenceNames;
}

ObjectForm pulled_form(cim::PullContent content) {
  switch (content) {
    case cim::PullContent::kInstancesWithPath:
      return ObjectForm::kInstancesWithPath;
    case cim::PullContent::kPaths:
      return ObjectForm::kInstancePaths;
    case cim::PullContent::kInstances:
      break;
  }
  return ObjectForm::kInstances;
}

InstanceForm form_of(const cim::EnumerationRequest& request) {
  return {request.include_qualifiers, request.include_class_origin};
}

void append_progress(std::string& out, const cim::PullProgress& progress) {
  append_parameter_value(out, "EndOfSequence", cim::Value(progress.end_of_sequence));
  append_parameter_value(out, "EnumerationContext", cim::Value(progress.context));
}

}  // namespace

runtime::Task<void> Handler::enumerate(const cim::EnumerationRequest& wanted, ObjectForm form, InstanceForm instances,
                                       ResponseStream& stream, cim::OperationContext& context) {
  InstanceStream sink(stream, context, wanted.name_space, form, encoders_.of(instances));
  stream.open_return_value();
  const auto done = co_await object_manager_.enumerate(context, wanted, sink);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const EnumerateInstances& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const cim::EnumerationRequest wanted{.kind = cim::EnumerationRequest::Kind::kInstances,
                                       .name_space = request.name_space,
                                       .class_name = call.class_name,
                                       .options = call.options};
  co_await enumerate(wanted, ObjectForm::kNamedInstances, call.form, stream, context);
}

runtime::Task<void> Handler::run(const EnumerateInstanceNames& call, const RequestMessage& request,
                                 ResponseStream& stream, cim::OperationContext& context) {
  const cim::EnumerationRequest wanted{.kind = cim::EnumerationRequest::Kind::kInstanceNames,
                                       .name_space = request.name_space,
                                       .class_name = call.class_name};
  co_await enumerate(wanted, ObjectForm::kNames, {}, stream, context);
}

runtime::Task<void> Handler::run(const FollowAssociations& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  if (!call.object.is_instance()) {
    co_await follow_classes(call, request, stream, context);
    co_return;
  }
  const cim::EnumerationRequest wanted{.kind = request_kind(call.kind),
                                       .name_space = request.name_space,
                                       .object = call.object,
                                       .filter = call.filter,
                                       .options = {.properties = call.properties}};
  const ObjectForm form = wanted.is_names_only() ? ObjectForm::kObjectPaths : ObjectForm::kObjectsWithPath;
  co_await enumerate(wanted, form, call.form, stream, context);
}

runtime::Task<void> Handler::follow_classes(const FollowAssociations& call, const RequestMessage& request,
                                            ResponseStream& stream, cim::OperationContext& context) {
  const bool is_for_references = call.kind == Follow::kReferences || call.kind == Follow::kReferenceNames;
  const std::string& name = call.object.class_name();
  const auto found = is_for_references
                         ? object_manager_.class_references(context, request.name_space, name, call.filter)
                         : object_manager_.class_associators(context, request.name_space, name, call.filter);
  if (!found) {
    co_await stream.finish(found.error());
    co_return;
  }
  const bool is_names_only = call.kind == Follow::kAssociatorNames || call.kind == Follow::kReferenceNames;
  const cim::ClassOptions options{false, call.form.include_qualifiers, call.form.include_class_origin, call.properties};
  co_await send_classes(cim::placed_classes(*found, request.name_space), is_names_only ? nullptr : &options, stream);
}

// Without options only their paths.
runtime::Task<void> Handler::send_classes(const std::vector<cim::PlacedClass>& classes,
                                          const cim::ClassOptions* options, ResponseStream& stream) {
  stream.open_return_value();
  for (const auto& [name_space, cls] : classes) {
    cim::ObjectPath path(name_space, cls->name());
    path.set_host(std::string(stream.host()));
    std::string& out = stream.text();
    out += options == nullptr ? "<OBJECTPATH>" : "<VALUE.OBJECTWITHPATH>";
    append_object_path(out, path);
    if (options != nullptr) {
      append_class(out, *cls, *options);
    }
    out += options == nullptr ? "</OBJECTPATH>" : "</VALUE.OBJECTWITHPATH>";
    if (stream.is_due()) {
      const bool is_there = co_await stream.send_piece();
      if (!is_there) {
        break;
      }
    }
  }
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const ExecQuery& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  if (cim::asks_for_classes(call.query)) {
    const auto classes = co_await object_manager_.exec_class_query(context, request.name_space, call.query);
    if (!classes) {
      co_await stream.finish(classes.error());
      co_return;
    }
    const cim::ClassOptions everything{false, true, true, std::nullopt};
    co_await send_classes(*classes, &everything, stream);
    co_return;
  }
  const cim::EnumerationRequest wanted{
      .kind = cim::EnumerationRequest::Kind::kQuery, .name_space = request.name_space, .query = call.query};
  co_await enumerate(wanted, ObjectForm::kObjectsWithPath, {}, stream, context);
}

runtime::Task<void> Handler::run(const OpenEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  cim::ClassPtr result_class;
  if (call.wants_query_class) {
    const auto found = cim::query_result_class(object_manager_.repository(), request.name_space, call.request.query);
    if (!found) {
      co_await stream.finish(found.error());
      co_return;
    }
    result_class = *found;
  }
  InstanceStream sink(stream, context, request.name_space, pulled_form(cim::pull_content(call.request.kind)),
                      encoders_.of(form_of(call.request)));
  stream.open_return_value();
  const auto progress = co_await object_manager_.open_enumeration(context, call.request, call.options, sink);
  co_await end_pull(stream, progress, result_class.get());
}

runtime::Task<void> Handler::run(const PullEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const cim::EnumerationRequest* opened = object_manager_.opened_request(context, request.name_space, call.context);
  InstanceEncoder& encoder = encoders_.of(opened == nullptr ? InstanceForm{} : form_of(*opened));
  InstanceStream sink(stream, context, request.name_space, pulled_form(call.content), encoder);
  stream.open_return_value();
  const auto progress = co_await object_manager_.pull(context, request.name_space, call.content, call.context,
                                                      call.object_count_max, sink);
  co_await end_pull(stream, progress);
}

runtime::Task<void> Handler::end_pull(ResponseStream& stream, const Result<cim::PullProgress, cim::Error>& progress,
                                      const cim::Class* result_class) {
  if (!progress) {
    co_await stream.finish(progress.error());
    co_return;
  }
  stream.close_return_value();
  if (result_class != nullptr) {
    stream.text() += "<PARAMVALUE NAME=\"QueryResultClass\">";
    append_class(stream.text(), *result_class, {false, true, true, std::nullopt});
    stream.text() += "</PARAMVALUE>";
  }
  append_progress(stream.text(), *progress);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const CloseEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = object_manager_.close_enumeration(context, request.name_space, call.context);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const CountEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto count = co_await object_manager_.count_enumeration(context, request.name_space, call.context);
  if (!count) {
    co_await stream.finish(count.error());
    co_return;
  }
  stream.open_return_value();
  append_value(stream.text(), cim::Value(*count));
  co_await stream.finish();
}

}  // namespace lunaria::wbem::cimxml
