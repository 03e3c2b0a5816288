#include "cli/terminal.h"

#include <fmt/format.h>
#include <termios.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <utility>

namespace lunaria::cli {
namespace {

constexpr std::size_t kSecretBytesMax = 4096;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Switches the echo off for as long as it lives.
class NoEcho final {
 public:
  explicit NoEcho(int descriptor) : descriptor_(descriptor) {
    is_changed_ = tcgetattr(descriptor_, &before_) == 0;
    if (is_changed_) {
      termios silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      is_changed_ = tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
    }
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (is_changed_) {
      tcsetattr(descriptor_, TCSAFLUSH, &before_);
    }
  }
  bool is_silent() const { return is_changed_; }

 private:
  int descriptor_;
  termios before_{};
  bool is_changed_ = false;
};

Outcome<Secret> read_line(std::istream& in, const std::string& path) {
  std::string line(kSecretBytesMax, '\0');
  in.getline(line.data(), static_cast<std::streamsize>(line.size()));
  const auto taken = static_cast<std::size_t>(in.gcount());
  if (in.fail() && taken + 1 >= line.size()) {
    return fail(usage(fmt::format("the first line of {} is longer than {} bytes", path, kSecretBytesMax - 2)));
  }
  std::string_view text(line.data());  // NOLINT(readability-redundant-string-cstr): up to the NUL of getline
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  if (text.empty()) {
    return fail(usage(fmt::format("the first line of {} is empty", path)));
  }
  Secret secret(text);
  std::ranges::fill(line, '\0');
  return secret;
}

}  // namespace

Outcome<Secret> ControllingTerminal::read_secret(std::string_view prompt) {
  const Failure nobody = usage("there is no terminal to ask for the secret at", "Give it in a file.");
  const File terminal(std::fopen("/dev/tty", "re"));
  const File screen(std::fopen("/dev/tty", "we"));
  if (!terminal || !screen) {
    return fail(nobody);
  }
  std::string text;
  {
    const NoEcho silence(fileno(terminal.get()));
    if (!silence.is_silent()) {
      return fail(nobody);
    }
    fmt::print(screen.get(), "{}: ", prompt);
    std::fflush(screen.get());
    text.reserve(kSecretBytesMax);  // never moved, so that wiping it wipes all of it
    for (int c = std::fgetc(terminal.get()); c != EOF && c != '\n'; c = std::fgetc(terminal.get())) {
      if (text.size() < kSecretBytesMax) {
        text.push_back(static_cast<char>(c));
      }
    }
    std::fputc('\n', screen.get());
  }
  if (text.empty()) {
    return fail(usage("nothing was typed"));
  }
  Secret secret(text);
  std::ranges::fill(text, '\0');
  return secret;
}

Outcome<Secret> read_secret_file(const std::string& path) {
  if (path == "-") {
    return read_line(std::cin, "standard input");
  }
  std::ifstream file(path);
  if (!file) {
    return fail(usage(fmt::format("cannot read {}", path), "The file holds the secret on its first line."));
  }
  return read_line(file, path);
}

Outcome<Secret> read_new_secret(Terminal& terminal, const std::string& path, std::string_view prompt) {
  if (!path.empty()) {
    return read_secret_file(path);
  }
  auto first = terminal.read_secret(prompt);
  if (!first) {
    return first;
  }
  const auto second = terminal.read_secret(fmt::format("{} again", prompt));
  if (!second) {
    return fail(second.error());
  }
  if (!(*first == *second)) {
    return fail(usage("the two are not the same"));
  }
  return first;
}

}  // namespace lunaria::cli
