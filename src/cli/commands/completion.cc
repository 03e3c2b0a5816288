// lunaria completion.

#include "cli/completion.h"

#include <array>

#include "cli/command.h"
#include "cli/printer.h"

namespace lunaria::cli {
namespace {

Outcome<void> completion(const Arguments& arguments, Environment& environment) {
  const CompletionNode root = describe_command_tree();
  const std::string shell = arguments.text("SHELL");
  environment.printer.line(shell == "bash"  ? bash_completion(root)
                           : shell == "zsh" ? zsh_completion(root)
                                            : fish_completion(root));
  return {};
}

constexpr auto kOptions = std::to_array<Option>({{"SHELL", Takes::kChoice, "Which shell", "bash|zsh|fish"}});
constexpr auto kCommands = std::to_array<Command>({
    {"completion", "Print a completion script for a shell",
     "lunaria completion bash > ~/.local/share/bash-completion/completions/lunaria", kOptions, &completion},
});

}  // namespace

std::span<const Command> completion_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
