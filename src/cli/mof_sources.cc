#include "cli/mof_sources.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>

#include "cim/limits.h"
#include "cim/mof/compiler.h"
#include "cim/mof/writer.h"
#include "cli/server.h"
#include "schema/schema.h"

namespace lunaria::cli {
namespace {

class ShippedLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    const schema::SchemaFile* const file = schema::find_schema_file(name);
    return file == nullptr ? std::nullopt : std::optional(std::string(file->text));
  }
};

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) ||
      std::filesystem::file_size(path, error) > cim::limits::kMofFileBytesMax || error) {
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return file.bad() ? std::nullopt : std::optional(std::move(text));
}

/// At most as much as a file may have.
std::string read_standard_input() {
  std::string text;
  for (auto next = std::istreambuf_iterator<char>(std::cin);
       next != std::istreambuf_iterator<char>() && text.size() <= cim::limits::kMofFileBytesMax; ++next) {
    text += *next;
  }
  return text;
}

}  // namespace

Outcome<void> ShippedNamespaces::fill(cim::Repository& repository, const cim::NamespaceName& name) {
  ShippedLoader loader;
  for (const schema::ShippedNamespace& shipped : schema::shipped_namespaces()) {
    if (cim::NamespaceName(shipped.name) == name && repository.add_namespace(name)) {
      const auto compiled = cim::mof::Compiler(repository, loader, name).compile(shipped.top_file);
      return compiled ? Outcome<void>() : fail(Failure{ExitCode::kFailed, compiled.error().to_string()});
    }
  }
  // Any other has the qualifiers that a new namespace would have.
  if (repository.add_namespace(name)) {
    const auto compiled = cim::mof::Compiler(repository, loader, name).compile("qualifiers.mof");
    return compiled ? Outcome<void>() : fail(Failure{ExitCode::kFailed, compiled.error().to_string()});
  }
  return {};
}

Outcome<void> ServedNamespaces::fill(cim::Repository& repository, const cim::NamespaceName& name) {
  const auto qualifiers = server_.call(wbem::EnumerateQualifiers{}, name);
  if (!qualifiers && makes_missing_ && qualifiers.error().code == ExitCode::kNotFound) {
    return ShippedNamespaces().fill(repository, name);
  }
  if (!qualifiers) {
    return fail(qualifiers.error());
  }
  wbem::EnumerateClasses everything{.class_name = {}, .deep_inheritance = true, .options = {}};
  const auto classes = server_.call(std::move(everything), name);
  if (!classes) {
    return fail(classes.error());
  }
  std::string text;
  for (const cim::QualifierType& type : qualifiers->qualifiers) {
    text += cim::mof::to_mof(type) + '\n';
  }
  const cim::mof::ClassTextOptions local{.local_only = true, .declaration_of = [&](std::string_view qualifier) {
                                           for (const cim::QualifierType& type : qualifiers->qualifiers) {
                                             if (cim::name_equal(type.name, qualifier)) {
                                               return std::make_shared<const cim::QualifierType>(type);
                                             }
                                           }
                                           return std::shared_ptr<const cim::QualifierType>();
                                         }};
  for (const cim::ClassPtr& cls : classes->classes) {
    if (!cls->name().starts_with("__")) {  // made by the object manager for every namespace
      text += cim::mof::to_mof(*cls, local) + '\n';
    }
  }
  if (!repository.add_namespace(name)) {
    return {};
  }
  cim::mof::MemorySourceLoader loader;
  loader.add(name.text(), std::move(text));
  const auto compiled = cim::mof::Compiler(repository, loader, name).compile(name.text());
  return compiled ? Outcome<void>()
                  : fail(Failure{ExitCode::kFailed,
                                 "the server's schema does not compile: " + compiled.error().to_string()});
}

Outcome<void> FileLoader::fill(const cim::NamespaceName& name) {
  return repository_.has_namespace(name) ? Outcome<void>() : namespaces_.fill(repository_, name);
}

std::optional<std::string> FileLoader::load(std::string_view name, std::string_view included_from) {
  std::optional<std::string> text;
  if (name == "-" && included_from.empty()) {
    text = read_standard_input();
  } else {
    const std::filesystem::path path{std::string(name)};
    text = read_file(std::filesystem::path(std::string(included_from)).parent_path() / path);
    for (const std::string& directory : directories_) {
      text = text ? std::move(text) : read_file(std::filesystem::path(directory) / path);
    }
    const schema::SchemaFile* const shipped = text || included_from.empty() ? nullptr : schema::find_schema_file(name);
    if (shipped != nullptr) {
      text = std::string(shipped->text);
    }
  }
  if (text) {
    fill_named(*text);
  }
  return text;
}

/// Finds `#pragma namespace ("...")` by its words alone: one in a comment costs a fetch and changes nothing.
void FileLoader::fill_named(std::string_view text) {
  for (auto at = text.find("#pragma"); at != std::string_view::npos; at = text.find("#pragma", at + 1)) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    const auto open = line.find('"');
    const auto close = line.find('"', open + 1);
    if (line.find("namespace") > open || open == std::string_view::npos || close == std::string_view::npos) {
      continue;
    }
    const cim::NamespaceName name(line.substr(open + 1, close - open - 1));
    if (const auto filled = fill(name); !filled && filled.error().code != ExitCode::kNotFound && !failure_) {
      failure_ = filled.error();
    }
  }
}

}  // namespace lunaria::cli
