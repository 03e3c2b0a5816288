#include "wbem/cimxml/handler.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "cim/operation_meter.h"
#include "http/basic_authorization.h"
#include "http/negotiate_authorization.h"
#include "wbem/cimxml/embedded_texts.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/xml_document.h"
#include "wbem/proving_writer.h"

namespace lunaria::wbem::cimxml {
namespace {

cim::OperationContext make_context(const security::Principal& principal, const http::Peer& peer,
                                   const http::RequestHead& head, runtime::Shard& shard) {
  cim::OperationContext context;
  context.principal = principal.name;
  context.role = static_cast<cim::Role>(principal.role);
  static_assert(static_cast<int>(cim::Role::kAdministrator) == static_cast<int>(security::Role::kAdministrator));
  context.peer = peer.is_unix() ? cim::Peer::kLocalSocket : peer.is_local() ? cim::Peer::kLoopback : cim::Peer::kRemote;
  context.authentication = static_cast<cim::Authentication>(principal.authentication);
  static_assert(static_cast<int>(cim::Authentication::kInternal) ==
                static_cast<int>(security::Authentication::kInternal));
  context.front = "cim-xml";
  context.transport = peer.transport();
  context.peer_address = peer.description();
  context.accept_language = std::string(head.fields.find("Accept-Language").value_or(""));
  context.host = std::string(head.fields.find("Host").value_or(""));
  context.wall_time = shard.clock().wall_time();
  context.shard = &shard;
  return context;
}

/// Adds the size of the message to `bytes`.
runtime::Task<Result<XmlDocument, MessageError>> read_document(http::RequestBody& body, XmlParserPool& parsers,
                                                               MemoryBudget::Share& memory, std::uint64_t& bytes) {
  body.set_limit(limits::kRequestBytesMax);
  const XmlParserPool::Lease parser = parsers.lease();
  for (;;) {
    const auto piece = co_await body.read();
    if (!piece) {
      co_return fail(MessageError{body.failure_status(), "", "the request could not be read"});
    }
    if (piece->empty()) {
      break;
    }
    bytes += piece->size();
    const auto fed = parser->feed({reinterpret_cast<const char*>(piece->data()), piece->size()});
    if (!fed) {
      break;  // finish() says it again
    }
    if (!memory.hold(parser->held_bytes())) {
      co_return fail(
          MessageError{503, "", "too many large requests at once: try again later, or ask for less at a time"});
    }
  }
  auto document = parser->finish();
  if (!document) {
    const XmlError& error = document.error();
    const bool is_well_formed = error.kind != XmlError::Kind::kNotWellFormed;
    co_return fail(MessageError{error.kind == XmlError::Kind::kLimit ? 413U : 400U,
                                is_well_formed ? "request-not-valid" : "request-not-well-formed", error.message});
  }
  co_return *std::move(document);
}

runtime::Task<void> answer_options(http::ResponseWriter& writer) {
  const bool sent = co_await http::respond(writer, options_head(), "");
  static_cast<void>(sent);
}

}  // namespace

runtime::Task<void> Handler::handle(const http::RequestHead& head, http::RequestBody& body,
                                    http::ResponseWriter& writer, const http::Peer& peer) {
  const auto client = co_await authenticator_.authenticate(head, peer);
  if (!client) {
    const AuthenticationFailure& failure = client.error();
    http::ResponseHead answer_head;
    answer_head.status = failure.http_status;
    answer_head.fields.add("Content-Type", "text/plain; charset=\"utf-8\"");
    if (failure.challenge) {
      // Basic first: clients that know it alone may not read on.
      answer_head.fields.add("WWW-Authenticate", http::basic_challenge("Lunaria"));
      if (failure.offers_negotiate) {
        answer_head.fields.add("WWW-Authenticate", http::kNegotiateChallenge);
      }
    }
    if (failure.retry_after_s > 0) {
      answer_head.fields.add("Retry-After", std::to_string(failure.retry_after_s));
    }
    const bool sent = co_await http::respond(writer, std::move(answer_head), failure.detail + "\n");
    static_cast<void>(sent);
    co_return;
  }
  ProvingWriter proving(writer, client->proof);
  if (head.method == "OPTIONS") {
    co_await answer_options(proving);
    co_return;
  }
  cim::OperationContext context = make_context(client->principal, peer, head, shard_);
  co_await answer(head, body, proving, context);
}

runtime::Task<Result<RequestMessage, MessageError>> Handler::read_request(http::RequestBody& body,
                                                                          MemoryBudget::Share& memory,
                                                                          std::uint64_t& bytes) {
  const auto document = co_await read_document(body, parsers_, memory, bytes);
  if (!document) {
    co_return fail(document.error());
  }
  co_return decode_request(document->root());
}

runtime::Task<void> Handler::answer(const http::RequestHead& head, http::RequestBody& body,
                                    http::ResponseWriter& writer, cim::OperationContext& context) {
  const auto headers = check_headers(head);
  if (!headers) {
    co_await refuse(writer, prefix_of(head), headers.error(), context);
    co_return;
  }
  std::optional<cim::OperationMeter> meter;
  if (statistics_ != nullptr && statistics_->is_gathering()) {
    context.meter = &meter.emplace(shard_.clock());
  }
  std::uint64_t request_bytes = 0;
  MemoryBudget::Share memory(request_memory_);
  auto request = co_await read_request(body, memory, request_bytes);
  if (!request) {
    co_await refuse(writer, headers->prefix, request.error(), context);
    co_return;
  }
  if (const auto matched = match_headers(*headers, *request); !matched) {
    co_await refuse(writer, headers->prefix, matched.error(), context);
    co_return;
  }
  ResponseStream stream(shard_, writer, *headers, *request, takes_trailers(head));
  stream.set_meter(context.meter);
  stream.end_early_when(ends_streams_);
  co_await carry_out(*request, stream, context);
  const auto* operation = meter ? std::get_if<Operation>(&request->operation) : nullptr;
  if (const auto counted = operation != nullptr ? counted_operation(*operation) : std::nullopt) {
    meter->request_bytes = request_bytes;
    statistics_->count(*counted, *meter);
  }
}

runtime::Task<void> Handler::refuse(http::ResponseWriter& writer, std::string prefix, MessageError error,
                                    const cim::OperationContext& context) {
  log_.warning("cimxml.request.refused", {{"principal", context.principal},
                                          {"peer", context.peer_address},
                                          {"status", error.http_status},
                                          {"cim_error", error.cim_error},
                                          {"reason", error.message}});
  http::ResponseHead head;
  head.status = static_cast<std::uint16_t>(error.http_status);
  head.fields.add("Content-Type", "text/plain; charset=\"utf-8\"");
  add_extension_fields(head.fields, prefix);
  if (!error.cim_error.empty()) {
    head.fields.add(prefix + "CIMError", error.cim_error);
  }
  if (error.http_status == 503) {
    head.fields.add("Retry-After", "1");
  }
  if (error.http_status == 405) {
    head.fields.add("Allow", "POST, M-POST, OPTIONS");
  }
  const bool sent = co_await http::respond(writer, std::move(head), error.message + "\n");
  static_cast<void>(sent);
}

runtime::Task<void> Handler::end(ResponseStream& stream, const Result<void, cim::Error>& outcome) {
  if (!outcome) {
    co_await stream.finish(outcome.error());
  } else {
    co_await stream.finish();
  }
}

runtime::Task<void> Handler::carry_out(const RequestMessage& request, ResponseStream& stream,
                                       cim::OperationContext& context) {
  if (const auto* error = std::get_if<cim::Error>(&request.operation)) {
    co_await stream.finish(*error);
    co_return;
  }
  runtime::Task<void> running = std::visit([&](const auto& call) { return run(call, request, stream, context); },
                                           std::get<Operation>(request.operation));
  co_await std::move(running);
}

runtime::Task<void> Handler::run(const GetInstance& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto instance = co_await object_manager_.get_instance(context, call.path, call.options);
  if (!instance) {
    co_await stream.finish(instance.error());
    co_return;
  }
  stream.open_return_value();
  encoders_.of(call.form).append_instance(stream.text(), *instance);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const CreateInstance& call, const RequestMessage& request, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto read = EmbeddedTexts(object_manager_.repository(), request.name_space).read(call.instance);
  const cim::Instance& instance = read ? *read : call.instance;
  const auto path = co_await object_manager_.create_instance(context, request.name_space, instance);
  if (!path) {
    co_await stream.finish(path.error());
    co_return;
  }
  stream.open_return_value();
  append_object_name(stream.text(), *path);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const ModifyInstance& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto read = EmbeddedTexts(object_manager_.repository(), call.path.name_space()).read(call.instance);
  const cim::Instance& instance = read ? *read : call.instance;
  const auto done = co_await object_manager_.modify_instance(context, call.path, instance, call.properties);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const DeleteInstance& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto done = co_await object_manager_.delete_instance(context, call.path);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const GetProperty& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const auto value = co_await object_manager_.get_property(context, call.path, call.property);
  if (!value) {
    co_await stream.finish(value.error());
    co_return;
  }
  stream.open_return_value();
  append_value(stream.text(), *value);
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const SetProperty& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const cim::ClassPtr cls = object_manager_.repository().find_class(call.path.name_space(), call.path.class_name());
  const auto index = cls ? cls->find_property(call.property) : std::nullopt;
  const EmbeddedTexts texts(object_manager_.repository(), call.path.name_space());
  const auto read = index ? texts.read(cls->property(*index).type, call.value) : std::nullopt;
  const cim::Value& value = read ? *read : call.value;
  const auto done = co_await object_manager_.set_property(context, call.path, call.property, value);
  co_await end(stream, done);
}

runtime::Task<void> Handler::run(const InvokeMethod& call, const RequestMessage& /*request*/, ResponseStream& stream,
                                 cim::OperationContext& context) {
  const cim::ClassPtr cls = object_manager_.repository().find_class(call.path.name_space(), call.path.class_name());
  const cim::MethodPtr method = cls ? cls->find_method(call.method_name) : nullptr;
  const EmbeddedTexts texts(object_manager_.repository(), call.path.name_space());
  cim::ParameterValues parameters;
  for (const MethodParameter& parameter : call.parameters) {
    const auto index = method ? method->find_parameter(parameter.name) : std::nullopt;
    auto read = index ? texts.read(method->parameters[*index].type, parameter.value) : std::nullopt;
    if (read) {
      parameters.set(parameter.name, *std::move(read));
    } else if (parameter.is_typed) {
      parameters.set(parameter.name, parameter.value);
    } else {
      parameters.set_untyped(parameter.name, parameter.value);
    }
  }
  const auto result = co_await object_manager_.invoke_method(context, call.path, call.method_name, parameters);
  if (!result) {
    co_await stream.finish(result.error());
    co_return;
  }
  std::string& out = stream.text();
  if (!result->return_value.is_absent()) {
    out += "<RETURNVALUE";
    append_attribute(out, "PARAMTYPE", wire_type_name(result->return_value.type()));
    append_embedded_attribute(out, result->return_value.type());
    out += '>';
    append_value(out, result->return_value);
    out += "</RETURNVALUE>";
  }
  for (const auto& parameter : result->out.all()) {
    append_parameter_value(out, parameter.name, parameter.value);
  }
  co_await stream.finish();
}

runtime::Task<void> Handler::run(const UnknownOperation& call, const RequestMessage& /*request*/,
                                 ResponseStream& stream, cim::OperationContext& /*context*/) {
  co_await stream.finish(cim::Error(cim::Status::kNotSupported, fmt::format("there is no operation {}", call.name)));
}

}  // namespace lunaria::wbem::cimxml
