#pragma once

// Channel: moves the plaintext of one connection over a stream, through TLS where there is any, with a deadline on
// every wait. Internal to this folder; lives on the stream's shard.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "runtime/event.h"
#include "runtime/network.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/tls.h"

namespace lunaria::http::internal {

/// close() must have completed before it is destroyed.
class Channel final {
 public:
  Channel(runtime::Shard& shard, std::unique_ptr<runtime::Stream> stream, std::optional<security::TlsEngine> tls);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  enum class Outcome : std::uint8_t { kBytes, kEnd, kTimeout, kFailed };
  struct Received {
    Outcome outcome = Outcome::kFailed;
    std::size_t size = 0;
  };

  /// For clients, before the first send(): completes the TLS handshake; kBytes when it is done, or when there is none.
  runtime::Task<Outcome> shake_hands(runtime::Instant deadline);
  /// Some plaintext. `memory` must stay in place until close() has completed: after kTimeout the receive is still under
  /// way, and nothing but send() and close() may follow.
  runtime::Task<Received> receive(std::span<std::byte> memory, runtime::Instant deadline);
  /// All of it; at most a few pieces of bounded size. False when the peer has gone or did not take them in time: then
  /// the stream is shut down.
  runtime::Task<bool> send(std::span<const std::span<const std::byte>> pieces);
  /// Where TLS does not forbid it, tells the peer that nothing more comes. Nothing may be sent afterwards.
  void end_output();
  /// Cuts the connection: what is under way ends soon.
  void cut();
  bool is_cut() const { return cut_; }
  /// Ends TLS properly where that needs no waiting, cuts, and waits for what is under way.
  runtime::Task<void> close();

  bool receive_pending() const { return receive_.pending; }
  const runtime::Stream& stream() const { return *stream_; }
  const security::TlsEngine* tls() const { return tls_ ? &*tls_ : nullptr; }
  /// Why TLS has failed; empty when it has not.
  const std::string& tls_failure() const { return tls_failure_; }
  /// Frees buffers that only busy connections need.
  void rest();

 private:
  struct Receive : runtime::ReceiveRequest {
    Channel* channel = nullptr;
    bool pending = false;
  };
  struct Send : runtime::SendRequest {
    Channel* channel = nullptr;
    bool pending = false;
  };
  struct Deadline : runtime::Timer {
    Channel* channel = nullptr;
  };

  /// Gives the TLS engine the next bytes from the stream; kBytes also at the stream's end, which the engine judges.
  runtime::Task<Outcome> receive_ciphertext(runtime::Instant deadline);
  runtime::Task<Received> receive_raw(std::span<std::byte> memory, runtime::Instant deadline);
  runtime::Task<bool> send_raw(std::span<const iovec> memory, std::size_t size);
  runtime::Task<bool> send_ciphertext();
  void start_deadline(runtime::Instant deadline);

  runtime::Shard& shard_;
  std::unique_ptr<runtime::Stream> stream_;
  std::optional<security::TlsEngine> tls_;
  std::string tls_failure_;
  std::unique_ptr<std::byte[]> ciphertext_;
  std::size_t ciphertext_capacity_ = 0;
  bool ciphertext_was_full_ = false;
  bool cut_ = false;
  Receive receive_;
  Send send_;
  Deadline deadline_;
  runtime::Event receive_progress_;  // done, or too late
  runtime::Event send_progress_;
};

}  // namespace lunaria::http::internal
