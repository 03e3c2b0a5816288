#include "cim/mof/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cim/limits.h"
#include "cim/name.h"

namespace lunaria::cim::mof {
namespace {

struct NamedScope {
  std::string_view name;
  Scope scope;
};
constexpr std::array<NamedScope, 8> kScopes = {{{"class", Scope::kClass},
                                                {"association", Scope::kAssociation},
                                                {"indication", Scope::kIndication},
                                                {"property", Scope::kProperty},
                                                {"reference", Scope::kReference},
                                                {"method", Scope::kMethod},
                                                {"parameter", Scope::kParameter},
                                                {"any", Scope::kAny}}};

/// A data type that MOF names; references are written otherwise, embedded ones are strings.
std::optional<Type> data_type(const Token& token) {
  if (token.kind != TokenKind::kName || token.is_keyword("reference")) {
    return std::nullopt;
  }
  return type_from_name(token.text);
}

}  // namespace

const Place& ClassPlaces::of(const DeclarationPart& part) const {
  const ElementPlaces* element = part.property ? &properties[*part.property] : nullptr;
  element = part.method ? &methods[*part.method] : element;
  element = part.method && part.parameter ? &element->parameters[*part.parameter] : element;
  if (part.qualifier) {
    return (element != nullptr ? element->qualifiers : qualifiers)[*part.qualifier];
  }
  return element != nullptr ? element->name : name;
}

Parser::Parser(std::string_view text, std::uint32_t file, ParserClient& client)
    : lexer_(text, file), token_(lexer_.next()), client_(client) {}

bool Parser::parse() {
  while (token_.kind != TokenKind::kEnd && !client_.gives_up()) {
    brace_depth_ = 0;
    const char* const start = token_.text.data();
    if (!parse_production()) {
      is_good_ = false;
      recover(start);
    }
  }
  return is_good_;
}

/// What the client thinks of a production that was well-formed.
bool Parser::accept(bool is_accepted) {
  is_good_ = is_good_ && is_accepted;
  return true;
}

void Parser::advance() {
  brace_depth_ += token_.is('{') ? 1 : token_.is('}') ? -1 : 0;
  token_ = lexer_.next();
}

// A production ends with the semicolon outside its braces. Where a brace is missing, the next thing that begins a
// production at the beginning of a line ends it.
void Parser::recover(const char* start) {
  while (token_.kind != TokenKind::kEnd) {
    const bool begins = token_.kind == TokenKind::kPragma || token_.is('[') || token_.is_keyword("class") ||
                        token_.is_keyword("instance") || token_.is_keyword("qualifier");
    if (begins && token_.location.column == 1 && token_.text.data() != start) {
      return;
    }
    if (token_.kind == TokenKind::kError) {
      lexer_.skip_error(token_);
      advance();
    } else if (token_.is(';') && brace_depth_ <= 0) {
      advance();
      return;
    } else {
      const bool is_class = token_.is_keyword("class");
      advance();
      if (is_class && token_.kind == TokenKind::kName) {
        client_.on_broken_class(token_.text);
      }
    }
  }
}

bool Parser::fail_here(std::string message) {
  if (token_.kind == TokenKind::kError) {
    message = token_.message;
  } else if (token_.kind == TokenKind::kEnd) {
    message += ", but the file ends";
  }
  client_.on_syntax_error(token_, std::move(message));
  return false;
}

bool Parser::expect(char punctuation) {
  return take(punctuation) || fail_here(std::string("'") + punctuation + "' expected");
}

bool Parser::take(char punctuation) {
  const bool there = token_.is(punctuation);
  if (there) {
    advance();
  }
  return there;
}

bool Parser::expect_keyword(std::string_view keyword) {
  if (!token_.is_keyword(keyword)) {
    return fail_here("'" + std::string(keyword) + "' expected");
  }
  advance();
  return true;
}

bool Parser::read_name(std::string& name, std::string_view what) {
  if (token_.kind != TokenKind::kName) {
    return fail_here(std::string(what) + " expected");
  }
  name = token_.text;
  advance();
  return true;
}

bool Parser::parse_production() {
  if (token_.kind == TokenKind::kPragma) {
    return parse_pragma();
  }
  if (token_.is_keyword("qualifier")) {
    return parse_qualifier_type();
  }
  std::vector<WrittenQualifier> qualifiers;
  std::vector<Place> places;
  if (!parse_qualifiers(qualifiers, places)) {
    return false;
  }
  if (token_.is_keyword("class")) {
    return parse_class(std::move(qualifiers), std::move(places));
  }
  if (token_.is_keyword("instance")) {
    return parse_instance();
  }
  return fail_here("a class, an instance, a qualifier declaration or a #pragma expected");
}

bool Parser::parse_pragma() {
  advance();
  const Token at = token_;
  std::string name;
  Value value;
  if (!read_name(name, "the name of a pragma") || !expect('(')) {
    return false;
  }
  if (token_.kind != TokenKind::kString) {
    return fail_here("a string expected");
  }
  if (!parse_constant(value)) {
    return false;
  }
  // What follows may be another file's turn: the client hears of the pragma before the next token is read.
  if (!token_.is(')')) {
    return fail_here("')' expected");
  }
  accept(client_.on_pragma(name, *value.as_string(), at));
  advance();
  return true;
}

bool Parser::parse_qualifier_type() {
  advance();
  const Token at = token_;
  QualifierType type;
  if (!read_name(type.name, "the name of a qualifier") || !expect(':')) {
    return false;
  }
  const auto data = data_type(token_);
  if (!data) {
    return fail_here("a data type expected");
  }
  type.type = *data;
  advance();
  if (!parse_array_suffix(type.is_array, type.array_size)) {
    return false;
  }
  type.default_value = Value::null(type.type, type.is_array);
  if (token_.is('=')) {
    advance();
    const Token value_at = token_;
    Value value;
    if (!parse_constant_or_array(value)) {
      return false;
    }
    auto converted = value.converted_to(type.type);
    if (!converted || (converted->is_array() != type.is_array && !value.is_null())) {
      client_.on_syntax_error(value_at, "the default value is not of the qualifier's type");
      return false;
    }
    type.default_value = value.is_null() ? Value::null(type.type, type.is_array) : std::move(*converted);
  }
  while (take(',')) {
    if (token_.is_keyword("scope") ? !parse_scopes(type) : !parse_declared_flavors(type)) {
      return false;
    }
  }
  return expect(';') && accept(client_.on_qualifier_type(std::move(type), at));
}

bool Parser::parse_scopes(QualifierType& type) {
  advance();
  type.scope = Scope::kNone;
  if (!expect('(')) {
    return false;
  }
  do {
    const auto* const found =
        std::ranges::find_if(kScopes, [this](const NamedScope& scope) { return token_.is_keyword(scope.name); });
    if (found == kScopes.end() && !token_.is_keyword("schema") && !token_.is_keyword("qualifier")) {
      return fail_here("a scope expected: class, association, indication, property, reference, method, parameter, any");
    }
    type.scope = found == kScopes.end() ? type.scope : type.scope | found->scope;
    advance();
  } while (take(','));
  return expect(')');
}

bool Parser::parse_declared_flavors(QualifierType& type) {
  if (!expect_keyword("flavor") || !expect('(')) {
    return false;
  }
  WrittenFlavor flavor;
  do {
    if (!parse_flavor(flavor)) {
      return false;
    }
  } while (take(','));
  type.flavor.overridable = flavor.overridable.value_or(type.flavor.overridable);
  type.flavor.to_subclass = flavor.to_subclass.value_or(type.flavor.to_subclass);
  type.flavor.translatable = flavor.translatable.value_or(type.flavor.translatable);
  return expect(')');
}

bool Parser::parse_flavor(WrittenFlavor& flavor) {
  const auto set = [this](std::optional<bool>& which, bool to) {
    if (which && *which != to) {
      return fail_here("this flavor contradicts one before it");
    }
    which = to;
    advance();
    return true;
  };
  if (token_.is_keyword("EnableOverride") || token_.is_keyword("DisableOverride")) {
    return set(flavor.overridable, token_.is_keyword("EnableOverride"));
  }
  if (token_.is_keyword("ToSubclass") || token_.is_keyword("Restricted")) {
    return set(flavor.to_subclass, token_.is_keyword("ToSubclass"));
  }
  if (token_.is_keyword("Translatable")) {
    return set(flavor.translatable, true);
  }
  if (token_.is_keyword("ToInstance")) {  // deprecated, without effect
    advance();
    return true;
  }
  return fail_here("a flavor expected: EnableOverride, DisableOverride, ToSubclass, Restricted, Translatable");
}

bool Parser::parse_qualifiers(std::vector<WrittenQualifier>& qualifiers, std::vector<Place>& places) {
  if (!take('[')) {
    return true;
  }
  do {
    places.push_back(place());
    if (!parse_qualifier(qualifiers.emplace_back())) {
      return false;
    }
  } while (take(','));
  return expect(']');
}

bool Parser::parse_qualifier(WrittenQualifier& qualifier) {
  if (!read_name(qualifier.name, "the name of a qualifier")) {
    return false;
  }
  if (take('(')) {
    if (!parse_constant(qualifier.value) || !expect(')')) {
      return false;
    }
  } else if (take('{') && !parse_array(qualifier.value)) {
    return false;
  }
  if (!take(':')) {
    return true;
  }
  do {
    if (!parse_flavor(qualifier.flavor)) {
      return false;
    }
  } while (token_.kind == TokenKind::kName);
  return true;
}

bool Parser::parse_class(std::vector<WrittenQualifier> qualifiers, std::vector<Place> places) {
  advance();
  const Token at = token_;
  ClassPlaces all{place(), std::move(places)};
  ClassDeclaration declaration;
  declaration.qualifiers = std::move(qualifiers);
  if (!read_name(declaration.name, "the name of a class")) {
    return false;
  }
  if (!parse_class_body(declaration, all)) {
    client_.on_broken_class(declaration.name);
    return false;
  }
  return accept(client_.on_class(std::move(declaration), at, all));
}

bool Parser::parse_class_body(ClassDeclaration& declaration, ClassPlaces& places) {
  if (take(':') && !read_name(declaration.superclass, "the name of the superclass")) {
    return false;
  }
  if (!expect('{')) {
    return false;
  }
  while (!token_.is('}')) {
    if (!parse_feature(declaration, places)) {
      return false;
    }
  }
  advance();
  return expect(';');
}

bool Parser::parse_element_type(ElementType& type) {
  if (token_.kind != TokenKind::kName) {
    return fail_here("a data type or a class expected");
  }
  if (const auto data = data_type(token_)) {
    type.type = *data;
    advance();
    return true;
  }
  const Token at = token_;
  type.object_class = token_.text;
  advance();
  if (!token_.is_keyword("ref")) {
    client_.on_syntax_error(at, "neither a data type nor a class followed by 'ref'");
    return false;
  }
  type.type = Type::kReference;
  advance();
  return true;
}

bool Parser::parse_array_suffix(bool& is_array, std::uint32_t& size) {
  if (!take('[')) {
    return true;
  }
  is_array = true;
  if (token_.kind == TokenKind::kNumber) {
    const auto number = token_.value.as_unsigned();
    if (!number || *number == 0 || *number > limits::kMofArrayElementsMax) {
      return fail_here("not a size for an array");
    }
    size = static_cast<std::uint32_t>(*number);
    advance();
  }
  return expect(']');
}

bool Parser::parse_feature(ClassDeclaration& declaration, ClassPlaces& places) {
  PropertyDeclaration property;
  ElementPlaces element;
  if (!parse_qualifiers(property.qualifiers, element.qualifiers)) {
    return false;
  }
  ElementType type;
  if (token_.is_keyword("void")) {  // not in DSP0004; the schemas of Windows have such methods
    advance();
  } else if (!parse_element_type(type)) {
    return false;
  }
  element.name = place();
  if (!read_name(property.name, "the name of a property or method")) {
    return false;
  }
  if (token_.is('(') && type.type != Type::kReference) {
    MethodDeclaration method{std::move(property.name), type.type, {}, std::move(property.qualifiers)};
    advance();
    if (!parse_parameters(method, element.parameters)) {
      return false;
    }
    declaration.methods.push_back(std::move(method));
    places.methods.push_back(std::move(element));
    return true;
  }
  if (type.type == Type::kNone) {
    return fail_here("'(' expected: only methods can be void");
  }
  property.type = type.type;
  property.object_class = std::move(type.object_class);
  if (!parse_array_suffix(property.is_array, property.array_size)) {
    return false;
  }
  if (take('=') && !parse_constant_or_array(property.default_value)) {
    return false;
  }
  declaration.properties.push_back(std::move(property));
  places.properties.push_back(std::move(element));
  return expect(';');
}

bool Parser::parse_parameters(MethodDeclaration& method, std::vector<ElementPlaces>& places) {
  if (!token_.is(')')) {
    do {
      PropertyDeclaration& parameter = method.parameters.emplace_back();
      ElementPlaces& element = places.emplace_back();
      ElementType type;
      if (!parse_qualifiers(parameter.qualifiers, element.qualifiers) || !parse_element_type(type)) {
        return false;
      }
      element.name = place();
      if (!read_name(parameter.name, "the name of a parameter") ||
          !parse_array_suffix(parameter.is_array, parameter.array_size)) {
        return false;
      }
      parameter.type = type.type;
      parameter.object_class = std::move(type.object_class);
    } while (take(','));
  }
  return expect(')') && expect(';');
}

bool Parser::parse_instance() {
  advance();
  if (!expect_keyword("of")) {
    return false;
  }
  const Token at = token_;
  InstanceDeclaration declaration;
  declaration.location = token_.location;
  if (!read_name(declaration.class_name, "the name of a class")) {
    return false;
  }
  if (token_.is_keyword("as")) {
    advance();
    if (token_.kind != TokenKind::kAlias) {
      return fail_here("an alias expected");
    }
    declaration.alias = token_.text.substr(1);
    advance();
  }
  if (!expect('{')) {
    return false;
  }
  while (!token_.is('}')) {
    std::vector<WrittenQualifier> qualifiers;  // qualifiers on instances have no effect (DSP0004 5.6.1)
    std::vector<Place> places;
    WrittenProperty& property = declaration.properties.emplace_back();
    if (!parse_qualifiers(qualifiers, places)) {
      return false;
    }
    property.location = token_.location;
    if (!read_name(property.name, "the name of a property") || !expect('=') || !parse_initializer(property.value) ||
        !expect(';')) {
      return false;
    }
  }
  advance();
  return expect(';') && accept(client_.on_instance(std::move(declaration), at));
}

bool Parser::parse_initializer(WrittenValue& written) {
  written.location = token_.location;
  if (token_.kind == TokenKind::kAlias) {
    written.aliases.emplace_back(token_.text.substr(1));
    advance();
    return true;
  }
  if (!token_.is('{')) {
    return parse_constant(written.value);
  }
  advance();
  if (token_.kind == TokenKind::kAlias) {
    return parse_alias_array(written);
  }
  return parse_array(written.value);
}

bool Parser::parse_alias_array(WrittenValue& written) {
  written.is_alias_array = true;
  do {
    if (token_.kind != TokenKind::kAlias) {
      return fail_here("an alias expected");
    }
    written.aliases.emplace_back(token_.text.substr(1));
    if (written.aliases.size() > limits::kMofArrayElementsMax) {
      return fail_here("too many elements");
    }
    advance();
  } while (take(','));
  return expect('}');
}

bool Parser::parse_constant(Value& value) {
  if (token_.kind == TokenKind::kString) {
    std::string joined;
    for (; token_.kind == TokenKind::kString; advance()) {
      joined += *token_.value.as_string();
      if (joined.size() > limits::kMofStringBytesMax) {
        return fail_here("the string is too long");
      }
    }
    value = Value(std::move(joined));
    return token_.kind != TokenKind::kError || fail_here("");
  }
  if (token_.kind == TokenKind::kNumber || token_.kind == TokenKind::kChar) {
    value = token_.value;
  } else if (token_.is_keyword("true") || token_.is_keyword("false")) {
    value = Value(token_.is_keyword("true"));
  } else if (token_.is_keyword("null")) {
    value = Value::null(Type::kString);
  } else {
    return fail_here("a constant expected");
  }
  advance();
  return true;
}

bool Parser::parse_array(Value& value) {
  std::vector<Value> elements;
  Type type = Type::kNone;
  if (!token_.is('}')) {
    do {
      if (elements.size() >= limits::kMofArrayElementsMax) {
        return fail_here("too many elements");
      }
      const Token at = token_;
      if (!parse_constant(elements.emplace_back())) {
        return false;
      }
      if (!unify(elements, type)) {
        client_.on_syntax_error(at, "the elements of an array must be of one type");
        return false;
      }
    } while (take(','));
  }
  type = type == Type::kNone ? Type::kString : type;
  for (Value& element : elements) {
    auto converted = element.converted_to(type);
    if (!converted) {
      return fail_here("the elements of the array have no common type");
    }
    element = std::move(*converted);
  }
  value = Value::array(type, std::move(elements));
  return expect('}');
}

/// Widens `type` so that it takes the last element, too.
bool Parser::unify(std::vector<Value>& elements, Type& type) {
  const Value& last = elements.back();
  if (last.is_null() || type == Type::kNone || last.type() == type) {
    type = last.is_null() ? type : last.type();
    return true;
  }
  if (!is_numeric(type) || !is_numeric(last.type())) {
    return false;
  }
  type = is_real(type) || is_real(last.type()) ? Type::kReal64 : Type::kSint64;
  return true;
}

}  // namespace lunaria::cim::mof
