#pragma once

// Outbox: what waits to be delivered, one bounded, durable queue per listener destination, each emptied by a coroutine
// of its own: a listener that is slow or dead holds up nobody else (DSP1054 7.4).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/log.h"
#include "cim/event_keeper.h"
#include "cim/indication/exporter.h"
#include "cim/indication/message_store.h"
#include "cim/instance.h"
#include "cim/operation_context.h"
#include "runtime/alarm.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/shard.h"

namespace lunaria::cim::indication {

/// Messages that wait for one destination, and their bytes: hours of an outage, and little memory.
inline constexpr std::size_t kQueuedMessagesMax = 1024;
inline constexpr std::size_t kQueuedBytesMax = std::size_t{8} << 20;

/// DeliveryRetryAttempts and DeliveryRetryInterval of CIM_IndicationService.
struct RetryPolicy {
  std::uint32_t attempts = 120;
  std::chrono::seconds interval{30};
};

/// What is known of a destination, for those who show it.
struct DestinationStatus {
  std::size_t waiting = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;  ///< given up, withheld, or not taken because the queue was full
  std::optional<runtime::Duration> failing_for;
};

/// Control shard only; what it is given outlives it. close() comes before the destructor.
class Outbox final : public EventKeeper {
 public:
  /// Called when a delivery has failed: the destination, and for how long it has been failing. May remove it.
  using FailureHandler = std::function<void(const std::string& destination, runtime::Duration failing_for)>;

  Outbox(runtime::Shard& shard, MessageStore& store, Exporter& exporter, Log& log);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() override;

  /// Takes over what an earlier run has left; once, before destinations are set. Messages of destinations that are not
  /// set by then go with drop_orphans().
  runtime::Task<Result<void, Error>> load();
  void drop_orphans();

  /// Adds a destination, or gives it another URL. Of what waits, it keeps what `reader` may read: whoever is behind
  /// the URL now may be less than who was when the events happened.
  void set_destination(const std::string& name, std::string url, Role reader);
  /// It is gone, and so are its messages.
  void remove_destination(const std::string& name);
  /// Puts an indication into the queue of a destination; its SequenceContext and SequenceNumber are set here. Never
  /// waits. A full queue does not take it: its number is left out, so that the listener sees the gap. `reader`: the
  /// least that may read it, remembered for as long as it waits.
  void post(const std::string& destination, Instance indication, Role reader);

  bool is_keeping() const override { return !saving_.empty(); }
  runtime::Task<void> kept() override;

  void set_policy(RetryPolicy policy) { policy_ = policy; }
  void on_failure(FailureHandler handler) { on_failure_ = std::move(handler); }
  DestinationStatus status(const std::string& name) const;

  /// Ends deliveries, also those that a listener has not confirmed yet: they stay in the store with what waits, and are
  /// sent again by the next run.
  runtime::Task<void> close();

 private:
  struct Message;
  struct Destination;
  using DestinationPtr = std::shared_ptr<Destination>;

  DestinationPtr find_or_add(const std::string& name);
  runtime::Task<void> save(DestinationPtr destination, std::shared_ptr<Message> message);
  runtime::Task<void> forget(std::string destination, std::int64_t sequence);
  runtime::Task<void> forget_all(std::string destination);
  void wake(const DestinationPtr& destination);
  runtime::Task<void> deliver(DestinationPtr destination);
  runtime::Task<bool> deliver_first(DestinationPtr destination, std::unique_ptr<ExportConnection>& connection);
  void count_failure(const DestinationPtr& destination, const std::shared_ptr<Message>& message,
                     const std::string& reason);
  void withhold(const DestinationPtr& destination, Role reader);
  /// False when it is not in the queue any more.
  bool take_out(Destination& destination, const std::shared_ptr<Message>& message);

  runtime::Shard& shard_;
  MessageStore& store_;
  Exporter& exporter_;
  Log& log_;
  RetryPolicy policy_;
  FailureHandler on_failure_;
  std::map<std::string, DestinationPtr> destinations_;
  runtime::Gate gate_;
  bool is_closing_ = false;
  std::int64_t next_storage_sequence_ = 1;
  std::set<std::int64_t> saving_;  ///< storage sequences on their way to the store
  runtime::Event saved_;           ///< pulses with each that is there
};

}  // namespace lunaria::cim::indication
