#include "cli/printer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "cli/requests.h"
#include "cli/sizes.h"

namespace lunaria::cli {
namespace {

/// Code points; what continues one does not count (RFC 3629).
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string harmless(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return text;
}

void append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) {
      line.append(widths[i] - width_of(cells[i]) + 2, ' ');
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

Row row_of(std::span<const Column> columns, const cim::Instance& instance) {
  Row row;
  for (const Column& column : columns) {
    row.push_back(value_of(instance, column.property));
  }
  return row;
}

Json to_json(std::span<const Column> columns, const Row& row) {
  Json json = Json::object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // A secret that is set reads as a mask: whether there is one is all that can be said.
    json[std::string(columns[i].key)] =
        columns[i].format == Format::kSecret ? Json(!row[i].string_or_empty().empty()) : to_json(row[i]);
  }
  return json;
}

Json to_json(std::span<const Column> columns, const std::vector<Row>& rows) {
  Json json = Json::array();
  for (const Row& row : rows) {
    json.push_back(to_json(columns, row));
  }
  return json;
}

std::string format_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const std::string& title : titles) {
    widths.push_back(width_of(title));
  }
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  std::string out;
  if (std::ranges::any_of(titles, [](const std::string& title) { return !title.empty(); })) {
    append_line(out, titles, widths);
  }
  for (const auto& line : lines) {
    append_line(out, line, widths);
  }
  return out;
}

std::string Printer::cell(const Column& column, const cim::Value& value) const {
  if (column.format == Format::kSecret) {
    return value.string_or_empty().empty() ? "not set" : "set";
  }
  if (value.is_null()) {
    return "-";
  }
  if (value.is_array()) {
    std::string text;
    for (const cim::Value& element : value.elements()) {
      text += (text.empty() ? "" : ", ") + cell(column, element);
    }
    return text.empty() ? "-" : text;
  }
  if (const auto flag = value.as_bool()) {
    return *flag ? "yes" : "no";
  }
  if (const auto time = value.as_datetime()) {
    return format_time(*time);
  }
  if (column.format == Format::kSize && !options_.exact_bytes) {
    return format_size(value.as_unsigned().value_or(0));
  }
  std::string text = harmless(value.to_text());
  return text.empty() ? "-" : text;
}

void Printer::list(std::span<const Column> columns, const std::vector<Row>& rows, std::string_view nothing) {
  if (options_.json) {
    json(to_json(columns, rows));
    return;
  }
  if (rows.empty()) {
    if (!options_.quiet) {
      line(nothing);
    }
    return;
  }
  std::vector<std::string> titles;
  for (const Column& column : columns) {
    if (column.in_list) {
      titles.emplace_back(options_.quiet ? "" : column.title);
    }
  }
  std::vector<std::vector<std::string>> lines;
  for (const Row& row : rows) {
    std::vector<std::string>& cells = lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].in_list) {
        cells.push_back(cell(columns[i], row[i]));
      }
    }
  }
  out_ << format_table(titles, lines);
}

void Printer::show(std::span<const Column> columns, const Row& row) {
  if (options_.json) {
    json(to_json(columns, row));
    return;
  }
  std::vector<std::vector<std::string>> lines;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    lines.push_back({fmt::format("{}:", columns[i].title), cell(columns[i], row[i])});
  }
  out_ << format_table({"", ""}, lines);
}

void Printer::done(std::string_view sentence) {
  if (options_.json) {
    json({{"ok", true}, {"message", std::string(sentence)}});
  } else if (!options_.quiet) {
    line(sentence);
  }
}

void Printer::made(std::span<const Column> columns, const Row& row, std::string_view sentence) {
  if (options_.json) {
    json(to_json(columns, row));
  } else if (!options_.quiet) {
    line(sentence);
  }
}

void Printer::line(std::string_view text) {
  out_ << text << '\n';
}

void Printer::json(const Json& json) {
  out_ << dump(json) << '\n';
}

}  // namespace lunaria::cli
