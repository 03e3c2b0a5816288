#include "simulation/connection.h"

#include <utility>

#include "runtime/submit.h"

namespace lunaria::simulation {

SimulatedConnection::SimulatedConnection(Board& board, sim::SimShard& shard, ConnectionListener& listener,
                                         sim::Dice& dice, std::size_t initiator, std::uint16_t cid)
    : board_(board), shard_(shard), listener_(listener), dice_(dice), initiator_(initiator), cid_(cid) {}

runtime::Task<bool> SimulatedConnection::live(iscsi::testing::InitiatorOptions options) {
  runtime::ConnectRequest request;
  request.address = kPortal;
  co_await runtime::submit(shard_.network(), request);
  if (request.result != 0 || is_stopped_) {
    co_return false;
  }
  options.cid = cid_;
  has_logged_in_ = false;
  engine_ = std::make_unique<iscsi::testing::Initiator>(std::move(options));
  incoming_.emplace(dice_, board_.recovery, board_.scenario.planted);
  outgoing_.emplace(dice_, board_.recovery);
  login_began_ = board_.ticks.next();
  began_ = shard_.clock().now();
  stream_ = std::move(request.stream);
  engine_->start_login();
  co_await converse();
  stream_->shutdown();
  while (is_sending_) {  // it sees the end at once
    co_await runtime::yield_on(shard_);
  }
  is_logged_in_ = false;
  stream_.reset();
  co_return true;
}

runtime::Task<void> SimulatedConnection::converse() {
  co_await send();
  iscsi::testing::Bytes memory(65536);
  while (!board_.failure) {
    runtime::ReceiveRequest receive;
    receive.memory = memory;
    co_await runtime::submit(*stream_, receive);
    if (receive.result <= 0) {
      break;
    }
    on_bytes(std::span(memory).first(static_cast<std::size_t>(receive.result)));
    co_await send();
  }
}

runtime::Task<void> SimulatedConnection::send() {
  if (is_sending_ || stream_ == nullptr) {
    co_return;
  }
  is_sending_ = true;
  std::function<void(const iscsi::testing::Pdu&, bool)> note;
  if (board_.trace.is_loud()) {
    note = [this](const iscsi::testing::Pdu& pdu, bool passes) { say_pdu(passes ? "->" : "-x", pdu); };
  }
  const auto take = [&] { return outgoing_->pass(engine_->take_output(), board_.loses_pdus, note); };
  for (iscsi::testing::Bytes output = take(); !output.empty(); output = take()) {
    const iovec vector{output.data(), output.size()};
    runtime::SendRequest request;
    request.memory = {&vector, 1};
    co_await runtime::submit(*stream_, request);
    if (request.result < 0) {
      break;
    }
  }
  is_sending_ = false;
}

void SimulatedConnection::say_pdu(std::string_view arrow, const iscsi::testing::Pdu& pdu) {
  board_.trace.say("    " + std::to_string(initiator_) + "." + std::to_string(cid_) + ' ' + std::string(arrow) + ' ' +
                   describe(pdu));
}

void SimulatedConnection::drop(std::string_view why) {
  board_.trace.note(why, {initiator_, cid_});
  shut_down();
}

void SimulatedConnection::shut_down() {
  if (stream_ != nullptr) {
    stream_->shutdown();
  }
}

void SimulatedConnection::stop() {
  is_stopped_ = true;
  shut_down();
}

void SimulatedConnection::on_bytes(std::span<const std::byte> bytes) {
  incoming_->feed(bytes);
  const bool was_logged_in = is_logged_in_;
  receive_all();
  const std::optional<std::string>& violation = engine_->violation() ? engine_->violation() : incoming_->failure();
  if (violation) {
    board_.fail("initiator " + std::to_string(initiator_) + ", not so: " + *violation);
    drop("session.violation");
    return;
  }
  if (incoming_->is_broken()) {
    if (board_.scenario.link.corrupt_per_mille == 0) {
      board_.fail("initiator " + std::to_string(initiator_) + ": a wrong digest on a link that does not corrupt");
    }
    drop("session.wrong_digest");
    return;
  }
  if (engine_->refusal()) {
    listener_.on_refused(*this, *engine_->refusal());
    drop("session.refused");
    return;
  }
  if (is_logged_in_ && !was_logged_in) {
    listener_.on_login(*this);
  }
  if (is_logged_in_) {
    listener_.on_progress(*this);
  }
}

void SimulatedConnection::receive_all() {
  const auto current_data = [this](std::uint32_t tag) { return listener_.current_data(tag); };
  while (const auto pdu = incoming_->next(board_.loses_pdus, current_data)) {
    if (board_.trace.is_loud()) {
      say_pdu("<-", *pdu);
    }
    engine_->receive(*pdu);
    if (engine_->violation()) {
      return;
    }
    if (!is_logged_in_ && engine_->is_logged_in()) {
      on_login();
    }
  }
}

void SimulatedConnection::on_login() {
  is_logged_in_ = has_logged_in_ = true;
  const WireTerms terms{.header_digest = engine_->answers().at("HeaderDigest") == "CRC32C",
                        .data_digest = engine_->answers().at("DataDigest") == "CRC32C",
                        .recovery_level = engine_->recovery_level(),
                        .next_status_sn = engine_->next_status_sn(),
                        .loss_per_mille = board_.scenario.initiators[initiator_].loss_per_mille};
  incoming_->begin(terms);
  outgoing_->begin(terms);
}

}  // namespace lunaria::simulation
