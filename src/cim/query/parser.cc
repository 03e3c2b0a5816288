// The statements; expressions are in expression_parser.cc.

#include "cim/query/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cim/limits.h"
#include "cim/query/sources.h"

namespace lunaria::cim::query {
namespace {

constexpr std::size_t kShownTextMax = 40;

}  // namespace

std::optional<Language> language_from_name(std::string_view name) {
  struct Named {
    std::string_view name;
    Language language;
  };
  static constexpr std::array<Named, 7> kNames = {{{"DMTF:CQL", Language::kCql},
                                                   {"CIM:CQL", Language::kCql},
                                                   {"CQL", Language::kCql},
                                                   {"DMTF:FQL", Language::kFql},
                                                   {"FQL", Language::kFql},
                                                   {"WQL", Language::kWql},
                                                   {"WQL2", Language::kWql}}};
  const auto* const found =
      std::ranges::find_if(kNames, [name](const Named& named) { return name_equal(named.name, name); });
  return found != kNames.end() ? std::optional(found->language) : std::nullopt;
}

std::string_view language_name(Language language) {
  switch (language) {
    case Language::kCql:
      return "DMTF:CQL";
    case Language::kFql:
      return "DMTF:FQL";
    case Language::kWql:
      return "WQL";
  }
  return "";
}

Parser::Parser(Language language, std::string_view text) : language_(language), lexer_(text) {
  if (text.size() > limits::kQueryBytesMax) {
    refuse_at({.kind = TokenKind::kName, .text = {}, .position = limits::kQueryBytesMax, .value = {}, .message = {}},
              "the query is too long");
    return;
  }
  advance();
}

bool Parser::refuse(std::string message) {
  return refuse_at(token_, std::move(message));
}

bool Parser::refuse_at(const Token& at, std::string message) {
  if (has_failed_) {
    return false;
  }
  has_failed_ = true;
  if (at.kind == TokenKind::kError) {
    message = at.message;
  } else if (at.kind == TokenKind::kEnd && message.contains("expected")) {
    message += ", but the query ends";
  }
  error_ = {at.position, std::string(at.text.substr(0, kShownTextMax)), std::move(message)};
  return false;
}

bool Parser::take(std::string_view punctuation) {
  const bool there = token_.is(punctuation);
  if (there) {
    advance();
  }
  return there;
}

bool Parser::take_keyword(std::string_view keyword) {
  const bool there = token_.is_keyword(keyword);
  if (there) {
    advance();
  }
  return there;
}

bool Parser::expect(std::string_view punctuation) {
  return take(punctuation) || refuse("'" + std::string(punctuation) + "' expected");
}

bool Parser::expect_keyword(std::string_view keyword) {
  return take_keyword(keyword) || refuse(std::string(keyword) + " expected");
}

bool Parser::read_name(std::string& name, std::string_view what) {
  if (token_.kind != TokenKind::kName) {
    return refuse(std::string(what) + " expected");
  }
  name = token_.text;
  advance();
  return true;
}

bool Parser::read_class_name(std::string& name) {
  if (token_.kind == TokenKind::kString && is_valid_name(*token_.value.as_string())) {
    name = *token_.value.as_string();
    advance();
    return true;
  }
  return read_name(name, "the name of a class");
}

Result<Statement, SyntaxError> Parser::parse() {
  bool is_good = !has_failed_;
  if (is_good && language_ == Language::kFql) {
    statement_.kind = StatementKind::kFilter;
    statement_.condition = parse_or(0);
    is_good = statement_.condition != kNoNode;
  } else if (is_good && language_ == Language::kWql && take_keyword("ASSOCIATORS")) {
    is_good = parse_association(StatementKind::kAssociatorsOf);
  } else if (is_good && language_ == Language::kWql && take_keyword("REFERENCES")) {
    is_good = parse_association(StatementKind::kReferencesOf);
  } else if (is_good) {
    is_good = parse_select();
  }
  if (is_good && token_.kind != TokenKind::kEnd) {
    is_good = refuse("the query should end here");
  }
  if (is_good && statement_.kind == StatementKind::kSchema && statement_.fetches_instances()) {
    is_good = refuse("InstanceOf is asked of instances, not of classes");
  }
  if (!is_good || has_failed_) {
    return fail(std::move(error_));
  }
  return std::move(statement_);
}

bool Parser::parse_select() {
  if (!expect_keyword("SELECT")) {
    return false;
  }
  statement_.is_distinct = language_ == Language::kCql && take_keyword("DISTINCT");
  if (language_ == Language::kCql && token_.is_keyword("FIRST")) {
    advance();
    const auto count = token_.kind == TokenKind::kNumber ? token_.value.as_unsigned() : std::nullopt;
    if (!count) {
      return refuse("a number expected after FIRST");
    }
    statement_.first = count;
    advance();
  }
  return parse_select_list() && parse_from() && parse_clauses();
}

bool Parser::parse_select_list() {
  allows_aggregates_ = language_ == Language::kCql;
  do {
    if (!parse_select_item()) {
      return false;
    }
  } while (take(","));
  allows_aggregates_ = false;
  const auto is_aggregate = [this](const SelectItem& item) {
    return item.expression != kNoNode && statement_.nodes[item.expression].kind == NodeKind::kAggregate;
  };
  const auto aggregates = std::ranges::count_if(statement_.items, is_aggregate);
  return aggregates == 0 || static_cast<std::size_t>(aggregates) == statement_.items.size() ||
         refuse("aggregates stand beside aggregates only");
}

// "*", "Class.*", or an expression with or without a name of its own.
bool Parser::parse_select_item() {
  SelectItem& item = statement_.items.emplace_back();
  if (take("*")) {
    return true;
  }
  item.position = token_.position;
  item.expression = parse_sum(0);
  if (item.expression == kNoNode) {
    return false;
  }
  Node& node = statement_.nodes[item.expression];
  if (node.kind == NodeKind::kPath && !node.steps.empty() && node.steps.back().name == "*") {
    if (node.steps.size() > 2) {
      return refuse("'.*' stands behind a class only");
    }
    item.expression = kNoNode;
    item.source = node.steps.size() > 1 ? node.steps.front().name : std::string();
    return true;
  }
  if (node.kind == NodeKind::kPath) {
    item.name = node.steps.back().name;
  }
  if (language_ == Language::kCql && take_keyword("AS")) {
    item.is_named = true;
    item.position = token_.position;
    if (!read_name(item.name, "a name")) {
      return false;
    }
  }
  if (item.name.empty()) {
    item.name = "Value" + std::to_string(statement_.items.size());
  }
  return true;
}

bool Parser::parse_from() {
  if (!expect_keyword("FROM")) {
    return false;
  }
  do {
    if (statement_.sources.size() == limits::kQuerySourcesMax) {
      return refuse("too many classes after FROM");
    }
    if (!parse_source()) {
      return false;
    }
  } while (language_ == Language::kCql && take(","));
  if (language_ == Language::kWql && name_equal(statement_.sources.front().class_name, "meta_class")) {
    statement_.kind = StatementKind::kSchema;
  }
  return name_columns();
}

bool Parser::parse_source() {
  const Token begin = token_;
  Source source;
  if (language_ == Language::kCql && token_.kind == TokenKind::kString) {  // 'root/x':Class, written as two colons, too
    source.name_space = *token_.value.as_string();
    advance();
    if (!expect("::")) {
      return false;
    }
  }
  const bool is_subquery = language_ == Language::kCql && source.name_space.empty() && take("(");
  if (is_subquery ? !parse_subquery(source) : !read_name(source.class_name, "the name of a class")) {
    return false;
  }
  if (language_ == Language::kCql) {
    const bool has_as = take_keyword("AS");
    if (token_.is_keyword("JOIN")) {
      return refuse("a join is written FROM A, B WHERE A.X = B.Y");
    }
    const bool is_clause =
        token_.is_keyword("WHERE") || token_.is_keyword("ORDER") || token_.is_keyword("ORDERED") || is_grouping();
    if ((has_as || (token_.kind == TokenKind::kName && !is_clause)) && !read_name(source.alias, "a name")) {
      return false;
    }
  }
  if (is_subquery && source.alias.empty()) {
    return refuse("a name expected: FROM (SELECT ...) AS name");
  }
  const auto has_name = [&source](const Source& other) { return name_equal(other.name(), source.name()); };
  if (std::ranges::any_of(statement_.sources, has_name)) {
    return refuse_at(begin, "two classes after FROM have one name; write Class AS name");
  }
  statement_.sources.push_back(std::move(source));
  return true;
}

// After the parenthesis.
bool Parser::parse_subquery(Source& source) {
  if (++subquery_depth_ > limits::kQuerySubqueryDepthMax) {
    return refuse("subqueries are nested too deeply");
  }
  Statement outer = std::exchange(statement_, {});
  const bool is_good = parse_select() && expect(")");
  source.subquery = std::make_shared<const Statement>(std::exchange(statement_, std::move(outer)));
  --subquery_depth_;
  return is_good;
}

// In a join `a.*` needs an a. a.Name and b.Name become Name and b_Name.
bool Parser::name_columns() {
  const bool is_kept = kept_source(statement_).has_value();
  std::vector<SelectItem>& items = statement_.items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    SelectItem& item = items[i];
    if (statement_.is_join() && !item.source.empty() && !statement_.source_named(item.source)) {
      return refuse(item.source + " in front of '.*' is no class after FROM");
    }
    if (item.expression == kNoNode) {
      continue;
    }
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(i);
    const auto clashes = [&](const SelectItem& other) {
      return name_equal(other.name, item.name) && !(is_kept || shows_the_same(other, item));
    };
    const Node& node = statement_.nodes[item.expression];
    if (!item.is_named && node.kind == NodeKind::kPath && node.steps.size() > 1 &&
        std::any_of(items.begin(), end, clashes)) {
      item.name = node.steps.front().name + '_' + item.name;
    }
    if (std::any_of(items.begin(), end, clashes)) {
      const Token at{
          .kind = TokenKind::kName, .text = item.name, .position = item.position, .value = {}, .message = {}};
      return refuse_at(at, "two items of the list have one name; give one another with AS");
    }
  }
  return true;
}

