// What providers are told of a query never changes its answer. The reference is the complete enumeration of the class,
// put through a QuerySink: no provider and no look-up takes part in that.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "cim/enumerator.h"
#include "cim/mof/compiler.h"
#include "cim/object_store_for_test.h"
#include "cim/query/query_sink.h"
#include "cim/query/query_writer_for_test.h"
#include "cim/repository_provider.h"
#include "cim/run_for_test.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

constexpr const char* kSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);
class Q_Base { [Key] uint32 Id; string Name; };
class Q_Sub : Q_Base { sint16 Level; string Tags[]; };
class Q_Text {
  [Key] string Name; string Other; boolean Flag; real64 Ratio; datetime When; char16 Letter; uint64 Large;
};
class Q_Pair { [Key] string Name; [Key] sint8 Id; [Key] boolean Flag; string Other; };
class Q_Hidden { [Key] string Name; string Q_Hidden; };
class Q_Moment { [Key] datetime When; real32 Ratio; };
class Q_Real { [Key] real64 Ratio; };
[Association] class Q_Link { [Key] Q_Base REF Left; [Key] Q_Text REF Right; uint8 Id; };
instance of Q_Base { Id = 1; Name = "alpha"; };
instance of Q_Base { Id = 5; Name = "ALPHA"; };
instance of Q_Base { Id = 9; };
instance of Q_Sub { Id = 5; Name = "Alpha"; Level = -5; Tags = {"a", "5"}; };
instance of Q_Sub { Id = 6; Name = "5"; Level = 5; };
instance of Q_Text { Name = "a"; Other = "alpha"; Flag = true; Ratio = 5;
  When = "20260101000000.000000+000"; Letter = 'a'; Large = 9007199254740993; };
instance of Q_Text { Name = "A"; Other = "a"; Flag = false; Ratio = 5.5;
  When = "20260101010000.000000+060"; Letter = 'A'; Large = 9007199254740992; };
instance of Q_Text { Name = "5"; Other = "05"; Ratio = -5;
  When = "00000005000000.000000:000"; Letter = '5'; Large = 18446744073709551615; };
instance of Q_Text { Name = ""; };
instance of Q_Pair { Name = "a"; Id = 5; Flag = true; Other = "a"; };
instance of Q_Pair { Name = "a"; Id = -5; Flag = true; Other = "b"; };
instance of Q_Pair { Name = "a"; Id = -5; Flag = false; };
instance of Q_Pair { Name = "A"; Id = 5; Flag = true; };
instance of Q_Pair { Name = "alpha"; Id = 1; Flag = false; };
instance of Q_Hidden { Name = "a"; Q_Hidden = "a"; };
instance of Q_Hidden { Name = "5"; };
instance of Q_Moment { When = "20260101000000.000000+000"; Ratio = 5.5; };
instance of Q_Moment { When = "20260101020000.000000+060"; };
instance of Q_Real { Ratio = 5; };
instance of Q_Real { Ratio = 5.5; };
instance of Q_Link { Left = "root/test:Q_Base.Id=5"; Right = "root/test:Q_Text.Name=\"a\""; Id = 5; };
instance of Q_Link { Left = "Q_Base.Id=5"; Right = "Q_Text.Name=\"A\""; Id = 1; };
)";
constexpr std::array<const char*, 8> kClasses = {"Q_Base",   "Q_Sub",    "Q_Text", "Q_Pair",
                                                 "Q_Hidden", "Q_Moment", "Q_Real", "Q_Link"};

/// Keeps instances; leaves out whatever it may.
class StrictProvider : public Provider {
 public:
  void add(Instance instance) { instances_.push_back(std::move(instance)); }
  std::size_t listings = 0;
  std::size_t look_ups = 0;
  std::size_t puts = 0;

  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override {
    ++listings;
    for (const Instance& instance : instances_) {
      if (!name_equal(instance.class_name(), call.cls->name()) || !is_admitted(call, instance)) {
        continue;
      }
      ++puts;
      const bool go_on = co_await sink.put(instance);
      if (!go_on) {
        break;
      }
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path) override {
    ++look_ups;
    const auto found = std::ranges::find_if(
        instances_, [&](const Instance& instance) { return is_same(instance.path(call.name_space), path); });
    if (found == instances_.end()) {
      co_return fail(Error(Status::kNotFound, path.to_string()));
    }
    co_return *found;
  }

 protected:
  virtual bool is_same(const ObjectPath& left, const ObjectPath& right) const { return left == right; }

 private:
  static bool is_admitted(const ProviderCall& call, const Instance& instance) {
    for (std::size_t i = 0; call.prefilter && i < instance.values().size(); ++i) {
      if (!call.prefilter->admits(i, instance.value(i))) {
        return false;
      }
    }
    return true;
  }

  std::vector<Instance> instances_;
};

/// Finds instances whatever the case of their keys, the first of several.
class LooseProvider final : public StrictProvider {
 protected:
  bool is_same(const ObjectPath& left, const ObjectPath& right) const override {
    return fold_name(left.canonical()) == fold_name(right.canonical());
  }
};

/// Cannot look anything up.
class EnumeratingProvider final : public Provider {
 public:
  explicit EnumeratingProvider(Provider& other) : other_(other) {}
  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override {
    return other_.enumerate_instances(std::move(call), sink);
  }

