#pragma once

// The MOF compiler: reads sources into a class repository and hands out the instances that they declare.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cim/instance.h"
#include "cim/limits.h"
#include "cim/mof/instance_resolver.h"
#include "cim/mof/parser.h"
#include "cim/mof/source.h"
#include "cim/name.h"
#include "cim/repository.h"

namespace lunaria::cim::mof {

/// An instance that a source declares, complete and typed: for the provider of its class.
struct CompiledInstance {
  NamespaceName name_space;
  Instance instance;
  CompileError place{};  ///< of the declaration, without a message: for what turns out to be wrong later
};

/// Compiles into a repository. Repository and loader outlive it. Sources are trusted to be ours or an administrator's,
/// but still bounded in size and depth (limits.h). After an error it goes on with the next declaration, as far as that
/// makes sense, and tells all; what was good stays in the repository, so a caller that must undo compiles into one of
/// its own.
class Compiler final : private ParserClient {
 public:
  struct Options {
    bool makes_namespaces = false;  ///< #pragma namespace makes one that is not there
    bool replaces_classes = false;  ///< another declaration of a class that was there before takes its place
    bool checks_instances = false;  ///< refuses instances that the repository provider would not keep
  };

  /// `name_space` is where declarations go until a #pragma namespace; it exists.
  Compiler(Repository& repository, SourceLoader& loader, NamespaceName name_space)
      : Compiler(repository, loader, std::move(name_space), Options{}) {}
  Compiler(Repository& repository, SourceLoader& loader, NamespaceName name_space, Options options);

  /// Compiles a file and what it includes. May be called for several files, one after the other; an alias is known
  /// within one call.
  Result<void, CompileErrors> compile(std::string_view file_name);
  /// The instances declared so far, in order; the compiler forgets them.
  std::vector<CompiledInstance> take_instances();

  /// What the last compilation added, in its order: for those who do the same elsewhere.
  struct Added {
    NamespaceName name_space;
    QualifierTypePtr qualifier_type;  ///< or
    ClassPtr cls;
    bool is_replacement = false;  ///< something of this name was there before
    CompileError place{};         ///< as CompiledInstance::place
  };
  const std::vector<Added>& added() const { return added_; }

 private:
  bool on_pragma(std::string_view name, const std::string& value, const Token& at) override;
  bool on_qualifier_type(QualifierType type, const Token& at) override;
  bool on_class(ClassDeclaration declaration, const Token& at, const ClassPlaces& places) override;
  bool on_instance(InstanceDeclaration declaration, const Token& at) override;
  void on_syntax_error(const Token& at, std::string message) override;
  void on_broken_class(std::string_view name) override;
  bool gives_up() const override { return errors_.size() >= limits::kMofErrorsMax; }

  bool compile_file(std::string_view name, const Token* at);
  bool enter_namespace(const std::string& text, const Token& at);
  bool fail_at(const Location& location, std::string_view text, std::string message);
  CompileError error_at(const Location& location, std::string_view text, std::string message) const;
  Result<void, Error> replace_class(const ClassDeclaration& declaration, const Token& at, DeclarationPart& wrong);
  bool add_class(const ClassDeclaration& declaration, const Token& at, const ClassPlaces& places);
  bool check_defaults(const ClassDeclaration& declaration, const ClassPlaces& places);
  void remember(const ClassDeclaration& declaration, const ClassPlaces& places);
  void check_overrides();
  void resolve_instances();

  Repository& repository_;
  SourceLoader& loader_;
  Options options_;
  NamespaceName initial_;
  NamespaceName current_;
  bool is_lost_ = false;  ///< there is no such namespace, which was told: what belongs there is passed over
  std::vector<std::string> files_;
  std::vector<std::string> open_files_;
  std::size_t total_bytes_ = 0;
  struct ClassLocation {
    Location name;
    NameMap<Location> properties{};  ///< that have qualifiers: those that override are among them
  };
  std::unordered_map<NamespaceName, NameMap<ClassLocation>, NamespaceHash> class_locations_;
  std::vector<InstanceDeclaration> declared_;
  std::vector<NamespaceName> declared_in_;
  std::vector<CompiledInstance> instances_;
  std::vector<CompileError> errors_;
  FailedClasses failed_classes_;  ///< of which nothing more is said: what builds upon them cannot be right
  std::vector<Added> added_;
};

}  // namespace lunaria::cim::mof
