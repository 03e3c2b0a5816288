#include "cim/query/fetched_instances.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/query/fetching_sink.h"
#include "cim/query/sample_for_test.h"

namespace lunaria::cim::query {
namespace {

const Sample& sample() {
  static const Sample kSample;
  return kSample;
}

/// The sample's instances, and what was asked for.
class NotingFetcher final : public InstanceFetcher {
 public:
  runtime::Task<Result<InstancePtr, Error>> fetch(const ObjectPath& path) override {
    asked += (asked.empty() ? "" : " ") + path.to_string();
    if (fails) {
      co_return fail(Error(Status::kFailed, "no disk answers"));
    }
    SampleFetcher fetcher(sample());
    auto found = co_await fetcher.fetch(path);
    co_return found;
  }
  std::string asked;
  bool fails = false;
};

/// One query over the association of the sample, with what it fetches.
class InstanceOf : public testing::Test {
 protected:
  /// "true", "false", or what went wrong; `asked` says what was fetched.
  std::string verdict(std::string_view condition, Language language = Language::kCql) {
    const std::string text =
        language == Language::kFql ? std::string(condition) : "SELECT * FROM T_Link WHERE " + std::string(condition);
    const auto query = Query::parse(language, text);
    if (!query) {
      return query.error().message;
    }
    if (const auto checked = query->check(sample().repository, sample().name_space); !checked) {
      return checked.error().message;
    }
    CollectingSink receiver;
    const auto outcome = ask(*query, receiver);
    asked = fetcher.asked;
    fetcher.asked.clear();
    return !outcome ? outcome.error().message : receiver.instances().empty() ? "false" : "true";
  }
  Result<void, Error> ask(const Query& query, InstanceSink& receiver, std::size_t times = 1) {
    Kept kept(budget);
    FetchedInstances fetched(fetcher, kept, fetches_max);
    Surroundings surroundings = sample().surroundings;
    surroundings.instances = &fetched;
    QuerySink sink(query, surroundings, receiver, kept);
    FetchingSink fetching(query, surroundings, fetched, sink);
    for (std::size_t i = 0; i < times; ++i) {
      if (fetching.deliver(Instance(sample().link())) == InstanceSink::Delivery::kWait && !get(fetching.ready())) {
        break;
      }
    }
    return fetching.error() ? Result<void, Error>(fail(*fetching.error())) : get(sink.finish());
  }