 private:
  Provider& other_;
};

class Pushdown : public testing::Test {
 protected:
  Pushdown() {
    for (const NamespaceName* space : spaces_) {
      EXPECT_TRUE(repository_.add_namespace(*space));
      mof::MemorySourceLoader loader;
      loader.add("schema", kSchema);
      mof::Compiler compiler(repository_, loader, *space);
      const auto compiled = compiler.compile("schema");
      EXPECT_TRUE(compiled) << compiled.error().to_string();
      for (mof::CompiledInstance& each : compiler.take_instances()) {
        fill(*space, each.instance);
      }
    }
    for (const char* name : kClasses) {
      table_.add(strict_space_, name, strict_);
      table_.add(loose_space_, name, loose_);
      table_.add(stored_space_, name, stored_);
      table_.add(plain_space_, name, plain_);
    }
  }

  void fill(const NamespaceName& space, const Instance& instance) {
    if (space == strict_space_) {
      strict_.add(instance);
    } else if (space == loose_space_) {
      loose_.add(instance);
    } else if (space == stored_space_) {
      EXPECT_TRUE(run(store_.open_set({space, instance.class_name()})));
      EXPECT_TRUE(run(stored_.create_instance({context_, space, instance.cls(), nullptr}, instance)));
    } else {
      inner_.add(instance);
    }
  }

  static std::string show(const NamespaceName& space, const std::vector<Instance>& rows) {
    std::string text;
    for (const Instance& row : rows) {
      text += row.path(space).to_string();
      for (std::size_t i = 0; i < row.values().size(); ++i) {
        if (row.is_selected(i) && !row.value(i).is_absent()) {
          text += ' ' + row.cls()->property(i).name + '=' + row.value(i).to_text();
        }
      }
      text += '\n';
    }
    return text;
  }

  std::string answer(const NamespaceName& space, std::string_view language, const std::string& text) {
    CollectingSink sink;
    const EnumerationRequest wanted{
        .kind = Kind::kQuery, .name_space = space, .query = {.language = std::string(language), .text = text}};
    const auto outcome = run(enumerator_.produce(context_, wanted, sink, nullptr));
    return outcome ? show(space, sink.instances()) : std::string(status_name(outcome.error().status));
  }
  /// The same without telling anybody.
  std::string reference(const NamespaceName& space, std::string_view language, const std::string& text) {
    const auto query = query::Query::parse(language, text);
    if (!query) {
      return std::string(status_name(query.error().status));
    }
    if (const auto checked = query->check(repository_, space); !checked) {
      return std::string(status_name(checked.error().status));
    }
    const query::Surroundings surroundings{.name_space = space, .host = {}, .wall_time = {}};
    CollectingSink sink;
    MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
    query::Kept kept(budget);
    query::QuerySink rows(*query, surroundings, sink, kept);
    EnumerationRequest extent{
        .kind = Kind::kInstances, .name_space = space, .class_name = std::string(query->class_name())};
    extent.options.properties = query->needed_properties();
    EXPECT_TRUE(run(enumerator_.produce(context_, extent, rows, nullptr)));
    EXPECT_TRUE(run(rows.finish()));
    return show(space, sink.instances());
  }
  void expect_same(std::string_view language, const std::string& text) {
    for (const NamespaceName* space : spaces_) {
      EXPECT_EQ(answer(*space, language, text), reference(*space, language, text))
          << language << " in " << space->text() << ": " << text;
    }
  }