// `SELECT Name, Name` is odd, but nothing of it is lost.
bool Parser::shows_the_same(const SelectItem& left, const SelectItem& right) const {
  const auto step_of = [this](const SelectItem& item) {
    const Node& node = statement_.nodes[item.expression];
    const bool is_plain = node.kind == NodeKind::kPath && !node.symbol && node.steps.back().ranges.empty();
    const auto source = is_plain && node.steps.size() == 2 ? statement_.source_named(node.steps.front().name)
                                                           : std::optional<std::size_t>();
    const bool is_own = is_plain && (source || node.steps.size() == 1);
    return std::pair(source.value_or(0), is_own ? &node.steps.back() : nullptr);
  };
  if (left.expression == kNoNode || right.expression == kNoNode) {
    return false;
  }
  const auto [left_source, left_step] = step_of(left);
  const auto [right_source, right_step] = step_of(right);
  return left_step != nullptr && right_step != nullptr && left_source == right_source &&
         name_equal(left_step->name, right_step->name) && name_equal(left_step->scope, right_step->scope);
}

bool Parser::parse_clauses() {
  if (language_ == Language::kWql && token_.is_keyword("WITHIN") && !parse_within()) {
    return false;
  }
  if (take_keyword("WHERE")) {
    statement_.condition = parse_or(0);
    if (statement_.condition == kNoNode) {
      return false;
    }
  }
  if (language_ == Language::kWql && token_.is_keyword("GROUP")) {
    return refuse("GROUP WITHIN is not supported");
  }
  if (language_ == Language::kCql && is_grouping()) {
    return refuse("CQL has no GROUP BY");
  }
  if (language_ == Language::kCql && (take_keyword("ORDER") || take_keyword("ORDERED"))) {
    return expect_keyword("BY") && parse_sorting();
  }
  return true;
}