  MemoryBudget budget{limits::kQueryMemoryBytesMax, limits::kQueryShareBytes};
  std::size_t fetches_max = limits::kQueryFetchesMax;
  NotingFetcher fetcher;
  std::string asked;
};

TEST_F(InstanceOf, IsTheInstanceThatAReferenceNames) {
  for (const Language language : {Language::kCql, Language::kFql}) {
    EXPECT_EQ(verdict("InstanceOf(Left).Name = 'Disk one'", language), "true");
    EXPECT_EQ(asked, "root/test:T_Thing.Id=5");
    EXPECT_EQ(verdict("InstanceOf(Left).Name = 'Disk two'", language), "false");
  }
  for (const char* condition :
       {"InstanceOf(Left) ISA T_Base", "InstanceOf(Left).T_Thing::State = #'Enabled'", "InstanceOf(Left).Part.Size = 7",
        "InstanceOf(Left).Tags[1] = 'green'", "ANY InstanceOf(Left).Tags[*] = 'red'", "InstanceOf(T_Link.Left).Id = 5",
        "EVERY p IN InstanceOf(Left).Parts SATISFIES (p.Size > 6)", "InstanceOf(Left).Name LIKE 'Disk.*'",
        "ObjectPath(InstanceOf(Left)) = 'root/test:T_Thing.Id=5'",
        "InstanceOf(Left).State = InstanceOf(Left).Status[0]", "InstanceOf(Left).Id + 1 = 6",
        "InstanceOf(Left).State#'Other' = 5", "InstanceOf(ObjectPath(InstanceOf(Left))).Id = 5",
        "InstanceToReference(InstanceOf(Left)) = Left"}) {
    EXPECT_EQ(verdict(condition), "true") << condition;
    EXPECT_EQ(asked, "root/test:T_Thing.Id=5") << condition << ": once";
  }
}

TEST_F(InstanceOf, TakesTextsOfPaths) {
  EXPECT_EQ(verdict("InstanceOf('T_Thing.Id=5').Level = -3"), "true");
  EXPECT_EQ(asked, "root/test:T_Thing.Id=5") << "in the namespace of the query";
  EXPECT_EQ(verdict("InstanceOf('https://host.example/root/test:T_Thing.Id=5').Level = -3"), "true");
  EXPECT_EQ(verdict("InstanceOf('//host.example/root/test:T_Thing.Id=5').Level = InstanceOf(Left).Level"), "true");
  EXPECT_EQ(asked, "root/test:T_Thing.Id=5") << "the host is not looked at";
  EXPECT_EQ(verdict("InstanceOf('T_Thing.Id=' || NumericToString(Weight + 1)).Level = -3"), "true");
  EXPECT_EQ(verdict("InstanceOf('root/other:T_Thing.Id=5') IS NULL"), "true");
  EXPECT_EQ(asked, "root/other:T_Thing.Id=5");
}

TEST_F(InstanceOf, IsNullWhereThereIsNone) {
  EXPECT_EQ(verdict("InstanceOf(Right) IS NULL AND InstanceOf(Right).Name IS NULL"), "true");
  EXPECT_EQ(asked, "root/test:T_Other.Id=6") << "which is not there: asked once all the same";
  EXPECT_EQ(verdict("InstanceOf(Right).Id = 6 OR NOT InstanceOf(Right).Id = 6"), "false") << "unknown";
  EXPECT_EQ(verdict("InstanceOf(UpperCase('no path')) IS NULL"), "true");
  EXPECT_EQ(verdict("InstanceOf('T_' || 'Thing') IS NULL"), "true") << "of a class";
  EXPECT_EQ(asked, "");
  EXPECT_EQ(verdict("InstanceOf(Left).Nothing IS NULL"), "true") << "as in embedded objects";
}

TEST_F(InstanceOf, FetchesNoMoreThanItTakes) {
  EXPECT_EQ(verdict("Weight = 5 AND InstanceOf(Left).Id = 5"), "false");
  EXPECT_EQ(asked, "");
  EXPECT_EQ(verdict("InstanceOf(Left).Id = 5 OR InstanceOf(Right).Id = 6"), "true");
  EXPECT_EQ(asked, "root/test:T_Thing.Id=5 root/test:T_Other.Id=6")
      << "while the first is not known, the second may do";
  const Query query =
      *Query::parse(Language::kCql, "SELECT InstanceOf(Right) FROM T_Link WHERE InstanceOf(Left).Id = 6");
  CollectingSink receiver;
  fetcher.asked.clear();
  EXPECT_TRUE(ask(query, receiver, 3));
  EXPECT_EQ(fetcher.asked, "root/test:T_Thing.Id=5")
      << "no list for what does not match, and none twice for three rows";
}

TEST_F(InstanceOf, StandsInListsOrdersAndAggregates) {
  const auto shown = [&](std::string_view text, std::size_t times) {
    CollectingSink receiver;
    const auto outcome = ask(*Query::parse(Language::kCql, text), receiver, times);
    EXPECT_TRUE(outcome) << text;
    std::string all;
    for (const Instance& row : receiver.instances()) {
      for (std::size_t i = 0; i < row.values().size(); ++i) {
        const InstancePtr inner = row.value(i).as_instance();
        all += inner ? inner->class_name() + ' ' : row.cls()->property(i).name + '=' + row.value(i).to_text() + ' ';
      }
    }
    return all;
  };
  EXPECT_EQ(shown("SELECT InstanceOf(Left) AS L, InstanceOf(Left).Name, Weight FROM T_Link", 1),
            "T_Thing Value2=Disk one Weight=4 ");
  EXPECT_EQ(shown("SELECT Weight AS W FROM T_Link ORDER BY InstanceOf(Left).Name", 2), "W=4 W=4 ");
  EXPECT_EQ(shown("SELECT DISTINCT InstanceOf(Left).Id AS I FROM T_Link", 2), "I=5 ");
  EXPECT_EQ(shown("SELECT COUNT(InstanceOf(Left)) AS N, SUM(InstanceOf(Left).Id) AS S FROM T_Link", 3), "N=3 S=15 ");
}

TEST_F(InstanceOf, EndsTheQueryWhenAProviderFailsOrItIsTooMuch) {
  fetcher.fails = true;
  EXPECT_EQ(verdict("InstanceOf(Left).Id = 5"), "no disk answers");
  fetcher.fails = false;
  fetches_max = 1;
  EXPECT_EQ(verdict("InstanceOf(Left).Id = 5"), "true");
  EXPECT_EQ(verdict("InstanceOf(Left).Id = 5 AND InstanceOf(Right) IS NULL"),
            "InstanceOf names more than 1 instances; join their class");
  const Query query = *Query::parse(Language::kCql, "SELECT * FROM T_Link WHERE InstanceOf(Left).Id = 5");
  CollectingSink receiver;
  Kept none(budget, 0);
  FetchedInstances fetched(fetcher, none);
  Surroundings surroundings = sample().surroundings;
  surroundings.instances = &fetched;
  const Instance* const only = &sample().link();
  ASSERT_TRUE(fetched.lacks(query, Row(&only, 1), surroundings));
  const auto outcome = get(fetched.fetch());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().status, Status::kServerLimitsExceeded) << "what is fetched counts as kept";
}

TEST_F(InstanceOf, RefusesWhatNamesNoInstance) {
  const std::string prefix = "InstanceOf takes a reference or the path of an instance, not ";
  EXPECT_EQ(verdict("InstanceOf(Weight) IS NULL"), prefix + "uint8");
  EXPECT_EQ(verdict("InstanceOf(5) IS NULL"), prefix + "uint64");
  EXPECT_EQ(verdict("InstanceOf(T_Link) IS NULL"), prefix + "T_Link, which is an instance");
  EXPECT_EQ(verdict("InstanceOf(InstanceOf(Left)) IS NULL"), prefix + "instance");
  EXPECT_EQ(verdict("InstanceOf(InstanceOf(Left).T_Thing::Tags) IS NULL"), prefix + "string[]");
  EXPECT_EQ(verdict("InstanceOf('no path') IS NULL"), prefix + "'no path'");
  EXPECT_EQ(verdict("InstanceOf('T_Thing') IS NULL"), prefix + "'T_Thing'");
  EXPECT_EQ(verdict("InstanceOf(#'x') IS NULL"), prefix + "#'x'");
  EXPECT_EQ(verdict("InstanceOf(Left).Name.Length = 1"), "T_Base.Name is no embedded object");
  EXPECT_EQ(verdict("InstanceOf(Left).T_Thing::State = #'x'"), "T_Thing.State has no value #'x'");
  EXPECT_EQ(verdict("InstanceOf(Nothing).Id = 1"), "T_Link has no property Nothing");
  EXPECT_EQ(verdict("InstanceOf().Id = 1"),
            "DMTF:CQL query, character 39: InstanceOf has another number of arguments, at ')'");
  EXPECT_EQ(verdict("InstanceOf(Left).* = 1"), "DMTF:CQL query, character 47: '.*' stands behind a class only, at '='");
  EXPECT_EQ(Query::parse("WQL", "SELECT * FROM meta_class WHERE InstanceOf('A.B=1') IS NULL").error().message,
            "WQL query, character 59: InstanceOf is asked of instances, not of classes");
}

TEST_F(InstanceOf, IsOfTheClassThatAReferenceIsDeclaredFor) {
  const Query query = *Query::parse(
      Language::kCql,
      "SELECT InstanceOf(Left) AS L, InstanceOf(Left).Name AS N, InstanceOf(Left).T_Thing::Tags FROM T_Link");
  const ClassPtr cls = result_class_of(query, sample());
  ASSERT_NE(cls, nullptr);
  EXPECT_EQ(cls->property(0).type, Type::kEmbeddedInstance);
  EXPECT_EQ(cls->property(0).object_class, "T_Base");
  EXPECT_EQ(cls->property(1).type, Type::kString);
  EXPECT_TRUE(cls->property(2).is_array);
  EXPECT_EQ(result_class_of(*Query::parse(Language::kCql, "SELECT InstanceOf('T_Base.Id=1') FROM T_Link"), sample()),
            nullptr)
      << "of any class";
}

}  // namespace
}  // namespace lunaria::cim::query
