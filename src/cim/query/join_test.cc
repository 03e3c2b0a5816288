#include "cim/query/join.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "cim/query/comparison.h"
#include "cim/query/sample_for_test.h"

namespace lunaria::cim::query {
namespace {

const Sample& sample() {
  static const Sample kSample;
  return kSample;
}

std::string shown(const Instance& row) {
  std::string line = row.class_name();
  for (std::size_t i = 0; i < row.values().size(); ++i) {
    if (row.is_selected(i) && !row.value(i).is_absent()) {
      line += ' ' + row.cls()->property(i).name + '=' + row.value(i).to_text();
    }
  }
  return line;
}

/// The rows of a query over some things, numbered from 0, each linked to the one after it.
class JoinOfThings : public testing::Test {
 protected:
  JoinOfThings() {
    for (std::uint32_t id = 0; id < 4; ++id) {
      Instance thing = sample().thing();
      EXPECT_TRUE(thing.set("Id", Value(id)) && thing.set("Name", Value(std::string(1, static_cast<char>('a' + id)))));
      things.instances.push_back(thing);
      if (id > 0) {
        Instance link = sample().link();
        EXPECT_TRUE(link.set("Left", Value(things.instances[things.instances.size() - 2].path({}))));
        EXPECT_TRUE(link.set("Right", Value(thing.path(things.name_space))));
        links.push_back(link);
      }
    }
    things.instances.erase(things.instances.begin(), things.instances.begin() + kOfTheSchema);
    things.instances.insert(things.instances.end(), links.begin(), links.end());
  }

  std::vector<std::string> rows(std::string_view text) const {
    const auto query = Query::parse(Language::kCql, text);
    if (!query) {
      return {query.error().message};
    }
    if (const auto checked = query->check(things.repository, things.name_space); !checked) {
      return {checked.error().message};
    }
    std::vector<std::string> lines;
    for (const Instance& row : join_rows(*query, things)) {
      lines.push_back(shown(row));
    }
    return lines;
  }

