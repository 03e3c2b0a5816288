#pragma once

// ResponseStream: one CIM-XML answer on its way out. Small answers go with a Content-Length; enumerations are sent
// piece by piece while the provider still produces, and never held as a whole. An error before the first piece is an
// ERROR element; after it, the trailers of DSP0200 6.4 carry it to clients that look at trailers, and the connection of
// others breaks before the message is complete, so that they do not take a part for the whole.

#include <optional>
#include <string>

#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/operation_meter.h"
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

  /// Once `ends_early` is true, send_piece() says so as if the client had gone, and the answer ends with
  /// SERVER_IS_SHUTTING_DOWN.
  void end_early_when(const bool& ends_early) { ends_early_ = &ends_early; }
  /// Counts what is sent; answers that go in one piece say how long they took (WBEMServerResponseTime).
  void set_meter(cim::OperationMeter* meter) { meter_ = meter; }
  /// What has been encoded and not sent: append to it.
  std::string& text() { return text_; }
  /// Appends the tag before the first result; results follow in text().
  void open_return_value();
  /// Appends the tag behind the last one, where output parameters follow; finish() does it otherwise.
  void close_return_value();
  /// The host by which the client calls us, for full paths.
  std::string_view host() const { return headers_.host; }
  bool is_due() const;
  /// Sends what is there; false when the client has gone or the answer ends early. Lets others on the shard run.
  runtime::Task<bool> send_piece();
  /// Ends the answer.
  runtime::Task<void> finish();
  /// Ends it with an error; what was encoded and not sent is dropped if nothing was sent yet. After the first piece a
  /// client that takes no trailers gets no end.
  runtime::Task<void> finish(cim::Error error);

 private:
  void start_message();
  void count_sent();
  /// Takes out what a client of the first version does not know. Only tags hold quotes, values have them escaped.
  void fit_to_client();

  runtime::Shard& shard_;
  http::ResponseWriter& writer_;
  const CimHeaders& headers_;
  const RequestMessage& request_;
  std::string text_;
  bool has_return_value_ = false;
  cim::OperationMeter* meter_ = nullptr;
  bool takes_trailers_;
  const bool* ends_early_ = nullptr;
  bool has_ended_early_ = false;
};

/// How each object of an answer is written (DSP0201 5.2.4).
enum class ObjectForm : std::uint8_t {
  kNames,              ///< INSTANCENAME
  kNamedInstances,     ///< VALUE.NAMEDINSTANCE
  kInstances,          ///< INSTANCE
  kInstancesWithPath,  ///< VALUE.INSTANCEWITHPATH
  kInstancePaths,      ///< INSTANCEPATH
  kObjectsWithPath,    ///< VALUE.OBJECTWITHPATH
  kObjectPaths,        ///< OBJECTPATH
};

/// Where an enumeration's instances go: encoded at once into the stream.
class InstanceStream final : public cim::InstanceSink {
 public:
  InstanceStream(ResponseStream& stream, cim::OperationContext& context, const cim::NamespaceName& name_space,
                 ObjectForm form, InstanceEncoder& encoder);

  Delivery deliver(cim::Instance&& instance) override;
  runtime::Task<bool> ready() override;

 private:
  void append_path(const cim::Instance& instance);

  ResponseStream& stream_;
  cim::OperationContext& context_;
  ObjectForm form_;
  InstanceEncoder& encoder_;
  std::string name_space_path_;  // of the operation's namespace
};

}  // namespace lunaria::wbem::cimxml
