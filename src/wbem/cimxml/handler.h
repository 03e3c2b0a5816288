#pragma once

// Handler: answers HTTP requests with CIM operations (DSP0200). Authentication, headers, message, operation, in this
// order; what is wrong at one stage is answered there with the status that the standard names.

#include "base/log.h"
#include "cim/object_manager.h"
#include "http/handler.h"
#include "runtime/shard.h"
#include "wbem/authenticator.h"
#include "wbem/cimxml/headers.h"
#include "wbem/cimxml/response_stream.h"

namespace lunaria::wbem::cimxml {

/// Stateless; lives on the control shard. Everything that it is given outlives it.
class Handler final : public http::RequestHandler {
 public:
  Handler(runtime::Shard& shard, cim::ObjectManager& object_manager, Authenticator& authenticator, Log& log)
      : shard_(shard), object_manager_(object_manager), authenticator_(authenticator), log_(log) {}

  runtime::Task<void> handle(const http::RequestHead& head, http::RequestBody& body, http::ResponseWriter& writer,
                             const http::Peer& peer) override;

 private:
  runtime::Task<void> answer(const http::RequestHead& head, http::RequestBody& body, http::ResponseWriter& writer,
                             cim::OperationContext& context);
  runtime::Task<void> refuse(http::ResponseWriter& writer, MessageError error, const cim::OperationContext& context);
  runtime::Task<void> carry_out(const RequestMessage& request, ResponseStream& stream, cim::OperationContext& context);

  // One per operation; each ends the stream.
  runtime::Task<void> run(const GetClass& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateClasses& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateClassNames& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const GetInstance& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateInstances& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateInstanceNames& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const CreateInstance& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const ModifyInstance& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const DeleteInstance& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const GetQualifier& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateQualifiers& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const InvokeMethod& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const UnknownOperation& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);

  runtime::Shard& shard_;
  cim::ObjectManager& object_manager_;
  Authenticator& authenticator_;
  Log& log_;
};

}  // namespace lunaria::wbem::cimxml
