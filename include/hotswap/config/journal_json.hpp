#pragma once

/// @file
/// The JSON form of a journal's records, for every journal that writes bytes.
///
///     const std::string line = hotswap::to_json(record);          // one line, printable ASCII
///     const auto again = hotswap::parse_record(line, "journal of fraud: record 4");
///
///     {"sequence":4,"rollout":"fraud~17","step":"step-25","verb":"shift","phase":"outcome",
///      "at":"2026-01-07T10:00:00.25Z","driver":"9f3c","payload":{"kind":"outcome","why":"done"},
///      "events":[{"time":…}]}
///
/// Without loss: a record that is read again is the same bit for bit, a look that an event shares
/// with the payload is shared again. `record_writer` has the forms of what JSON has no word for.
/// What a later version of the same format wrote is kept in `unknown`, and is written again where
/// it stood; a later format is refused.

#include <hotswap/config/document.hpp>
#include <hotswap/config/read_value.hpp>
#include <hotswap/config/record_reader.hpp>
#include <hotswap/config/record_writer.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// A record with two full distributions has 80 KB, one with an operator's document 400 KB.
inline constexpr document_limits record_limits{
    .longest = 16'777'216, .deepest = deepest_document, .longest_key = 16'777'216};

namespace detail {

[[noreturn]] inline void refuse_unknown(const std::string& got) {
  throw journal_error("record: unknown must be what parse_record has kept, got " + in_quotes(got));
}

/// Puts one member or item back. Whole items go in from the front, so that each finds its place.
template <typename = void>
void put_back(document_value& record, const std::string& pointer, const document_value& value) {
  const document_value::json_pointer at{pointer};
  if (at.empty() || !record.contains(at.parent_pointer())) refuse_unknown(pointer);
  document_value& parent = record[at.parent_pointer()];
  if (parent.is_object()) {
    parent[at.back()] = value;
    return;
  }
  const std::size_t index = parent.is_array() ? std::stoul(at.back()) : parent.size() + 1;
  if (index > parent.size()) refuse_unknown(pointer);
  parent.insert(parent.begin() + static_cast<std::ptrdiff_t>(index), value);
}

template <typename = void>
std::string with_unknown(const std::string& json, const std::string& unknown) {
  try {
    document_value record = read_document(json, record_limits);
    const document_value kept = read_document(unknown, record_limits);
    require_object("", kept);
    std::vector<std::string> pointers;
    for (const auto& [pointer, value] : kept.items()) pointers.push_back(pointer);
    // an item before those that follow it, and before what is put into them
    std::sort(pointers.begin(), pointers.end(), [](const std::string& a, const std::string& b) {
      return std::pair{a.size(), a} < std::pair{b.size(), b};
    });
    for (const std::string& each : pointers) put_back(record, each, kept[each]);
    return record.dump(-1, ' ', true);
  } catch (const journal_error&) {
    throw;
  } catch (const std::exception&) {
    refuse_unknown(unknown);
  }
}

}  // namespace detail

/// One line in printable ASCII, without a line feed.
///
/// @throws journal_error  for a payload or an event that is a null pointer, an `unknown` that is
/// none, and a record that is longer than `parse_record` reads.
template <typename = void>
[[nodiscard]] std::string to_json(const journal_record& record) {
  std::string json;
  record_writer::append(json, record);
  if (!record.unknown.empty()) json = detail::with_unknown(json, record.unknown);
  if (json.size() > record_limits.longest) {
    throw journal_error(fmt::format("record: must be at most {} bytes of JSON, got {}",
                                    record_limits.longest, json.size()));
  }
  return json;
}

/// @param where  to name in an error: stream and record.
/// @throws journal_error  for a text that is no such record: `where: /field: must rule, got value`.
template <typename = void>
[[nodiscard]] journal_record parse_record(std::string_view json,
                                          std::string_view where = "record") {
  try {
    return record_reader::read_record(read_document(json, record_limits));
  } catch (const config_error& refused) {
    constexpr std::string_view whole = "document: ";
    std::string_view rule = refused.what();
    if (rule.starts_with(whole)) rule.remove_prefix(whole.size());
    throw journal_error(fmt::format("{}: {}", where, rule));
  }
}

}  // namespace hotswap::inline v0_1
