#include "cim/query/pattern.h"

#include <algorithm>
#include <optional>

#include "cim/limits.h"
#include "cim/name.h"
#include "cim/utf8.h"

namespace lunaria::cim::query {
namespace {

using Instruction = Pattern::Instruction;
using Kind = Instruction::Kind;

std::uint32_t fold(std::uint32_t character) {
  return character < 0x80 ? static_cast<std::uint32_t>(fold_case(static_cast<char>(character))) : character;
}

}  // namespace

/// Recursive descent over one pattern; a piece of program is what came since a position.
class PatternCompiler final {
 public:
  explicit PatternCompiler(std::string_view text) : characters_(code_points(text)) {}

  Result<Pattern, std::string> regular_expression() {
    if (!alternatives(0) || !at_end()) {
      return fail(error_.empty() ? std::string("')' without '('") : error_);
    }
    return finish();
  }

  Result<Pattern, std::string> wildcards() {
    pattern_.folds_case_ = true;
    while (!at_end() && error_.empty() && !is_too_long()) {
      const std::uint32_t c = characters_[position_++];
      if (c == '%') {
        const auto start = here();
        emit({Kind::kSplit, false, 0, start + 1, start + 3});
        emit({Kind::kAny});
        emit({Kind::kJump, false, 0, start, 0});
      } else if (c == '_') {
        emit({Kind::kAny});
      } else if (c == '[') {
        set();
      } else if (c == '\\' && !at_end()) {
        emit({Kind::kCharacter, false, fold(characters_[position_++])});
      } else {
        emit({Kind::kCharacter, false, fold(c)});
      }
    }
    return error_.empty() ? finish() : Result<Pattern, std::string>(fail(error_));
  }

 private:
  using Position = std::uint32_t;

  Result<Pattern, std::string> finish() {
    emit({Kind::kMatch});
    if (pattern_.program_.size() > limits::kQueryPatternStepsMax) {
      return fail(std::string("the pattern is too long"));
    }
    return std::move(pattern_);
  }
  bool at_end() const { return position_ >= characters_.size(); }
  bool next_is(char c) const { return !at_end() && characters_[position_] == static_cast<unsigned char>(c); }
  Position here() const { return static_cast<Position>(pattern_.program_.size()); }
  void emit(Instruction instruction) { pattern_.program_.push_back(instruction); }
  bool is_too_long() {
    return pattern_.program_.size() > limits::kQueryPatternStepsMax && !refuse("the pattern is too long");
  }
  bool refuse(std::string message) {
    error_ = std::move(message);
    return false;
  }

  /// Puts an instruction in front of the piece that begins at `start`, moving its targets along.
  void insert(Position start, Instruction instruction) {
    auto& program = pattern_.program_;
    for (auto piece = program.begin() + start; piece != program.end(); ++piece) {
      if (piece->kind == Kind::kSplit || piece->kind == Kind::kJump) {
        ++piece->first;
        ++piece->second;
      }
    }
    program.insert(program.begin() + start, instruction);
  }

  bool alternatives(std::size_t depth) {
    if (depth > limits::kQueryDepthMax) {
      return refuse("groups are nested too deeply");
    }
    const Position start = here();
    if (!sequence(depth)) {
      return false;
    }
    while (next_is('|')) {
      ++position_;
      if (is_too_long()) {
        return false;
      }
      insert(start, {Kind::kSplit, false, 0, start + 1, here() + 2});
      const Position jump = here();
      emit({Kind::kJump});
      if (!sequence(depth)) {
        return false;
      }
      pattern_.program_[jump].first = here();
    }
    return true;
  }

  bool sequence(std::size_t depth) {
    while (!at_end() && !next_is('|') && !next_is(')')) {
      const Position start = here();
      if (is_too_long() || !atom(depth) || !repetitions(start)) {
        return false;
      }
    }
    return true;
  }

  bool repetitions(Position start) {
    while (next_is('*') || next_is('+') || next_is('?')) {
      if (is_too_long()) {
        return false;
      }
      const std::uint32_t c = characters_[position_++];
      if (c == '+') {
        emit({Kind::kSplit, false, 0, start, here() + 1});
      } else {
        const Position after = here() + (c == '*' ? 2 : 1);
        insert(start, {Kind::kSplit, false, 0, start + 1, after});
        if (c == '*') {
          emit({Kind::kJump, false, 0, start, 0});
        }
      }
    }
    return true;
  }

