#include "cim/mof/one_declaration.h"

#include <utility>

namespace lunaria::cim::mof {
namespace {

constexpr const char* kNotOne = "one declaration is expected, and nothing else";

class OneClient final : public ParserClient {
 public:
  bool on_pragma(std::string_view /*name*/, const std::string& /*value*/, const Token& at) override {
    on_syntax_error(at, kNotOne);
    return false;
  }
  bool on_qualifier_type(QualifierType type, const Token& at) override { return take(read.qualifier_type, type, at); }
  bool on_class(ClassDeclaration declaration, const Token& at, const ClassPlaces& /*places*/) override {
    return take(read.cls, declaration, at);
  }
  bool on_instance(InstanceDeclaration declaration, const Token& at) override {
    return take(read.instance, declaration, at);
  }
  void on_syntax_error(const Token& at, std::string text) override {
    has_failed = true;
    wrong = {at.location.line, std::move(text)};
  }
  bool gives_up() const override { return has_failed; }

  OneDeclaration read;
  NoDeclaration wrong{0, kNotOne};
  bool has_failed = false;
  bool has_read = false;

 private:
  template <class Declaration>
  bool take(std::optional<Declaration>& place, Declaration& declaration, const Token& at) {
    if (has_read) {
      on_syntax_error(at, kNotOne);
      return false;
    }
    has_read = true;
    place = std::move(declaration);
    return true;
  }
};

}  // namespace

Result<OneDeclaration, NoDeclaration> read_one_declaration(std::string_view text, std::uint32_t file) {
  OneClient client;
  if (!Parser(text, file, client).parse() || !client.has_read) {
    return fail(std::move(client.wrong));
  }
  return std::move(client.read);
}

}  // namespace lunaria::cim::mof