// GROUP alone may be a name that a client chose.
bool Parser::is_grouping() const {
  Lexer behind = lexer_;
  return token_.is_keyword("GROUP") && behind.next().is_keyword("BY");
}

bool Parser::parse_sorting() {
  do {
    SortItem item;
    item.expression = parse_sum(0);
    if (item.expression == kNoNode) {
      return false;
    }
    item.is_descending = take_keyword("DESC") || (take_keyword("ASC") && false);
    statement_.order.push_back(item);
  } while (take(","));
  return true;
}

bool Parser::parse_within() {
  advance();
  const auto seconds = token_.kind == TokenKind::kNumber ? token_.value.as_real() : std::nullopt;
  if (!seconds) {
    return refuse("a number of seconds expected after WITHIN");
  }
  statement_.within = std::chrono::duration<double>(*seconds);
  advance();
  return true;
}

bool Parser::parse_association(StatementKind kind) {
  statement_.kind = kind;
  if (!expect_keyword("OF")) {
    return false;
  }
  if (!token_.is("{")) {
    return refuse("'{' expected");
  }
  const Token path = lexer_.braced_text();
  if (path.kind == TokenKind::kError) {
    return refuse_at(path, "");
  }
  statement_.association.path = path.text;
  advance();
  if (token_.is_keyword("WITHIN") && !parse_within()) {
    return false;
  }
  return !take_keyword("WHERE") || parse_association_options();
}

bool Parser::parse_association_options() {
  do {
    if (!parse_association_option()) {
      return false;
    }
    take_keyword("AND");  // not in the grammar, but clients write it
  } while (token_.kind == TokenKind::kName);
  return true;
}

bool Parser::parse_association_option() {
  AssociationClause& clause = statement_.association;
  const bool is_associators = statement_.kind == StatementKind::kAssociatorsOf;
  struct Flag {
    std::string_view keyword;
    bool AssociationClause::* member;
  };
  struct Setting {
    std::string_view keyword;
    std::string AssociationClause::* member;
    bool for_references;
  };
  static constexpr std::array<Flag, 3> kFlags = {{{"ClassDefsOnly", &AssociationClause::class_definitions_only},
                                                  {"KeysOnly", &AssociationClause::keys_only},
                                                  {"SchemaOnly", &AssociationClause::schema_only}}};
  static constexpr std::array<Setting, 6> kSettings = {
      {{"AssocClass", &AssociationClause::association_class, false},
       {"ResultClass", &AssociationClause::result_class, true},
       {"Role", &AssociationClause::role, true},
       {"ResultRole", &AssociationClause::result_role, false},
       {"RequiredQualifier", &AssociationClause::required_qualifier, true},
       {"RequiredAssocQualifier", &AssociationClause::required_association_qualifier, false}}};
  for (const Flag& flag : kFlags) {
    if (take_keyword(flag.keyword)) {
      clause.*flag.member = true;
      return true;
    }
  }
  for (const Setting& setting : kSettings) {
    if ((is_associators || setting.for_references) && take_keyword(setting.keyword)) {
      return expect("=") && read_class_name(clause.*setting.member);
    }
  }
  return refuse("no such option");
}

}  // namespace lunaria::cim::query