  bool atom(std::size_t depth) {
    const std::uint32_t c = characters_[position_++];
    switch (c) {
      case '(': {
        if (!alternatives(depth + 1)) {
          return false;
        }
        if (!next_is(')')) {
          return refuse("'(' without ')'");
        }
        ++position_;
        return true;
      }
      case '[':
        return set();
      case '.':
        emit({Kind::kAny});
        return true;
      case '^':
        return position_ == 1 || refuse("'^' stands at the beginning only");
      case '$':
        return at_end() || refuse("'$' stands at the end only");
      case '*':
      case '+':
      case '?':
        return refuse("nothing in front of a repetition");
      case '\\':
        if (at_end()) {
          return refuse("nothing behind the last backslash");
        }
        emit({Kind::kCharacter, false, characters_[position_++]});
        return true;
      default:
        emit({Kind::kCharacter, false, c});
        return true;
    }
  }

  /// After the bracket.
  bool set() {
    Pattern::Ranges ranges;
    const bool is_negated = next_is('^');
    position_ += is_negated ? 1 : 0;
    while (!at_end() && (!next_is(']') || ranges.empty())) {
      const auto first = set_character();
      auto last = first;
      if (next_is('-') && position_ + 1 < characters_.size() && characters_[position_ + 1] != ']') {
        ++position_;
        last = set_character();
      }
      if (last < first) {
        return refuse("a range that runs backwards");
      }
      ranges.emplace_back(first, last);
    }
    if (!next_is(']')) {
      return refuse("'[' without ']'");
    }
    ++position_;
    emit({Kind::kSet, is_negated, static_cast<std::uint32_t>(pattern_.sets_.size())});
    pattern_.sets_.push_back(std::move(ranges));
    return true;
  }

  std::uint32_t set_character() {
    if (next_is('\\') && position_ + 1 < characters_.size()) {
      ++position_;
    }
    return characters_[position_++];
  }

  std::vector<std::uint32_t> characters_;
  std::size_t position_ = 0;
  Pattern pattern_;
  std::string error_;
};

Result<Pattern, std::string> Pattern::regular_expression(std::string_view text) {
  return PatternCompiler(text).regular_expression();
}

Result<Pattern, std::string> Pattern::wildcards(std::string_view text) {
  return PatternCompiler(text).wildcards();
}

bool Pattern::accepts(const Instruction& instruction, std::uint32_t character) const {
  if (instruction.kind == Kind::kAny) {
    return true;
  }
  if (instruction.kind == Kind::kCharacter) {
    return instruction.character == (folds_case_ ? fold(character) : character);
  }
  const auto is_within = [&](std::uint32_t c) {
    return std::ranges::any_of(sets_[instruction.character],
                               [c](const auto& range) { return range.first <= c && c <= range.second; });
  };
  bool is_in = is_within(character);
  if (folds_case_ && !is_in && character < 0x80) {
    const auto folded = fold(character);
    is_in = is_within(folded) || (folded >= 'a' && folded <= 'z' && is_within(folded - 'a' + 'A'));
  }
  return is_in != instruction.is_negated;
}

// The set of states that the automaton may be in, character by character; each state is entered once per character.
bool Pattern::matches(std::string_view text) const {
  std::vector<std::uint32_t> states;
  std::vector<std::uint32_t> next;
  std::vector<std::uint32_t> open;
  std::vector<std::size_t> entered(program_.size(), 0);
  std::size_t turn = 1;
  const auto enter = [&](std::uint32_t from, std::vector<std::uint32_t>& into) {
    open.assign(1, from);
    while (!open.empty()) {
      const std::uint32_t state = open.back();
      open.pop_back();
      if (entered[state] == turn) {
        continue;
      }
      entered[state] = turn;
      const Instruction& instruction = program_[state];
      if (instruction.kind == Kind::kSplit || instruction.kind == Kind::kJump) {
        open.push_back(instruction.first);
        if (instruction.kind == Kind::kSplit) {
          open.push_back(instruction.second);
        }
      } else {
        into.push_back(state);
      }
    }
  };
  enter(0, states);
  for (const std::uint32_t character : code_points(text)) {
    ++turn;
    next.clear();
    for (const std::uint32_t state : states) {
      if (program_[state].kind != Kind::kMatch && accepts(program_[state], character)) {
        enter(state + 1, next);
      }
    }
    states.swap(next);
    if (states.empty()) {
      return false;
    }
  }
  return std::ranges::any_of(states, [this](std::uint32_t state) { return program_[state].kind == Kind::kMatch; });
}

}  // namespace lunaria::cim::query
