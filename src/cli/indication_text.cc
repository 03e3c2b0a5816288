#include "cli/indication_text.h"

#include <fmt/format.h>

#include "cli/mof_text.h"
#include "cli/server.h"

namespace lunaria::cli {
namespace {

std::string_view verb(std::string_view class_name) {
  if (cim::name_equal(class_name, "CIM_InstCreation")) {
    return "created";
  }
  if (cim::name_equal(class_name, "CIM_InstModification")) {
    return "changed";
  }
  return cim::name_equal(class_name, "CIM_InstDeletion") ? "deleted" : class_name;
}

cim::InstancePtr embedded(const cim::Instance& indication, std::string_view property) {
  const cim::Value* value = indication.find(property);
  return value != nullptr ? value->as_instance() : nullptr;
}

std::string changes_text(const cim::Instance& before, const cim::Instance& after) {
  std::string text;
  for (std::size_t i = 0; i < after.values().size(); ++i) {
    const std::string& name = after.cls()->property(i).name;
    const cim::Value* old = before.find(name);
    const bool is_same = old == nullptr ? after.value(i).is_null() : *old == after.value(i);
    if (!is_same) {
      text +=
          fmt::format("\n    {}: {} -> {}", name, old == nullptr ? "NULL" : mof_text(*old), mof_text(after.value(i)));
    }
  }
  return text;
}

}  // namespace

std::string indication_text(const cim::Instance& indication) {
  const cim::Value* time = indication.find("IndicationTime");
  std::string text = fmt::format("{} ", time != nullptr && !time->is_null() ? time->to_text() : "-");
  const std::string path = text_of(indication, "SourceInstanceModelPath");
  if (path.empty()) {
    const std::string message = text_of(indication, "Message");
    return text + fmt::format("{} {}", indication.class_name(), message);
  }
  text += fmt::format("{} {}", verb(indication.class_name()), path);
  const cim::InstancePtr before = embedded(indication, "PreviousInstance");
  const cim::InstancePtr after = embedded(indication, "SourceInstance");
  return before != nullptr && after != nullptr ? text + changes_text(*before, *after) : text;
}

Json indication_json(const cim::Instance& indication) {
  return to_json(indication, nullptr);
}

}  // namespace lunaria::cli
