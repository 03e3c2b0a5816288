#include "wbem/cimxml/response_stream.h"

#include <chrono>
#include <span>
#include <utility>

#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {

ResponseStream::ResponseStream(runtime::Shard& shard, http::ResponseWriter& writer, const CimHeaders& headers,
                               const RequestMessage& request, bool takes_trailers)
    : shard_(shard), writer_(writer), headers_(headers), request_(request), takes_trailers_(takes_trailers) {
  start_message();
}

void ResponseStream::start_message() {
  text_.reserve(limits::kTextFirstBytes);
  append_response_start(text_, request_.message_id, request_.protocol_version, request_.is_extrinsic,
                        request_.method_name);
}

void ResponseStream::open_return_value() {
  has_return_value_ = true;
  text_ += "<IRETURNVALUE>";
}

void ResponseStream::close_return_value() {
  has_return_value_ = false;
  text_ += "</IRETURNVALUE>";
}

bool ResponseStream::is_due() const {
  return text_.size() >= limits::kPieceBytes;
}

void ResponseStream::fit_to_client() {
  if (!headers_.is_first_version) {
    return;
  }
  for (const std::string_view attribute : {R"( EmbeddedObject="instance")", R"( EmbeddedObject="object")"}) {
    for (auto at = text_.find(attribute); at != std::string::npos; at = text_.find(attribute, at)) {
      text_.erase(at, attribute.size());
    }
  }
}

void ResponseStream::count_sent() {
  if (meter_ != nullptr) {
    meter_->response_bytes += text_.size();
  }
}

runtime::Task<bool> ResponseStream::send_piece() {
  fit_to_client();
  count_sent();
  if (!writer_.started()) {
    writer_.start(response_head(headers_));
  }
  const bool is_there = co_await writer_.write(std::as_bytes(std::span(text_)));
  text_.clear();
  co_await runtime::yield_on(shard_);
  has_ended_early_ = ends_early_ != nullptr && *ends_early_;
  co_return is_there && !has_ended_early_;
}

runtime::Task<void> ResponseStream::finish() {
  if (has_ended_early_) {
    co_await finish(cim::Error(cim::Status::kServerIsShuttingDown,
                               "the object manager was stopped before the whole answer was sent"));
    co_return;
  }
  if (has_return_value_) {
    text_ += "</IRETURNVALUE>";
  }
  append_response_end(text_, request_.is_extrinsic);
  fit_to_client();
  count_sent();
  if (!writer_.started()) {
    http::ResponseHead head = response_head(headers_);
    if (meter_ != nullptr) {
      const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(meter_->elapsed());
      head.fields.add("WBEMServerResponseTime", std::to_string(taken.count()));
    }
    const bool sent = co_await http::respond(writer_, std::move(head), std::move(text_));
    static_cast<void>(sent);  // the client may have gone; there is nobody to tell
    co_return;
  }
  const bool is_there = co_await writer_.write(std::as_bytes(std::span(text_)));
  if (is_there) {
    const bool sent = co_await writer_.finish({});
    static_cast<void>(sent);
  }
}

runtime::Task<void> ResponseStream::finish(cim::Error error) {
  if (!writer_.started()) {
    text_.clear();
    has_return_value_ = false;
    start_message();
    append_error(text_, error, !headers_.is_first_version);
    co_await finish();
    co_return;
  }
  if (!takes_trailers_) {
    co_return;  // the server cuts the connection of an answer that was not finished
  }
  if (has_return_value_) {
    text_ += "</IRETURNVALUE>";
  }
  append_response_end(text_, request_.is_extrinsic);
  fit_to_client();
  count_sent();
  const bool is_there = co_await writer_.write(std::as_bytes(std::span(text_)));
  if (is_there) {
    http::Fields trailers;
    trailers.add(headers_.prefix + "CIMStatusCode", std::to_string(static_cast<unsigned>(error.status)));
    trailers.add(headers_.prefix + "CIMStatusCodeDescription", encode_percent(error.message));
    const bool sent = co_await writer_.finish(std::move(trailers));
    static_cast<void>(sent);
  }
}

InstanceStream::InstanceStream(ResponseStream& stream, cim::OperationContext& context,
                               const cim::NamespaceName& name_space, ObjectForm form, InstanceEncoder& encoder)
    : stream_(stream), context_(context), form_(form), encoder_(encoder) {
  if (form != ObjectForm::kNames && form != ObjectForm::kNamedInstances && form != ObjectForm::kInstances) {
    append_namespace_path(name_space_path_, stream.host(), name_space);
  }
}

void InstanceStream::append_path(const cim::Instance& instance) {
  std::string& out = stream_.text();
  out += "<INSTANCEPATH>";
  if (instance.name_space() == nullptr) {
    out += name_space_path_;
  } else {
    append_namespace_path(out, stream_.host(), *instance.name_space());
  }
  encoder_.append_name(out, instance);
  out += "</INSTANCEPATH>";
}

cim::InstanceSink::Delivery InstanceStream::deliver(cim::Instance&& instance) {
  std::string& out = stream_.text();
  switch (form_) {
    case ObjectForm::kNames:
      encoder_.append_name(out, instance);
      break;
    case ObjectForm::kNamedInstances:
      out += "<VALUE.NAMEDINSTANCE>";
      encoder_.append_name(out, instance);
      encoder_.append_instance(out, instance);
      out += "</VALUE.NAMEDINSTANCE>";
      break;
    case ObjectForm::kInstances:
      encoder_.append_instance(out, instance);
      break;
    case ObjectForm::kInstancesWithPath:
      out += "<VALUE.INSTANCEWITHPATH>";
      append_path(instance);
      encoder_.append_instance(out, instance);
      out += "</VALUE.INSTANCEWITHPATH>";
      break;
    case ObjectForm::kInstancePaths:
      append_path(instance);
      break;
    case ObjectForm::kObjectsWithPath:
      out += "<VALUE.OBJECTWITHPATH>";
      append_path(instance);
      encoder_.append_instance(out, instance);
      out += "</VALUE.OBJECTWITHPATH>";
      break;
    case ObjectForm::kObjectPaths:
      out += "<OBJECTPATH>";
      append_path(instance);
      out += "</OBJECTPATH>";
      break;
  }
  return stream_.is_due() ? Delivery::kWait : Delivery::kGoOn;
}

runtime::Task<bool> InstanceStream::ready() {
  const bool is_there = co_await stream_.send_piece();
  context_.is_cancelled = context_.is_cancelled || !is_there;
  co_return is_there;
}

}  // namespace lunaria::wbem::cimxml
