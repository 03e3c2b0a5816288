#include "simulation/board.h"

#include <cstdio>

namespace lunaria::simulation {

void Trace::note(std::string_view event, std::initializer_list<std::uint64_t> numbers) {
  mix(static_cast<std::uint64_t>(world_.clock().now().time_since_epoch().count()));
  for (const char c : event) {
    mix(static_cast<unsigned char>(c));
  }
  std::string text(event);
  for (const std::uint64_t number : numbers) {
    mix(number);
    if (loud_) {
      text += ' ' + std::to_string(number);
    }
  }
  if (loud_) {
    say(text);
  }
}

void Trace::say(const std::string& text) {
  if (loud_) {
    const auto now = std::chrono::duration<double>(world_.clock().now().time_since_epoch()).count();
    std::fprintf(stderr, "%12.6f  %s\n", now, text.c_str());
  }
}

void Board::note_sent(std::size_t initiator, std::size_t disk, const Load& load) {
  for (JudgedRate* rate : {&rates[initiator], &disks[disk]->rate}) {
    rate->outstanding.commands += load.commands;
    rate->outstanding.bytes += load.bytes;
  }
}

void Board::note_over(std::size_t initiator, std::size_t disk, const Load& load) {
  for (JudgedRate* rate : {&rates[initiator], &disks[disk]->rate}) {
    rate->outstanding.commands -= load.commands;
    rate->outstanding.bytes -= load.bytes;
  }
}

void Board::note_carried_out(std::size_t initiator, std::size_t disk, const Load& load) {
  const runtime::Instant now = world.clock().now();
  judge(disks[disk]->rate.model.note(now, load.bytes));
  judge(rates[initiator].model.note(now, load.bytes));
}

}  // namespace lunaria::simulation
