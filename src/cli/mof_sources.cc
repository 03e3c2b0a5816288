#include "cli/mof_sources.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>

#include "cim/class_declaration.h"
#include "cim/limits.h"
#include "cim/mof/compiler.h"
#include "cim/schema_value.h"
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

Failure unusable(const cim::Error& error) {
  return {ExitCode::kFailed, "the server's schema cannot be used: " + error.message};
}

bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && !error;
}

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
  if (!repository.add_namespace(name)) {
    return {};
  }
  for (const cim::QualifierType& type : qualifiers->qualifiers) {
    if (const auto added = repository.add_qualifier_type(name, type); !added) {
      return fail(unusable(added.error()));
    }
  }
  for (const cim::ClassPtr& cls : classes->classes) {
    if (cim::is_reserved_class_name(cls->name())) {  // made by the object manager for every namespace
      continue;
    }
    if (const auto added = repository.add_class(name, cim::declaration_of(*cls)); !added) {
      return fail(unusable(added.error()));
    }
  }
  return {};
}

Outcome<void> FileLoader::fill(const cim::NamespaceName& name) {
  return repository_.has_namespace(name) ? Outcome<void>() : namespaces_.fill(repository_, name);
}

std::string FileLoader::full_name(std::string_view name, std::string_view included_from) {
  const std::filesystem::path path{std::string(name)};
  if (name == "-" && included_from.empty()) {
    return std::string(name);
  }
  std::filesystem::path beside = std::filesystem::path(std::string(included_from)).parent_path() / path;
  if (is_file(beside)) {
    return included_from.empty() ? std::string(name) : beside.lexically_normal().string();
  }
  for (const std::string& directory : directories_) {
    if (is_file(std::filesystem::path(directory) / path)) {
      return (std::filesystem::path(directory) / path).lexically_normal().string();
    }
  }
  return std::string(name);
}

std::optional<std::string> FileLoader::load(std::string_view name, std::string_view included_from) {
  if (name == "-" && included_from.empty()) {
    return read_standard_input();
  }
  const std::string path = full_name(name, included_from);
  if (is_file(path)) {
    return read_file(path);
  }
  const schema::SchemaFile* const shipped = included_from.empty() ? nullptr : schema::find_schema_file(name);
  return shipped != nullptr ? std::optional(std::string(shipped->text)) : std::nullopt;
}

void FileLoader::on_missing_namespace(const cim::NamespaceName& name) {
  if (const auto filled = fill(name); !filled && filled.error().code != ExitCode::kNotFound && !failure_) {
    failure_ = filled.error();
  }
}

}  // namespace lunaria::cli
