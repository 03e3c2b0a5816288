#pragma once

// Bounds of the CIM-XML codec: what one message may cost, whoever sent it.

#include <cstddef>

namespace lunaria::wbem::cimxml::limits {

/// Elements inside each other. A key that is a reference takes about six levels, and references may nest.
inline constexpr std::size_t kDepthMax = 64;
/// Embedded objects inside embedded objects: each is a document of its own in the text of the outer one.
inline constexpr std::size_t kEmbeddingMax = 4;
inline constexpr std::size_t kElementsMax = 500'000;
inline constexpr std::size_t kAttributesMax = 16;
// Lists whose names are compared with each other, so that their cost grows with the square of their length.
/// Keys of an INSTANCENAME: the largest in DMTF's schema has eight.
inline constexpr std::size_t kKeysMax = 64;
/// Properties of an INSTANCE: no class of a known schema has a quarter of that.
inline constexpr std::size_t kPropertiesMax = 1024;
/// Parameters of a METHODCALL.
inline constexpr std::size_t kMethodParametersMax = 256;
/// Names in a PropertyList: repeated ones are allowed, but no class has more properties.
inline constexpr std::size_t kPropertyListMax = 4096;
/// Bytes of a request. A PropertyList or an instance with arrays stays far below.
inline constexpr std::size_t kRequestBytesMax = std::size_t{8} << 20;
/// Bytes that the tree of a request may take in memory.
inline constexpr std::size_t kTreeBytesMax = std::size_t{48} << 20;
/// Bytes that all requests together may hold, beside the first kRequestShareBytes of each.
inline constexpr std::size_t kRequestMemoryBytesMax = std::size_t{256} << 20;
inline constexpr std::size_t kRequestShareBytes = std::size_t{128} << 10;
/// Bytes of a response that a client takes, and of the tree that it makes of it: some 100,000 instances.
inline constexpr std::size_t kResponseBytesMax = std::size_t{512} << 20;
inline constexpr std::size_t kResponseTreeBytesMax = std::size_t{2} << 30;
inline constexpr std::size_t kResponseElementsMax = 20'000'000;
/// First piece of a tree's memory: what a GetInstance or an InvokeMethod takes.
inline constexpr std::size_t kArenaFirstBytes = 4096;
/// Parsers kept for later requests, and what one may have read to be kept: its buffers are of that size at most.
inline constexpr std::size_t kIdleParsersMax = 16;
inline constexpr std::size_t kIdleParserBytesMax = std::size_t{64} << 10;
/// Classes whose tags an encoder keeps at hand.
inline constexpr std::size_t kEncodedClassesMax = 32;
/// First piece of an answer's text: most answers need no second.
inline constexpr std::size_t kTextFirstBytes = 4096;
/// What an enumeration gathers before a piece of the answer goes out.
inline constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

static_assert(kPieceBytes < kRequestBytesMax);

}  // namespace lunaria::wbem::cimxml::limits
