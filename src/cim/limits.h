#pragma once

// Bounds of the CIM core, each with its reason. Protocols have limits of their own on what they read.

#include <cstddef>
#include <cstdint>
#include <limits>

namespace lunaria::cim::limits {

/// Properties or methods of one class, inherited ones included: far beyond any schema; indexes are 16 bits.
inline constexpr std::size_t kClassElementsMax = 4096;
static_assert(kClassElementsMax <= std::numeric_limits<std::uint16_t>::max());
/// Levels of inheritance: DMTF's deepest has about ten; loops that walk up are bounded by it.
inline constexpr std::size_t kInheritanceDepthMax = 64;
/// Length of a class, element, qualifier or parameter name, in bytes.
inline constexpr std::size_t kNameBytesMax = 256;
/// Values embedded in values: deeper ones are refused before they are walked by recursion.
inline constexpr std::size_t kEmbeddingDepthMax = 16;

/// Results of an Associators operation that are remembered so that none is listed twice: some 20 MiB of names at worst.
inline constexpr std::size_t kDistinctObjectsMax = 100'000;

/// Pulled enumerations that are open at once: each is a few suspended frames and what its provider holds on to.
inline constexpr std::size_t kOpenEnumerationsMax = 512;
/// Of one user, so that one that abandons its own leaves room for others.
inline constexpr std::size_t kOpenEnumerationsPerPrincipalMax = 128;
static_assert(kOpenEnumerationsPerPrincipalMax < kOpenEnumerationsMax);
/// Seconds between two Pulls, when the client names none, and the most that it may name.
inline constexpr std::uint32_t kOperationTimeoutDefaultS = 60;
inline constexpr std::uint32_t kOperationTimeoutMaxS = 3600;

/// One MOF file, and all files that one compilation reads.
inline constexpr std::size_t kMofFileBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kMofTotalBytesMax = std::size_t{64} << 20;
static_assert(kMofFileBytesMax <= kMofTotalBytesMax);
/// Files included within files.
inline constexpr std::size_t kMofIncludeDepthMax = 32;
/// One string literal after concatenation; descriptions reach a few thousand bytes.
inline constexpr std::size_t kMofStringBytesMax = std::size_t{1} << 20;
/// Elements of one array initialiser; ValueMaps reach some hundreds.
inline constexpr std::size_t kMofArrayElementsMax = 65'536;

/// Errors of one compilation that are told; whoever has more has another problem.
inline constexpr std::size_t kMofErrorsMax = 100;

/// One query, and what it may hold: clients write lines, not books.
inline constexpr std::size_t kQueryBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kQueryNodesMax = 4096;
/// Expressions in expressions, and groups in patterns: they are walked by recursion.
inline constexpr std::size_t kQueryDepthMax = 64;
/// Steps of the automaton of one LIKE pattern.
inline constexpr std::size_t kQueryPatternStepsMax = 1024;
/// Nodes visited, characters and elements looked at for one instance: nested quantifiers multiply.
inline constexpr std::size_t kQueryStepsMax = std::size_t{1} << 22;
/// Classes that are looked at to see what the paths of a query may be; beyond them they are taken as they are.
inline constexpr std::size_t kQuerySchemaLookupsMax = 200'000;
/// Rows and values that one query keeps for ORDER BY, DISTINCT, MEDIAN and joins, and their bytes; more are refused,
/// not cut.
inline constexpr std::size_t kQueryRowsMax = 100'000;
inline constexpr std::size_t kQueryKeptBytesMax = std::size_t{64} << 20;
/// Bytes that all queries together keep, beside the first kQueryShareBytes of each.
inline constexpr std::size_t kQueryMemoryBytesMax = std::size_t{128} << 20;
inline constexpr std::size_t kQueryShareBytes = std::size_t{1} << 20;
/// Classes after FROM.
inline constexpr std::size_t kQuerySourcesMax = 8;
/// Queries in the FROM of another.
inline constexpr std::size_t kQuerySubqueryDepthMax = 4;
/// Instances that InstanceOf fetches for one query: each is a question to a provider, and is kept until the end.
inline constexpr std::size_t kQueryFetchesMax = 10'000;
/// Combinations of instances that a join looks at: seconds of work, done in pieces.
inline constexpr std::size_t kQueryCombinationsMax = 10'000'000;

}  // namespace lunaria::cim::limits
