#pragma once

// A small XML tree, made by expat under hard limits: no document type subsets (and so no entities), bounded depth,
// number of elements and attributes, and bytes. Everything lies in one arena; views live as long as the document.

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
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
  /// The document, once its last piece was fed. The parser is spent then.
  Result<XmlDocument, XmlError> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lunaria::wbem::cimxml
