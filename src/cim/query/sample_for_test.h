#pragma once

// A small schema with an instance of every kind of property, for tests and fuzzers of queries. Not part of the product.

#include <algorithm>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cim/mof/compiler.h"
#include "cim/query/fetched_instances.h"
#include "cim/query/join.h"
#include "cim/query/query.h"
#include "cim/query/query_sink.h"
#include "cim/query/result_class.h"
#include "cim/query/sources.h"

namespace lunaria::cim::query {

inline constexpr std::string_view kSampleSchema = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride, ToSubclass);
Qualifier Indication : boolean = false, Scope(class, indication), Flavor(DisableOverride, ToSubclass);
Qualifier EmbeddedInstance : string, Scope(property, method, parameter);
Qualifier EmbeddedObject : boolean = false, Scope(property, method, parameter), Flavor(DisableOverride);
Qualifier ValueMap : string[], Scope(property, method, parameter);
Qualifier Values : string[], Scope(property, method, parameter);
class T_Base { [Key] uint32 Id; string Name; };
class T_Part { string Label; uint16 Size; };
class T_Thing : T_Base {
  boolean Active; sint64 Level; uint64 Large; real64 Ratio; char16 Letter; datetime When; datetime Age;
  [ValueMap{"0", "2", "3"}, Values{"Unknown", "OK", "Degraded"}] uint16 Status[];
  [ValueMap{"0", "2", "5"}, Values{"Unknown", "Enabled", "Other"}] uint16 State;
  string Tags[]; string Missing;
  [EmbeddedInstance("T_Part")] string Part; [EmbeddedInstance("T_Part")] string Parts[]; [EmbeddedObject] string Any;
};
class T_Other : T_Base { };
[Association] class T_Link { [Key] T_Base REF Left; [Key] T_Base REF Right; uint8 Weight; };
[Indication] class CIM_InstIndication { [EmbeddedObject] string SourceInstance; };
[Indication] class CIM_InstModification : CIM_InstIndication { [EmbeddedObject] string PreviousInstance; };
instance of T_Part as $p { Label = "wheel"; Size = 7; };
instance of T_Part as $q { Label = "door"; Size = 9; };
instance of T_Thing as $t {
  Id = 5; Name = "Disk one"; Active = TRUE; Level = -3; Large = 18446744073709551615; Ratio = 2.5; Letter = 'x';
  When = "20260102030405.000000+060"; Age = "00000002000000.000000:000"; Status = {2, 3}; State = 2;
  Tags = {"red", "green"}; Part = $p; Parts = {$p, $q}; Any = $q;
};
instance of T_Link { Left = $t; Right = "T_Other.Id=6"; Weight = 4; };
instance of CIM_InstModification { SourceInstance = $t; PreviousInstance = $t; };
)";

/// The compiled schema; instances in the order in which they stand there.
struct Sample {
  const NamespaceName name_space{"root/test"};
  Repository repository;
  std::vector<Instance> instances;
  Surroundings surroundings{name_space, "host.example", "https",
                            runtime::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 2 / 1))};

  Sample() {
    check(repository.add_namespace(name_space).has_value(), "a new repository is empty");
    mof::MemorySourceLoader loader;
    loader.add("sample.mof", std::string(kSampleSchema));
    mof::Compiler compiler(repository, loader, name_space);
    const auto compiled = compiler.compile("sample.mof");
    check(compiled.has_value(), compiled ? "" : compiled.error().to_string());
    for (mof::CompiledInstance& each : compiler.take_instances()) {
      instances.push_back(std::move(each.instance));
    }
  }
  const Instance& thing() const { return instances[2]; }
  const Instance& link() const { return instances[3]; }
  const Instance& modification() const { return instances[4]; }
};

/// Finds them by their paths, whatever namespace they name beside that of the sample holding none.
class SampleFetcher final : public InstanceFetcher {
 public:
  explicit SampleFetcher(const Sample& sample) : sample_(sample) {}
  runtime::Task<Result<InstancePtr, Error>> fetch(const ObjectPath& path) override {
    const auto found = std::ranges::find_if(
        sample_.instances, [&](const Instance& each) { return each.path(sample_.name_space) == path; });
    co_return found != sample_.instances.end() ? std::make_shared<const Instance>(*found) : nullptr;
  }

