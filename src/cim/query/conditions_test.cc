#include "cim/query/conditions.h"

#include <gtest/gtest.h>

#include <string>

#include "cim/query/sample_for_test.h"

namespace lunaria::cim::query {
namespace {

const Sample& sample() {
  static const Sample kSample;
  return kSample;
}

/// What a clause leaves for the class: the property of each condition and what it is compared with.
std::string conditions(const std::string& where, Language language = Language::kCql) {
  const auto query = Query::parse(language, "SELECT * FROM T_Thing AS t WHERE " + where);
  if (!query) {
    return query.error().message;
  }
  std::string text;
  const ConditionsPtr found = query->conditions();
  for (std::size_t i = 0; found && i < found->all.size(); ++i) {
    const Condition& condition = found->all[i];
    text += (text.empty() ? "" : ", ") + (condition.source.empty() ? "" : condition.source + '.') +
            (condition.scope.empty() ? "" : condition.scope + "::") + condition.property;
    text += std::string(" ") + "=#<{>}"[static_cast<std::size_t>(condition.comparison)];
    for (const Value& literal : condition.literals) {
      text += ' ' + literal.to_text();
    }
  }
  return text;
}

TEST(Conditions, AreThePartsOfAnAndThatCompareOnePropertyWithLiterals) {
  EXPECT_EQ(conditions("Id = 5"), "Id = 5");
  EXPECT_EQ(conditions("Id = 5 AND (Name <> 'a' AND (Level < -3 AND Active = TRUE))"),
            "Id = 5, Name # a, Level < -3, Active = TRUE");
  EXPECT_EQ(conditions("5 < Id AND 5 <= Id AND 5 > Id AND 5 >= Id AND 5 = Id AND 5 <> Id"),
            "Id > 5, Id } 5, Id < 5, Id { 5, Id = 5, Id # 5");
  EXPECT_EQ(conditions("Id = 1 OR Id = 2 OR 3 = ID"), "Id = 1 2 3");
  EXPECT_EQ(conditions("(Id = 1 OR Id = 2) AND t.Name = 'a' AND T_Thing.Name = 'b' AND T_Base::Id = 1"),
            "Id = 1 2, Name = a, T_Thing.Name = b, T_Base::Id = 1");
}

TEST(Conditions, AreNothingElse) {
  for (const char* where :
       {"Id = 1 OR Name = 'a'", "Id = 1 OR Id > 5", "NOT Id = 5", "NOT (Id = 5 AND Id = 6)", "Id = Level", "1 = 1",
        "Id + 1 = 5", "Id IS NULL", "Id = NULL", "Name LIKE 'a'", "Tags[0] = 'a'", "ANY Tags[*] = 'a'", "Active",
        "Part.Size = 5", "x.Id = 5", "State = #'Enabled'", "T_Thing ISA T_Base", "UpperCase(Name) = 'A'",
        "EVERY p IN Parts SATISFIES (p.Size = 7)"}) {
    EXPECT_EQ(conditions(where), "") << where;
  }
  EXPECT_EQ(conditions("__CLASS = 'T_Thing'"), "");
  EXPECT_EQ(conditions("t.__CLASS = 'T_Thing'"), "");
  EXPECT_FALSE(Query::parse(Language::kCql, "SELECT * FROM T_Thing")->conditions());
}

PrefilterPtr prefilter(const std::string& where, Language language = Language::kCql, const char* cls = "T_Thing") {
  const auto query = Query::parse(language, "SELECT * FROM T_Thing WHERE " + where);
  EXPECT_TRUE(query) << query.error().message;
  return Prefilter::make(query->conditions(), sample().repository.find_class(sample().name_space, cls));
}

TEST(Prefilter, AdmitsWhatTheQueryWouldSayYesTo) {
  const PrefilterPtr filter = prefilter("Id >= 5 AND Id < 7 AND (Name = 'a' OR Name = 'b')");
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->concerns("ID"));
  EXPECT_FALSE(filter->concerns("Level"));
  EXPECT_FALSE(filter->concerns("Nothing"));
  EXPECT_TRUE(filter->admits("id", Value(std::uint32_t{5})));
  EXPECT_FALSE(filter->admits("Id", Value(std::uint32_t{7})));
  EXPECT_FALSE(filter->admits("Id", Value::null(Type::kUint32)));
  EXPECT_FALSE(filter->admits("Id", Value()));
  EXPECT_TRUE(filter->admits("Name", Value("b")));
  EXPECT_FALSE(filter->admits("Name", Value("B")));
  EXPECT_TRUE(filter->admits("Level", Value(std::int64_t{1})));
  EXPECT_TRUE(prefilter("Name = 'a'", Language::kWql)->admits("Name", Value("A")));
  EXPECT_TRUE(prefilter("Active = 'true'", Language::kWql)->admits("Active", Value(true)));
  EXPECT_FALSE(prefilter("Active = 'true'", Language::kWql)->admits("Active", Value(false)));
}

TEST(Prefilter, IsOfTheClassThatIsListed) {
  EXPECT_FALSE(prefilter("Level = 5", Language::kCql, "T_Base")) << "T_Base lacks the property";
  EXPECT_FALSE(prefilter("T_Other::Id = 5"));
  EXPECT_TRUE(prefilter("T_Base::Id = 5"));
  EXPECT_FALSE(Prefilter::make(nullptr, sample().thing().cls()));
}

std::string required(const std::string& where, const char* property, Language language = Language::kCql) {
  const PrefilterPtr filter = prefilter(where, language);
  const auto value = filter ? filter->required_value(*sample().thing().cls()->find_property(property)) : std::nullopt;
  return value ? std::string(type_name(value->type())) + ' ' + value->to_text() : "";
}

TEST(Prefilter, KnowsWhenOneValueIsLeft) {
  EXPECT_EQ(required("Id = 5", "Id"), "uint32 5");
  EXPECT_EQ(required("Id > 4 AND Id = 5", "Id"), "uint32 5");
  EXPECT_EQ(required("Level = -5", "Level"), "sint64 -5");
  EXPECT_EQ(required("Name = 'A1'", "Name"), "string A1");
  EXPECT_EQ(required("Active = TRUE", "Active"), "boolean TRUE");
  EXPECT_EQ(required("Name = '12-3'", "Name", Language::kWql), "string 12-3");
}

TEST(Prefilter, KnowsWhenSeveralMayBeLeft) {
  EXPECT_EQ(required("Id = 5 OR Id = 6", "Id"), "");
  EXPECT_EQ(required("Id >= 5", "Id"), "");
  EXPECT_EQ(required("Name = 'A1'", "Name", Language::kWql), "") << "a1 as well";
  EXPECT_EQ(required("Large = 9007199254740992.0", "Large"), "") << "9007199254740993 as well";
  EXPECT_EQ(required("Ratio = 1", "Ratio"), "");
  EXPECT_EQ(required("When = '20260101000000.000000+000'", "When"), "") << "20260101010000.000000+060 as well";
  EXPECT_EQ(required("Letter = 'x'", "Letter"), "");
  EXPECT_EQ(required("Tags = 'x'", "Tags"), "");
  EXPECT_EQ(required("Id = 4294967296", "Id"), "") << "no uint32 at all";
  EXPECT_EQ(required("Id = '5'", "Id"), "");
  EXPECT_EQ(required("Active = 1", "Active", Language::kWql), "");
}

TEST(Prefilter, MakesAPathOfAllKeys) {
  const auto path = prefilter("Name = 'x' AND Id = 5")->path(sample().name_space);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->to_string(), "root/test:T_Thing.Id=5");
  EXPECT_FALSE(prefilter("Name = 'x'")->path(sample().name_space));
  const auto link = Query::parse(Language::kCql, "SELECT * FROM T_Link WHERE Left = 'T_Thing.Id=5' AND Weight = 4");
  ASSERT_TRUE(link);
  EXPECT_FALSE(Prefilter::make(link->conditions(), sample().link().cls())->path(sample().name_space))
      << "a path without namespace stands for one in any";
}

}  // namespace
}  // namespace lunaria::cim::query
