#pragma once

// The patterns of LIKE: the regular expressions of CQL and FQL, and the wildcards of WQL. Compiled once into a program
// of a non-deterministic automaton; matching takes time proportional to pattern times text and never backtracks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lunaria::cim::query {

/// A value. Matches whole strings, by code point.
class Pattern final {
 public:
  /// The regular expressions of DSP0202: `.` any character, `*` `+` `?` repetition, `|` alternatives, `(` `)` groups,
  /// `[a-z]` and `[^a-z]` sets, `^` and `$` the ends (where they change nothing), `\` before a character that is meant
  /// as it is. The error says what is wrong.
  static Result<Pattern, std::string> regular_expression(std::string_view text);
  /// WQL: `%` any characters, `_` one character, `[a-z]` and `[^a-z]` one of a set; case does not count.
  static Result<Pattern, std::string> wildcards(std::string_view text);

  bool matches(std::string_view text) const;
  /// How many steps matches() takes at most for each character.
  std::size_t size() const { return program_.size(); }

  /// For compiling. One step of the automaton.
  struct Instruction {
    enum class Kind : std::uint8_t { kCharacter, kAny, kSet, kSplit, kJump, kMatch };
    Kind kind = Kind::kMatch;
    bool is_negated = false;      ///< of a set
    std::uint32_t character = 0;  ///< of kCharacter; of kSet its index
    std::uint32_t first = 0;      ///< where kSplit and kJump go
    std::uint32_t second = 0;     ///< the other way of kSplit
  };
  using Ranges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

 private:
  friend class PatternCompiler;
  bool accepts(const Instruction& instruction, std::uint32_t character) const;

  std::vector<Instruction> program_;
  std::vector<Ranges> sets_;
  bool folds_case_ = false;
};

}  // namespace lunaria::cim::query
