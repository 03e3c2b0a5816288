#include "cim/indication/outbox.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cim/datetime.h"

namespace lunaria::cim::indication {

struct Outbox::Message {
  std::int64_t storage_sequence = 0;
  std::string body;
  Role reader = Role::kAdministrator;  ///< the least that may read it
  std::uint32_t failures = 0;
  bool is_saved = false;
};

struct Outbox::Destination {
  Destination(runtime::Shard& shard, std::string given_name) : name(std::move(given_name)), alarm(shard) {}

  /// Ends the wait between two tries, or for the listener's answer.
  void interrupt() {
    alarm.ring();
    if (sending != nullptr) {
      sending->cancel();
    }
  }

  std::string name;
  std::string url;  ///< "" until the destination is known
  std::string context;
  std::int64_t next_number = 0;
  std::deque<std::shared_ptr<Message>> queue;
  std::size_t queued_bytes = 0;
  bool is_delivering = false;
  bool is_removed = false;
  bool is_full = false;  ///< said so in the log
  std::optional<runtime::Instant> failing_since;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  ExportConnection* sending = nullptr;  ///< while a message is on its way
  runtime::Alarm alarm;                 ///< deliver() waits with it between two tries
};

Outbox::Outbox(runtime::Shard& shard, MessageStore& store, Exporter& exporter, Log& log)
    : shard_(shard), store_(store), exporter_(exporter), log_(log) {}

Outbox::~Outbox() = default;

Outbox::DestinationPtr Outbox::find_or_add(const std::string& name) {
  DestinationPtr& destination = destinations_[name];
  if (destination == nullptr) {
    destination = std::make_shared<Destination>(shard_, name);
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(shard_.clock().wall_time());
    destination->context = "Lunaria:" + name + '#' + DateTime::timestamp(now).to_string();
  }
  return destination;
}

runtime::Task<Result<void, Error>> Outbox::load() {
  auto messages = co_await store_.load_messages();
  if (!messages) {
    co_return fail(messages.error());
  }
  for (StoredMessage& stored : *messages) {
    const DestinationPtr destination = find_or_add(stored.destination);
    auto message = std::make_shared<Message>();
    message->storage_sequence = stored.sequence;
    message->body = std::move(stored.body);
    message->reader = stored.reader;
    message->is_saved = true;
    destination->queued_bytes += message->body.size();
    destination->queue.push_back(std::move(message));
    next_storage_sequence_ = std::max(next_storage_sequence_, stored.sequence + 1);
  }
  co_return Result<void, Error>();
}

void Outbox::drop_orphans() {
  std::vector<std::string> orphans;
  for (const auto& [name, destination] : destinations_) {
    if (destination->url.empty()) {
      orphans.push_back(name);
    }
  }
  for (const std::string& name : orphans) {
    remove_destination(name);
  }
}

void Outbox::set_destination(const std::string& name, std::string url, Role reader) {
  const DestinationPtr destination = find_or_add(name);
  withhold(destination, reader);
  if (destination->url == url) {
    return;
  }
  destination->url = std::move(url);
  if (destination->is_delivering) {
    destination->alarm.ring();  // the new one may work at once
  }
  wake(destination);
}

void Outbox::withhold(const DestinationPtr& destination, Role reader) {
  std::size_t count = 0;
  std::erase_if(destination->queue, [&](const std::shared_ptr<Message>& message) {
    const bool goes = message->reader > reader;
    if (goes) {
      ++count;
      destination->queued_bytes -= message->body.size();
      spawn(gate_, forget(destination->name, message->storage_sequence));
    }
    return goes;
  });
  if (count > 0) {
    destination->lost += count;
    log_.warning("indication.withheld",
                 {{"destination", destination->name}, {"messages", count}, {"reader", to_string(reader)}});
  }
}

void Outbox::remove_destination(const std::string& name) {
  const auto found = destinations_.find(name);
  if (found == destinations_.end()) {
    return;
  }
  const DestinationPtr destination = found->second;
  destinations_.erase(found);
  destination->is_removed = true;
  destination->queue.clear();
  destination->interrupt();
  spawn(gate_, forget_all(name));
}

void Outbox::post(const std::string& name, Instance indication, Role reader) {
  const auto found = destinations_.find(name);
  if (found == destinations_.end() || is_closing_) {
    return;
  }
  const DestinationPtr destination = found->second;
  const std::int64_t number = destination->next_number++;
  (void)indication.set("SequenceContext", Value(destination->context));
  (void)indication.set("SequenceNumber", Value(number));
  std::string body = exporter_.encode(indication, std::to_string(next_storage_sequence_));
  if (destination->queue.size() >= kQueuedMessagesMax || destination->queued_bytes + body.size() > kQueuedBytesMax) {
    ++destination->lost;
    if (!std::exchange(destination->is_full, true)) {
      log_.warning("indication.queue_full", {{"destination", name}, {"waiting", destination->queue.size()}});
    }
    return;
  }
  destination->is_full = false;
  auto message = std::make_shared<Message>();
  message->storage_sequence = next_storage_sequence_++;
  message->body = std::move(body);
  message->reader = reader;
  destination->queued_bytes += message->body.size();
  destination->queue.push_back(message);
  saving_.insert(message->storage_sequence);
  spawn(gate_, save(destination, std::move(message)));
}

/// Before anything is sent, so that nothing is lost with the power; what is saved while another save is under way
/// shares its transaction.
runtime::Task<void> Outbox::save(DestinationPtr destination, std::shared_ptr<Message> message) {
  const auto saved =
      co_await store_.push_message({destination->name, message->storage_sequence, message->body, message->reader});
  if (!saved) {
    log_.error("indication.not_saved", {{"destination", destination->name}, {"reason", saved.error().message}});
  }
  message->is_saved = true;
  wake(destination);
  saving_.erase(message->storage_sequence);
  saved_.pulse();
}

runtime::Task<void> Outbox::kept() {
  const std::int64_t later = next_storage_sequence_;
  while (!saving_.empty() && *saving_.begin() < later) {
    co_await saved_.wait();
  }
}

runtime::Task<void> Outbox::forget(std::string destination, std::int64_t sequence) {
  const auto removed = co_await store_.remove_message(destination, sequence);
  if (!removed) {
    log_.error("indication.not_removed", {{"destination", destination}, {"reason", removed.error().message}});
  }
}

runtime::Task<void> Outbox::forget_all(std::string destination) {
  const auto removed = co_await store_.remove_messages(destination);
  if (!removed) {
    log_.error("indication.not_removed", {{"destination", destination}, {"reason", removed.error().message}});
  }
}

void Outbox::wake(const DestinationPtr& destination) {
  if (destination->is_delivering || destination->is_removed || is_closing_ || destination->url.empty() ||
      destination->queue.empty() || !destination->queue.front()->is_saved) {
    return;
  }
  destination->is_delivering = true;
  if (!spawn(gate_, deliver(destination))) {
    destination->is_delivering = false;
  }
}

runtime::Task<void> Outbox::deliver(DestinationPtr destination) {
  std::unique_ptr<ExportConnection> connection;
  std::string url;
  while (!destination->is_removed && !is_closing_ && !destination->queue.empty() &&
         destination->queue.front()->is_saved) {
    if (connection != nullptr && url != destination->url) {
      co_await connection->close();
      connection.reset();
    }
    if (connection == nullptr) {
      url = destination->url;
      connection = exporter_.connect(url);
    }
    const bool delivered = co_await deliver_first(destination, connection);
    if (!delivered && !destination->is_removed && !is_closing_) {
      co_await destination->alarm.wait(policy_.interval);
    }
  }
  if (connection != nullptr) {
    co_await connection->close();
  }
  destination->is_delivering = false;
  wake(destination);  // what came during the close
}

runtime::Task<bool> Outbox::deliver_first(DestinationPtr destination, std::unique_ptr<ExportConnection>& connection) {
  const std::shared_ptr<Message> message = destination->queue.front();
  destination->sending = connection.get();
  const auto sent = co_await connection->send(message->body);
  destination->sending = nullptr;
  if (sent && !destination->is_removed) {
    if (destination->failing_since) {
      log_.info("indication.destination_answers", {{"destination", destination->name}});
    }
    destination->failing_since.reset();
    ++destination->delivered;
    // It may have been withheld meanwhile: whoever was behind the URL has it now.
    if (take_out(*destination, message) && !spawn(gate_, forget(destination->name, message->storage_sequence))) {
      co_await forget(destination->name, message->storage_sequence);
    }
  }
  if (!sent) {
    co_await connection->close();
    connection.reset();
    if (!destination->is_removed && !is_closing_) {
      count_failure(destination, message, sent.error());
    }
  }
  co_return sent.has_value();
}

void Outbox::count_failure(const DestinationPtr& destination, const std::shared_ptr<Message>& message,
                           const std::string& reason) {
  const runtime::Instant now = shard_.clock().now();
  if (!destination->failing_since) {
    destination->failing_since = now;
    log_.warning("indication.not_delivered",
                 {{"destination", destination->name}, {"url", destination->url}, {"reason", reason}});
  }
  if (++message->failures > policy_.attempts && take_out(*destination, message)) {
    log_.error("indication.lost", {{"destination", destination->name}, {"attempts", message->failures}});
    ++destination->lost;
    spawn(gate_, forget(destination->name, message->storage_sequence));
  }
  if (on_failure_ != nullptr) {
    on_failure_(destination->name, now - *destination->failing_since);
  }
}

bool Outbox::take_out(Destination& destination, const std::shared_ptr<Message>& message) {
  if (destination.queue.empty() || destination.queue.front() != message) {
    return false;
  }
  destination.queued_bytes -= message->body.size();
  destination.queue.pop_front();
  return true;
}

DestinationStatus Outbox::status(const std::string& name) const {
  const auto found = destinations_.find(name);
  if (found == destinations_.end()) {
    return {};
  }
  const Destination& destination = *found->second;
  DestinationStatus status{destination.queue.size(), destination.delivered, destination.lost, std::nullopt};
  if (destination.failing_since) {
    status.failing_for = shard_.clock().now() - *destination.failing_since;
  }
  return status;
}

runtime::Task<void> Outbox::close() {
  is_closing_ = true;
  // A listener that takes connections and never answers must not hold up the end.
  for (const auto& [name, destination] : destinations_) {
    destination->interrupt();
  }
  gate_.close();
  co_await gate_.drained();
}

}  // namespace lunaria::cim::indication
