#include "cim/open_enumerations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cim/limits.h"
#include "runtime/event.h"
#include "runtime/random.h"

namespace lunaria::cim {
namespace {

Error invalid_context() {
  return Error(Status::kInvalidEnumerationContext, "no such enumeration is open: it ended, was closed or timed out");
}

Error invalid_timeout() {
  return Error(Status::kInvalidOperationTimeout,
               fmt::format("OperationTimeout takes 1 to {} seconds", limits::kOperationTimeoutMaxS));
}

/// Counts what it is given.
class CountingSink final : public InstanceSink {
 public:
  Delivery deliver(Instance&& /*instance*/) override {
    ++count_;
    return Delivery::kGoOn;
  }
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace

PullContent pull_content(EnumerationRequest::Kind kind) {
  switch (kind) {
    case EnumerationRequest::Kind::kInstanceNames:
    case EnumerationRequest::Kind::kAssociatorNames:
    case EnumerationRequest::Kind::kReferenceNames:
      return PullContent::kPaths;
    case EnumerationRequest::Kind::kQuery:
      return PullContent::kInstances;
    case EnumerationRequest::Kind::kInstances:
    case EnumerationRequest::Kind::kAssociators:
    case EnumerationRequest::Kind::kReferences:
      break;
  }
  return PullContent::kInstancesWithPath;
}

/// One open enumeration: the sink between its producer and the Pull at work.
class OpenEnumerations::Session final : public InstanceSink, public EnumerationErrors {
 public:
  /// Fires when nobody has pulled for too long.
  struct Expiry final : runtime::Timer {
    OpenEnumerations* table = nullptr;
    Session* session = nullptr;
  };

  Session(OpenEnumerations& table, const OperationContext& opener, EnumerationRequest&& opened, OpenOptions options)
      : context(opener), request(std::move(opened)), continue_on_error(options.continue_on_error) {
    context.deadline.reset();  // was that of the request that opened it
    timeout = std::chrono::seconds(options.operation_timeout_s.value_or(limits::kOperationTimeoutDefaultS));
    expiry.table = &table;
    expiry.session = this;
    expiry.on_complete([](runtime::Operation& operation) noexcept {
      auto& fired = static_cast<Expiry&>(operation);
      fired.table->drop(*fired.session);
    });
  }

  // The producer's side.

  Delivery deliver(Instance&& instance) override {
    if (is_abandoned) {
      return Delivery::kGone;
    }
    if (receiver == nullptr || room == 0) {
      held = std::move(instance);
      return Delivery::kWait;
    }
    --room;
    ++delivered;
    const Delivery delivery = receiver->deliver(std::move(instance));
    is_abandoned = is_abandoned || delivery == Delivery::kGone;
    return delivery;
  }

  runtime::Task<bool> ready() override {
    if (held) {
      co_await wait_for_pull();
      co_return !is_abandoned;
    }
    const bool is_there = co_await receiver->ready();
    is_abandoned = is_abandoned || !is_there;
    co_return is_there;
  }

  runtime::Task<bool> failed(const Error& provider_error) override {
    error = provider_error;
    co_await wait_for_pull();
    co_return !is_abandoned;
  }

  /// Ends the Pull at work, and waits for the next one or for the end.
  runtime::Task<void> wait_for_pull() {
    go_on.reset();
    stopped.set();  // the Pull may finish, and even the next one begin, before this returns
    co_await go_on.wait();
  }

  // The Pull's side.

  bool is_at_end() const { return is_finished && !held && !error; }

  OperationContext context;
  const EnumerationRequest request;
  std::string id;
  const bool continue_on_error;
  runtime::Duration timeout{};
  Expiry expiry;

