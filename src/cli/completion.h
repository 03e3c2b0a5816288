#pragma once

// Completion scripts for shells, from the command tree: what the parser knows, they know.

#include <string>

#include "cli/command_line.h"

namespace lunaria::cli {

std::string bash_completion(const CompletionNode& root);
std::string zsh_completion(const CompletionNode& root);
std::string fish_completion(const CompletionNode& root);

}  // namespace lunaria::cli
