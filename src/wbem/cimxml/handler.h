#pragma once

// Handler: answers HTTP requests with CIM operations (DSP0200). Authentication, headers, message, operation, in this
// order; what is wrong at one stage is answered there with the status that the standard names.

#include <vector>

#include "base/log.h"
#include "base/memory_budget.h"
#include "cim/object_manager.h"
#include "cim/operation_statistics.h"
#include "http/handler.h"
#include "runtime/random.h"
#include "runtime/shard.h"
#include "wbem/authenticator.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/headers.h"
#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/response_stream.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {

/// Keeps nothing of a request; lives on the control shard. Everything that it is given outlives it.
class Handler final : public http::RequestHandler {
 public:
  /// `statistics` hears of each operation; null where nobody counts.
  Handler(runtime::Shard& shard, cim::ObjectManager& object_manager, Authenticator& authenticator, Log& log,
          cim::OperationStatistics* statistics = nullptr)
      : shard_(shard),
        object_manager_(object_manager),
        authenticator_(authenticator),
        log_(log),
        statistics_(statistics),
        parsers_(shard.random().next_u64()),
        request_memory_(limits::kRequestMemoryBytesMax, limits::kRequestShareBytes) {}

  runtime::Task<void> handle(const http::RequestHead& head, http::RequestBody& body, http::ResponseWriter& writer,
                             const http::Peer& peer) override;
  /// While true, answers in several pieces that are not complete end at their next piece, as those of a provider that
  /// fails, with SERVER_IS_SHUTTING_DOWN.
  void end_streams(bool ends) { ends_streams_ = ends; }

 private:
  runtime::Task<void> answer(const http::RequestHead& head, http::RequestBody& body, http::ResponseWriter& writer,
                             cim::OperationContext& context);
  /// 503 when the requests of all clients hold too much. Adds the size of the message to `bytes`.
  runtime::Task<Result<RequestMessage, MessageError>> read_request(http::RequestBody& body, MemoryBudget::Share& memory,
                                                                   std::uint64_t& bytes);
  runtime::Task<void> refuse(http::ResponseWriter& writer, std::string prefix, MessageError error,
                             const cim::OperationContext& context);
  runtime::Task<void> carry_out(const RequestMessage& request, ResponseStream& stream, cim::OperationContext& context);

  // One per operation; each ends the stream.
  runtime::Task<void> run(const GetClass& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateClasses& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateClassNames& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const CreateClass& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const ModifyClass& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const DeleteClass& call, const RequestMessage& request, ResponseStream& stream,
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
  runtime::Task<void> run(const GetProperty& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const SetProperty& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const FollowAssociations& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const ExecQuery& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const GetQualifier& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const EnumerateQualifiers& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const SetQualifier& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const DeleteQualifier& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const InvokeMethod& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const OpenEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const PullEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const CloseEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const CountEnumeration& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);
  runtime::Task<void> run(const UnknownOperation& call, const RequestMessage& request, ResponseStream& stream,
                          cim::OperationContext& context);

  /// Ends an answer without results, or with those that are in it already.
  static runtime::Task<void> end(ResponseStream& stream, const Result<void, cim::Error>& outcome);
  static runtime::Task<void> end_pull(ResponseStream& stream, const Result<cim::PullProgress, cim::Error>& progress,
                                      const cim::Class* result_class = nullptr);
  runtime::Task<void> enumerate(const cim::EnumerationRequest& wanted, ObjectForm form, InstanceForm instances,
                                ResponseStream& stream, cim::OperationContext& context);
  static runtime::Task<void> send_classes(const std::vector<cim::PlacedClass>& classes,
                                          const cim::ClassOptions* options, ResponseStream& stream);
  runtime::Task<void> follow_classes(const FollowAssociations& call, const RequestMessage& request,
                                     ResponseStream& stream, cim::OperationContext& context);

  runtime::Shard& shard_;
  cim::ObjectManager& object_manager_;
  Authenticator& authenticator_;
  Log& log_;
  cim::OperationStatistics* statistics_;
  XmlParserPool parsers_;
  MemoryBudget request_memory_;
  EncoderSet encoders_;
  bool ends_streams_ = false;
};

}  // namespace lunaria::wbem::cimxml
