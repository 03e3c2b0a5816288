#include "cim/association_query.h"

#include <string>
#include <utility>

#include "cim/query/wql_path.h"

namespace lunaria::cim {

using query::StatementKind;

AssociationFilter association_filter(const query::Query& query) {
  const query::AssociationClause& clause = query.statement().association;
  if (query.kind() == StatementKind::kReferencesOf) {
    return {.result_class = clause.result_class, .role = clause.role};
  }
  return {.association_class = clause.association_class,
          .result_class = clause.result_class,
          .role = clause.role,
          .result_role = clause.result_role,
          .association_qualifier = clause.required_association_qualifier};
}

Result<EnumerationRequest, Error> association_request(const query::Query& query, const Repository& repository,
                                                      const NamespaceName& name_space) {
  using Kind = EnumerationRequest::Kind;
  const query::AssociationClause& clause = query.statement().association;
  const auto only_key = [&](const ObjectPath& path) {
    const NamespaceName& space = path.name_space().empty() ? name_space : path.name_space();
    const ClassPtr cls = repository.find_class(space, path.class_name());
    return cls && cls->key_indexes().size() == 1 ? cls->property(cls->key_indexes().front()).name : std::string();
  };
  auto object = query::parse_wql_path(clause.path, only_key);
  if (!object) {
    return fail(Error(Status::kInvalidQuery, "'" + clause.path + "' is no path of an instance"));
  }
  NamespaceName place = object->name_space().empty() ? name_space : object->name_space();
  object->set_name_space(place);
  const bool is_for_references = query.kind() == StatementKind::kReferencesOf;
  const Kind kind = is_for_references ? (clause.keys_only ? Kind::kReferenceNames : Kind::kReferences)
                                      : (clause.keys_only ? Kind::kAssociatorNames : Kind::kAssociators);
  return EnumerationRequest{
      .kind = kind, .name_space = std::move(place), .object = *std::move(object), .filter = association_filter(query)};
}

}  // namespace lunaria::cim
