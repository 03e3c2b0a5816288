#pragma once

// Timeline: which states something may have been in, and when. A change is under way between its request and its
// answer, and lost answers leave more than one possibility; an observation is lawful when any state explains it.

#include <algorithm>
#include <vector>

#include "simulation/ticks.h"

namespace lunaria::simulation {

template <class State>
class Timeline final {
 public:
  Timeline(Ticks& ticks, State first) : ticks_(ticks), entries_{{std::move(first), kNever}} {}

  /// From now on `state` is possible too.
  void add(State state) { entries_.push_back({std::move(state), kNever}); }
  /// Nothing that was possible so far is possible from now on.
  void close() {
    const Tick now = ticks_.next();
    for (Entry& entry : entries_) {
      entry.until = std::min(entry.until, now);
    }
  }
  /// A change that is over: only `state` remains.
  void settle(State state) {
    close();
    add(std::move(state));
  }
  /// The states that are possible now.
  std::vector<State> open() const {
    std::vector<State> states;
    for (const Entry& entry : entries_) {
      if (entry.until == kNever && std::ranges::find(states, entry.state) == states.end()) {
        states.push_back(entry.state);
      }
    }
    return states;
  }
  /// Whether `predicate` holds for any state that was possible between `began` and now.
  template <class Predicate>
  bool any(Tick began, Predicate predicate) const {
    return std::ranges::any_of(entries_,
                               [&](const Entry& entry) { return entry.until >= began && predicate(entry.state); });
  }

 private:
  struct Entry {
    State state;
    Tick until;
  };
  Ticks& ticks_;
  std::vector<Entry> entries_;
};

}  // namespace lunaria::simulation
