#include "cim/mof/compiler.h"

#include <algorithm>
#include <utility>

#include "cim/limits.h"
#include "cim/mof/instance_resolver.h"
#include "cim/mof/writer.h"
#include "cim/repository_provider.h"
#include "cim/schema_value.h"

namespace lunaria::cim::mof {
namespace {

constexpr std::size_t kShownTextMax = 40;  // bytes of offending text in an error

/// At most kShownTextMax bytes, not cut within a UTF-8 sequence, on one line.
std::string shortened(std::string_view text) {
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.size() > kShownTextMax) {
    std::size_t length = kShownTextMax;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
      --length;
    }
    text = text.substr(0, length);
  }
  return std::string(text);
}

/// The namespace of `#pragma namespace`, which may stand behind a host: "http://host/root/x", "//./root/x".
std::string_view without_host(std::string_view text) {
  const auto slashes = std::min(text.find("//"), text.find("\\\\"));
  if (slashes == std::string_view::npos) {
    return text;
  }
  const auto end = text.find_first_of("/\\", slashes + 2);
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

}  // namespace

Compiler::Compiler(Repository& repository, SourceLoader& loader, NamespaceName name_space, Options options)
    : repository_(repository), loader_(loader), options_(options), initial_(std::move(name_space)) {}

Result<void, CompileErrors> Compiler::compile(std::string_view file_name) {
  files_.clear();
  open_files_.clear();
  class_locations_.clear();
  declared_.clear();
  declared_in_.clear();
  total_bytes_ = 0;
  errors_.clear();
  failed_classes_.clear();
  added_.clear();
  current_ = initial_;
  is_lost_ = false;
  compile_file(file_name, nullptr);
  check_overrides();
  resolve_instances();
  if (!errors_.empty()) {
    return fail(CompileErrors{std::move(errors_)});
  }
  return {};
}

std::vector<CompiledInstance> Compiler::take_instances() {
  return std::exchange(instances_, {});
}

bool Compiler::fail_at(const Location& location, std::string_view text, std::string message) {
  if (!gives_up()) {
    errors_.push_back(error_at(location, text, std::move(message)));
  }
  return false;
}

CompileError Compiler::error_at(const Location& location, std::string_view text, std::string message) const {
  return {files_.empty() ? std::string() : files_[location.file], location.line, location.column, shortened(text),
          std::move(message)};
}

void Compiler::on_syntax_error(const Token& at, std::string message) {
  fail_at(at.location, at.text, std::move(message));
}

void Compiler::on_broken_class(std::string_view name) {
  failed_classes_[current_].emplace(name);
}

bool Compiler::compile_file(std::string_view name, const Token* at) {
  const auto refuse = [&](std::string message) {
    if (at != nullptr) {
      return fail_at(at->location, name, std::move(message));
    }
    errors_.push_back(CompileError{std::string(name), 0, 0, {}, std::move(message)});
    return false;
  };
  if (open_files_.size() >= limits::kMofIncludeDepthMax) {
    return refuse("files are included too deeply");
  }
  const std::string includer = open_files_.empty() ? std::string() : open_files_.back();
  const std::string full_name = loader_.full_name(name, includer);
  if (std::ranges::find(open_files_, full_name) != open_files_.end()) {
    return refuse("the file includes itself");
  }
  const std::optional<std::string> text = loader_.load(name, includer);
  if (!text) {
    return refuse("the file cannot be read");
  }
  total_bytes_ += text->size();
  if (text->size() > limits::kMofFileBytesMax || total_bytes_ > limits::kMofTotalBytesMax) {
    return refuse("the file is too large");
  }
  const auto file = static_cast<std::uint32_t>(files_.size());
  files_.push_back(full_name);
  open_files_.push_back(full_name);
  const NamespaceName outer = current_;
  const bool was_lost = is_lost_;
  const bool is_good = Parser(*text, file, *this).parse();
  current_ = outer;  // a #pragma namespace counts to the end of its file
  is_lost_ = was_lost;
  open_files_.pop_back();
  return is_good;
}

bool Compiler::on_pragma(std::string_view name, const std::string& value, const Token& at) {
  if (name_equal(name, "include")) {
    return compile_file(value, &at);
  }
  if (name_equal(name, "namespace")) {
    return enter_namespace(value, at);
  }
  // locale and instancelocale say in which language texts are, on which nothing here depends; source, sourcetype,
  // nonlocal and nonlocaltype are obsolete; unknown ones are to be ignored (DSP0004 7.11).
  return true;
}

bool Compiler::enter_namespace(const std::string& text, const Token& at) {
  const NamespaceName name(without_host(text));
  current_ = name;
  is_lost_ = true;
  if (name.empty()) {
    return fail_at(at.location, text, "not the name of a namespace");
  }
  if (!repository_.has_namespace(name)) {
    loader_.on_missing_namespace(name);
  }
  if (!repository_.has_namespace(name)) {
    const auto made = options_.makes_namespaces
                          ? repository_.add_namespace(name)
                          : Result<void, Error>(fail(Error(Status::kNotFound, "no such namespace")));
    if (!made) {
      return fail_at(at.location, text, made.error().message);
    }
  }
  is_lost_ = false;
  return true;
}

