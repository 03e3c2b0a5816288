#pragma once

// Writes queries at random, for tests that compare two ways to answer them. Not part of the product.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "cim/class.h"

namespace lunaria::cim::query {

/// Conditions on the properties of some classes, sensible or not, the same for the same seed.
class QueryWriter final {
 public:
  /// The classes outlive it.
  QueryWriter(const std::vector<ClassPtr>& classes, std::uint64_t seed)
      : classes_(classes), cls_(classes.begin()), dice_(seed) {}

  /// A SELECT in CQL, or else in WQL.
  std::string query(bool is_cql) {
    is_cql_ = is_cql;
    cls_ = classes_.begin() + static_cast<std::ptrdiff_t>(roll(classes_.size()));
    static constexpr std::array<const char*, 6> kLists = {"*", "*", "*", "COUNT(*)", "FIRST 1 *", "DISTINCT *"};
    const char* const list = is_cql_ ? pick(kLists) : "*";
    const std::string order = is_cql_ && roll(8) == 0 ? " ORDER BY " + property() + " DESC" : "";
    return std::string("SELECT ") + list + " FROM " + (*cls_)->name() + (is_cql_ ? " AS t" : "") + " WHERE " +
           either(2) + order;
  }

 private:
  std::size_t roll(std::size_t sides) { return static_cast<std::size_t>(dice_() % sides); }
  template <std::size_t N>
  const char* pick(const std::array<const char*, N>& choices) {
    return choices.at(roll(N));
  }

  std::string property() {
    const auto& properties = (*cls_)->properties();
    const std::string name = properties[roll(roll(2) == 0 ? 1 : properties.size())]->name;
    switch (roll(12)) {
      case 0:
        return (*cls_)->name() + '.' + name;
      case 1:
        return is_cql_ ? "t." + name : name;
      case 2:
        return is_cql_ ? (*cls_)->name() + "::" + name : name;
      case 3:
        return is_cql_ ? "Q_Sub::" + name : name;
      case 4:
        return "__CLASS";
      default:
        return name;
    }
  }
  std::string literal() {
    static constexpr std::array<const char*, 24> kLiterals = {"1",
                                                              "5",
                                                              "-5",
                                                              "0",
                                                              "300",
                                                              "5.0",
                                                              "5.5",
                                                              "-5.0",
                                                              "9007199254740992",
                                                              "9007199254740992.0",
                                                              "18446744073709551615",
                                                              "TRUE",
                                                              "FALSE",
                                                              "'a'",
                                                              "'A'",
                                                              "'alpha'",
                                                              "''",
                                                              "'5'",
                                                              "'05'",
                                                              "'20260101000000.000000+000'",
                                                              "'20260101******.******+000'",
                                                              "'Q_Base.Id=5'",
                                                              "'root/test:Q_Base.Id=5'",
                                                              "NULL"};
    static constexpr std::array<const char*, 6> kUsual = {"5", "-5", "'a'", "'A'", "TRUE", "'alpha'"};
    return roll(2) == 0 ? pick(kUsual) : pick(kLiterals);
  }
  std::string comparison() {
    static constexpr std::array<const char*, 6> kSigns = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
    const std::string sign = roll(2) == 0 ? " = " : pick(kSigns);
    std::string value = literal();
    if (value == "NULL") {
      return property() + (roll(2) == 0 ? " IS NULL" : " IS NOT NULL");
    }
    return roll(4) == 0 ? value + sign + property() : property() + sign + value;
  }
  std::string either(std::size_t depth) {
    std::string text = all(depth);
    for (std::size_t more = roll(4) == 0 ? roll(3) : 0; more > 0; --more) {
      text += " OR " + all(depth);
    }
    return text;
  }
  std::string all(std::size_t depth) {
    std::string text = one(depth);
    for (std::size_t more = roll(4); more > 0; --more) {
      text += " AND " + one(depth);
    }
    return text;
  }
  std::string one(std::size_t depth) {
    const bool is_nested = depth > 0 && roll(6) == 0;
    const std::string inner = is_nested ? '(' + either(depth - 1) + ')' : comparison();
    return roll(10) == 0 ? "NOT " + inner : inner;
  }

  const std::vector<ClassPtr>& classes_;
  std::vector<ClassPtr>::const_iterator cls_;
  std::mt19937_64 dice_;
  bool is_cql_ = false;
};

}  // namespace lunaria::cim::query
