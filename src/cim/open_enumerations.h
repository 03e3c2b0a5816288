#pragma once

// OpenEnumerations: the pulled enumerations of DSP0200 5.4.2. Each is a coroutine that produces into whatever Pull is
// at work, and is suspended between two Pulls: nothing is made before somebody wants it, and nothing is kept but one
// object, which is looked at ahead so that EndOfSequence comes with the last object and not one Pull later. See
// docs/decisions for why coroutines, and not cursors or stored results.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cim/enumeration_request.h"
#include "cim/enumerator.h"
#include "cim/error.h"
#include "cim/instance_sink.h"
#include "cim/operation_context.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// What the results of an enumeration are, as far as the Pull operations tell them apart.
enum class PullContent : std::uint8_t {
  kInstancesWithPath,  ///< PullInstancesWithPath
  kPaths,              ///< PullInstancePaths
  kInstances,          ///< PullInstances, for queries
};
PullContent pull_content(EnumerationRequest::Kind kind);

/// Parameters of the Open operations that are common to them.
struct OpenOptions {
  std::optional<std::uint32_t>
      operation_timeout_s{};  ///< between two Pulls; limits::kOperationTimeoutDefaultS when none
  bool continue_on_error = false;
  std::uint32_t object_count_max = 0;  ///< in the answer to the Open itself
};

/// What Open and Pull answer beside the objects.
struct PullProgress {
  std::string context;  ///< "" at the end of the sequence
  bool end_of_sequence = false;
};

/// Lives on the control shard. close_all() must have completed before it is destroyed.
class OpenEnumerations final {
 public:
  struct Limits {
    std::size_t open_max;
    std::size_t open_per_principal_max;
  };
  static Limits default_limits();

  OpenEnumerations(runtime::Shard& shard, const Enumerator& enumerator, Limits limits = default_limits());
  OpenEnumerations(const OpenEnumerations&) = delete;
  OpenEnumerations& operator=(const OpenEnumerations&) = delete;
  ~OpenEnumerations();

  /// Begins an enumeration and puts its first objects into the sink. Beside what Enumerator::produce() answers:
  /// INVALID_OPERATION_TIMEOUT for one of 0 (never) or longer than limits::kOperationTimeoutMaxS,
  /// SERVER_LIMITS_EXCEEDED when too many are open, SERVER_IS_SHUTTING_DOWN.
  runtime::Task<Result<PullProgress, Error>> open(const OperationContext& context, EnumerationRequest request,
                                                  OpenOptions options, InstanceSink& sink);
  /// At most `object_count_max` more objects. INVALID_ENUMERATION_CONTEXT for a context that is not there (closed,
  /// ended, expired), of another user, namespace or content, or one with a Pull at work.
  /// PULL_HAS_BEEN_ABANDONED when it was closed meanwhile. Another error ends the enumeration, unless it was opened
  /// with ContinueOnError.
  runtime::Task<Result<PullProgress, Error>> pull(const OperationContext& context, const NamespaceName& name_space,
                                                  PullContent content, std::string_view id,
                                                  std::uint32_t object_count_max, InstanceSink& sink);
  /// What an open enumeration lists; null where pull() would answer INVALID_ENUMERATION_CONTEXT. Valid until the next
  /// call.
  const EnumerationRequest* request_of(const OperationContext& context, const NamespaceName& name_space,
                                       std::string_view id);
  /// Ends an enumeration; a Pull at work is abandoned.
  Result<void, Error> close(const OperationContext& context, const NamespaceName& name_space, std::string_view id);
  /// How many objects are left, by enumerating their names: others may come and go meanwhile.
  runtime::Task<Result<std::uint64_t, Error>> count(const OperationContext& context, const NamespaceName& name_space,
                                                    std::string_view id);

  std::size_t size() const { return sessions_.size(); }
  /// No more Opens; ends all that are open and waits for their providers to come back.
  runtime::Task<void> close_all();

 private:
  class Session;

  Session* find(const OperationContext& context, const NamespaceName& name_space, std::string_view id);
  runtime::Task<void> run(std::unique_ptr<Session> owned);
  runtime::Task<Result<PullProgress, Error>> take(Session& session, std::uint32_t object_count_max);
  void drop(Session& session);
  std::string new_id();

  runtime::Shard& shard_;
  const Enumerator& enumerator_;
  Limits limits_;
  std::map<std::string, Session*, std::less<>> sessions_;  // those that a Pull can find; run() owns them
  std::map<std::string, std::size_t, std::less<>> per_principal_;
  runtime::Gate gate_;
};

}  // namespace lunaria::cim
