#include "cim/class_query.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cim/association_query.h"
#include "cim/associations.h"
#include "cim/instance_sink.h"
#include "cim/object_path.h"
#include "cim/query/evaluator.h"
#include "cim/query/query.h"

namespace lunaria::cim {
namespace {

using query::Query;
using query::StatementKind;

/// Keeps of instances no more than their classes.
class ClassSink final : public InstanceSink {
 public:
  explicit ClassSink(const NamespaceName& place) : place_(place) {}

  Delivery deliver(Instance&& instance) override {
    const ClassPtr& cls = instance.cls();
    const NamespaceName& place = instance.name_space() == nullptr ? place_ : *instance.name_space();
    const bool is_known = std::ranges::any_of(found_, [&](const PlacedClass& each) {
      return each.name_space == place && name_equal(each.cls->name(), cls->name());
    });
    if (!is_known) {
      found_.push_back({place, cls});
    }
    return Delivery::kGoOn;
  }
  runtime::Task<bool> ready() override { co_return true; }

  std::vector<PlacedClass> take() { return std::move(found_); }

 private:
  const NamespaceName& place_;
  std::vector<PlacedClass> found_;
};

std::vector<PlacedClass> classes_of_schema(const Query& query, const Repository& repository,
                                           const NamespaceName& name_space) {
  const query::Surroundings surroundings{.name_space = name_space, .host = {}, .wall_time = {}};
  std::vector<ClassPtr> classes = repository.classes(name_space);
  std::erase_if(classes, [&](const ClassPtr& cls) { return !query.matches(*cls, surroundings); });
  return placed_classes(classes, name_space);
}

/// What the schema lets be associated with a class.
Result<std::vector<PlacedClass>, Error> classes_around(const Query& query, const Repository& repository,
                                                       const NamespaceName& name_space) {
  const std::string& text = query.statement().association.path;
  const auto path = ObjectPath::parse(text);
  const NamespaceName& place = path && !path->name_space().empty() ? path->name_space() : name_space;
  const ClassPtr cls = path ? repository.find_class(place, path->class_name()) : nullptr;
  if (!cls) {
    return fail(Error(Status::kInvalidQuery, "'" + text + "' is no class of the namespace"));
  }
  const AssociationFilter filter = association_filter(query);
  return placed_classes(query.kind() == StatementKind::kReferencesOf
                            ? referencing_classes(repository, place, *cls, filter)
                            : associated_classes(repository, place, *cls, filter),
                        place);
}

}  // namespace

std::vector<PlacedClass> placed_classes(const std::vector<ClassPtr>& classes, const NamespaceName& name_space) {
  std::vector<PlacedClass> result;
  result.reserve(classes.size());
  for (const ClassPtr& cls : classes) {
    result.push_back({name_space, cls});
  }
  return result;
}

bool asks_for_classes(const QueryText& text) {
  const auto query = Query::parse(text.language, text.text);
  if (!query) {
    return false;
  }
  const query::AssociationClause& clause = query->statement().association;
  return query->kind() == StatementKind::kSchema || clause.schema_only || clause.class_definitions_only;
}

runtime::Task<Result<std::vector<PlacedClass>, Error>> query_classes(const Repository& repository,
                                                                     const Enumerator& enumerator,
                                                                     const OperationContext& context,
                                                                     const NamespaceName& name_space,
                                                                     const QueryText& text) {
  const auto query = Query::parse(text.language, text.text);
  if (!query) {
    co_return fail(query.error());
  }
  if (query->kind() == StatementKind::kSchema) {
    co_return classes_of_schema(*query, repository, name_space);
  }
  const query::AssociationClause& clause = query->statement().association;
  Result<std::vector<PlacedClass>, Error> found;
  if (clause.schema_only) {
    found = classes_around(*query, repository, name_space);
  } else if (const auto request = association_request(*query, repository, name_space); !request) {
    found = fail(request.error());
  } else {
    ClassSink classes(request->name_space);
    if (const auto listed = co_await enumerator.produce(context, *request, classes, nullptr); !listed) {
      co_return fail(listed.error());
    }
    found = classes.take();
  }
  if (found && !clause.required_qualifier.empty()) {
    std::erase_if(*found, [&clause](const PlacedClass& each) {
      return each.cls->qualifiers().find(clause.required_qualifier) == nullptr;
    });
  }
  co_return found;
}

}  // namespace lunaria::cim