 private:
  const Sample& sample_;
};

/// What a query lets through, its prefilter admits.
inline void check_prefilter(const Query& query, const Instance& instance) {
  const PrefilterPtr prefilter = Prefilter::make(query.conditions(), instance.cls());
  if (!prefilter) {
    return;
  }
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    check(prefilter->admits(i, instance.value(i)), "a match is admitted");
  }
  const auto path = prefilter->path({});
  check(!path || *path == instance.path({}), "a match is where its keys say");
}

/// The class of rows that are made up, of a query that fits the sample's schema; null when it is not known.
inline ClassPtr result_class_of(const Query& query, const Sample& sample) {
  const auto sources = Sources::find(query.statement(), sample.repository, sample.name_space);
  check(sources.has_value(), "the query fits the schema");
  return query.kept_source() ? nullptr : result_class(query.statement(), *sources, sample.repository);
}

/// Waits for what never has to wait.
template <class T>
T get(runtime::Task<T> task) {
  auto awaiter = std::move(task).operator co_await();
  awaiter.await_suspend(std::noop_coroutine()).resume();
  return awaiter.await_resume();
}

/// The rows of a join of the sample's instances with themselves, in some order.
inline std::vector<Instance> join_rows(const Query& query, const Sample& sample) {
  const auto sources = Sources::find(query.statement(), sample.repository, sample.name_space);
  check(sources.has_value(), "the query fits the schema");
  MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
  Kept kept(budget);
  SampleFetcher fetcher(sample);
  FetchedInstances fetched(fetcher, kept);
  Surroundings surroundings = sample.surroundings;
  surroundings.instances = &fetched;
  Join join(query, *sources, surroundings, kept);
  CollectingSink receiver;
  QuerySink sink(query, surroundings, receiver, kept);
  for (std::size_t source = 0; source < query.statement().sources.size(); ++source) {
    for (const Instance& instance : sample.instances) {
      if (instance.cls()->is_a(query.statement().sources[source].class_name)) {
        join.rows_of(source).deliver(Instance(instance));
      }
    }
  }
  check(get(join.combine({}, sink)).has_value() && get(sink.finish()).has_value(), "the sample is small");
  return std::move(receiver.instances());
}

/// Parses, and asks what it takes of every instance and class of the sample: for the fuzzers.
inline void try_query(Language language, std::string_view text) {
  static const Sample kSample;
  const auto query = Query::parse(language, text);
  if (!query) {
    check(!query.error().message.empty(), "every refusal says why");
    return;
  }
  const auto checked = query->check(kSample.repository, kSample.name_space);
  check(checked || !checked.error().message.empty(), "every refusal says why");
  if (query->statement().is_join()) {
    if (checked) {
      (void)join_rows(*query, kSample);
    }
    return;
  }
  const ClassPtr made_up =
      checked && query->kind() == StatementKind::kSelect ? result_class_of(*query, kSample) : nullptr;
  MemoryBudget budget(limits::kQueryMemoryBytesMax, limits::kQueryShareBytes);
  Kept kept(budget);
  SampleFetcher fetcher(kSample);
  FetchedInstances fetched(fetcher, kept);
  Surroundings surroundings = kSample.surroundings;
  surroundings.instances = &fetched;
  for (const Instance& instance : kSample.instances) {
    const Instance* const only = &instance;
    while (query->statement().fetches_instances() && fetched.lacks(*query, Row(&only, 1), surroundings)) {
      if (!get(fetched.fetch())) {
        return;
      }
    }
    const bool matches = query->matches(instance, surroundings);
    if (matches) {
      check_prefilter(*query, instance);
    }
    if (query->kind() == StatementKind::kSelect && (matches || !checked)) {
      const Instance row = query->project(Row(&only, 1), surroundings, made_up);
      check(!row.class_name().empty(), "a row has a class");
      check(!made_up || !instance.cls()->is_a(query->class_name()) || row.cls() == made_up, "and that which was told");
    }
  }
  if (query->kind() == StatementKind::kSchema) {
    for (const ClassPtr& cls : kSample.repository.classes(kSample.name_space)) {
      (void)query->matches(*cls, kSample.surroundings);
    }
  }
}

}  // namespace lunaria::cim::query