  InstanceSink* receiver = nullptr;  // of the Pull at work
  std::uint32_t room = 0;
  std::optional<Instance> held;
  std::optional<Error> error;
  std::uint64_t delivered = 0;
  bool is_finished = false;   // the producer has returned
  bool is_abandoned = false;  // nobody wants more
  runtime::Event stopped;     // the producer waits, or has returned
  runtime::Event go_on;       // to the producer
  runtime::Event dropped;     // out of the table: run() may destroy it
};

OpenEnumerations::Limits OpenEnumerations::default_limits() {
  return {limits::kOpenEnumerationsMax, limits::kOpenEnumerationsPerPrincipalMax};
}

OpenEnumerations::OpenEnumerations(runtime::Shard& shard, const Enumerator& enumerator, Limits limits)
    : shard_(shard), enumerator_(enumerator), limits_(limits) {}

OpenEnumerations::~OpenEnumerations() {
  check(sessions_.empty() && gate_.count() == 0, "open enumerations are closed before they go");
}

std::string OpenEnumerations::new_id() {
  runtime::Random& random = shard_.random();
  return fmt::format("{:016x}{:016x}", random.next_u64(), random.next_u64());  // nobody guesses another's
}

runtime::Task<void> OpenEnumerations::run(std::unique_ptr<Session> owned) {
  Session& session = *owned;
  const auto outcome = co_await enumerator_.produce(session.context, session.request, session,
                                                    session.continue_on_error ? &session : nullptr);
  session.is_finished = true;
  if (!outcome && !session.is_abandoned) {
    session.error = outcome.error();
  }
  session.stopped.set();
  co_await session.dropped.wait();
}

// Frees the session when its producer has returned: not to be touched afterwards.
void OpenEnumerations::drop(Session& session) {
  sessions_.erase(session.id);
  const auto principal = per_principal_.find(session.context.principal);
  if (--principal->second == 0) {
    per_principal_.erase(principal);
  }
  shard_.cancel(session.expiry);
  session.is_abandoned = true;
  session.context.is_cancelled = true;
  session.receiver = nullptr;
  session.held.reset();
  session.go_on.set();
  session.dropped.set();
}

runtime::Task<Result<PullProgress, Error>> OpenEnumerations::open(const OperationContext& context,
                                                                  EnumerationRequest request, OpenOptions options,
                                                                  InstanceSink& sink) {
  const std::uint32_t timeout_s = options.operation_timeout_s.value_or(limits::kOperationTimeoutDefaultS);
  if (timeout_s == 0 || timeout_s > limits::kOperationTimeoutMaxS) {
    co_return fail(invalid_timeout());
  }
  if (gate_.is_closed()) {
    co_return fail(Error(Status::kServerIsShuttingDown, "the object manager is stopping"));
  }
  std::size_t& of_principal = per_principal_[context.principal];
  if (sessions_.size() >= limits_.open_max || of_principal >= limits_.open_per_principal_max) {
    if (of_principal == 0) {
      per_principal_.erase(context.principal);
    }
    co_return fail(Error(Status::kServerLimitsExceeded, "too many enumerations are open; close or finish some"));
  }
  ++of_principal;
  auto owned = std::make_unique<Session>(*this, context, std::move(request), options);
  Session& session = *owned;
  session.id = new_id();
  sessions_.emplace(session.id, &session);
  session.receiver = &sink;
  session.room = options.object_count_max;
  check(runtime::spawn(gate_, run(std::move(owned))), "the gate is open");
  auto progress = co_await take(session, options.object_count_max);
  co_return progress;
}

// Whoever has lost rights since has lost what was opened with them.
OpenEnumerations::Session* OpenEnumerations::find(const OperationContext& context, const NamespaceName& name_space,
                                                  std::string_view id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->context.principal != context.principal ||
      context.role < found->second->context.role || !(found->second->request.name_space == name_space)) {
    return nullptr;
  }
  return found->second;
}

const EnumerationRequest* OpenEnumerations::request_of(const OperationContext& context, const NamespaceName& name_space,
                                                       std::string_view id) {
  const Session* const session = find(context, name_space, id);
  return session == nullptr ? nullptr : &session->request;
}

runtime::Task<Result<PullProgress, Error>> OpenEnumerations::pull(const OperationContext& context,
                                                                  const NamespaceName& name_space, PullContent content,
                                                                  std::string_view id, std::uint32_t object_count_max,
                                                                  InstanceSink& sink) {
  Session* const session = find(context, name_space, id);
  if (session == nullptr || session->receiver != nullptr || session->is_abandoned ||
      pull_content(session->request.kind) != content) {
    co_return fail(invalid_context());
  }
  shard_.cancel(session->expiry);
  session->context.meter = context.meter;
  session->receiver = &sink;
  session->room = object_count_max;
  if (session->held && session->room > 0) {
    --session->room;
    ++session->delivered;
    bool is_there = true;
    const InstanceSink::Delivery delivery = sink.deliver(*std::exchange(session->held, std::nullopt));
    if (delivery == InstanceSink::Delivery::kWait) {
      is_there = co_await sink.ready();
    }
    session->is_abandoned = session->is_abandoned || !is_there || delivery == InstanceSink::Delivery::kGone;
  }
  if (!session->held && !session->error && !session->is_finished) {
    session->stopped.reset();
    session->go_on.set();
  }
  auto progress = co_await take(*session, object_count_max);
  co_return progress;
}

// The rest of a Pull: waits until the producer has filled it, and looks at how it stands then.
runtime::Task<Result<PullProgress, Error>> OpenEnumerations::take(Session& session, std::uint32_t object_count_max) {
  co_await session.stopped.wait();
  session.context.meter = nullptr;  // it is that of the operation that ends now
  session.receiver = nullptr;
  const bool has_delivered = session.room < object_count_max;
  session.room = 0;
  if (session.is_abandoned) {
    drop(session);
    co_return fail(Error(Status::kPullHasBeenAbandoned, "the enumeration was closed"));
  }
  // Objects that are in the answer already are not thrown away for an error: it waits for the next Pull.
  if (session.error && !has_delivered) {
    const Error error = *std::exchange(session.error, std::nullopt);
    if (session.is_finished) {
      drop(session);
    } else {
      shard_.start(session.expiry, session.timeout);
    }
    co_return fail(error);
  }
  if (session.is_at_end()) {
    drop(session);
    co_return PullProgress{.context = {}, .end_of_sequence = true};
  }
  shard_.start(session.expiry, session.timeout);
  co_return PullProgress{.context = session.id, .end_of_sequence = false};
}

Result<void, Error> OpenEnumerations::close(const OperationContext& context, const NamespaceName& name_space,
                                            std::string_view id) {
  Session* const session = find(context, name_space, id);
  if (session == nullptr || session->is_abandoned) {
    return fail(invalid_context());
  }
  if (session->receiver != nullptr) {
    session->is_abandoned = true;  // the Pull at work drops it, once its producer has noticed
    session->context.is_cancelled = true;
    return {};
  }
  drop(*session);
  return {};
}

runtime::Task<Result<std::uint64_t, Error>> OpenEnumerations::count(const OperationContext& context,
                                                                    const NamespaceName& name_space,
                                                                    std::string_view id) {
  const Session* const session = find(context, name_space, id);
  if (session == nullptr || session->is_abandoned) {
    co_return fail(invalid_context());
  }
  const EnumerationRequest request = session->request;
  const std::uint64_t delivered = session->delivered;
  CountingSink counted;
  const auto outcome = co_await enumerator_.produce(context, request, counted, nullptr);
  if (!outcome) {
    co_return fail(outcome.error());
  }
  co_return counted.count() - std::min(counted.count(), delivered);
}

runtime::Task<void> OpenEnumerations::close_all() {
  gate_.close();
  std::vector<std::string> ids;
  for (const auto& [id, session] : sessions_) {
    ids.push_back(id);
  }
  for (const std::string& id : ids) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      continue;
    }
    if (found->second->receiver != nullptr) {
      found->second->is_abandoned = true;
      found->second->context.is_cancelled = true;
    } else {
      drop(*found->second);
    }
  }
  co_await gate_.drained();
}

}  // namespace lunaria::cim
