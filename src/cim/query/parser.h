#pragma once

// Parses a query into a Statement: recursive descent, of bounded depth and size.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cim/query/lexer.h"
#include "cim/query/statement.h"

namespace lunaria::cim::query {

/// Where and why a text is no query.
struct SyntaxError {
  std::size_t position = 0;  ///< bytes from the beginning
  std::string text;          ///< what stands there, shortened; "" at the end
  std::string message;
};

/// One use parses one text, which outlives the parser.
class Parser final {
 public:
  Parser(Language language, std::string_view text);
  Result<Statement, SyntaxError> parse();

 private:
  // Each answers false, or kNoNode, when the text is wrong: then error_ says why.
  bool parse_select();
  bool parse_select_list();
  bool parse_select_item();
  bool parse_from();
  bool parse_source();
  bool parse_subquery(Source& source);
  bool name_columns();
  bool shows_the_same(const SelectItem& left, const SelectItem& right) const;
  bool parse_clauses();
  bool is_grouping() const;
  bool parse_sorting();
  bool parse_within();
  bool parse_association(StatementKind kind);
  bool parse_association_options();
  bool parse_association_option();

  NodeIndex parse_or(std::size_t depth);
  NodeIndex parse_and(std::size_t depth);
  NodeIndex parse_not(std::size_t depth);
  NodeIndex parse_predicate(std::size_t depth);
  NodeIndex parse_comparison(NodeIndex left, std::size_t depth);
  NodeIndex parse_is(NodeIndex left);
  NodeIndex parse_isa(NodeIndex left);
  NodeIndex parse_like(NodeIndex left);
  NodeIndex parse_quantified(bool is_any, std::size_t depth);
  NodeIndex parse_sum(std::size_t depth);
  NodeIndex parse_product(std::size_t depth);
  NodeIndex parse_operand(std::size_t depth);
  NodeIndex parse_named(const Token& name, std::size_t depth);
  NodeIndex parse_call(const Token& called, std::size_t depth);
  NodeIndex parse_member(NodeIndex called);
  NodeIndex parse_path(const Token& first);
  bool parse_inner_steps(Node& node);
  bool parse_step_name(PathStep& step);
  bool parse_indexes(PathStep& step);
  bool parse_index(std::uint64_t& index);

  NodeIndex add(Node node);
  NodeIndex add_negation(NodeIndex inner);
  NodeIndex add_binary(NodeKind kind, NodeIndex left, NodeIndex right);
  void advance() { token_ = lexer_.next(); }
  bool take(std::string_view punctuation);
  bool take_keyword(std::string_view keyword);
  bool expect(std::string_view punctuation);
  bool expect_keyword(std::string_view keyword);
  bool read_name(std::string& name, std::string_view what);
  /// A name, which WQL allows between quotes.
  bool read_class_name(std::string& name);
  bool refuse(std::string message);
  bool refuse_at(const Token& at, std::string message);
  NodeIndex refuse_node(std::string message) {
    refuse(std::move(message));
    return kNoNode;
  }

  Language language_;
  Lexer lexer_;
  Token token_;
  Statement statement_;
  SyntaxError error_;
  bool has_failed_ = false;
  bool allows_aggregates_ = false;  ///< in the select list
  std::size_t subquery_depth_ = 0;
};

}  // namespace lunaria::cim::query
