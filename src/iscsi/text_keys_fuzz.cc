// Text as a peer sends it: pairs, numbers, binary values, names and lists.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "iscsi/text_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lunaria;
  using namespace lunaria::iscsi;
  std::string text;
  for (const std::uint8_t byte : std::span(data, size)) {
    text.push_back(static_cast<char>(byte));
  }
  const auto keys = parse_text(text);
  if (!keys) {
    return 0;
  }
  check(keys->size() <= kTextKeysMax, "keys are bounded");
  TextBuilder rebuilt;
  for (const TextKey& key : *keys) {
    check(!key.name.empty() && key.name.size() <= kTextKeySizeMax, "names are bounded");
    check(key.value.size() <= kTextLargeValueSizeMax, "values are bounded");
    rebuilt.add(key.name, key.value);
    if (const auto binary = parse_binary(key.value, 1024)) {
      check(!binary->empty() && binary->size() <= 1024, "binary values are bounded");
      check(parse_binary(format_binary(*binary), 1024) == binary, "binary values survive");
    }
    if (const auto number = parse_number(key.value)) {
      check(parse_number(std::to_string(*number)) == number, "numbers survive");
    }
    if (const auto name = normalize_name(key.value)) {
      check(normalize_name(*name) == name, "names are normalised once");
    }
    check(split_list(key.value).size() <= kListEntriesMax, "lists are bounded");
  }
  const auto again = parse_text(rebuilt.text());
  check(again && again->size() == keys->size(), "what was read can be written and read again");
  return 0;
}
