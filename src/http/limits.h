#pragma once

// Every bound of the http folder, with its reason.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lunaria::http {

/// Longest request line: RFC 9112 3 recommends that at least 8,000 octets are taken.
inline constexpr std::size_t kRequestLineMax = 8 * 1024;
/// Longest field line: a Kerberos token with many group memberships comes close to 16 KiB.
inline constexpr std::size_t kFieldLineMax = 16 * 1024;
/// Request or status line and all fields of one message.
inline constexpr std::size_t kHeadBytesMax = 40 * 1024;
inline constexpr std::size_t kFieldCountMax = 100;
/// Empty lines before a request line: some clients end a body with an extra one (RFC 9112 2.2).
inline constexpr std::size_t kLeadingEmptyLinesMax = 2;
static_assert(kRequestLineMax + kFieldLineMax < kHeadBytesMax);

/// A chunk's extensions: nobody uses them, and they cost the receiver more than the sender.
inline constexpr std::size_t kChunkExtensionMax = 64;
/// A chunk header, or the trailers of a message, while they are incomplete.
inline constexpr std::size_t kChunkMetadataMax = 4 * 1024;

/// Request body, unless the handler sets another limit for its request.
inline constexpr std::uint64_t kBodyBytesDefault = 1024 * 1024;
/// A body that the handler did not read is read and dropped up to this size, so that the connection can go on.
inline constexpr std::uint64_t kBodyDrainMax = 64 * 1024;

/// Receive buffer of a connection between requests: takes a usual request whole. An idle connection costs little more.
inline constexpr std::size_t kIdleReceiveBytes = 2 * 1024;
/// Receive buffer while a body arrives.
inline constexpr std::size_t kReceiveBytes = 16 * 1024;
/// Response bytes collected before they are sent.
inline constexpr std::size_t kFlushBytes = 32 * 1024;
/// Largest piece of a response that is sent at once: bounds what a slow client pins, and a shard's time per turn.
inline constexpr std::size_t kSendPieceMax = 64 * 1024;
static_assert(kFlushBytes <= kSendPieceMax);
static_assert(kReceiveBytes > kChunkMetadataMax);

// Time. Every wait for a peer has a deadline.
/// From the connection's start, or the first byte of a later request, until the request's head is complete.
inline constexpr std::chrono::seconds kHeadTimeout{15};
/// Between requests.
inline constexpr std::chrono::seconds kIdleTimeout{75};
/// Bodies, both ways: time in hand at the start, and the least rate after that.
inline constexpr std::chrono::seconds kTransferGrace{20};
inline constexpr std::uint64_t kTransferRateMin = 1024;  // bytes a second
/// One piece of a response that does not move at all.
inline constexpr std::chrono::seconds kLingerTimeout{2};
/// Bytes read and dropped after the last response, so that the peer sees it instead of a reset (RFC 9112 9.6).
inline constexpr std::size_t kLingerBytesMax = 256 * 1024;

/// Connections, over all TCP listeners; of one peer address; over all Unix sockets (counted apart, so that a local
/// administrator gets in when the network is full).
inline constexpr std::size_t kConnectionsMax = 1024;
inline constexpr std::size_t kConnectionsPerPeerMax = 512;
inline constexpr std::size_t kUnixConnectionsMax = 64;

/// Credentials in an Authorization field, decoded.
inline constexpr std::size_t kBasicUserMax = 256;
inline constexpr std::size_t kBasicPasswordMax = 1024;
/// The token of the Negotiate scheme, decoded and in base64: what a field line holds. A ticket with the group
/// memberships of a usual account (MS-PAC) takes 2 to 6 KiB.
inline constexpr std::size_t kNegotiateTokenMax = 12'000;
inline constexpr std::size_t kNegotiateTextMax = (kNegotiateTokenMax + 2) / 3 * 4;
static_assert(kNegotiateTextMax + 64 < kFieldLineMax);

/// Response heads and bodies that the client engine takes, unless its user sets another body limit.
inline constexpr std::uint64_t kClientBodyBytesDefault = 64 * 1024 * 1024;
inline constexpr std::size_t kInterimResponsesMax = 16;

}  // namespace lunaria::http