  static constexpr std::ptrdiff_t kOfTheSchema = 5;
  using Rows = std::vector<std::string>;
  Sample things;
  std::vector<Instance> links;
};

TEST_F(JoinOfThings, TiesReferencesToPaths) {
  EXPECT_EQ(rows("SELECT a.Id, b.Id FROM T_Thing a, T_Link l, T_Thing b "
                 "WHERE l.Left = ObjectPath(a) AND l.Right = ObjectPath(b)"),
            (Rows{"CIM_QueryResult Id=0 b_Id=1", "CIM_QueryResult Id=1 b_Id=2", "CIM_QueryResult Id=2 b_Id=3"}));
  EXPECT_EQ(rows("SELECT b.Id, b.Name FROM T_Thing AS a, T_Thing AS b, T_Link "
                 "WHERE T_Link.Right = ObjectPath(b) AND ObjectPath(a) = T_Link.Left AND a.Name = 'b'"),
            (Rows{"T_Thing Id=2 Name=c"}));
}

TEST_F(JoinOfThings, CombinesWhatNothingTies) {
  EXPECT_EQ(rows("SELECT a.Id AS Low, b.Id AS High FROM T_Base a, T_Thing b WHERE a.Id + 1 < b.Id"),
            (Rows{"CIM_QueryResult Low=0 High=2", "CIM_QueryResult Low=0 High=3", "CIM_QueryResult Low=1 High=3"}));
  EXPECT_EQ(rows("SELECT COUNT(*) AS N FROM T_Base a, T_Base b, T_Base c"), (Rows{"CIM_QueryResult N=64"}));
  EXPECT_EQ(rows("SELECT COUNT(*) AS N FROM T_Base a, T_Base b WHERE 1 = 2"), (Rows{"CIM_QueryResult N=0"}));
}

TEST_F(JoinOfThings, SortsSumsAndCounts) {
  EXPECT_EQ(rows("SELECT FIRST 2 a.Id, b.Name FROM T_Thing a, T_Thing b WHERE a.Id = b.Id ORDER BY b.Name DESC"),
            (Rows{"CIM_QueryResult Id=3 Name=d", "CIM_QueryResult Id=2 Name=c"}));
  EXPECT_EQ(rows("SELECT DISTINCT a.Active FROM T_Thing a, T_Thing b"), (Rows{"T_Thing Active=TRUE"}));
  EXPECT_EQ(rows("SELECT SUM(a.Id * b.Id) AS S FROM T_Thing a, T_Thing b WHERE a.Id <= b.Id"),
            (Rows{"CIM_QueryResult S=25"}));
}

TEST_F(JoinOfThings, ShowsEverythingUnderNamesOfItsOwn) {
  EXPECT_EQ(rows("SELECT * FROM T_Link l, T_Link m WHERE l.Right = m.Left AND l.Left = 'T_Thing.Id=0'").front(),
            "CIM_QueryResult Left=T_Thing.Id=0 Right=root/test:T_Thing.Id=1 Weight=4 m_Left=T_Thing.Id=1 "
            "m_Right=root/test:T_Thing.Id=2 m_Weight=4");
  EXPECT_EQ(rows("SELECT l.* FROM T_Link l, T_Thing t WHERE l.Left = ObjectPath(t) AND t.Id = 2"),
            (Rows{"T_Link Left=T_Thing.Id=2 Right=root/test:T_Thing.Id=3 Weight=4"}));
}

TEST_F(JoinOfThings, LetsNamesStandAloneThatAreOfOneClass) {
  EXPECT_EQ(rows("SELECT Weight FROM T_Link, T_Thing WHERE Left = ObjectPath(T_Thing) AND Name = 'a'"),
            (Rows{"CIM_QueryResult Weight=4"}));
  EXPECT_EQ(rows("SELECT a.Id FROM T_Thing a, T_Thing b WHERE Id = 1"),
            (Rows{"Id may be of several classes: write a.Id or b.Id"}));
  EXPECT_EQ(rows("SELECT a.Id FROM T_Thing a, T_Link b WHERE Size = 1"),
            (Rows{"no class after FROM has a property Size"}));
  EXPECT_EQ(rows("SELECT a.Id FROM T_Thing a, T_Link b WHERE b.Id = 1"), (Rows{"T_Link has no property Id"}));
  EXPECT_EQ(rows("SELECT a.Id FROM T_Thing a, T_Link b WHERE ClassName() = 'T_Link'"),
            (Rows{"in a join, functions of paths need an argument: ObjectPath(Class)"}));
  EXPECT_EQ(rows("SELECT a.Id FROM T_Thing a, T_None b"), (Rows{"no class T_None in namespace root/test"}));
}

TEST_F(JoinOfThings, TakesAliasesForClassesWhateverTheirPropertiesAreCalled) {
  EXPECT_EQ(rows("SELECT Name.Id AS I FROM T_Thing Name, T_Link Part WHERE Part.Left = ObjectPath(Name)"),
            (Rows{"CIM_QueryResult I=0", "CIM_QueryResult I=1", "CIM_QueryResult I=2"}));
  EXPECT_EQ(rows("SELECT l.Weight FROM T_Link l, T_Thing left WHERE l.Left = ObjectPath(left) AND left ISA T_Base AND "
                 "left.Id = 1"),
            (Rows{"T_Link Weight=4"}));
  EXPECT_EQ(rows("SELECT Part.zz FROM T_Thing Part, T_Link l"), (Rows{"T_Thing has no property zz"}));
  EXPECT_EQ(rows("SELECT l.Weight FROM T_Link l, T_Thing left WHERE Left = 'T_Thing.Id=1'"),
            (Rows{"Left is a class after FROM; for the property write l.Left"}));
}

TEST_F(JoinOfThings, TellsProvidersWhatConcernsThem) {
  const Query query = *Query::parse(Language::kCql,
                                    "SELECT a.Name, l.* FROM T_Thing a, T_Link l, T_Other c "
                                    "WHERE l.Left = ObjectPath(a) AND a.Id = 1 AND l.Weight > 3 AND c.Id > a.Level");
  EXPECT_EQ(query.needed_properties(0), PropertyList({"Name", "a", "Id", "Level"}));
  EXPECT_EQ(query.needed_properties(1), PropertyList());
  EXPECT_EQ(query.conditions(0)->all.size(), 1U);
  EXPECT_EQ(query.conditions(1)->all.front().property, "Weight");
  EXPECT_EQ(query.conditions(2), nullptr);
}

TEST_F(JoinOfThings, RefusesToLookAtTooMuch) {
  const Query query = *Query::parse(Language::kCql, "SELECT COUNT(*) FROM T_Base a, T_Base b WHERE a.Id > b.Id");
  const auto sources = Sources::find(query.statement(), sample().repository, sample().name_space);
  ASSERT_TRUE(sources);
  const auto status_with = [&](std::size_t count) {
    MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
    Kept kept(budget, 100);
    Join join(query, *sources, sample().surroundings, kept, 1000);
    CollectingSink receiver;
    QuerySink sink(query, sample().surroundings, receiver, kept);
    Instance thing(sample().repository.find_class(sample().name_space, "T_Base"));
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(thing.set("Id", Value(std::uint32_t{1})));
      join.rows_of(i % 2).deliver(Instance(thing));
    }
    const auto outcome = get(join.combine({}, sink));
    return outcome ? std::string("ok") : std::string(status_name(outcome.error().status));
  };
  EXPECT_EQ(status_with(60), "ok");
  EXPECT_EQ(status_with(80), "CIM_ERR_SERVER_LIMITS_EXCEEDED") << "1,600 pairs";
  EXPECT_EQ(status_with(101), "CIM_ERR_SERVER_LIMITS_EXCEEDED");
}

TEST(JoinIndex, FindsWhateverIsEqual) {
  std::vector<Value> values = {Value::null(Type::kString), Value(true), Value(false),
                               Value::array_of(std::vector<std::string>{"a"})};
  for (const std::uint64_t number : {0ULL, 5ULL, 9007199254740992ULL, 9007199254740993ULL, 18446744073709551615ULL}) {
    values.emplace_back(number);
    values.emplace_back(static_cast<double>(number));
    values.emplace_back(std::to_string(number));
  }
  for (const std::int64_t number : {-1LL, 5LL, -9007199254740993LL}) {
    values.emplace_back(number);
    values.emplace_back(static_cast<std::uint8_t>(number));
  }
  for (const char* text :
       {"", "a", "A", "TRUE", "5.0", "0x5", "20260101000000.000000+000", "20251231230000.000000-060", "T_Base.Id=5",
        "root/test:T_Base.Id=5", "root/other:t_base.ID=5", "//host/root/test:T_Base.Id=5"}) {
    values.emplace_back(std::string(text));
    for (const Type type : {Type::kDatetime, Type::kReference, Type::kChar16}) {
      if (const auto other = values.back().converted_to(type)) {
        values.push_back(*other);
        break;
      }
    }
  }
  const auto expect_found = [&values](const std::vector<Value>& rows) {
    JoinIndex index(rows);
    for (const Value& probe : values) {
      const JoinCandidates found = index.find(probe);
      for (std::uint32_t row = 0; row < rows.size(); ++row) {
        const auto count = std::ranges::count(found.likely, row) + std::ranges::count(found.others, row);
        EXPECT_LE(count, 1);
        EXPECT_TRUE(count == 1 || !compare(Language::kCql, Comparison::kEqual, probe, rows[row]).value_or(false))
            << probe.to_text() << " and " << rows[row].to_text();
      }
    }
  };
  expect_found(values);
  for (const Type type : {Type::kReference, Type::kUint64, Type::kString}) {
    std::vector<Value> alike = values;
    std::erase_if(alike, [type](const Value& value) { return value.type() != type; });
    EXPECT_GT(alike.size(), 3U);
    expect_found(alike);
  }
}

/// Conditions on a, b and c, sensible or not.
class ConditionWriter final {
 public:
  explicit ConditionWriter(std::uint64_t seed) : dice_(seed) {}
  std::string condition() {
    std::string text = one();
    for (std::size_t more = roll(4); more > 0; --more) {
      text += (roll(5) == 0 ? " OR " : " AND ") + one();
    }
    return text;
  }

