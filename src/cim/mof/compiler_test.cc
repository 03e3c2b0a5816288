#include "cim/mof/compiler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cim/limits.h"

namespace lunaria::cim::mof {
namespace {

constexpr std::string_view kQualifiers = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride, ToSubclass);
Qualifier Indication : boolean = false, Scope(class, indication), Flavor(DisableOverride);
Qualifier Abstract : boolean = false, Scope(class, association, indication), Flavor(Restricted);
Qualifier Structure : boolean = false, Scope(class, association, indication), Flavor(Restricted);
Qualifier Terminal : boolean = false, Scope(class, association, indication);
Qualifier Override : string, Scope(property, reference, method), Flavor(Restricted);
Qualifier Description : string, Scope(any), Flavor(Translatable);
Qualifier Version : string, Scope(class, association, indication), Flavor(Restricted, Translatable);
Qualifier ValueMap : string[], Scope(property, method, parameter);
Qualifier MaxLen : uint32, Scope(property);
Qualifier Write : boolean = false, Scope(property);
Qualifier In : boolean = true, Scope(parameter), Flavor(DisableOverride);
Qualifier Out : boolean = false, Scope(parameter), Flavor(DisableOverride);
Qualifier Static : boolean = false, Scope(property, method), Flavor(DisableOverride);
Qualifier EmbeddedInstance : string, Scope(property, method, parameter);
Qualifier EmbeddedObject : boolean = false, Scope(property, method, parameter), Flavor(DisableOverride);
)";

/// Compiles qualifiers.mof and then a text, as one namespace.
class Mof : public testing::Test {
 protected:
  Mof() {
    EXPECT_TRUE(repository_.add_namespace(space_));
    EXPECT_TRUE(repository_.add_namespace(NamespaceName("root/other")));
    loader_.add("q", std::string(kQualifiers));
    EXPECT_TRUE(compiler_.compile("q"));
  }

  std::string compile(std::string text) {
    loader_.add("t.mof", std::move(text));
    const auto outcome = compiler_.compile("t.mof");
    return outcome ? "" : outcome.error().to_string();
  }
  ClassPtr cls(std::string_view name) const { return repository_.find_class(space_, name); }

  const NamespaceName space_{"root/test"};
  Repository repository_;
  MemorySourceLoader loader_;
  Compiler compiler_{repository_, loader_, space_};
};

TEST_F(Mof, CompilesAClassWithEveryKindOfElement) {
  ASSERT_EQ(compile(R"([Description("one " /* and */ "two")] class T_A {
      [Key] uint32 Id; string Names[] = {"a", "b\x263A\n"}; uint8 Four[4]; real32 R = -1.5; sint8 N = -0x10;
      uint16 B = 101b; uint16 O = 017; char16 C = 'x'; boolean Yes = TRUE; datetime T = "00000001000000.000000:000";
      string Nothing = NULL; [EmbeddedInstance("T_A")] string Inner; [EmbeddedObject] string Any;
      uint32 Do([In, Out] string Text, [In(false), Out] T_A REF Self, uint16 List[]); void Rest();
    };)"),
            "");
  const ClassPtr a = cls("t_a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->qualifiers().find("description")->value.string_or_empty(), "one two");
  EXPECT_EQ(a->key_indexes().size(), 1U);
  const auto value = [&a](std::string_view name) { return a->property(a->find_property(name).value()).default_value; };
  EXPECT_EQ(value("names"), Value::array_of(std::vector<std::string>{"a", "b\xE2\x98\xBA\n"}));
  EXPECT_EQ(value("R"), Value(-1.5F));
  EXPECT_EQ(value("N"), Value(std::int8_t{-16}));
  EXPECT_EQ(value("B"), Value(std::uint16_t{5}));
  EXPECT_EQ(value("O"), Value(std::uint16_t{15}));
  EXPECT_EQ(value("C"), Value(static_cast<Char16>('x')));
  EXPECT_EQ(value("Yes"), Value(true));
  EXPECT_EQ(value("T").type(), Type::kDatetime);
  EXPECT_TRUE(value("Nothing").is_null());
  EXPECT_EQ(a->property(2).array_size, 4U);
  EXPECT_EQ(a->property(a->find_property("Inner").value()).type, Type::kEmbeddedInstance);
  EXPECT_EQ(a->property(a->find_property("Any").value()).type, Type::kEmbeddedObject);
  const MethodPtr method = a->find_method("do");
  ASSERT_TRUE(method);
  ASSERT_EQ(method->parameters.size(), 3U);
  EXPECT_TRUE(method->parameters[0].is_in && method->parameters[0].is_out);
  EXPECT_TRUE(!method->parameters[1].is_in && method->parameters[1].is_out);
  EXPECT_EQ(method->parameters[1].object_class, "T_A");
  EXPECT_TRUE(method->parameters[2].is_array);
  EXPECT_EQ(a->find_method("Rest")->return_type, Type::kNone);
}

struct ErrorCase {
  const char* text;
  const char* error;
};

class MofErrors : public Mof, public testing::WithParamInterface<ErrorCase> {};

