#pragma once

// A small XML tree, made by expat under hard limits: no document type subsets (and so no entities), bounded depth,
// number of elements and attributes, and bytes. Everything lies in one arena; views live as long as the document.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lunaria::wbem::cimxml {

/// What is wrong with a document, and where.
struct XmlError {
  enum class Kind {
    kNotWellFormed,
    kNotValid,  ///< well-formed, but no CIM-XML could look like this: text beside elements
    kLimit,
  } kind = Kind::kNotWellFormed;
  std::string message;
};

struct XmlAttribute {
  std::string_view name;
  std::string_view value;
};

/// Read-only node. `text` is the character data inside, entities resolved; elements with children have none.
struct XmlElement {
  std::string_view name;
  std::string_view text;
  const XmlAttribute* attributes = nullptr;
  std::size_t attribute_count = 0;
  XmlElement* first_child = nullptr;
  XmlElement* next_sibling = nullptr;

  bool is(std::string_view element_name) const { return name == element_name; }
  /// The attribute's value, if it is there.
  std::optional<std::string_view> attribute(std::string_view attribute_name) const;
  /// The first child of that name, or null.
  const XmlElement* child(std::string_view element_name) const;
  std::size_t child_count() const;
};

/// Whether there is nothing but white space.
bool is_blank(std::string_view text);

/// What a document may cost; limits.h has the numbers.
struct XmlLimits {
  std::size_t elements_max = 0;
  std::size_t tree_bytes_max = 0;

  static XmlLimits for_requests();
  /// For clients, which asked for what they get.
  static XmlLimits for_responses();
};

/// Owns the tree.
class XmlDocument final {
 public:
  static Result<XmlDocument, XmlError> parse(std::string_view text);
  XmlDocument(XmlDocument&&) noexcept = default;
  XmlDocument& operator=(XmlDocument&&) noexcept = default;

  const XmlElement& root() const { return *root_; }

 private:
  friend class XmlParser;
  XmlDocument(std::unique_ptr<std::pmr::monotonic_buffer_resource> arena, const XmlElement* root)
      : arena_(std::move(arena)), root_(root) {}

  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  const XmlElement* root_;
};

/// Takes a document in pieces as they arrive from the network, and never holds the raw text.
class XmlParser final {
 public:
  explicit XmlParser(XmlLimits limits = XmlLimits::for_requests());
  XmlParser(const XmlParser&) = delete;
  XmlParser& operator=(const XmlParser&) = delete;
  ~XmlParser();

  /// After an error every further call returns it again.
  Result<void, XmlError> feed(std::string_view piece);
  /// The document, once its last piece was fed. The parser is spent then, until reset().
  Result<XmlDocument, XmlError> finish();

  /// Ready for another document, with the memory that the last one has needed. `hash_salt` is a random number that
  /// clients do not know, not 0: they could otherwise choose names that collide.
  void reset(unsigned long hash_salt);
  /// Bytes fed since reset().
  std::size_t fed_bytes() const;
  /// Bytes of memory that the document takes until now, at most: its tree and what has no end yet.
  std::size_t held_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Parsers that are kept for the next request: making one costs more than parsing a small message with it. Lives on one
/// shard.
class XmlParserPool final {
 public:
  explicit XmlParserPool(std::uint64_t hash_salt) : hash_salt_(static_cast<unsigned long>(hash_salt | 1U)) {}

  /// A parser of requests; goes back to the pool when destroyed, unless it has grown.
  class Lease final {
   public:
    Lease(XmlParserPool& pool, std::unique_ptr<XmlParser> parser) : pool_(pool), parser_(std::move(parser)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.take_back(std::move(parser_)); }
    XmlParser& operator*() const { return *parser_; }
    XmlParser* operator->() const { return parser_.get(); }

   private:
    XmlParserPool& pool_;
    std::unique_ptr<XmlParser> parser_;
  };
  Lease lease();

 private:
  void take_back(std::unique_ptr<XmlParser> parser);

  unsigned long hash_salt_;
  std::vector<std::unique_ptr<XmlParser>> idle_;
};

}  // namespace lunaria::wbem::cimxml