 private:
  std::size_t roll(std::size_t sides) { return static_cast<std::size_t>(dice_() % sides); }
  std::string value() {
    static constexpr std::array<const char*, 18> kValues = {"a.Id",
                                                            "b.Id",
                                                            "c.Left",
                                                            "c.Right",
                                                            "a.Name",
                                                            "b.Name",
                                                            "ObjectPath(a)",
                                                            "ObjectPath(b)",
                                                            "c.Weight",
                                                            "a.Level",
                                                            "b.Active",
                                                            "b.Id + 1",
                                                            "UpperCase(a.Name)",
                                                            "a.When",
                                                            "2",
                                                            "'c'",
                                                            "'T_Thing.Id=1'",
                                                            "TRUE"};
    return kValues.at(roll(kValues.size()));
  }
  std::string one() {
    static constexpr std::array<const char*, 6> kSigns = {" = ", " = ", " = ", " <> ", " < ", " >= "};
    const std::string text = value() + kSigns.at(roll(kSigns.size())) + value();
    return roll(8) == 0 ? "NOT (" + text + ')' : text;
  }
  std::mt19937_64 dice_;
};

/// With names of properties for the aliases a, b and c.
std::string renamed(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kNames = {"Name", "Left", "Part"};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_alone = i == 0 || text[i - 1] == ' ' || text[i - 1] == '(';
    const bool is_alias = text[i] >= 'a' && text[i] <= 'c' && is_alone &&
                          std::string_view("., )").contains(i + 1 < text.size() ? text[i + 1] : ' ');
    out += is_alias ? kNames.at(static_cast<std::size_t>(text[i] - 'a')) : text.substr(i, 1);
  }
  return out;
}