TEST_P(MofErrors, NameThePlaceTheTextAndTheReason) {
  EXPECT_EQ(compile(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Lexical, MofErrors,
    testing::Values(
        ErrorCase{"\n/* x", "t.mof:2:1: comment without an end, at '/*'"},
        ErrorCase{"class T_A {\n  string S = \"abc\n\";",
                  "t.mof:2:14: string literal without an end on its line, at '\"abc'"},
        ErrorCase{"class T_A { string S = \"abc", "t.mof:1:24: string literal without an end, at '\"abc'"},
        ErrorCase{"class T_A { string S = \"a\\q\"; };", "t.mof:1:26: no such escape, at '\\q\"'"},
        ErrorCase{"class T_A { string S = \"\\xG\"; };",
                  "t.mof:1:25: \\x needs one to four hexadecimal digits, at '\\xG'"},
        ErrorCase{"class T_A { string S = \"\\x0\"; };", "t.mof:1:25: the character NUL is not allowed, at '\\x0\"'"},
        ErrorCase{"class T_A { string S = \"\\x1\"; };",
                  "t.mof:1:25: XML, by which values are sent, does not have this character, at '\\x1\"'"},
        ErrorCase{"class T_A { string S = \"\\b\"; };",
                  "t.mof:1:25: XML, by which values are sent, does not have this character, at '\\b\"'"},
        ErrorCase{"class T_A { string S = \"\\xD800\"; };", "t.mof:1:25: half of a surrogate pair, at '\\xD800\"'"},
        ErrorCase{"class T_A { string S = \"\xFF\"; };", "t.mof:1:25: not valid UTF-8, at '\xFF'"},
        ErrorCase{"class T_A { char16 C = 'ab'; };",
                  "t.mof:1:24: a char16 is one character between single quotes, at ''ab'"},
        ErrorCase{"class T_A { char16 C = ''; };",
                  "t.mof:1:24: a char16 is one character between single quotes, at ''''"},
        ErrorCase{"class T_A { uint8 N = 12x; };", "t.mof:1:23: not a number, at '12x'"},
        ErrorCase{"class T_A { uint8 N = 09; };", "t.mof:1:23: not a number, at '09'"},
        ErrorCase{"class T_A { uint8 N = 12b; };", "t.mof:1:23: not a number, at '12b'"},
        ErrorCase{"class T_A { uint8 N = 0x; };", "t.mof:1:23: not a number, at '0x'"},
        ErrorCase{"class T_A { real32 N = 1.; };", "t.mof:1:24: not a number, at '1.'"},
        ErrorCase{"class T_A { uint64 N = 18446744073709551616; };",
                  "t.mof:1:24: the number is out of range, at '18446744073709551616'"},
        ErrorCase{"class T_A { sint64 N = -9223372036854775809; };",
                  "t.mof:1:24: the number is out of range, at '-9223372036854775809'"},
        ErrorCase{"class T_A ?", "t.mof:1:11: this character has no place here, at '?'"},
        ErrorCase{"#include \"x\"", "t.mof:1:1: only #pragma may follow '#', at '#include'"},
        ErrorCase{"instance of T_A as $ {", "t.mof:1:20: '$' must be followed by the name of an alias, at '$'"}));

INSTANTIATE_TEST_SUITE_P(
    Syntax, MofErrors,
    testing::Values(
        ErrorCase{"klass T_A {};",
                  "t.mof:1:1: a class, an instance, a qualifier declaration or a #pragma expected, at 'klass'"},
        ErrorCase{"class {};", "t.mof:1:7: the name of a class expected, at '{'"},
        ErrorCase{"class T_A : {};", "t.mof:1:13: the name of the superclass expected, at '{'"},
        ErrorCase{"class T_A {}", "t.mof:1:13: ';' expected, but the file ends"},
        ErrorCase{"class T_A {", "t.mof:1:12: a data type or a class expected, but the file ends"},
        ErrorCase{"class T_A { uint32 };", "t.mof:1:20: the name of a property or method expected, at '}'"},
        ErrorCase{"class T_A { uint33 X; };",
                  "t.mof:1:13: neither a data type nor a class followed by 'ref', at 'uint33'"},
        ErrorCase{"class T_A { uint8 X }", "t.mof:1:21: ';' expected, at '}'"},
        ErrorCase{"class T_A { uint8 X[0]; };", "t.mof:1:21: not a size for an array, at '0'"},
        ErrorCase{"class T_A { uint8 X = ; };", "t.mof:1:23: a constant expected, at ';'"},
        ErrorCase{"class T_A { uint8 X[] = {1, \"a\"}; };",
                  "t.mof:1:29: the elements of an array must be of one type, at '\"a\"'"},
        ErrorCase{"class T_A { void X; };", "t.mof:1:19: '(' expected: only methods can be void, at ';'"},
        ErrorCase{"class T_A { uint8 F(void X); };",
                  "t.mof:1:21: neither a data type nor a class followed by 'ref', at 'void'"},
        ErrorCase{"class T_A { uint8 F(uint8 X,); };", "t.mof:1:29: a data type or a class expected, at ')'"},
        ErrorCase{"[Key", "t.mof:1:5: ']' expected, but the file ends"},
        ErrorCase{"[Key(] class", "t.mof:1:6: a constant expected, at ']'"},
        ErrorCase{"[] class T_A {};", "t.mof:1:2: the name of a qualifier expected, at ']'"},
        ErrorCase{
            "[Key : Sometimes] class T_A {};",
            "t.mof:1:8: a flavor expected: EnableOverride, DisableOverride, ToSubclass, Restricted, Translatable, "
            "at 'Sometimes'"},
        ErrorCase{"Qualifier Q : uint8 = 256, Scope(any);",
                  "t.mof:1:23: the default value is not of the qualifier's type, at '256'"},
        ErrorCase{"Qualifier Q : real32 = 1.0E39, Scope(any);",
                  "t.mof:1:24: the default value is not of the qualifier's type, at '1.0E39'"},
        ErrorCase{"Qualifier Q : T_A, Scope(any);", "t.mof:1:15: a data type expected, at 'T_A'"},
        ErrorCase{
            "Qualifier Q : uint8, Scope(everything);",
            "t.mof:1:28: a scope expected: class, association, indication, property, reference, method, parameter, "
            "any, at 'everything'"},
        ErrorCase{"Qualifier Q : uint8, Flavor(ToSubclass, Restricted);",
                  "t.mof:1:41: this flavor contradicts one before it, at 'Restricted'"},
        ErrorCase{"instance T_A {};", "t.mof:1:10: 'of' expected, at 'T_A'"},
        ErrorCase{"#pragma include(x)", "t.mof:1:17: a string expected, at 'x'"},
        ErrorCase{"#pragma include(\"gone.mof\")", "t.mof:1:9: the file cannot be read, at 'gone.mof'"},
        ErrorCase{"#pragma include(\"t.mof\")", "t.mof:1:9: the file includes itself, at 't.mof'"},
        ErrorCase{"#pragma namespace(\"root/none\")", "t.mof:1:9: no such namespace, at 'root/none'"}));

INSTANTIATE_TEST_SUITE_P(
    Meaning, MofErrors,
    testing::Values(
        ErrorCase{"class T_A : T_None {};", "t.mof:1:7: T_A: no superclass T_None, at 'T_A'"},
        ErrorCase{"class __A {};",
                  "t.mof:1:7: names that begin with two underscores belong to the object manager, at '__A'"},
        ErrorCase{"class T_A { char16 C = 1; };",
                  "t.mof:1:20: T_A.C: the default value: a char16 that is no character by itself, at 'C'"},
        ErrorCase{"// one\r// two\rclass T_A : T_None {};", "t.mof:3:7: T_A: no superclass T_None, at 'T_A'"},
        ErrorCase{"class T_A {}; class t_a {};", "t.mof:1:21: class t_a is there already, at 't_a'"},
        ErrorCase{"[Nonsense] class T_A {};", "t.mof:1:2: T_A: qualifier Nonsense is not declared, at 'Nonsense'"},
        ErrorCase{"[Key] class T_A {};", "t.mof:1:2: T_A: qualifier Key is not allowed here by its scope, at 'Key'"},
        ErrorCase{"class T_A { [Static] string X; [MaxLen(\"a\")] string Y; };",
                  "t.mof:1:33: T_A.Y: the value of qualifier MaxLen is not of its declared type, at 'MaxLen'"},
        ErrorCase{"class T_A { [ValueMap(\"1\")] uint8 X; };",
                  "t.mof:1:14: T_A.X: the value of qualifier ValueMap is not of its declared type, at 'ValueMap'"},
        ErrorCase{"class T_A { [Key, key] uint8 X; };", "t.mof:1:19: T_A.X: qualifier key is given twice, at 'key'"},
        ErrorCase{"class T_A { uint8 X; string x; };", "t.mof:1:29: T_A.x: two properties of this name, at 'x'"},
        ErrorCase{"class T_A { uint8 F(); uint8 f(); };", "t.mof:1:30: T_A.f: two methods of this name, at 'f'"},
        ErrorCase{"class T_A { uint8 F(uint8 a, uint8 A); };", "t.mof:1:36: T_A.F: two parameters named A, at 'A'"},
        ErrorCase{"class T_A { uint8 X = 256; };",
                  "t.mof:1:19: T_A.X: the default value is out of the range of uint8, at 'X'"},
        ErrorCase{"class T_A { real32 X = 3.5E+38; };",
                  "t.mof:1:20: T_A.X: the default value is out of the range of real32, at 'X'"},
        ErrorCase{"class T_A { uint8 X[1] = {1, 2}; };",
                  "t.mof:1:19: T_A.X: the default value has more elements than the array, at 'X'"},
        ErrorCase{"class T_A { T_A REF X; };", "t.mof:1:21: T_A.X: a reference outside an association, at 'X'"},
        ErrorCase{"[Association] class T_A { T_A REF X[]; };",
                  "t.mof:1:35: T_A.X: a reference must not be an array, at 'X'"},
        ErrorCase{"class T_A { [EmbeddedInstance(\"T_B\")] uint8 X; };",
                  "t.mof:1:45: T_A.X: EmbeddedInstance and EmbeddedObject are for strings, one of them only, at 'X'"},
        ErrorCase{"class T_A { [Key] uint8 X[]; };",
                  "t.mof:1:25: T_A.X: a key is neither an array nor an embedded object, at 'X'"},
        ErrorCase{"class T_A { [Override(\"X\")] uint8 X; };",
                  "t.mof:1:35: T_A.X: Override, but the superclass has no such element, at 'X'"},
        ErrorCase{"class T_A { uint8 X; }; class T_B : T_A { uint8 X; };",
                  "t.mof:1:49: T_B.X: declared again without the Override qualifier, at 'X'"},
        ErrorCase{"class T_A { uint8 X; }; class T_B : T_A { [Override(\"Y\")] uint8 X; };",
                  "t.mof:1:65: T_B.X: Override names another element, at 'X'"},
        ErrorCase{"class T_A { uint8 X; }; class T_B : T_A { [Override(\"X\")] uint16 X; };",
                  "t.mof:1:66: T_B.X: does not have the type that T_A gives it, at 'X'"},
        ErrorCase{"class T_A { uint8 X; }; class T_B : T_A { [Override(\"X\")] uint8 X[]; };",
                  "t.mof:1:65: T_B.X: does not have the type that T_A gives it, at 'X'"},
        ErrorCase{"class T_A { [Key] uint8 X; }; class T_B : T_A { [Key] uint8 Y; };",
                  "t.mof:1:61: T_B.Y: a key below T_A, which has its keys already, at 'Y'"},
        ErrorCase{"class T_A { [Key] uint8 X; }; class T_B : T_A { [Override(\"X\"), Key(false)] uint8 X; };",
                  "t.mof:1:65: T_B.X: qualifier Key must not be changed (DisableOverride), at 'Key'"},
        ErrorCase{"class T_A { uint8 F(uint8 a); }; class T_B : T_A { [Override(\"F\")] uint8 F(uint16 a); };",
                  "t.mof:1:83: T_B.F(a): differs from the method that it overrides, at 'a'"},
        ErrorCase{"class T_A { uint8 F(); }; class T_B : T_A { [Override(\"F\")] uint16 F(); };",
                  "t.mof:1:68: T_B.F: differs from the method that it overrides, at 'F'"},
        ErrorCase{"class T_P {}; [Association] class T_A { [Key] T_P REF X; };",
                  "t.mof:1:35: T_A: an association has two references or more, at 'T_A'"},
        ErrorCase{"class T_P {}; class T_Q {}; [Association] class T_A { [Key] T_P REF X; T_P REF Y; };\n"
                  "[Association] class T_B : T_A { [Override(\"X\")] T_Q REF X; };",
                  "t.mof:2:57: T_B.X: does not have the type that T_A gives it, at 'X'"},
        ErrorCase{"class T_P {}; [Association] class T_A { [Key] T_P REF X; T_P REF Y; };\n"
                  "[Association] class T_B : T_A { [Override(\"X\")] T_Q REF X; }; class T_Q {};",
                  "t.mof:2:57: T_B.X: T_Q is not below T_P, which it overrides, at 'X'"},
        ErrorCase{"class T_A {}; [Association] class T_B : T_A {};",
                  "t.mof:1:35: T_B: an association below T_A, which is none, at 'T_B'"},
        ErrorCase{"[Terminal, Abstract] class T_A {};",
                  "t.mof:1:28: T_A: Terminal and Abstract: there would be neither instances nor classes below it, at "
                  "'T_A'"},
        ErrorCase{"Qualifier Key : uint8, Scope(any);",
                  "t.mof:1:11: qualifier Key is declared otherwise already, at 'Key'"}));

INSTANTIATE_TEST_SUITE_P(
    Instances, MofErrors,
    testing::Values(
        ErrorCase{"instance of T_A {};", "t.mof:1:13: no such class in root/test, at 'T_A'"},
        ErrorCase{"[Abstract] class T_A {}; instance of T_A {};",
                  "t.mof:1:38: an abstract class has no instances, at 'T_A'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A { Y = 1; };",
                  "t.mof:2:19: T_A has no such property, at 'Y'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A { X = 1; x = 2; };",
                  "t.mof:2:26: the property is given twice, at 'x'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A { X = 256; };",
                  "t.mof:2:23: the value is out of the range of uint8, at 'X'"},
        ErrorCase{"class T_A { real32 X; };\ninstance of T_A { X = -1.0E39; };",
                  "t.mof:2:23: the value is out of the range of real32, at 'X'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A { X = {1}; };",
                  "t.mof:2:23: an array where uint8 is expected, at 'X'"},
        ErrorCase{"class T_A { [Key] uint8 X; };\ninstance of T_A { };",
                  "t.mof:2:13: the key X has no value, at 'T_A'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A { X = $b; };",
                  "t.mof:2:23: no instance has this alias, at '$b'"},
        ErrorCase{"class T_A { uint8 X; };\ninstance of T_A as $a { X = $a; };",
                  "t.mof:2:29: X is neither a reference nor an embedded instance, at '$a'"},
        ErrorCase{"class T_A { char16 C; };\ninstance of T_A { C = 1; };",
                  "t.mof:2:23: a char16 that is no character by itself, at 'C'"},
        ErrorCase{"class T_A {};\ninstance of T_A as $a { };\ninstance of T_A as $A { };",
                  "t.mof:3:13: two instances have this alias, at '$A'"},
        ErrorCase{"class T_A { [EmbeddedInstance(\"T_A\")] string X; };\ninstance of T_A as $a { X = $a; };",
                  "t.mof:2:29: the alias leads back to itself, or too far, at '$a'"},
        ErrorCase{"class T_A { [EmbeddedInstance(\"T_A\")] string X; };\ninstance of T_A { X = \"class T_B {};\"; };",
                  "t.mof:2:23: only an EmbeddedObject may hold a class, at 'X'"},
        ErrorCase{"class T_A { [EmbeddedInstance(\"T_A\")] string X; };\ninstance of T_A { X = \"\"; };",
                  "t.mof:2:23: an embedded value is the text of one instance or class, at 'X'"},
        ErrorCase{"class T_B {}; class T_A { [EmbeddedInstance(\"T_A\")] string X; };\n"
                  "instance of T_A { X = \"instance of T_B {};\"; };",
                  "t.mof:2:23: a T_B, not a T_A, at 'X'"}));

TEST_F(Mof, TellsEveryErrorAndGoesOn) {
  EXPECT_EQ(compile("class T_A { uint8 N = 12x; };\n"
                    "class T_B : T_None { };\n"
                    "class T_C : T_B { };\n"  // of which nothing is said: T_B is what is wrong
                    "[Key] class T_D { };\n"
                    "class T_E { uint8 X\n"
                    "class T_F { [Key] uint8 Id; };\n"
                    "instance of T_F { Id = 300; Nothing = 1; };\n"
                    "instance of T_B { };\n"
                    "instance of T_F as $f { Id = 1 };\n"
                    "#pragma include (\"nowhere.mof\")\n"
                    "instance of T_F { Id = 2; };\n"),
            "t.mof:1:23: not a number, at '12x'\n"
            "t.mof:2:7: T_B: no superclass T_None, at 'T_B'\n"
            "t.mof:4:2: T_D: qualifier Key is not allowed here by its scope, at 'Key'\n"
            "t.mof:6:1: ';' expected, at 'class'\n"
            "t.mof:9:32: ';' expected, at '}'\n"
            "t.mof:10:9: the file cannot be read, at 'nowhere.mof'\n"
            "t.mof:7:24: the value is out of the range of uint8, at 'Id'\n"
            "t.mof:7:29: T_F has no such property, at 'Nothing'");
  EXPECT_TRUE(cls("T_F"));
  const auto instances = compiler_.take_instances();
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances.front().instance.find("Id")->to_text(), "2");
}

TEST_F(Mof, TellsThePlaceOfTheElementThatIsWrong) {
  EXPECT_EQ(compile("class T_A {\n  uint8 Good = 255;\n\n  uint8\n    Bad = 256;\n};\n"
                    "class T_B {\n  [Description(\"x\"),\n   Nonsense] uint8 X;\n};\n"
                    "class T_C {\n  uint8 F();\n  uint8 G(uint8 a,\n          [In, in] uint8 b);\n};\n"
                    "class T_D {\n  uint8 F(uint8 a);\n  [Static, Key] uint8 G();\n};\n"),
            "t.mof:5:5: T_A.Bad: the default value is out of the range of uint8, at 'Bad'\n"
            "t.mof:9:4: T_B.X: qualifier Nonsense is not declared, at 'Nonsense'\n"
            "t.mof:14:16: T_C.G(b): qualifier in is given twice, at 'in'\n"
            "t.mof:18:12: T_D.G: qualifier Key is not allowed here by its scope, at 'Key'");
}

TEST_F(Mof, TellsThePlaceInAClassThatTakesTheOthersPlace) {
  ASSERT_EQ(compile("class T_A { uint8 X; }; class T_P {}; class T_Q {};\n"
                    "class T_H { [EmbeddedInstance(\"T_P\")] string E; }; class T_I : T_H { string S; };"),
            "");
  loader_.add("t.mof",
              "class T_A {\n  uint8 X = 256;\n};\nclass T_I : T_H { uint8 N;\n"
              "  [Override(\"E\"), EmbeddedInstance(\"T_Q\")] string E;\n};\ninstance of T_A { X = 300; };\n");
  Compiler again(repository_, loader_, space_,
                 {.makes_namespaces = false, .replaces_classes = true, .checks_instances = true});
  const auto outcome = again.compile("t.mof");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().to_string(),
            "t.mof:2:9: T_A.X: the default value is out of the range of uint8, at 'X'\n"
            "t.mof:5:51: T_I.E: does not have the type that T_H gives it, at 'E'");
}