  const NamespaceName strict_space_{"root/test"};  // what references name
  const NamespaceName loose_space_{"root/loose"};
  const NamespaceName stored_space_{"root/stored"};
  const NamespaceName plain_space_{"root/plain"};
  const std::array<const NamespaceName*, 4> spaces_ = {&strict_space_, &loose_space_, &stored_space_, &plain_space_};
  OperationContext context_;
  Repository repository_;
  MemoryObjectStore store_;
  RepositoryProvider stored_{repository_, store_, nullptr};
  StrictProvider strict_;
  LooseProvider loose_;
  StrictProvider inner_;
  EnumeratingProvider plain_{inner_};
  ProviderTable table_;
  Enumerator enumerator_{repository_, table_};
};

TEST_F(Pushdown, LooksUpWhatAllKeysSay) {
  EXPECT_EQ(answer(strict_space_, "DMTF:CQL", "SELECT Other FROM Q_Pair WHERE Name = 'a' AND Id = 5 AND Flag = TRUE"),
            "root/test:Q_Pair.Name=\"a\",Id=5,Flag=TRUE Other=a\n");
  EXPECT_EQ(strict_.look_ups, 1U);
  EXPECT_EQ(strict_.listings, 0U);
  EXPECT_EQ(answer(strict_space_, "WQL", "SELECT * FROM Q_Base WHERE Id = 7"), "");
  EXPECT_EQ(strict_.look_ups, 3U) << "one in each class";
  EXPECT_EQ(strict_.listings, 0U);
}

TEST_F(Pushdown, ListsOnlyWhatCanMatch) {
  EXPECT_EQ(answer(strict_space_, "WQL", "SELECT Other FROM Q_Pair WHERE Name = 'A' AND Other = 'B'"),
            "root/test:Q_Pair.Name=\"a\",Id=-5,Flag=TRUE Other=b\n");
  EXPECT_EQ(strict_.look_ups, 0U);
  EXPECT_EQ(strict_.puts, 1U);
}

TEST_F(Pushdown, ListsWhereALookUpFindsAnotherSpelling) {
  EXPECT_EQ(answer(loose_space_, "DMTF:CQL", "SELECT Name FROM Q_Text WHERE Name = 'A'"),
            "root/loose:Q_Text.Name=\"A\" Name=A\n");
  EXPECT_EQ(loose_.look_ups, 1U) << "finds \"a\"";
  EXPECT_EQ(loose_.listings, 1U);
}

TEST_F(Pushdown, ServesFiltersOfEnumerationsToo) {
  CollectingSink sink;
  EnumerationRequest wanted{.kind = Kind::kInstanceNames, .name_space = strict_space_, .class_name = "Q_Text"};
  wanted.query = {.language = "DMTF:FQL", .text = "Name = 'a'"};
  EXPECT_TRUE(run(enumerator_.produce(context_, wanted, sink, nullptr)));
  EXPECT_EQ(sink.instances().size(), 1U);
  EXPECT_EQ(strict_.look_ups, 1U);
  EXPECT_EQ(strict_.listings, 0U);
}

TEST_F(Pushdown, ReadsThePartOfAStoreThatTheFirstKeysSay) {
  // Sorted by name the keys of the class are Flag, Id, Name.
  const std::size_t pages = store_.page_count();
  EXPECT_EQ(answer(stored_space_, "DMTF:CQL", "SELECT Other FROM Q_Pair WHERE Flag = TRUE AND Id = -5"),
            "root/stored:Q_Pair.Name=\"a\",Id=-5,Flag=TRUE Other=b\n");
  EXPECT_EQ(store_.page_count() - pages, 1U);
  EXPECT_EQ(
      answer(stored_space_, "DMTF:CQL", "SELECT Other FROM Q_Pair WHERE Id = -5 AND Name = 'a'"),
      "root/stored:Q_Pair.Name=\"a\",Id=-5,Flag=FALSE Other=\nroot/stored:Q_Pair.Name=\"a\",Id=-5,Flag=TRUE Other=b\n");
}

TEST_F(Pushdown, NeverChangesAnAnswer) {
  constexpr int kQueries = 6000;
  const std::vector<ClassPtr> classes = repository_.classes(strict_space_);
  query::QueryWriter writer(classes, 1);
  int good = 0;
  for (int i = 0; i < kQueries && !HasFailure(); ++i) {
    const bool is_cql = i % 2 == 0;
    const std::string text = writer.query(is_cql);
    const char* const language = is_cql ? "DMTF:CQL" : "WQL";
    expect_same(language, text);
    const std::string shown = reference(strict_space_, language, text);
    good += shown.starts_with("root/") || shown.starts_with("CIM_QueryResult") ? 1 : 0;
  }
  EXPECT_GT(good, kQueries / 10) << "queries that find something";
  EXPECT_GT(strict_.look_ups, 100U) << "look-ups";
}

}  // namespace
}  // namespace lunaria::cim
