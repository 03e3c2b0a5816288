#pragma once

// Printer: everything that commands say. Tables for people or JSON for scripts, from one description of the columns.

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cim/instance.h"
#include "cli/json.h"

namespace lunaria::cli {

/// How a cell looks to people; JSON always has the plain value.
enum class Format : std::uint8_t { kPlain, kSize, kYesNo, kTime, kSecret };

/// A column of a list, and a line of a detailed view.
struct Column {
  std::string_view key;       ///< of JSON; stable, snake_case
  std::string_view title;     ///< for people
  std::string_view property;  ///< of the instance, for row_of(); "" in rows made otherwise
  Format format = Format::kPlain;
  bool in_list = true;  ///< false: only in detailed views and in JSON
};

/// One cell per column, in their order.
using Row = std::vector<cim::Value>;
Row row_of(std::span<const Column> columns, const cim::Instance& instance);

Json to_json(std::span<const Column> columns, const Row& row);
Json to_json(std::span<const Column> columns, const std::vector<Row>& rows);

/// Lines of equal width but for the last column; two spaces between columns, a line of titles first. Width counts code
/// points. Control characters are shown as '?', so that nobody's text can move the cursor.
std::string format_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& lines);

struct PrinterOptions {
  bool json = false;
  bool quiet = false;        ///< nothing but what was asked for: no sentences, no titles
  bool exact_bytes = false;  ///< sizes as a number of bytes
};

/// The stream outlives it.
class Printer final {
 public:
  Printer(std::ostream& out, PrinterOptions options) : out_(out), options_(options) {}
  const PrinterOptions& options() const { return options_; }

  /// A table (or JSON array); `nothing` is said when there are no rows.
  void list(std::span<const Column> columns, const std::vector<Row>& rows, std::string_view nothing);
  /// One thing with all its columns, a line for each.
  void show(std::span<const Column> columns, const Row& row);
  /// A change that was made: a sentence, with --json {"ok": true, "message": ...}.
  void done(std::string_view sentence);
  /// Something that was made: a sentence, with --json the thing itself.
  void made(std::span<const Column> columns, const Row& row, std::string_view sentence);
  /// As it is, with a line end. Not for JSON.
  void line(std::string_view text);
  void json(const Json& json);
  /// What was printed is seen now: for commands that wait.
  void flush() { out_.flush(); }

  /// A cell for people.
  std::string cell(const Column& column, const cim::Value& value) const;

 private:
  std::ostream& out_;
  PrinterOptions options_;
};

}  // namespace lunaria::cli
