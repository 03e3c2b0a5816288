#pragma once

// Where MOF text comes from, and how errors in it are told.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cim/name.h"

namespace lunaria::cim::mof {

/// A place in a source; lines and columns count from 1, columns in bytes.
struct Location {
  std::uint32_t file = 0;  ///< index into the compiler's list of files
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const Location&, const Location&) = default;
};

/// Why a source was refused.
struct CompileError {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;     ///< what stands there: a token, shortened; "" at the end of the file
  std::string message;  ///< what is wrong with it

  /// "disks.mof:12:7: ';' expected, but found 'uint32'".
  std::string to_string() const;
};

/// Everything that is wrong with a source, as far as it could be told; never empty.
struct CompileErrors {
  std::vector<CompileError> all;

  /// One line each.
  std::string to_string() const;
};

/// Gives the compiler the texts of files. Interface: the daemon reads its embedded schema, tools read the disk.
class SourceLoader {
 public:
  virtual ~SourceLoader() = default;
  /// The text of `name` as #pragma include has it, relative to the file that includes it ("" for the first); nullopt
  /// when there is none. The loader decides what a name may reach.
  virtual std::optional<std::string> load(std::string_view name, std::string_view included_from) = 0;
  /// What the compiler calls that file from then on, in errors and as the one that includes others.
  virtual std::string full_name(std::string_view name, std::string_view /*included_from*/) { return std::string(name); }
  /// Is told of a namespace that a #pragma names and that is not there: it may make and fill it.
  virtual void on_missing_namespace(const NamespaceName& /*name*/) {}
};

/// Sources held in memory, found by their exact name.
class MemorySourceLoader final : public SourceLoader {
 public:
  void add(std::string name, std::string text) { sources_.insert_or_assign(std::move(name), std::move(text)); }
  std::optional<std::string> load(std::string_view name, std::string_view included_from) override;

 private:
  NameMap<std::string> sources_;
};

}  // namespace lunaria::cim::mof