TEST_F(JoinOfThings, AnswersTheSameWhateverItsAliasesAre) {
  ConditionWriter writer(11);
  std::size_t matches = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string text =
        "SELECT a.Id AS A, b.Name AS B, c.Left AS C FROM T_Thing AS a, T_Thing AS b, T_Link AS c "
        "WHERE " +
        writer.condition();
    const auto found = rows(text);
    ASSERT_EQ(rows(renamed(text)), found) << renamed(text);
    matches += found.size();
  }
  EXPECT_GT(matches, 500U);
}

TEST_F(JoinOfThings, AnswersWhatAskingEveryCombinationDoes) {
  ConditionWriter writer(7);
  std::size_t matches = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = "SELECT * FROM T_Thing a, T_Thing b, T_Link c WHERE " + writer.condition();
    const Query query = *Query::parse(Language::kCql, text);
    std::vector<std::string> expected;
    for (const Instance& a : things.instances) {
      for (const Instance& b : things.instances) {
        for (const Instance& c : things.instances) {
          const std::array<const Instance*, 3> row = {&a, &b, &c};
          if (a.cls()->is_a("T_Thing") && b.cls()->is_a("T_Thing") && c.cls()->is_a("T_Link") &&
              Evaluator(Language::kCql, query.statement(), things.surroundings, Row(row))
                  .is_true(query.statement().condition)) {
            expected.push_back(shown(query.project(row, things.surroundings)));
          }
        }
      }
    }
    auto found = rows(text);
    std::ranges::sort(expected);
    std::ranges::sort(found);
    ASSERT_EQ(found, expected) << text;
    matches += found.size();
  }
  EXPECT_GT(matches, 2000U);
}

}  // namespace
}  // namespace lunaria::cim::query
