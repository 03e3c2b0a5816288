// lunaria cim.

#include "cli/command.h"

namespace lunaria::cli {

std::span<const Command> cim_commands() {
  return {};
}

}  // namespace lunaria::cli
