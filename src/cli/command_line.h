#pragma once

// The command line: the table of commands as a CLI11 parser, and the way from words to an exit code.

#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"

namespace lunaria::cli {

/// Options that every command takes, before or after its own.
std::span<const Option> global_options();

/// Makes the server that a command talks to, from the global options. Nothing is sent yet.
using Connect = std::function<Outcome<std::unique_ptr<Server>>(const Arguments& global, Terminal& terminal)>;

/// What a run needs of the world. Streams and terminal outlive it.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  Terminal& terminal;
  Connect connect;
};

/// Runs one command line, the program's name not among the words.
ExitCode run(const std::vector<std::string>& words, const Surroundings& surroundings);

/// The command tree as the parser has it, for completion scripts.
struct CompletionOption {
  std::vector<std::string> names;  ///< "--help", "-h"
  std::string help;
  std::vector<std::string> choices;  ///< values, where there is a fixed set
  bool takes_value = false;
  bool takes_file = false;
};
struct CompletionNode {
  std::string name;
  std::string help;
  std::vector<CompletionOption> options;  ///< those of the node itself, not those above it
  std::vector<CompletionNode> children;
  std::vector<std::string> choices;  ///< of its positional arguments
};
CompletionNode describe_command_tree();

}  // namespace lunaria::cli