TEST_F(Mof, TellsDefaultsOutOfTheirBoundsAtTheClass) {
  EXPECT_EQ(compile("class T_A { [Key] uint8 K;\n  [MaxLen(2)] string S = \"abc\"; };\n"
                    "instance of T_A { K = 1; };\nclass T_B : T_A { };\ninstance of T_B { K = 1; };\n"
                    "class T_C { string S = \"abc\"; };\n"
                    "class T_D : T_C { [Override(\"S\"), MaxLen(2)] string S; };\n"),
            "t.mof:2:22: T_A.S: the default value is longer than MaxLen(2), at 'S'\n"
            "t.mof:7:53: T_D.S: the default value is longer than MaxLen(2), at 'S'");
}

TEST_F(Mof, SaysNothingOfWhatBuildsOnABrokenClass) {
  EXPECT_EQ(compile("class T_A { uint8 };\n"
                    "class T_B : T_A { [Override(\"X\")] uint8 X; };\n"
                    "instance of T_A { };\ninstance of T_B { Y = 1; };\n"
                    "class T_C { uint8 X; } class T_D { };\nclass T_E : T_D { };\n"),
            "t.mof:1:19: the name of a property or method expected, at '}'\n"
            "t.mof:5:24: ';' expected, at 'class'");
  EXPECT_EQ(compile("class T_A { };\nclass T_F : T_A { };\n"), "");
}

