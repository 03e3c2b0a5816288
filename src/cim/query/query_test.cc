#include "cim/query/query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cim/limits.h"
#include "cim/query/sample_for_test.h"

namespace lunaria::cim::query {
namespace {

const Sample& sample() {
  static const Sample kSample;
  return kSample;
}

/// "true", "false", or why the text is no query.
std::string verdict(Language language, const std::string& condition, const Instance& instance) {
  const std::string text =
      language == Language::kFql ? condition : "SELECT * FROM " + instance.class_name() + " WHERE " + condition;
  const auto query = Query::parse(language, text);
  if (!query) {
    return query.error().message;
  }
  return query->matches(instance, sample().surroundings) ? "true" : "false";
}

struct Condition {
  const char* text;
  bool holds;
};

class CqlCondition : public testing::TestWithParam<Condition> {};
TEST_P(CqlCondition, Holds) {
  EXPECT_EQ(verdict(Language::kCql, GetParam().text, sample().thing()), GetParam().holds ? "true" : "false");
  EXPECT_EQ(verdict(Language::kFql, GetParam().text, sample().thing()), GetParam().holds ? "true" : "false");
}

INSTANTIATE_TEST_SUITE_P(
    Comparisons, CqlCondition,
    testing::Values(
        Condition{"Id = 5", true}, Condition{"Id <> 5", false}, Condition{"5 = Id", true}, Condition{"Id = 0x5", true},
        Condition{"Id = 101b", true}, Condition{"Id = 5.0", true}, Condition{"Level < 0", true},
        Condition{"Level = -3", true}, Condition{"Level >= -3", true}, Condition{"Large = 18446744073709551615", true},
        Condition{"Large > Level", true}, Condition{"Ratio > 2 AND Ratio < 3", true},
        Condition{"Name = 'Disk one'", true}, Condition{"Name = 'disk one'", false}, Condition{"Name < 'E'", true},
        Condition{"Name = 'it''s'", false}, Condition{"Letter = 'x'", true}, Condition{"Active", true},
        Condition{"Active = TRUE", true}, Condition{"Active = FALSE", false}, Condition{"Active <> FALSE", true},
        Condition{"Id = 'five'", false}, Condition{"NOT Id = 'five'", false}, Condition{"Missing IS NULL", true},
        Condition{"Name IS NOT NULL", true}, Condition{"Missing = 'x'", false}, Condition{"NOT Missing = 'x'", false},
        Condition{"NOT (Id = 6)", true}, Condition{"Id = 6 OR Name = 'Disk one' AND Active", true},
        Condition{"(Id = 6 OR Id = 5) AND NOT Active", false}, Condition{"Missing = 'x' OR Id = 5", true},
        Condition{"When = '20260102020405.000000+000'", true},
        Condition{"When > DateTime('2026010202****.******+000')", false},
        Condition{"When >= DateTime('20260101000000.000000+000')", true},
        Condition{"Age < DateTime('00000003000000.000000:000')", true},
        Condition{"T_Thing.Id = 5 AND T_Base.Name = 'Disk one'", true}, Condition{"T_Thing::Id = 5", true},
        Condition{"T_Other::Id = 5", false}));

INSTANTIATE_TEST_SUITE_P(
    Arrays, CqlCondition,
    testing::Values(Condition{"ANY Tags[*] = 'green'", true}, Condition{"EVERY Tags[*] = 'green'", false},
                    Condition{"EVERY Tags[*] LIKE '[a-z]+'", true}, Condition{"ANY Status[*] = #'Degraded'", true},
                    Condition{"ANY Status[*] = #'Unknown'", false}, Condition{"Tags[0] = 'red'", true},
                    Condition{"Tags[7] IS NULL", true}, Condition{"Tags[0..1] = Tags", true},
                    Condition{"Tags[1,0] = Tags", false}, Condition{"ArrayLength(Tags) = 2", true},
                    Condition{"ANY t IN Tags SATISFIES (t = 'red' OR t = 'blue')", true},
                    Condition{"EVERY p IN Parts SATISFIES (p.Size > 6 AND p.Label <> 'x')", true},
                    Condition{"EVERY p IN Parts SATISFIES (p.Size > 8)", false},
                    Condition{"ANY Parts[*].Label = 'door'", true}, Condition{"Parts[1].Size = 9", true},
                    Condition{"State = #'Enabled'", true}, Condition{"State = T_Thing.State#'Enabled'", true},
                    Condition{"State = T_Thing.State#'Nothing'", false}));

INSTANTIATE_TEST_SUITE_P(
    CreatedArrays, CqlCondition,
    testing::Values(Condition{"Tags = CreateArray('red', 'green')", true},
                    Condition{"CreateArray('red') = Tags", false}, Condition{"Status = CreateArray(2, 3)", true},
                    Condition{"ArrayLength(CreateArray(Id, Level)) = 2", true},
                    Condition{"ANY CreateArray(2, 5) = Id", true}, Condition{"EVERY CreateArray(2, 5)[*] = Id", false},
                    Condition{"ANY x IN CreateArray(Name, 'y') SATISFIES (x LIKE 'Disk.*')", true},
                    Condition{"CreateArray(7, Id)[1] = 5", true}, Condition{"CreateArray(7)[1] IS NULL", true},
                    Condition{"CreateArray(Id, 8)[0..1] = CreateArray(5, 8)", true},
                    Condition{"CreateArray(Level, Large)[1] = 18446744073709551616.0", true},
                    Condition{"CreateArray(Level, Id)[0] = -3 AND CreateArray(Id, Ratio)[1] = 2.5", true},
                    Condition{"CreateArray(Missing, 'x')[0] IS NULL AND CreateArray(Missing, 'x')[1] = 'x'", true},
                    Condition{"CreateArray(Nothing) IS NULL", true}, Condition{"CreateArray(Tags) IS NULL", true},
                    Condition{"CreateArray(Id, 'x') IS NULL", true},
                    Condition{"CreateArray(State#'Enabled') = CreateArray(State)", true}));

INSTANTIATE_TEST_SUITE_P(Objects, CqlCondition,
                         testing::Values(Condition{"Part.Label = 'wheel' AND Part.Size = 7", true},
                                         Condition{"Part ISA T_Part", true}, Condition{"Part ISA T_Base", false},
                                         Condition{"Any.T_Part::Size = 9", true},
                                         Condition{"Any.T_Base::Id = 9", false},
                                         Condition{"Part.Nothing IS NULL", true}, Condition{"T_Thing ISA T_Base", true},
                                         Condition{"T_Thing ISA T_Other", false}));

INSTANTIATE_TEST_SUITE_P(Patterns, CqlCondition,
                         testing::Values(Condition{"Name LIKE 'Disk.*'", true}, Condition{"Name LIKE 'Disk'", false},
                                         Condition{"Name NOT LIKE 'disk.*'", true},
                                         Condition{"Name LIKE '(Disk|Tape) (one|two)'", true},
                                         Condition{"Name LIKE 'D[^a-h]sk\\ o+ne'", true},
                                         Condition{"Name LIKE 'Disk one.?'", true},
                                         Condition{"Name LIKE '^Disk one$'", true}, Condition{"Name LIKE ''", false},
                                         Condition{"Name LIKE 'Disk one|'", true}, Condition{"Id LIKE '5'", false}));

INSTANTIATE_TEST_SUITE_P(
    Calculations, CqlCondition,
    testing::Values(
        Condition{"Id + 1 = 6", true}, Condition{"Id * 2 - 3 / 2 = 8.5", true}, Condition{"(Id + 1) * 2 = 12", true},
        Condition{"-Level = 3", true}, Condition{"Id / 0 = 1", false}, Condition{"Large + 1 > Large - 1", false},
        Condition{"Name || '!' = 'Disk one!'", true}, Condition{"UpperCase(Name) = 'DISK ONE'", true},
        Condition{"NumericToString(Id) = '5'", true}, Condition{"CurrentDateTime() - When > Age", true},
        Condition{"When + Age = DateTime('20260104020405.000000+000')", true},
        Condition{"IntervalToMicroseconds(Age) = 172800000000", true},
        Condition{"MicrosecondsToInterval(172800000000) = Age", true}, Condition{"ClassName() = 'T_Thing'", true},
        Condition{"NameSpaceName() = 'root/test'", true}, Condition{"ModelPath() = 'T_Thing.Id=5'", true},
        Condition{"HostPort() = 'host.example'", true}, Condition{"SchemaName() = 'T'", true},
        Condition{"NameSpaceType() = 'https'", true}, Condition{"NameSpaceType(T_Thing) = 'https'", true},
        Condition{"NameSpaceType('http://other.example:5988/root/x:T_Thing.Id=1') = 'http'", true},
        Condition{"NameSpaceType('cimxml.wbems://h/root/x:T_Thing.Id=1') = 'cimxml.wbems'", true},
        Condition{"NameSpaceType('//other.example/root/x:T_Thing.Id=1') IS NULL", true},
        Condition{"NameSpaceType('T_Thing.Name=\"http://x\"') IS NULL", true},
        Condition{"NameSpaceType(InstanceToReference()) IS NULL", true},
        Condition{"NameSpaceType(Missing) IS NULL AND NameSpaceType('http://') IS NULL", true},
        Condition{"HostPort('http://other.example:5988/root/x:T_Thing.Id=1') = 'other.example:5988'", true},
        Condition{"ModelPath('root/x:T_Thing.Id=1') = 'T_Thing.Id=1'", true},
        Condition{"NameSpaceName('T_Thing.Id=1') = 'root/test'", true}, Condition{"ClassName('no path') IS NULL", true},
        Condition{"InstanceToReference() = 'root/test:T_Thing.Id=5'", true},
        Condition{"InstanceToReference(T_Thing) = ObjectPath()", true},
        Condition{"InstanceToReference() = 'T_Thing.Id=6'", false},
        Condition{"ClassName(InstanceToReference(Part)) = 'T_Part'", true},
        Condition{"InstanceToReference(Name) IS NULL AND InstanceToReference(Missing) IS NULL", true}));

INSTANTIATE_TEST_SUITE_P(
    Conversions, CqlCondition,
    testing::Values(Condition{"StringToUint('5') = Id", true}, Condition{"StringToUint('-5') IS NULL", true},
                    Condition{"StringToSint('-3') = Level", true}, Condition{"StringToReal('2.5') = Ratio", true},
                    Condition{"StringToNumeric('2.5') = Ratio", true}, Condition{"StringToNumeric('-3') = Level", true},
                    Condition{"StringToNumeric('x') IS NULL", true}, Condition{"StringToUint(Id) IS NULL", true},
                    Condition{"DateTimeToMicrosecond(Age) = 172800000000", true},
                    Condition{"DateTimeToMicrosecond(When) = TimestampToMicroseconds(When)", true},
                    Condition{"MicrosecondToInterval(172800000000) = Age", true}));

INSTANTIATE_TEST_SUITE_P(Intervals, CqlCondition,
                         testing::Values(Condition{"Age * 2 = DateTime('00000004000000.000000:000')", true},
                                         Condition{"2 * Age = DateTime('00000004000000.000000:000')", true},
                                         Condition{"Age / 2 = DateTime('00000001000000.000000:000')", true},
                                         Condition{"Age / Age = 1", true},
                                         Condition{"Age / DateTime('00000004000000.000000:000') = 0.5", true},
                                         Condition{"Age / DateTime('00000000000000.000000:000') IS NULL", true},
                                         Condition{"Age / 0 IS NULL", true}, Condition{"Age * Level IS NULL", true},
                                         Condition{"Age * 9223372036854775807 IS NULL", true},
                                         Condition{"Age + 1 IS NULL", true}, Condition{"When * 2 IS NULL", true}));

class WqlCondition : public testing::TestWithParam<Condition> {};
TEST_P(WqlCondition, Holds) {
  EXPECT_EQ(verdict(Language::kWql, GetParam().text, sample().thing()), GetParam().holds ? "true" : "false");
}

INSTANTIATE_TEST_SUITE_P(
    All, WqlCondition,
    testing::Values(Condition{"Name = 'DISK ONE'", true}, Condition{"Name = \"Disk one\"", true},
                    Condition{"Name LIKE 'disk%'", true}, Condition{"Name LIKE '_isk one'", true},
                    Condition{"Name LIKE '[c-f]%'", true}, Condition{"Name LIKE '[^c-f]%'", false},
                    Condition{"Name LIKE 'disk'", false}, Condition{"NOT Name LIKE 'x%'", true},
                    Condition{"Active = 1", true}, Condition{"Active = 'true'", true},
                    Condition{"'TRUE' = Active", true}, Condition{"Active <> 'False'", true},
                    Condition{"Active = 'FALSE'", false}, Condition{"Active = '1'", false},
                    Condition{"Active <> 'yes'", false}, Condition{"Active < 'TRUE'", false},
                    Condition{"Name = TRUE", false}, Condition{"Active = -1", true}, Condition{"Active != 0", true},
                    Condition{"Missing = NULL", true}, Condition{"Name <> NULL", true},
                    Condition{"Name IS NULL", false}, Condition{"__CLASS = 't_thing'", true},
                    Condition{"__SUPERCLASS = 'T_Base'", true}, Condition{"__RELPATH = 'T_Thing.Id=5'", true},
                    Condition{"__PATH LIKE '%T_Thing.Id=5'", true}, Condition{"__this ISA \"T_Base\"", true},
                    Condition{"__DYNASTY = 'T_Base'", true}, Condition{"When = '20260102030405.000000+060'", true},
                    Condition{"Id = '5'", true}, Condition{"'6' > Id", true}, Condition{"Ratio < '2.6'", true},
                    Condition{"Level = '-3'", true}, Condition{"Id <> 'five'", false}));

struct Refusal {
  Language language;
  const char* text;
  const char* message;
};

class Refused : public testing::TestWithParam<Refusal> {};
TEST_P(Refused, WithPlaceAndText) {
  const auto query = Query::parse(GetParam().language, GetParam().text);
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().status, Status::kInvalidQuery);
  EXPECT_EQ(query.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, Refused,
    testing::Values(
        Refusal{Language::kCql, "", "DMTF:CQL query, character 1: SELECT expected, but the query ends"},
        Refusal{Language::kCql, "SELECT FROM X", "DMTF:CQL query, character 13: FROM expected, at 'X'"},
        Refusal{Language::kCql, "SELECT * FROM",
                "DMTF:CQL query, character 14: the name of a class expected, but the "
                "query ends"},
        Refusal{Language::kCql, "SELECT * FROM A JOIN B",
                "DMTF:CQL query, character 17: a join is written FROM A, B WHERE A.X = B.Y, at 'JOIN'"},
        Refusal{Language::kCql, "SELECT * FROM A, a",
                "DMTF:CQL query, character 18: two classes after FROM have one name; write Class AS name, "
                "at 'a'"},
        Refusal{Language::kCql, "SELECT c.* FROM A, B WHERE B.Id = 1",
                "DMTF:CQL query, character 22: c in front of '.*' is no class after FROM, at 'WHERE'"},
        Refusal{Language::kCql, "SELECT Name AS N, Id AS n FROM A",
                "DMTF:CQL query, character 25: two items of the list have one name; give one another with AS, at 'n'"},
        Refusal{Language::kCql, "SELECT COUNT(*), MIN(Id) AS Value1 FROM A",
                "DMTF:CQL query, character 29: two items of the list have one name; give one another with AS, at "
                "'Value1'"},
        Refusal{Language::kCql, "SELECT a.Name, b.Name AS Name FROM A a, B b",
                "DMTF:CQL query, character 26: two items of the list have one name; give one another with AS, at "
                "'Name'"},
        Refusal{Language::kCql, "SELECT * FROM (SELECT * FROM A)",
                "DMTF:CQL query, character 32: a name expected: FROM (SELECT ...) AS name, but the query "
                "ends"},
        Refusal{Language::kCql, "SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT",
                "DMTF:CQL query, character 76: subqueries are nested too deeply, at 'SELECT'"},
        Refusal{Language::kCql, "SELECT * FROM A, B, C, D, E, F, G, H, I",
                "DMTF:CQL query, character 39: too many classes after FROM, at 'I'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x = 'abc",
                "DMTF:CQL query, character 27: string without an end, at ''abc'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x = 12z",
                "DMTF:CQL query, character 27: not a number, at '12z'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x LIKE '(a'",
                "DMTF:CQL query, character 30: the pattern is wrong: '(' without ')', at ''(a''"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE F(x) = 1",
                "DMTF:CQL query, character 23: there is no function F, at 'F'"},
        Refusal{Language::kCql, "SELECT * FROM A GROUP BY x",
                "DMTF:CQL query, character 17: CQL has no GROUP BY, at 'GROUP'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x = 1 group by x",
                "DMTF:CQL query, character 29: CQL has no GROUP BY, at 'group'"},
        Refusal{Language::kCql, "SELECT COUNT(*) FROM A group WHERE group.x = 1 y",
                "DMTF:CQL query, character 48: the query should end here, at 'y'"},
        Refusal{Language::kCql, "SELECT c.* FROM A, B",
                "DMTF:CQL query, character 21: c in front of '.*' is no class after FROM"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE COUNT(*) = 1",
                "DMTF:CQL query, character 29: aggregates stand in the list after SELECT only, at '*'"},
        Refusal{Language::kCql, "SELECT COUNT(*), x FROM A",
                "DMTF:CQL query, character 20: aggregates stand beside aggregates only, at 'FROM'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x = 1 y",
                "DMTF:CQL query, character 29: the query should end here, at 'y'"},
        Refusal{Language::kCql, "SELECT * FROM A WHERE x ! 1",
                "DMTF:CQL query, character 25: this character has no place here, at '!'"},
        Refusal{Language::kFql, "ANY Tags[*]",
                "DMTF:FQL query, character 12: a comparison expected, but the query ends"},
        Refusal{Language::kWql, "SELECT * FROM A GROUP WITHIN 5",
                "WQL query, character 17: GROUP WITHIN is not supported, at 'GROUP'"},
        Refusal{Language::kWql, "ASSOCIATORS OF {A.B=1} WHERE Nonsense=1",
                "WQL query, character 30: no such option, at 'Nonsense'"},
        Refusal{Language::kWql, "ASSOCIATORS OF {A.B=1", "WQL query, character 17: '}' is missing, at 'A.B=1'"}));

TEST(Query, BoundsDepthSizeAndTime) {
  const auto parse = [](const std::string& condition) { return Query::parse(Language::kFql, condition); };
  EXPECT_FALSE(parse(std::string(100'000, '(') + "1"));
  std::string sum = "1";
  for (int i = 0; i < 1000; ++i) {
    sum += " + 1";
  }
  EXPECT_FALSE(parse(sum + " = 1001"));
  std::string chain = "Id = 5";
  for (int i = 0; i < 500; ++i) {
    chain += " AND Id = 5";
  }
  const auto long_chain = parse(chain);
  ASSERT_TRUE(long_chain) << long_chain.error().message;
  EXPECT_TRUE(long_chain->matches(sample().thing(), sample().surroundings));
  const auto too_long = parse(std::string(limits::kQueryBytesMax + 1, ' '));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().message,
            fmt::format("DMTF:FQL query, character {}: the query is too long", limits::kQueryBytesMax + 1));
  EXPECT_FALSE(parse("Name LIKE '" + std::string(5000, 'a') + "'"));
  EXPECT_FALSE(parse("Name LIKE '" + std::string(5000, '|') + "'"));
  // Backtracking would take 2^40 steps here.
  const auto pattern = parse("Name LIKE '(a*)*(a*)*(a*)*(a*)*b'");
  ASSERT_TRUE(pattern);
  Instance thing = sample().thing();
  ASSERT_TRUE(thing.set("Name", Value(std::string(2000, 'a'))));
  EXPECT_FALSE(pattern->matches(thing, sample().surroundings));
}

TEST(Query, GivesUpWhenItTakesTooManySteps) {
  Instance thing = sample().thing();
  ASSERT_TRUE(thing.set("Tags", Value::array_of(std::vector<std::string>(1000, "x"))));
  const auto query = Query::parse(
      Language::kFql, "EVERY a IN Tags SATISFIES (EVERY b IN Tags SATISFIES (EVERY c IN Tags SATISFIES (a = c)))");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_FALSE(query->matches(thing, sample().surroundings));
}

TEST(Query, LooksIntoTheInstancesOfAnIndication) {
  const Instance& indication = sample().modification();
  EXPECT_EQ(verdict(Language::kCql, "SourceInstance ISA T_Base AND SourceInstance.T_Thing::Id = 5", indication),
            "true");
  EXPECT_EQ(verdict(Language::kCql, "SourceInstance.T_Thing::Level <> PreviousInstance.T_Thing::Level", indication),
            "false");
  EXPECT_EQ(verdict(Language::kWql, "TargetInstance ISA 'T_Thing' AND TargetInstance.Id = 5", indication), "true");
  EXPECT_EQ(verdict(Language::kWql, "SourceInstance ISA 'T_Other'", indication), "false");
}

TEST(Query, ComparesReferences) {
  EXPECT_EQ(verdict(Language::kCql, "Left = 'root/test:T_Thing.Id=5'", sample().link()), "true");
  EXPECT_EQ(verdict(Language::kWql, "Right = 'T_Other.Id=6' AND ClassName(Left) = 'T_Thing'", sample().link()), "true");
  EXPECT_EQ(verdict(Language::kWql, "Right = 'T_Other.Id=7'", sample().link()), "false");
  const Instance& thing = sample().thing();
  EXPECT_EQ(verdict(Language::kCql, "Active = 'true'", thing), "false") << "texts are booleans in WQL only";
  Instance link = sample().link();
  ASSERT_TRUE(link.set("Right", Value(*ObjectPath::parse("T_Named.Name=\"it's\",Kind=1"))));
  for (const char* path : {R"("T_Named.Name='it\\'s',Kind=1")", R"('t_named.Kind=1,Name="it\'s"')",
                           R"("root/test:T_Named.Name='it\\'s',Kind=1")"}) {
    EXPECT_EQ(verdict(Language::kWql, fmt::format("Right = {}", path), link), "true") << path;
    EXPECT_EQ(verdict(Language::kWql, fmt::format("{} <> Right", path), link), "false") << path;
  }
  EXPECT_EQ(verdict(Language::kWql, "Right = \"T_Named.Name='its',Kind=1\"", link), "false");
  EXPECT_EQ(verdict(Language::kWql, "Right <> \"no path 'at all\"", link), "false");
  EXPECT_EQ(verdict(Language::kCql, "InstanceToReference(Left) IS NULL", sample().link()), "true") << "it is one";
}

TEST(Query, ChecksNamesAgainstTheSchema) {
  const auto check = [](std::string_view text) {
    const auto query = Query::parse(Language::kCql, text);
    const auto checked =
        query ? query->check(sample().repository, sample().name_space) : Result<void, Error>(fail(query.error()));
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(check("SELECT Id FROM T_Base WHERE Active"), "");  // of a subclass
  EXPECT_EQ(check("SELECT Nothing FROM T_Thing"), "T_Thing has no property Nothing");
  EXPECT_EQ(check("SELECT * FROM T_Thing WHERE Nothing = 1"), "T_Thing has no property Nothing");
  EXPECT_EQ(check("SELECT T_Base.* FROM T_Thing"), "");
  EXPECT_EQ(check("SELECT Part.* FROM T_Thing"), "Part in front of '.*' is no class after FROM");
  EXPECT_EQ(check("SELECT * FROM T_None"), "no class T_None in namespace root/test");
  EXPECT_EQ(check("SELECT * FROM T_Thing t WHERE ANY p IN t.Parts SATISFIES (p.Size = 1)"), "");
}

TEST(Query, RefusesPathsThatLeadNowhere) {
  const auto check = [](std::string_view text) {
    const auto query = Query::parse(Language::kCql, text);
    const auto checked =
        query ? query->check(sample().repository, sample().name_space) : Result<void, Error>(fail(query.error()));
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(check("SELECT T_None::Id FROM T_Thing"), "no instance of T_Thing is a T_None");
  EXPECT_EQ(check("SELECT * FROM T_Thing WHERE T_Other::Id = 1"), "no instance of T_Thing is a T_Other");
  EXPECT_EQ(check("SELECT t.T_None::Id FROM T_Thing t, T_Link l"), "no instance of T_Thing is a T_None");
  EXPECT_EQ(check("SELECT T_None::Id FROM T_Thing t, T_Link l"), "no instance of T_Thing is a T_None");
  EXPECT_EQ(check("SELECT T_Base::Id, T_Other::Id AS O, T_Thing::State FROM T_Base"), "");
  EXPECT_EQ(check("SELECT T_Other::State FROM T_Base"), "T_Other has no property State");
  EXPECT_EQ(check("SELECT T_Base.Nothing FROM T_Thing"), "T_Thing has no property Nothing");
  EXPECT_EQ(check("SELECT Name.Length FROM T_Thing"), "T_Base.Name is no embedded object");
  EXPECT_EQ(check("SELECT t.Name.Length FROM T_Thing t"), "T_Base.Name is no embedded object");
  EXPECT_EQ(check("SELECT Part.Size.Unit FROM T_Thing"), "T_Part.Size is no embedded object");
  EXPECT_EQ(check("SELECT * FROM T_Thing WHERE ANY t IN Tags SATISFIES (t.Size = 1)"),
            "T_Thing.Tags is no embedded object");
  EXPECT_EQ(check("SELECT Left.Id FROM T_Link"),
            "T_Link.Left is a reference and no embedded object: write InstanceOf() around it");
  EXPECT_EQ(check("SELECT t.Part.* FROM T_Thing t"),
            "DMTF:CQL query, character 17: '.*' stands behind a class only, at 'FROM'");
  EXPECT_EQ(check("SELECT Part.Anything, Parts[0].Size AS P, Any.Anything.Else AS A FROM T_Thing"), "");
  EXPECT_EQ(check("SELECT * FROM (SELECT t.Id, t.Name AS N FROM T_Thing t) AS r WHERE r.N = 'x' AND r.Id = 1"), "");
  EXPECT_EQ(check("SELECT * FROM CIM_InstModification WHERE SourceInstance.T_Thing::State = 2 AND "
                  "PreviousInstance.T_Thing::Part.Size = 1 AND CIM_InstIndication::TargetInstance ISA T_Thing"),
            "");
}

TEST(Query, RefusesArgumentsThatFunctionsDoNotTake) {
  const auto check = [](std::string_view condition) {
    const auto query = Query::parse(Language::kCql, fmt::format("SELECT * FROM T_Thing WHERE {}", condition));
    const auto checked =
        query ? query->check(sample().repository, sample().name_space) : Result<void, Error>(fail(query.error()));
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(check("Status = CreateArray(1, Id, Ratio, Level + 1)"), "");
  EXPECT_EQ(check("Tags = CreateArray(Name, Id)"), "CreateArray takes values of one type, not string and uint32");
  EXPECT_EQ(check("Tags = CreateArray(When, UpperCase(Name))"),
            "CreateArray takes values of one type, not datetime and string");
  EXPECT_EQ(check("Tags = CreateArray('x', Tags)"), "CreateArray takes single values, no arrays");
  EXPECT_EQ(check("Tags = CreateArray('x', Tags[1])"), "");
  EXPECT_EQ(check("Status = CreateArray(CreateArray(1))"), "CreateArray takes single values, no arrays");
  EXPECT_EQ(check("Status = CreateArray(CreateArray(1)[0])"), "");
  EXPECT_EQ(check("Status = CreateArray(#'OK')"), "#'OK' in CreateArray is of no property: write Property#'OK'");
  EXPECT_EQ(check("Status = CreateArray()"),
            "DMTF:CQL query, character 50: CreateArray has another number of arguments, at ')'");
  EXPECT_EQ(check("UpperCase(Name)[1] = 'D'"), "DMTF:CQL query, character 44: the query should end here, at '['");
}

TEST(Query, TakesAnAliasForTheClassWhateverItsPropertiesAreCalled) {
  const auto matches = [](std::string_view text, const Instance& instance) {
    const auto query = Query::parse(Language::kCql, text);
    if (!query) {
      return query.error().message;
    }
    if (const auto checked = query->check(sample().repository, sample().name_space); !checked) {
      return checked.error().message;
    }
    const PrefilterPtr prefilter = Prefilter::make(query->conditions(), instance.cls());
    const bool is_told = prefilter && prefilter->concerns("Id");
    const bool holds = query->matches(instance, sample().surroundings);
    return std::string(holds ? "true" : "false") + (is_told ? ", told" : "");
  };
  const auto thing = [&](std::string_view text) { return matches(text, sample().thing()); };
  EXPECT_EQ(thing("SELECT name.Id FROM T_Thing name WHERE name.Id = 5"), "true, told");
  EXPECT_EQ(thing("SELECT * FROM T_Thing AS Part WHERE PART.Id = 5 AND Part.Part.Size = 7"), "true, told");
  EXPECT_EQ(thing("SELECT * FROM T_Thing Part WHERE Part ISA T_Base AND ClassName(Part) = 'T_Thing'"), "true");
  EXPECT_EQ(thing("SELECT * FROM T_Thing Part WHERE ANY Part IN Parts SATISFIES (Part.Size = 9 AND Part ISA T_Part "
                  "AND ClassName(Part) = 'T_Part')"),
            "true");
  EXPECT_EQ(thing("SELECT * FROM T_Thing p WHERE ANY p IN p.Parts SATISFIES (p.Size = 9) AND p.Id = 5"), "true, told");
  EXPECT_EQ(thing("SELECT Part.Size FROM T_Thing Part"), "T_Thing has no property Size");
  EXPECT_EQ(thing("SELECT Id FROM T_Thing Name WHERE Name = 'a'"),
            "Name is a class after FROM; for the property write Name.Name");
  EXPECT_EQ(matches("SELECT * FROM T_Link l WHERE ModelPath(l.Left) = 'T_Thing.Id=5'", sample().link()), "true");
  EXPECT_EQ(matches("SELECT * FROM T_Link Left WHERE ClassName(Left) = 'T_Link'", sample().link()), "true");
  EXPECT_EQ(matches("SELECT * FROM T_Link WHERE ClassName(Left) = 'T_Thing'", sample().link()), "true");
}

TEST(Query, TellsProvidersOfThePropertyBehindANameThatIsAVariableElsewhere) {
  const auto needed = [](std::string_view text) { return Query::parse(Language::kCql, text)->needed_properties(); };
  EXPECT_EQ(needed("SELECT t.Level FROM T_Thing t WHERE ANY Level IN Status SATISFIES (Level = 3)"),
            PropertyList({"Level", "Status"}));
  EXPECT_EQ(needed("SELECT T_Base.Id FROM T_Thing"), PropertyList({"T_Base", "Id"})) << "of the class or of T_Base";
}

TEST(Query, RefusesSymbolsThatNoPropertyKnows) {
  const auto check = [](std::string_view class_name, std::string_view condition) {
    const auto query = Query::parse(Language::kCql, fmt::format("SELECT * FROM {} WHERE {}", class_name, condition));
    const auto checked =
        query ? query->check(sample().repository, sample().name_space) : Result<void, Error>(fail(query.error()));
    return checked ? std::string() : checked.error().message;
  };
  for (const char* condition :
       {"State = #'Enabled'", "#'Other' <> State", "State = T_Thing.State#'Enabled'", "State = State#'Other'",
        "ANY Status[*] = #'OK'", "Status[1] = #'Degraded'", "ANY s IN Status SATISFIES (s = #'OK')",
        "T_Thing::State = #'Enabled'", "T_Base.State = #'Enabled'", "Any.State = #'Nothing'",
        "Any.T_Thing::State = #'Enabled'", "Part.Missing = #'Nothing'"}) {
    EXPECT_EQ(check("T_Thing", condition), "") << condition;
    EXPECT_EQ(check("T_Base", condition), "") << condition << ": of a class below";
  }
  for (const char* condition : {"State = #'Nope'", "#'Nope' <> State", "State = T_Thing.State#'Nope'",
                                "3 = State#'Nope'", "NOT (Id = 5 OR T_Thing::State = #'Nope')",
                                "Any.T_Thing::State = #'Nope'", "State = #'enabled' OR State = #'Nope'"}) {
    EXPECT_THAT(check("T_Base", condition), testing::MatchesRegex("T_Thing.State has no value #'(Nope|enabled)'"))
        << condition;
  }
  EXPECT_EQ(check("T_Thing", "ANY Status[*] = #'Enabled'"), "T_Thing.Status has no value #'Enabled'");
  EXPECT_EQ(check("T_Thing", "ANY s IN Status SATISFIES (s = #'x')"), "T_Thing.Status has no value #'x'");
  EXPECT_EQ(check("T_Thing", "ANY p IN Parts SATISFIES (p.Size = #'x')"), "T_Part.Size has no value #'x'");
  EXPECT_EQ(check("T_Thing", "Part.Size = #'x'"), "T_Part.Size has no value #'x'");
  EXPECT_EQ(check("T_Thing t", "t.Id = #'x'"), "T_Base.Id has no value #'x'");
  EXPECT_EQ(check("T_Thing t, T_Link l", "t.State = #'x'"), "T_Thing.State has no value #'x'");
  EXPECT_EQ(check("(SELECT State FROM T_Thing WHERE State = #'x') t", "t.State = 2"),
            "T_Thing.State has no value #'x'");
  EXPECT_EQ(check("T_Thing", "Id + 1 = #'x'"), "#'x' is compared with no property, which would say what it stands for");
  EXPECT_EQ(check("T_Thing", "ANY x IN Status SATISFIES (x = #'OK' AND ANY x IN Parts SATISFIES (x.Size = 1))"), "")
      << "the inner x hides the outer one";
  EXPECT_EQ(check("T_Thing", "ANY State IN Status SATISFIES (State = #'OK') AND State = #'Enabled'"), "");
  EXPECT_EQ(check("T_Thing", "ANY x IN x SATISFIES (x = #'x')"), "T_Thing has no property x");
  EXPECT_EQ(check("T_Thing", "ANY x IN y SATISFIES (ANY y IN x SATISFIES (y = #'x'))"), "T_Thing has no property y");
  EXPECT_EQ(check("CIM_InstModification", "SourceInstance.T_Thing::State = #'Enabled'"), "");
  EXPECT_EQ(check("CIM_InstModification", "SourceInstance.State = #'Nope'"), "") << "of any class";
  EXPECT_EQ(check("CIM_InstModification", "SourceInstance.T_Thing::State = #'Nope'"),
            "T_Thing.State has no value #'Nope'");
}

TEST(Query, ReadsTheClausesOfWqlAssociations) {
  const auto query = Query::parse("WQL",
                                  "associators of {T_Thing.Name=\"a}b\"} where AssocClass = T_Link ResultRole=Right "
                                  "RequiredQualifier = Key KeysOnly");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->kind(), StatementKind::kAssociatorsOf);
  const AssociationClause& clause = query->statement().association;
  EXPECT_EQ(clause.path, "T_Thing.Name=\"a}b\"");
  EXPECT_EQ(clause.association_class, "T_Link");
  EXPECT_EQ(clause.result_role, "Right");
  EXPECT_EQ(clause.required_qualifier, "Key");
  EXPECT_TRUE(clause.keys_only && !clause.schema_only);
  EXPECT_FALSE(Query::parse("WQL", "REFERENCES OF {T_Thing} WHERE AssocClass = T_Link"));
}

TEST(Query, AsksForClasses) {
  const auto query = Query::parse("WQL", "SELECT * FROM meta_class WHERE __this ISA \"T_Base\"");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->kind(), StatementKind::kSchema);
  std::vector<std::string> names;
  for (const ClassPtr& cls : sample().repository.classes(sample().name_space)) {
    if (query->matches(*cls, sample().surroundings)) {
      names.push_back(cls->name());
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"T_Base", "T_Thing", "T_Other"}));
}

TEST(Query, KnowsItsLanguages) {
  EXPECT_TRUE(Query::parse("dmtf:cql", "SELECT * FROM T_Thing"));
  const auto unknown = Query::parse("SQL", "SELECT * FROM T_Thing");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().status, Status::kQueryLanguageNotSupported);
}

TEST(Query, TellsProvidersWhatItNeeds) {
  const auto parse = [](std::string_view text) { return *Query::parse(Language::kCql, text); };
  const Query query = parse("SELECT Name FROM T_Thing WHERE Id = 5 AND Active");
  EXPECT_EQ(query.needed_properties(), PropertyList({"Name", "Id", "Active"}));
  EXPECT_EQ(query.selected_properties(), PropertyList({"Name"}));
  EXPECT_EQ(parse("SELECT * FROM T_Thing").needed_properties(), PropertyList());
  EXPECT_TRUE(query.kept_source());
  EXPECT_FALSE(parse("SELECT Id + 1 FROM T_Thing").kept_source());
}

TEST(Query, KnowsTheTypesOfItsRowsBeforehand) {
  const auto types = [](std::string_view list, std::string_view from = "T_Base t") {
    const Query query = *Query::parse(Language::kCql, fmt::format("SELECT {} FROM {}", list, from));
    const ClassPtr cls = result_class_of(query, sample());
    std::string text = cls ? cls->name() : "unknown";
    for (const PropertyPtr& each : cls ? cls->properties() : std::vector<PropertyPtr>()) {
      text += fmt::format(" {} {}{}", type_name(each->type), each->name, each->is_array ? "[]" : "");
      text += each->object_class.empty() ? "" : '(' + each->object_class + ')';
    }
    return text;
  };
  EXPECT_EQ(
      types("t.Id AS Number, Level, Tags, Tags[1] AS One, Tags[0,1] AS Two, Part AS P, Part.Size AS S"),
      "CIM_QueryResult uint32 Number sint64 Level string Tags[] string One string Two[] string P(T_Part) uint16 S");
  EXPECT_EQ(types("UpperCase(Name), CurrentDateTime() AS Now, ArrayLength(Tags), IntervalToMicroseconds(Age), "
                  "InstanceToReference(t)"),
            "CIM_QueryResult string Value1 datetime Now uint64 Value3 sint64 Value4 reference Value5");
  EXPECT_EQ(types("Ratio * 2, -Ratio, Age * 2, When - Age, Name || 'x', (Id = 5), 'x', TRUE, 0.5"),
            "CIM_QueryResult real64 Value1 real64 Value2 datetime Value3 datetime Value4 string Value5 boolean Value6 "
            "string Value7 boolean Value8 real64 Value9");
  EXPECT_EQ(types("COUNT(*) AS N, MIN(Id), MAX(Name), SUM(Ratio), MEAN(Ratio)"),
            "CIM_QueryResult uint64 N uint32 Value2 string Value3 real64 Value4 real64 Value5");
  EXPECT_EQ(types("l.Left, l.Weight AS W, t.Id", "T_Base t, T_Link l"),
            "CIM_QueryResult reference Left(T_Base) uint8 W uint32 Id");
  EXPECT_EQ(types("CreateArray(Id, Id) AS A, CreateArray(Id, Ratio) AS R, CreateArray('x')[0] AS S"),
            "CIM_QueryResult uint32 A[] real64 R[] string S");
  EXPECT_EQ(types("Any.T_Thing::Id AS Inner"), "CIM_QueryResult uint32 Inner");
  for (const char* list :
       {"Id + 1", "Id / 2", "Age / Age", "SUM(Id)", "MEDIAN(Id)", "*, Id + 0.5", "Parts.Size AS S", "Any.Size AS S",
        "StringToNumeric(Name)", "t AS Whole", "CreateArray(Id, Level)", "__CLASS || 'x', __PATH AS P"}) {
    EXPECT_EQ(types(list), "unknown") << list;
  }
  const Query query =
      *Query::parse(Language::kCql, "SELECT Missing AS M, Ratio + Large AS Sum, Weight AS W FROM T_Thing");
  InstanceBuilder builder("CIM_QueryResult");
  builder.add("M", Value::null(Type::kString));
  builder.add("Sum", Value::null(Type::kReal64));
  builder.add("W", Value::null(Type::kUint8));
  const ClassPtr cls = builder.build().cls();
  const Instance* const only = &sample().thing();
  const Instance row = query.project(Row(&only, 1), sample().surroundings, cls);
  EXPECT_EQ(row.cls(), cls);
  EXPECT_EQ(row.find("W")->type(), Type::kUint8) << "what the instance lacks is NULL of the type that was told";
  const Query other = *Query::parse(Language::kCql, "SELECT Name AS M, Name AS Sum, Id AS W FROM T_Thing");
  EXPECT_NE(other.project(Row(&only, 1), sample().surroundings, cls).cls(), cls) << "rather than losing a value";
}

}  // namespace
}  // namespace lunaria::cim::query
