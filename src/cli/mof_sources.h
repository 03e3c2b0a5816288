#pragma once

// MOF files on this machine, compiled against the schema that a namespace has: the shipped one, or a server's.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cim/mof/source.h"
#include "cim/repository.h"
#include "cli/failure.h"
#include "cli/requests.h"

namespace lunaria::cli {

/// Fills namespaces of a repository before a source that names them is compiled. Interface.
class NamespaceSource {
 public:
  virtual ~NamespaceSource() = default;
  /// Adds the namespace with its qualifiers and classes; nothing when it is not there.
  virtual Outcome<void> fill(cim::Repository& repository, const cim::NamespaceName& name) = 0;
};

/// The schema inside this program.
class ShippedNamespaces final : public NamespaceSource {
 public:
  Outcome<void> fill(cim::Repository& repository, const cim::NamespaceName& name) override;
};

/// What a server has now.
class ServedNamespaces final : public NamespaceSource {
 public:
  /// One that is not there: kNotFound; or, when it is going to be made, with the qualifiers that it will have.
  explicit ServedNamespaces(Server& server, bool makes_missing = false)
      : server_(server), makes_missing_(makes_missing) {}
  Outcome<void> fill(cim::Repository& repository, const cim::NamespaceName& name) override;

 private:
  Server& server_;
  bool makes_missing_;
};

/// Reads files relative to the file that includes them, then from the given directories, then from the shipped schema.
/// Namespaces that a file names with #pragma namespace are filled when the compiler comes to it. "-" is standard input.
class FileLoader final : public cim::mof::SourceLoader {
 public:
  /// All of it outlives the loader.
  FileLoader(cim::Repository& repository, NamespaceSource& namespaces, std::vector<std::string> directories)
      : repository_(repository), namespaces_(namespaces), directories_(std::move(directories)) {}

  std::optional<std::string> load(std::string_view name, std::string_view included_from) override;
  std::string full_name(std::string_view name, std::string_view included_from) override;
  void on_missing_namespace(const cim::NamespaceName& name) override;
  Outcome<void> fill(const cim::NamespaceName& name);
  /// Why a namespace could not be fetched; empty when none failed.
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  cim::Repository& repository_;
  NamespaceSource& namespaces_;
  std::vector<std::string> directories_;
  std::optional<Failure> failure_;
};

}  // namespace lunaria::cli