TEST_F(Mof, PassesOverWhatBelongsToAMissingNamespace) {
  loader_.add("inner", "class T_I { [Nonsense] uint8 X; };");
  EXPECT_EQ(compile("class T_A { [Key] uint8 K; };\n[Association] class T_L { [Key] T_A REF X; T_A REF Y; };\n"
                    "#pragma namespace (\"root/none\")\n"
                    "Qualifier Key : uint8, Scope(any);\nclass T_A { };\nclass T_B : T_None { };\n"
                    "#pragma include (\"inner\")\ninstance of T_A as $a { K = 300; };\n"
                    "#pragma namespace (\"root/test\")\ninstance of T_L { X = $a; };\nclass T_C { uint8 };\n"),
            "t.mof:3:9: no such namespace, at 'root/none'\n"
            "t.mof:11:19: the name of a property or method expected, at '}'");
}

TEST_F(Mof, StopsAfterManyErrors) {
  std::string text;
  for (std::size_t i = 0; i < 2 * limits::kMofErrorsMax; ++i) {
    text += "class 5 { };\n";
  }
  loader_.add("t.mof", text);
  const auto outcome = compiler_.compile("t.mof");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().all.size(), limits::kMofErrorsMax);
}

TEST_F(Mof, TakesTranslationsOfQualifiers) {
  ASSERT_EQ(compile(R"([Description("text"), Description_pt_BR("texto")] class T_A { };)"), "");
  EXPECT_EQ(cls("T_A")->qualifiers().find("Description_pt_BR")->value.string_or_empty(), "texto");
  EXPECT_EQ(compile("[MaxLen_fr(1)] class T_B { };"),
            "t.mof:1:2: T_B: qualifier MaxLen_fr is not declared, at 'MaxLen_fr'");
}

