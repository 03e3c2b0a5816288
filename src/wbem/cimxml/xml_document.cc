#include "wbem/cimxml/xml_document.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {

std::optional<std::string_view> XmlElement::attribute(std::string_view attribute_name) const {
  for (std::size_t i = 0; i < attribute_count; ++i) {
    if (attributes[i].name == attribute_name) {
      return attributes[i].value;
    }
  }
  return std::nullopt;
}

const XmlElement* XmlElement::child(std::string_view element_name) const {
  for (const XmlElement* element = first_child; element != nullptr; element = element->next_sibling) {
    if (element->name == element_name) {
      return element;
    }
  }
  return nullptr;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::size_t XmlElement::child_count() const {
  std::size_t count = 0;
  for (const XmlElement* element = first_child; element != nullptr; element = element->next_sibling) {
    ++count;
  }
  return count;
}

XmlLimits XmlLimits::for_requests() {
  return {limits::kElementsMax, limits::kTreeBytesMax};
}

XmlLimits XmlLimits::for_responses() {
  return {limits::kResponseElementsMax, limits::kResponseTreeBytesMax};
}

struct XmlParser::State {
  struct Open {
    XmlElement* element;
    XmlElement* last_child = nullptr;
  };

  struct ParserDeleter {
    void operator()(XML_ParserStruct* handle) const { XML_ParserFree(handle); }
  };

  std::unique_ptr<XML_ParserStruct, ParserDeleter> parser{XML_ParserCreate(nullptr)};
  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena;
  XmlLimits bounds;
  std::size_t arena_bytes = 0;
  std::size_t element_count = 0;
  std::size_t fed_bytes = 0;
  std::size_t parsed_bytes = 0;      // of those, what expat has been given
  std::size_t unfinished_bytes = 0;  // of those, what belongs to a tag, comment or instruction without its end
  std::string waiting;               // what expat has not been given
  std::vector<Open> open;
  std::string text;  // of the innermost element, since the last tag
  XmlElement* root = nullptr;
  std::optional<XmlError> error;

  void stop(XmlError::Kind kind, std::string message) {
    if (!error) {
      error = XmlError{kind, fmt::format("line {}: {}", XML_GetCurrentLineNumber(parser.get()), message)};
    }
    XML_StopParser(parser.get(), XML_FALSE);
  }

  void* allocate(std::size_t size, std::size_t alignment) {
    arena_bytes += size;
    return arena->allocate(size, alignment);
  }

  std::string_view keep(std::string_view piece) {
    if (piece.empty()) {
      return {};
    }
    auto* copy = static_cast<char*>(allocate(piece.size(), 1));
    std::memcpy(copy, piece.data(), piece.size());
    return {copy, piece.size()};
  }

  /// No element of DSP0201 holds both text and elements.
  bool check_text_between_tags() {
    if (is_blank(text)) {
      text.clear();
      return true;
    }
    stop(XmlError::Kind::kNotValid, fmt::format("text beside the elements in {}", open.back().element->name));
    return false;
  }

  void parse(std::string_view piece);
  void prepare();
  void start(const char* name, const char** attributes);
  void end();
};

// A stopped parser still tells of the end of the element at which it was stopped, and of what it had found already.
void XmlParser::State::start(const char* name, const char** attributes) {
  if (error) {
    return;
  }
  if (!open.empty() && !check_text_between_tags()) {
    return;
  }
  if (open.size() >= limits::kDepthMax) {
    stop(XmlError::Kind::kLimit, fmt::format("elements nest deeper than {}", limits::kDepthMax));
    return;
  }
  if (++element_count > bounds.elements_max || arena_bytes > bounds.tree_bytes_max) {
    stop(XmlError::Kind::kLimit, "the document is too large");
    return;
  }
  std::size_t count = 0;
  while (attributes[count * 2] != nullptr) {
    ++count;
  }
  if (count > limits::kAttributesMax) {
    stop(XmlError::Kind::kLimit, fmt::format("more than {} attributes", limits::kAttributesMax));
    return;
  }
  auto* element = new (allocate(sizeof(XmlElement), alignof(XmlElement))) XmlElement;
  element->name = keep(name);
  if (count > 0) {
    auto* kept = static_cast<XmlAttribute*>(allocate(count * sizeof(XmlAttribute), alignof(XmlAttribute)));
    for (std::size_t i = 0; i < count; ++i) {
      new (kept + i) XmlAttribute{keep(attributes[i * 2]), keep(attributes[i * 2 + 1])};
    }
    element->attributes = kept;
    element->attribute_count = count;
  }
  if (open.empty()) {
    root = element;
  } else {
    Open& parent = open.back();
    (parent.last_child != nullptr ? parent.last_child->next_sibling : parent.element->first_child) = element;
    parent.last_child = element;
  }
  open.push_back({element});
}

void XmlParser::State::end() {
  if (error) {
    return;
  }
  Open& closing = open.back();
  if (closing.last_child != nullptr) {
    if (!check_text_between_tags()) {
      return;
    }
  } else {
    closing.element->text = keep(text);
    text.clear();
  }
  open.pop_back();
}

XmlParser::XmlParser(XmlLimits limits) : state_(std::make_unique<State>()) {
  state_->bounds = limits;
  state_->prepare();
}

void XmlParser::State::prepare() {
  arena = std::make_unique<std::pmr::monotonic_buffer_resource>(limits::kArenaFirstBytes);
  XML_SetUserData(parser.get(), this);
  XML_SetElementHandler(
      parser.get(),
      [](void* state, const char* name, const char** attributes) {
        static_cast<State*>(state)->start(name, attributes);
      },
      [](void* state, const char* /*name*/) { static_cast<State*>(state)->end(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const char* piece, int length) {
    auto& state = *static_cast<State*>(data);
    if (state.error) {
      return;
    }
    state.text.append(piece, static_cast<std::size_t>(length));
    if (state.text.size() > limits::kRequestBytesMax) {
      state.stop(XmlError::Kind::kLimit, "a text is too long");
    }
  });
  // A document type without a subset is harmless, for nothing external is ever read. A subset could declare entities.
  XML_SetStartDoctypeDeclHandler(parser.get(), [](void* data, const char* /*name*/, const char* /*system_id*/,
                                                  const char* /*public_id*/, int has_internal_subset) {
    if (has_internal_subset != 0) {
      static_cast<State*>(data)->stop(XmlError::Kind::kNotWellFormed, "a document type subset is not accepted");
    }
  });
}

void XmlParser::reset(unsigned long hash_salt) {
  State& state = *state_;
  XML_ParserReset(state.parser.get(), nullptr);
  XML_SetHashSalt(state.parser.get(), hash_salt);
  state.arena_bytes = 0;
  state.element_count = 0;
  state.fed_bytes = 0;
  state.parsed_bytes = 0;
  state.unfinished_bytes = 0;
  state.waiting.clear();
  state.open.clear();
  state.text.clear();
  state.root = nullptr;
  state.error.reset();
  state.prepare();
}

std::size_t XmlParser::fed_bytes() const {
  return state_->fed_bytes;
}

// An arena may have doubled just before; expat's buffer does the same, and it keeps values of its own.
std::size_t XmlParser::held_bytes() const {
  const std::size_t unfinished = state_->unfinished_bytes + state_->waiting.size();
  return 2 * state_->arena_bytes + 3 * unfinished + 2 * state_->text.size();
}

XmlParser::~XmlParser() = default;

void XmlParser::State::parse(std::string_view piece) {
  while (!piece.empty() && !error) {
    const std::string_view part = piece.substr(0, std::size_t{1} << 20);
    piece.remove_prefix(part.size());
    parsed_bytes += part.size();
    if (XML_Parse(parser.get(), part.data(), static_cast<int>(part.size()), XML_FALSE) == XML_STATUS_ERROR) {
      stop(XmlError::Kind::kNotWellFormed, XML_ErrorString(XML_GetErrorCode(parser.get())));
    }
  }
  const XML_Index at = XML_GetCurrentByteIndex(parser.get());
  unfinished_bytes = at < 0 ? 0 : parsed_bytes - std::min(static_cast<std::size_t>(at), parsed_bytes);
}

// Expat 2.5 reads a token from its start again whenever more of it arrives (CVE-2023-52425): an attribute of some
// megabytes in pieces of a few octets would keep the shard for minutes. So what is unfinished gets more only when it
// doubles, and no octet is read more than a few times.
Result<void, XmlError> XmlParser::feed(std::string_view piece) {
  State& state = *state_;
  state.fed_bytes += piece.size();
  if (!state.error && state.waiting.size() + piece.size() < state.unfinished_bytes) {
    state.waiting += piece;
  } else {
    state.parse(state.waiting);
    state.waiting.clear();
    state.parse(piece);
  }
  if (state.error) {
    return fail(*state.error);
  }
  return {};
}

Result<XmlDocument, XmlError> XmlParser::finish() {
  State& state = *state_;
  state.parse(state.waiting);
  state.waiting.clear();
  if (!state.error && XML_Parse(state.parser.get(), "", 0, XML_TRUE) == XML_STATUS_ERROR) {
    state.stop(XmlError::Kind::kNotWellFormed, XML_ErrorString(XML_GetErrorCode(state.parser.get())));
  }
  if (state.error) {
    return fail(*state.error);
  }
  return XmlDocument(std::move(state.arena), state.root);
}

XmlParserPool::Lease XmlParserPool::lease() {
  std::unique_ptr<XmlParser> parser;
  if (idle_.empty()) {
    parser = std::make_unique<XmlParser>();
  } else {
    parser = std::move(idle_.back());
    idle_.pop_back();
  }
  parser->reset(hash_salt_);
  return {*this, std::move(parser)};
}

void XmlParserPool::take_back(std::unique_ptr<XmlParser> parser) {
  if (idle_.size() < limits::kIdleParsersMax && parser->fed_bytes() <= limits::kIdleParserBytesMax) {
    idle_.push_back(std::move(parser));
  }
}

Result<XmlDocument, XmlError> XmlDocument::parse(std::string_view text) {
  XmlParser parser;
  if (const auto fed = parser.feed(text); !fed) {
    return fail(fed.error());
  }
  return parser.finish();
}

}  // namespace lunaria::wbem::cimxml
