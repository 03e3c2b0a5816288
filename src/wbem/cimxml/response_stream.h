#pragma once

// ResponseStream: one CIM-XML answer on its way out. Small answers go with a Content-Length; enumerations are sent
// piece by piece while the provider still produces, and never held as a whole. An error before the first piece is an
// ERROR element; after it, the trailers of DSP0200 6.4 carry it to clients that look at trailers, and the connection of
// others breaks before the message is complete, so that they do not take a part for the whole.

#include <optional>
#include <string>

#include "cim/error.h"
#include "cim/instance_sink.h"
#include "http/handler.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "wbem/cimxml/decode_request.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/headers.h"

namespace lunaria::wbem::cimxml {

/// Lives in the handler's coroutine; arguments outlive it.
class ResponseStream final {
 public:
  ResponseStream(runtime::Shard& shard, http::ResponseWriter& writer, const CimHeaders& headers,
                 const RequestMessage& request, bool takes_trailers);

  /// What has been encoded and not sent: append to it.
  std::string& text() { return text_; }
  /// Appends the tag before the first result; results follow in text().
  void open_return_value();
  bool is_due() const;
  /// Sends what is there; false when the client has gone. Lets others on the shard run.
  runtime::Task<bool> send_piece();
  /// Ends the answer.
  runtime::Task<void> finish();
  /// Ends it with an error; what was encoded and not sent is dropped if nothing was sent yet. After the first piece a
  /// client that takes no trailers gets no end.
  runtime::Task<void> finish(cim::Error error);

 private:
  void start_message();

  runtime::Shard& shard_;
  http::ResponseWriter& writer_;
  const CimHeaders& headers_;
  const RequestMessage& request_;
  std::string text_;
  bool has_return_value_ = false;
  bool takes_trailers_;
};

/// Where an enumeration's instances go: encoded at once into the stream.
class InstanceStream final : public cim::InstanceSink {
 public:
  enum class Form : std::uint8_t { kNamedInstances, kNames };
  InstanceStream(ResponseStream& stream, cim::OperationContext& context, Form form, InstanceForm instance_form)
      : stream_(stream), context_(context), form_(form), encoder_(instance_form) {}

  Delivery deliver(cim::Instance&& instance) override;
  runtime::Task<bool> ready() override;

 private:
  ResponseStream& stream_;
  cim::OperationContext& context_;
  Form form_;
  InstanceEncoder encoder_;
};

}  // namespace lunaria::wbem::cimxml
