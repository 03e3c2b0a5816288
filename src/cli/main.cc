// lunaria: manages a target over WBEM.

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/remote_server.h"
#include "cli/server.h"
#include "cli/terminal.h"

namespace {

using lunaria::cli::Arguments;
using lunaria::cli::Outcome;
using lunaria::cli::Server;
using lunaria::cli::Terminal;

Outcome<std::unique_ptr<Server>> make_server(const Arguments& global, Terminal& terminal) {
  const char* from_environment = std::getenv("LUNARIA_SOCKET");
  const bool is_set = from_environment != nullptr && *from_environment != '\0';
  auto options =
      lunaria::cli::connection_options(global, is_set ? from_environment : "/var/lib/lunaria/lunaria.sock", terminal);
  if (!options) {
    return lunaria::fail(std::move(options.error()));
  }
  return std::make_unique<lunaria::cli::RemoteServer>(*std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  lunaria::cli::ControllingTerminal terminal;
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return std::to_underlying(lunaria::cli::run(words, {std::cout, std::cerr, terminal, make_server}));
}