TEST_F(Mof, GivesQualifiersByNameOnlyNoDefault) {
  ASSERT_EQ(compile("Qualifier Fixed : uint32 = 7, Scope(any);\nQualifier Kind : string = \"a\", Scope(any);\n"
                    "Qualifier At : datetime = \"20240131120000.000000+000\", Scope(any);\n"
                    "Qualifier List : uint8[] = {1}, Scope(any);\nQualifier Flag : boolean = false, Scope(any);\n"
                    "[Fixed, Kind, At, List, Flag] class T_A { };"),
            "");
  const QualifierSet& qualifiers = cls("T_A")->qualifiers();
  EXPECT_EQ(qualifiers.find("Fixed")->value, Value::null(Type::kUint32));
  EXPECT_EQ(qualifiers.find("Kind")->value, Value::null(Type::kString));
  EXPECT_EQ(qualifiers.find("At")->value, Value::null(Type::kDatetime));
  EXPECT_EQ(qualifiers.find("List")->value, Value::array(Type::kUint8, {}));
  EXPECT_EQ(qualifiers.find("Flag")->value, Value(true));
}

TEST_F(Mof, EmbedsClassesInObjects) {
  ASSERT_EQ(compile("class T_A { [EmbeddedObject] string Any; };\n"
                    "instance of T_A { Any = \"class T_Inside { uint8 X = 3; };\"; };"),
            "");
  const auto instances = compiler_.take_instances();
  ASSERT_EQ(instances.size(), 1U);
  const ClassPtr inside = instances.front().instance.find("Any")->as_class();
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->name(), "T_Inside");
  EXPECT_FALSE(cls("T_Inside")) << "it is a value, no class of the namespace";
}

