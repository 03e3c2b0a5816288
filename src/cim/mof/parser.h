#pragma once

// Parses one MOF file (DSP0004 annex A) and hands over each production as it ends. Knows syntax only; what names mean
// is the compiler's business. Recursion is bounded: no production nests in itself.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class_declaration.h"
#include "cim/mof/lexer.h"
#include "cim/mof/source.h"
#include "cim/qualifier.h"

namespace lunaria::cim::mof {

/// A value as written in an instance: a constant or an array of constants, or aliases.
struct WrittenValue {
  Value value;                       ///< typed like WrittenQualifier::value; absent when aliases are given
  std::vector<std::string> aliases;  ///< without the dollar
  bool is_alias_array = false;
  Location location;
};

struct WrittenProperty {
  std::string name;
  WrittenValue value;
  Location location;
};

/// `instance of Class as $alias { ... };`
struct InstanceDeclaration {
  std::string class_name;
  std::string alias;  ///< "" when there is none
  std::vector<WrittenProperty> properties;
  Location location;
};

/// Where something stands. The text is part of the source.
struct Place {
  Location location;
  std::string_view text;
};

struct ElementPlaces {
  Place name;
  std::vector<Place> qualifiers;
  std::vector<ElementPlaces> parameters{};  ///< of a method
};

/// Where the parts of a ClassDeclaration stand, in its order.
struct ClassPlaces {
  Place name;
  std::vector<Place> qualifiers;
  std::vector<ElementPlaces> properties{};
  std::vector<ElementPlaces> methods{};

  const Place& of(const DeclarationPart& part) const;
};

/// Receives productions in the order of the file. Interface. Each answers false when something is wrong, having
/// recorded what; the parser then goes on with the next production.
class ParserClient {
 public:
  virtual ~ParserClient() = default;
  virtual bool on_pragma(std::string_view name, const std::string& value, const Token& at) = 0;
  virtual bool on_qualifier_type(QualifierType type, const Token& at) = 0;
  virtual bool on_class(ClassDeclaration declaration, const Token& at, const ClassPlaces& places) = 0;
  virtual bool on_instance(InstanceDeclaration declaration, const Token& at) = 0;
  /// The text is wrong at this token.
  virtual void on_syntax_error(const Token& at, std::string message) = 0;
  /// That was in the text of a class, of which no more than the name is known.
  virtual void on_broken_class(std::string_view /*name*/) {}
  /// Whether so much is wrong that reading on is of no use.
  virtual bool gives_up() const { return false; }
};

/// Text and client outlive the parser.
class Parser final {
 public:
  Parser(std::string_view text, std::uint32_t file, ParserClient& client);
  /// False when something was wrong; the client knows.
  bool parse();

 private:
  struct ElementType {
    Type type = Type::kNone;
    std::string object_class;
  };

  void advance();
  /// After an error in the production that begins at `start`: goes to where the next one may begin.
  void recover(const char* start);
  bool accept(bool is_accepted);
  bool fail_here(std::string message);
  bool expect(char punctuation);
  bool take(char punctuation);
  bool expect_keyword(std::string_view keyword);
  bool read_name(std::string& name, std::string_view what);

  bool parse_production();
  bool parse_pragma();
  bool parse_qualifier_type();
  bool parse_scopes(QualifierType& type);
  bool parse_declared_flavors(QualifierType& type);
  Place place() const { return {token_.location, token_.text}; }
  bool parse_qualifiers(std::vector<WrittenQualifier>& qualifiers, std::vector<Place>& places);
  bool parse_qualifier(WrittenQualifier& qualifier);
  bool parse_flavor(WrittenFlavor& flavor);
  bool parse_class(std::vector<WrittenQualifier> qualifiers, std::vector<Place> places);
  bool parse_class_body(ClassDeclaration& declaration, ClassPlaces& places);
  bool parse_feature(ClassDeclaration& declaration, ClassPlaces& places);
  bool parse_parameters(MethodDeclaration& method, std::vector<ElementPlaces>& places);
  bool parse_element_type(ElementType& type);
  bool parse_array_suffix(bool& is_array, std::uint32_t& size);
  bool parse_instance();
  bool parse_constant(Value& value);
  /// After the brace.
  bool parse_array(Value& value);
  bool parse_constant_or_array(Value& value) { return take('{') ? parse_array(value) : parse_constant(value); }
  bool parse_initializer(WrittenValue& written);
  bool parse_alias_array(WrittenValue& written);
  bool unify(std::vector<Value>& elements, Type& type);

  Lexer lexer_;
  Token token_;
  ParserClient& client_;
  bool is_good_ = true;
  int brace_depth_ = 0;  ///< braces open in this production
};

}  // namespace lunaria::cim::mof
