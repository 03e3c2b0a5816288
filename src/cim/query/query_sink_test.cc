#include "cim/query/query_sink.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cim/limits.h"
#include "cim/query/sample_for_test.h"

namespace lunaria::cim::query {
namespace {

const Sample& sample() {
  static const Sample kSample;
  return kSample;
}

/// Runs a query over things numbered from 0 and shows the rows.
std::vector<std::string> rows(std::string_view text, int count) {
  const Query query = *Query::parse(Language::kCql, text);
  CollectingSink receiver;
  MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
  Kept kept(budget);
  QuerySink sink(query, sample().surroundings, receiver, kept);
  for (int i = 0; i < count; ++i) {
    Instance thing = sample().thing();
    EXPECT_TRUE(thing.set("Id", Value(static_cast<std::uint32_t>(i))));
    EXPECT_TRUE(thing.set("Name", Value(std::string(1, static_cast<char>('a' + i % 3)))));
    if (sink.deliver(std::move(thing)) == InstanceSink::Delivery::kGone) {
      break;
    }
  }
  auto finish = sink.finish();
  std::move(finish).operator co_await().await_suspend(std::noop_coroutine()).resume();
  std::vector<std::string> shown;
  for (const Instance& row : receiver.instances()) {
    std::string line = row.class_name();
    for (std::size_t i = 0; i < row.values().size(); ++i) {
      if (row.is_selected(i) && !row.value(i).is_absent()) {
        line += ' ' + row.cls()->property(i).name + '=' + row.value(i).to_text();
      }
    }
    shown.push_back(line);
  }
  return shown;
}

TEST(QuerySink, ProjectsFiltersSortsAndCounts) {
  using Rows = std::vector<std::string>;
  EXPECT_EQ(rows("SELECT Id, Name FROM T_Thing WHERE Id > 1 AND Id < 4", 9),
            (Rows{"T_Thing Id=2 Name=c", "T_Thing Id=3 Name=a"}));
  EXPECT_EQ(rows("SELECT Id FROM T_Thing ORDER BY Name DESC, Id", 4),
            (Rows{"T_Thing Id=2", "T_Thing Id=1", "T_Thing Id=0", "T_Thing Id=3"}));
  EXPECT_EQ(rows("SELECT FIRST 2 Id FROM T_Thing ORDER BY Id DESC", 5), (Rows{"T_Thing Id=4", "T_Thing Id=3"}));
  EXPECT_EQ(rows("SELECT FIRST 1 Id FROM T_Thing", 5), (Rows{"T_Thing Id=0"}));
  EXPECT_EQ(rows("SELECT DISTINCT Name FROM T_Thing", 7), (Rows{"T_Thing Name=a", "T_Thing Name=b", "T_Thing Name=c"}));
  EXPECT_EQ(rows("SELECT Id * 2 AS Twice, Name || '!' FROM T_Thing", 1), (Rows{"CIM_QueryResult Twice=0 Value2=a!"}));
  EXPECT_EQ(
      rows("SELECT COUNT(*) AS N, MIN(Id), MAX(Name), SUM(Id), MEAN(Id), MEDIAN(Id), COUNT(Missing) FROM T_Thing", 4),
      (Rows{"CIM_QueryResult N=4 Value2=0 Value3=c Value4=6 Value5=1.5 Value6=1.5 Value7=0"}));
  EXPECT_EQ(rows("SELECT COUNT(*) FROM T_Thing WHERE Id > 100", 4), (Rows{"CIM_QueryResult Value1=0"}));
  EXPECT_EQ(rows("SELECT COUNT(DISTINCT Name), COUNT(Name), SUM(DISTINCT Id / Id) FROM T_Thing WHERE Id > 0", 7),
            (Rows{"CIM_QueryResult Value1=3 Value2=6 Value3=1"}));
}

TEST(QuerySink, TakesRowsOfAListForEqualWhateverTheirClass) {
  const auto distinct = [](std::string_view list) {
    const Query query = *Query::parse(Language::kCql, fmt::format("SELECT DISTINCT {} FROM T_Base", list));
    CollectingSink receiver;
    MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
    Kept kept(budget);
    QuerySink sink(query, sample().surroundings, receiver, kept);
    for (const char* cls : {"T_Base", "T_Other", "T_Thing", "T_Other"}) {
      Instance each(sample().repository.find_class(sample().name_space, cls));
      EXPECT_TRUE(each.set("Id", Value(std::uint32_t{1})) && each.set("Name", Value("a")));
      sink.deliver(std::move(each));
    }
    EXPECT_TRUE(get(sink.finish()));
    return receiver.instances().size();
  };
  EXPECT_EQ(distinct("Name"), 1U);
  EXPECT_EQ(distinct("Name, Level"), 1U) << "a property that the class lacks is NULL";
  EXPECT_EQ(distinct("Id + 1"), 1U);
  EXPECT_EQ(distinct("T_Other::Id"), 2U) << "1 and NULL";
  EXPECT_EQ(distinct("__CLASS"), 3U);
  EXPECT_EQ(distinct("*"), 3U);
  EXPECT_EQ(distinct("*, Id + 1"), 1U) << "rows that are made up are of one class";
}

TEST(QuerySink, ShowsWhatIsOfTheScope) {
  EXPECT_EQ(rows("SELECT T_Base::Id, T_Other::Name FROM T_Base", 1), (std::vector<std::string>{"T_Thing Id=0"}));
  EXPECT_EQ(rows("SELECT T_Other::Name, T_Thing::Name FROM T_Base", 1), (std::vector<std::string>{"T_Thing Name=a"}));
}

TEST(QuerySink, ShowsItemsOfOneNameUnderNamesOfTheirOwn) {
  EXPECT_EQ(rows("SELECT Part.Size, Any.T_Part::Size, Id, T_Base.Id FROM T_Thing", 1),
            (std::vector<std::string>{"CIM_QueryResult Size=7 Any_Size=9 Id=0 T_Base_Id=0"}));
  EXPECT_EQ(rows("SELECT Id, t.Id, T_Base::Id FROM T_Thing t", 1), (std::vector<std::string>{"T_Thing Id=0"}));
}

TEST(QuerySink, KeepsNoMoreThanAllQueriesTogetherMay) {
  constexpr std::size_t kBytes = 100'000;
  MemoryBudget budget(4 * kBytes, kBytes);
  const auto status = [&](std::string_view text, int count, Kept& kept) {
    const Query query = *Query::parse(Language::kCql, text);
    CollectingSink receiver;
    QuerySink sink(query, sample().surroundings, receiver, kept);
    Instance thing(sample().repository.find_class(sample().name_space, "T_Base"));
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(thing.set("Id", Value(static_cast<std::uint32_t>(i))));
      EXPECT_TRUE(thing.set("Name", Value(std::string(kBytes / 10, 'x') + std::to_string(i))));
      sink.deliver(Instance(thing));
    }
    const auto outcome = get(sink.finish());
    return outcome ? std::string("ok") : std::string(status_name(outcome.error().status));
  };
  for (const char* text : {"SELECT * FROM T_Base ORDER BY Id", "SELECT DISTINCT Name FROM T_Base",
                           "SELECT MEDIAN(Name) FROM T_Base", "SELECT COUNT(DISTINCT Name) FROM T_Base"}) {
    Kept first(budget);
    EXPECT_EQ(status(text, 40, first), "ok") << text;
    Kept second(budget);
    EXPECT_EQ(status(text, 40, second), "CIM_ERR_SERVER_LIMITS_EXCEEDED") << text << ": the first is there still";
    Kept third(budget);
    EXPECT_EQ(status(text, 8, third), "ok") << text << ": small";
  }
  Kept streamed(budget);
  EXPECT_EQ(status("SELECT * FROM T_Base", 400, streamed), "ok");
  Kept counted(budget, 3);
  EXPECT_EQ(status("SELECT Id FROM T_Base ORDER BY Id", 4, counted), "CIM_ERR_SERVER_LIMITS_EXCEEDED");
}

}  // namespace
}  // namespace lunaria::cim::query