TEST_F(Mof, MakesNamespacesWhenItMay) {
  loader_.add("t.mof", "#pragma namespace (\"root/new\")\n#pragma locale (\"en_US\")\nclass T_A { };");
  Compiler making(repository_, loader_, space_, {.makes_namespaces = true});
  ASSERT_TRUE(making.compile("t.mof"));
  EXPECT_TRUE(repository_.find_class(NamespaceName("root/new"), "T_A"));
  ASSERT_EQ(making.added().size(), 1U);
  EXPECT_EQ(making.added().front().name_space, NamespaceName("root/new"));
}

TEST_F(Mof, ResolvesInheritance) {
  ASSERT_EQ(compile(R"([Abstract, Version("1"), Description("base")] class T_A {
      [Key, Description("the id")] uint32 Id; [Write, Description("n")] string Name = "x"; uint32 Do(); };
    class T_B : T_A { [Override("Name"), Description("m")] string Name; string More; };
    class T_C : T_B { [Override("Do")] uint32 Do(); };)"),
            "");
  const ClassPtr a = cls("T_A");
  const ClassPtr c = cls("T_C");
  EXPECT_TRUE(a->is_abstract());
  EXPECT_FALSE(c->is_abstract());
  EXPECT_EQ(c->qualifiers().find("Version"), nullptr);
  EXPECT_TRUE(c->qualifiers().entries().front().is_propagated);
  ASSERT_EQ(c->properties().size(), 3U);
  EXPECT_EQ(c->properties()[0], a->properties()[0]) << "what is inherited unchanged is shared";
  const Property& name = c->property(1);
  EXPECT_EQ(name.class_origin, "T_A");
  EXPECT_EQ(name.declared_in, "T_B");
  EXPECT_TRUE(c->is_propagated(name));
  EXPECT_TRUE(name.is_writable);
  EXPECT_EQ(name.default_value, Value("x"));
  EXPECT_EQ(name.qualifiers.find("Description")->value, Value("m"));
  EXPECT_EQ(name.qualifiers.find("Override"), nullptr) << "restricted to the class that overrides";
  EXPECT_NE(cls("T_B")->property(1).qualifiers.find("Override"), nullptr);
  EXPECT_EQ(c->find_method("Do")->class_origin, "T_A");
  EXPECT_FALSE(c->is_propagated(*c->find_method("Do")));
  EXPECT_TRUE(c->is_a("t_a"));
  EXPECT_EQ(repository_.with_descendants(space_, "T_A").size(), 3U);
  EXPECT_EQ(repository_.subclasses(space_, "t_a").size(), 1U);
  EXPECT_EQ(repository_.subclasses(space_, "").size(), 1U);
}

