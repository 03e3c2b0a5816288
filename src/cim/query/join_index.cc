#include "cim/query/join_index.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "cim/object_path.h"

namespace lunaria::cim::query {

JoinIndex::JoinIndex(std::vector<Value> values) : values_(std::move(values)) {
  has_references_only_ = std::ranges::all_of(
      values_, [](const Value& value) { return value.is_null() || kind_of(value) == Kind::kReference; });
}

JoinIndex::Kind JoinIndex::kind_of(const Value& value) {
  if (value.is_array()) {
    return Kind::kOther;
  }
  if (is_numeric(value.type())) {
    return Kind::kNumber;
  }
  switch (value.type()) {
    case Type::kBoolean:
      return Kind::kBoolean;
    case Type::kString:
      return Kind::kText;
    case Type::kReference:
      return Kind::kReference;
    default:
      return Kind::kOther;
  }
}

// Paths that lack a namespace equal those that have one.
std::size_t JoinIndex::hash_of(const Value& value, Kind kind) {
  switch (kind) {
    case Kind::kNumber:
      return std::hash<double>()(value.as_real().value_or(0));
    case Kind::kReference: {
      ObjectPath path = *value.as_reference();
      path.set_name_space({});
      return path.hash();
    }
    case Kind::kOther:
      return 0;
    default:
      return value.hash();
  }
}

const JoinIndex::Table& JoinIndex::table(Kind kind) {
  auto& made = tables_[static_cast<std::size_t>(kind)];
  if (!made) {
    made.emplace();
    for (std::uint32_t row = 0; row < values_.size(); ++row) {
      const Value& value = values_[row];
      if (value.is_null()) {
        continue;
      }
      if (kind_of(value) == kind && kind != Kind::kOther) {
        made->by_hash[hash_of(value, kind)].push_back(row);
      } else {
        made->others.push_back(row);
      }
    }
  }
  return *made;
}

JoinCandidates JoinIndex::find(const Value& probe) {
  if (probe.is_null()) {
    return {};
  }
  if (has_references_only_ && kind_of(probe) == Kind::kText) {
    const auto path = probe.converted_to(Type::kReference);
    return path ? find(*path) : JoinCandidates{};
  }
  const Kind kind = kind_of(probe);
  const Table& rows = table(kind);
  const auto found = kind == Kind::kOther ? rows.by_hash.end() : rows.by_hash.find(hash_of(probe, kind));
  return {.likely = found != rows.by_hash.end() ? std::span(found->second) : std::span<const std::uint32_t>(),
          .others = rows.others};
}

}  // namespace lunaria::cim::query
