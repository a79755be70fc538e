#pragma once

/// @file
/// An operator's text as a tree, if it is JSON that everybody reads in the same way.
///
///     const hotswap::document_value tree = hotswap::read_document(text);
///
/// Refused besides what RFC 8259 forbids: a key that is written twice, a byte order mark, a number
/// that is not finite, and sizes that no document of ours has. Our parser alone would take the last
/// of two keys, skip the mark, and end at a NUL byte.

#include <hotswap/core/error.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/utf8.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

using document_value = nlohmann::json;

/// What a document may be at most.
inline constexpr std::size_t longest_document = 65'536;  // bytes
inline constexpr std::size_t deepest_document = 32;      // objects and lists within one another
inline constexpr std::size_t longest_key = 256;          // bytes

/// What another text may be at most, such as a journal's record.
struct document_limits {
  std::size_t longest = longest_document;
  std::size_t deepest = deepest_document;
  std::size_t longest_key = hotswap::longest_key;
};

namespace detail {

/// `line 3, column 7` of the byte at `offset`; columns count bytes.
template <typename = void>
std::string place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", line, before.size() - start + 1);
}

template <typename = void>
[[noreturn]] void refuse_document(const std::string& rule) {
  throw config_error("", "document: must " + rule);
}

/// Watches the parser read, knows where it is, and stops it at what no tree should have.
/// A template so that only its users compile it.
template <typename = void>
class basic_document_guard {
 public:
  using event = document_value::parse_event_t;

  explicit basic_document_guard(const document_limits& limits) : limits_(limits) {}

  /// @throws config_error  at a repeated or an endless key, and at too deep a nesting.
  void see(event what, const document_value& value) {
    switch (what) {
      case event::key:
        see_key(value.get_ref<const std::string&>());
        break;
      case event::object_start:
      case event::array_start:
        if (open_.size() >= limits_.deepest) {
          refuse(pointer(), fmt::format("be nested at most {} deep", limits_.deepest),
                 "one level more");
        }
        open_.emplace_back().is_object = what == event::object_start;
        break;
      case event::object_end:
      case event::array_end:
        open_.pop_back();
        ++(open_.empty() ? values_ : open_.back().values);
        break;
      case event::value:
        ++(open_.empty() ? values_ : open_.back().values);
        break;
    }
  }

  /// To the value that is being read.
  [[nodiscard]] std::string pointer() const {
    return open_.empty() ? "" : pointer_within(open_.size() - 1, open_.back().key);
  }

  /// Has the one value of the document been read?
  [[nodiscard]] bool complete() const noexcept { return open_.empty() && values_ > 0; }

 private:
  struct level {
    bool is_object = false;
    std::size_t values = 0;  // that have been read
    std::string key;         // of the one that comes next
    std::set<std::string, std::less<>> keys;
  };

  void see_key(const std::string& key) {
    level& object = open_.back();
    if (key.size() > limits_.longest_key) {
      const std::size_t parent = open_.size() - 1;
      refuse(parent == 0 ? "" : pointer_within(parent - 1, open_[parent - 1].key),
             fmt::format("have keys of at most {} bytes", limits_.longest_key), in_quotes(key));
    }
    if (!object.keys.insert(key).second) {
      refuse(pointer_within(open_.size() - 1, key), "be written once",
             fmt::format("{} again", in_quotes(key)));
    }
    object.key = key;
  }

  /// To the value on the level `depth`, named `key` if that is an object.
  [[nodiscard]] std::string pointer_within(std::size_t depth, std::string_view key) const {
    std::string at;
    for (std::size_t i = 0; i <= depth; ++i) {
      const level& each = open_[i];
      if (each.is_object) {
        at = pointer_to(at, i == depth ? key : std::string_view{each.key});
      } else {
        at = pointer_to(at, each.values);
      }
    }
    return at;
  }

  document_limits limits_;
  std::vector<level> open_;
  std::size_t values_ = 0;
};

using document_guard = basic_document_guard<>;

/// Says what the parser stumbled over at the byte number `read`, counted from 1.
template <typename = void>
[[noreturn]] void refuse_syntax(std::string_view text, std::size_t read, bool complete) {
  if (read > text.size()) {
    refuse_document(fmt::format("be JSON, got its end at {}", place_in(text, text.size())));
  }
  const std::size_t at = read == 0 ? 0 : read - 1;
  const std::string_view rest = text.substr(at);
  const std::string_view letter = rest.substr(0, std::max<std::size_t>(1, utf8_length(rest)));
  refuse_document(fmt::format("{}, got {} at {}", complete ? "end after one value" : "be JSON",
                              in_quotes(letter), place_in(text, at)));
}

}  // namespace detail

/// @throws config_error  if the text is no such document: at the JSON pointer of a key or a number
/// that is at fault, else at the whole document, with line and column.
template <typename = void>
[[nodiscard]] document_value read_document(std::string_view text,
                                           const document_limits& limits = {}) {
  if (text.size() > limits.longest) {
    detail::refuse_document(
        fmt::format("be at most {} bytes, got {}", limits.longest, text.size()));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    detail::refuse_document("begin with its value, got a byte order mark");
  }
  if (const std::size_t bad = utf8_end(text); bad != text.size()) {
    detail::refuse_document(fmt::format(
        "be UTF-8, got the byte 0x{:02X} at {}",
        static_cast<unsigned>(static_cast<unsigned char>(text[bad])), detail::place_in(text, bad)));
  }
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    detail::refuse_document(
        fmt::format("be JSON, got a NUL byte at {}", detail::place_in(text, nul)));
  }

  detail::document_guard guard{limits};
  const auto watch = [&guard](int, detail::document_guard::event what, document_value& value) {
    guard.see(what, value);
    return true;
  };
  try {
    return document_value::parse(text.data(), text.data() + text.size(), watch);
  } catch (const document_value::parse_error& failure) {
    detail::refuse_syntax(text, failure.byte, guard.complete());
  } catch (const document_value::out_of_range&) {  // a number like 1e400
    refuse(guard.pointer(), "be a finite number", "one beyond 1.8e308");
  }
}

}  // namespace hotswap::inline v0_1