TEST_F(Mof, MakesInstancesWithAliasesEitherWay) {
  ASSERT_EQ(compile(R"(class T_P { [Key] sint32 X; sint32 Y = 2; };
    [Association] class T_E { [Key] T_P REF From; [Key] T_P REF To; };
    class T_Box { [Key] string Id; [EmbeddedInstance("T_P")] string Corner; [EmbeddedInstance("T_P")] string All[]; };
    instance of T_E { From = $a; To = "T_P.X=-1"; };
    instance of T_P as $a { X = 1; };
    instance of T_Box { Id = "b"; Corner = "instance of T_P { X = 5; };"; All = {$a}; };)"),
            "");
  const auto instances = compiler_.take_instances();
  ASSERT_EQ(instances.size(), 3U);
  EXPECT_EQ(instances[0].instance.path(space_).to_string(),
            "root/test:T_E.From=\"root/test:T_P.X=1\",To=\"root/test:T_P.X=-1\"");
  EXPECT_EQ(*instances[1].instance.find("Y"), Value(std::int32_t{2}));
  EXPECT_EQ(instances[2].instance.find("Corner")->as_instance()->find("X")->as_signed(), 5);
  EXPECT_EQ(instances[2].instance.find("All")->elements().size(), 1U);
  EXPECT_EQ(instances[1].place.to_string(), "t.mof:5:17: , at 'T_P'");
  EXPECT_TRUE(compiler_.take_instances().empty());
}

TEST_F(Mof, TakesInstancesOfStructuresForValuesOnly) {
  constexpr const char* kText = R"([Structure] class T_V { string S; };
    class T_H { [Key] uint8 K; [EmbeddedInstance("T_V")] string E; };
    [Association] class T_L { [Key] T_V REF A; [Key] T_H REF B; };
    instance of T_V as $x { S = "one"; }; instance of T_V as $y { S = "two"; };
    instance of T_H { K = 1; E = $x; }; instance of T_H { K = 2; E = $y; };
  )";
  ASSERT_EQ(compile(kText), "");
  const auto instances = compiler_.take_instances();
  ASSERT_EQ(instances.size(), 2U);
  EXPECT_EQ(instances[1].instance.find("E")->as_instance()->find("S")->to_text(), "two");
  EXPECT_EQ(compile("instance of T_V { };\ninstance of T_V as $x { };\ninstance of T_H as $h { K = 1; };\n"
                    "instance of T_L { A = $x; B = $h; };"),
            "t.mof:4:23: T_V is a structure: nothing refers to its instances, at '$x'\n"
            "t.mof:1:13: instances of a structure are values of others: this one has no alias to use it by, at 'T_V'");
}