bool Compiler::on_qualifier_type(QualifierType type, const Token& at) {
  if (is_lost_) {
    return false;
  }
  const auto there = repository_.find_qualifier_type(current_, type.name);
  const auto change = repository_.plan_qualifier_type(current_, std::move(type));
  if (!change || (there && !change->is_empty() && !options_.replaces_classes)) {
    return fail_at(at.location, at.text,
                   change ? "qualifier " + there->name + " is declared otherwise already" : change.error().message);
  }
  if (!change->is_empty()) {
    repository_.apply(*change);
    added_.push_back({current_, change->qualifier_type, nullptr, there != nullptr, error_at(at.location, at.text, {})});
  }
  return true;
}

bool Compiler::on_class(ClassDeclaration declaration, const Token& at, const ClassPlaces& places) {
  NameSet& failed = failed_classes_[current_];
  if (is_lost_ || failed.contains(declaration.superclass)) {
    failed.insert(declaration.name);
    return false;
  }
  if (is_reserved_class_name(declaration.name)) {
    failed.insert(declaration.name);
    return fail_at(at.location, at.text, "names that begin with two underscores belong to the object manager");
  }
  return add_class(declaration, at, places) && check_defaults(declaration, places);
}

bool Compiler::add_class(const ClassDeclaration& declaration, const Token& at, const ClassPlaces& places) {
  NameSet& failed = failed_classes_[current_];
  DeclarationPart wrong;
  const auto refuse = [&](const Error& error) {
    if (error.status != Status::kAlreadyExists) {
      failed.insert(declaration.name);
    }
    const Place& place = places.of(wrong);
    return fail_at(place.location, place.text, error.message);
  };
  const auto there = repository_.find_class(current_, declaration.name);
  if (there && options_.replaces_classes && !class_locations_[current_].contains(declaration.name)) {
    const auto replaced = replace_class(declaration, at, wrong);
    remember(declaration, places);
    if (!replaced) {
      return refuse(replaced.error());
    }
  } else {
    const auto added = repository_.add_class(current_, declaration, &wrong);
    if (!added) {
      return refuse(added.error());
    }
    added_.push_back({current_, nullptr, *added, false, error_at(at.location, at.text, {})});
    remember(declaration, places);
  }
  failed.erase(declaration.name);
  return true;
}

void Compiler::remember(const ClassDeclaration& declaration, const ClassPlaces& places) {
  ClassLocation location{places.name.location};
  for (const ElementPlaces& property : places.properties) {
    if (!property.qualifiers.empty()) {
      location.properties.emplace(property.name.text, property.name.location);
    }
  }
  class_locations_[current_].insert_or_assign(declaration.name, std::move(location));
}

/// A default that the property's own qualifiers do not allow would be told at every instance, and only there.
bool Compiler::check_defaults(const ClassDeclaration& declaration, const ClassPlaces& places) {
  const ClassPtr cls = repository_.find_class(current_, declaration.name);
  bool is_good = true;
  for (std::size_t i = 0; cls && i < declaration.properties.size(); ++i) {
    const auto index = cls->find_property(declaration.properties[i].name);
    const auto wrong =
        index ? wrong_by_bounds(cls->property(*index), cls->property(*index).default_value) : std::nullopt;
    if (wrong) {
      const Place& name = places.properties[i].name;
      failed_classes_[current_].insert(declaration.name);
      is_good = fail_at(name.location, name.text,
                        declaration.name + '.' + std::string(name.text) + ": the default value is " + *wrong);
    }
  }
  return is_good;
}

Result<void, Error> Compiler::replace_class(const ClassDeclaration& declaration, const Token& at,
                                            DeclarationPart& wrong) {
  const ClassPtr before = repository_.find_class(current_, declaration.name);
  const auto change = repository_.plan_modified_class(current_, declaration, &wrong);
  if (!change) {
    return fail(change.error());
  }
  const ClassPtr& after = change->classes.front();
  const ClassTextOptions everything{.local_only = false, .declaration_of = [this](std::string_view name) {
                                      return repository_.find_qualifier_type(current_, name);
                                    }};
  if (to_mof(*before, everything) != to_mof(*after, everything)) {
    repository_.apply(*change);
    added_.push_back({current_, nullptr, after, true, error_at(at.location, at.text, {})});
  }
  return {};
}

bool Compiler::on_instance(InstanceDeclaration declaration, const Token& /*at*/) {
  if (is_lost_) {
    failed_classes_[current_].insert(declaration.class_name);
  }
  declared_.push_back(std::move(declaration));
  declared_in_.push_back(current_);
  return true;
}

void Compiler::check_overrides() {
  for (const auto& [name_space, locations] : class_locations_) {
    std::string class_name;
    std::string property;
    if (const auto checked = repository_.check_overrides(name_space, class_name, &property); !checked) {
      const auto cls = locations.find(class_name);
      const ClassLocation place = cls != locations.end() ? cls->second : ClassLocation{};
      const auto found = place.properties.find(property);
      const bool is_found = found != place.properties.end();
      fail_at(is_found ? found->second : place.name, is_found ? property : class_name, checked.error().message);
    }
  }
}

void Compiler::resolve_instances() {
  InstanceResolver resolver(repository_, declared_, declared_in_, failed_classes_);
  auto resolved = resolver.resolve(options_.checks_instances);
  for (const InstanceError& error : resolver.errors()) {
    fail_at(error.location, error.text, error.message);
  }
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    if (resolved[i]) {
      instances_.push_back(
          {declared_in_[i], std::move(*resolved[i]), error_at(declared_[i].location, declared_[i].class_name, {})});
    }
  }
}

}  // namespace lunaria::cim::mof