TEST_F(Mof, LetsInstancesReferToEachOther) {
  std::string text =
      "[Association] class T_X { [Key] uint32 Id; T_X REF Next; T_X REF Prev; };\n"
      "[Association] class T_Y { [Key] T_X REF One; [Key] T_Y REF Two; };\n";
  constexpr int kCount = 40;
  for (int i = 0; i < kCount; ++i) {
    text += "instance of T_X as $a" + std::to_string(i) + " { Id = " + std::to_string(i) + "; Next = $a" +
            std::to_string((i + 1) % kCount) + "; Prev = $a" + std::to_string((i + kCount - 1) % kCount) + "; };\n";
  }
  ASSERT_EQ(compile(text), "");
  const auto instances = compiler_.take_instances();
  ASSERT_EQ(instances.size(), 40U);
  EXPECT_EQ(instances[39].instance.find("Next")->to_text(), "root/test:T_X.Id=0");
  EXPECT_EQ(instances[0].instance.find("Prev")->to_text(), "root/test:T_X.Id=39");
  EXPECT_EQ(compile("instance of T_Y as $a { One = $x; Two = $b; };\ninstance of T_Y as $b { One = $x; Two = $a; };\n"
                    "instance of T_X as $x { Id = 1; };"),
            "t.mof:1:41: the alias leads back to itself, or too far, at '$b'\n"
            "t.mof:2:41: the alias leads back to itself, or too far, at '$a'")
      << "a key cannot hold itself";
}

TEST_F(Mof, ChecksInstancesThatAreToBeKept) {
  const std::string text =
      "class T_A { [Key] uint8 X; [MaxLen(2)] string S; };\n[Indication] class T_B { string S; };\n"
      "instance of T_A { X = 1; };\ninstance of T_A { X = 0x1; };\ninstance of T_A { X = 2; S = \"abc\"; };\n"
      "instance of T_B { };\n";
  loader_.add("t.mof", text);
  Compiler checking(repository_, loader_, space_,
                    {.makes_namespaces = false, .replaces_classes = false, .checks_instances = true});
  const auto outcome = checking.compile("t.mof");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().to_string(),
            "t.mof:4:13: the same instance was declared before, at 'T_A'\n"
            "t.mof:5:13: T_A.S: longer than MaxLen(2), at 'T_A'\n"
            "t.mof:6:13: an indication class has no instances that are kept, at 'T_B'");
}

TEST_F(Mof, KeepsClassesOfOneNameInTwoNamespacesApart) {
  const std::string text = "class T_A { uint8 X; };\n#pragma namespace(\"root/other\")\nclass T_A { uint8 Y; };\n";
  EXPECT_EQ(compile(text), "");
  loader_.add("t.mof", text);
  Compiler again(repository_, loader_, space_,
                 {.makes_namespaces = false, .replaces_classes = true, .checks_instances = false});
  const auto outcome = again.compile("t.mof");
  EXPECT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_TRUE(again.added().empty());
  EXPECT_EQ(compile("class T_B : T_None {};\n#pragma namespace(\"root/other\")\nclass T_B {};\nclass T_C : T_B {};"),
            "t.mof:1:7: T_B: no superclass T_None, at 'T_B'");
  EXPECT_TRUE(repository_.find_class(NamespaceName("root/other"), "T_C"));
}

TEST_F(Mof, FollowsIncludesAndNamespaces) {
  loader_.add("inner", "#pragma namespace(\"//host/Root\\\\Other\")\nclass T_I {};");
  ASSERT_EQ(compile("#pragma unheardof(\"x\")\n#pragma include (\"inner\")\nclass T_O {};"), "");
  EXPECT_TRUE(repository_.find_class(NamespaceName("root/other"), "T_I"));
  EXPECT_TRUE(cls("T_O")) << "a namespace counts to the end of its file";
  loader_.add("bad", "\n\n  class T_X { uint8 X };");
  EXPECT_EQ(compile("#pragma include(\"bad\")"), "bad:3:23: ';' expected, at '}'");
}

TEST_F(Mof, RefusesFilesThatAreTooLargeOrTooDeep) {
  for (std::size_t i = 0; i < limits::kMofIncludeDepthMax; ++i) {
    loader_.add("d" + std::to_string(i), "#pragma include(\"d" + std::to_string(i + 1) + "\")");
  }
  EXPECT_EQ(compile("#pragma include(\"d0\")"), "d30:1:9: files are included too deeply, at 'd31'");
  EXPECT_EQ(compile(std::string(limits::kMofFileBytesMax + 1, ' ')), "t.mof:0:0: the file is too large");
}

TEST_F(Mof, SharesClassesBetweenNamespaces) {
  const NamespaceName other("root/other");
  ASSERT_EQ(compile("class T_A {}; class T_B : T_A {}; class T_C : T_B {};"), "");
  ASSERT_TRUE(repository_.share_class(space_, other, "T_B"));
  ASSERT_TRUE(repository_.share_class(space_, other, "T_B"));
  EXPECT_EQ(repository_.find_class(other, "t_b"), cls("T_B"));
  EXPECT_EQ(repository_.classes(other).size(), 2U);
  EXPECT_FALSE(repository_.share_class(space_, other, "T_None"));
}

TEST_F(Mof, NamesClassesThatAreMissing) {
  ASSERT_EQ(compile("class T_A { uint8 F(T_Y REF R); [EmbeddedInstance(\"T_X\")] string E; };"), "");
  EXPECT_EQ(repository_.missing_classes(space_), (std::vector<std::string>{"T_X", "T_Y"}));
}

}  // namespace
}  // namespace lunaria::cim::mof
