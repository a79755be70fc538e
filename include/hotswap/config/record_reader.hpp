#pragma once

/// @file
/// Reads a value of a journal's record from JSON: the inverse of `record_writer`, whose forms it
/// takes.
///
///     const hotswap::journal_record record = hotswap::record_reader::read_record(tree);
///
/// What a later version has added is kept, so that nothing is lost when the record is written again
/// by this one: keys that are not known, events of a kind that is not, and reason codes, which read
/// as `none`. Where each of them stood, and what it was, is `journal_record::unknown`.

#include <hotswap/config/document.hpp>
#include <hotswap/config/read_value.hpp>
#include <hotswap/config/record_members.hpp>
#include <hotswap/config/record_writer.hpp>
#include <hotswap/config/spelled.hpp>
#include <hotswap/config/utc_time.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/text_map.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// A JSON pointer (RFC 6901) to follow, of one that `pointer_to` has made for people: the text of
/// which that is the JSON string.
template <typename = void>
std::string exact_pointer(const std::string& at) {
  return document_value::parse('"' + at + '"').template get<std::string>();
}

/// Something to fill.
template <typename T>
T blank() {
  return T{};
}
template <>
inline fingerprint_record blank() {
  return fingerprint_record{""};
}
template <>
inline outcome_record blank() {
  return outcome_record{""};
}
template <>
inline reference_record blank() {
  return reference_record{metrics_snapshot{}, std::chrono::nanoseconds{0}};
}
template <>
inline extension_record blank() {
  return extension_record{std::chrono::nanoseconds{0}};
}
template <>
inline hold_record blank() {
  return hold_record{false, reason_code::none, ""};
}
template <>
inline command_record blank() {
  return command_record{control_command{control_command::kind::pause, "", ""}};
}
template <>
inline rollback_record blank() {
  return rollback_record{deployment_status::rolled_back, reason_code::none, ""};
}
template <>
inline terminal_record blank() {
  return terminal_record{deployment_status::rolled_back, "", reason_code::none, ""};
}

}  // namespace detail

/// A template so that only its users compile it.
template <typename = void>
class basic_record_reader {
 public:
  /// @throws config_error  at the JSON pointer of what cannot be read, or below it.
  [[nodiscard]] static journal_record read_record(const document_value& tree) {
    shared state;
    journal_record record;
    basic_record_reader{state}.read("", tree, record);
    if (!state.unknown.empty()) record.unknown = state.unknown.dump(-1, ' ', true);
    return record;
  }

  /// Visits a member.
  template <typename Field>
  void operator()(std::string_view key, Field& field) {
    known_.push_back(key);
    const std::string at = pointer_to(at_, key);
    const auto found = object_->find(std::string{key});
    if (found != object_->end()) {
      read(at, *found, field);
    } else if constexpr (may_be_absent<Field>) {
      field = Field{};
    } else {
      refuse(at, rule_of(field), "nothing");
    }
  }

  /// Is made when all is read.
  void unknown(shared_text&) {}

 private:
  /// What the readers of all objects of a record share.
  struct shared {
    document_value unknown = document_value::object();  ///< by exact pointer
    std::shared_ptr<const look_report> payloads_look;
  };

  explicit basic_record_reader(shared& state) : state_(state) {}

  template <typename Field>
  static constexpr bool may_be_absent =
      requires(const Field& field) { field.empty(); } || requires(const Field& field) {
        field.has_value();
      } || detail::is_shared<Field> || std::same_as<Field, record_payload>;

  /// After "must".
  template <typename Field>
  static std::string rule_of(const Field&) {
    if constexpr (std::same_as<Field, bool>) {
      return "be true or false";
    } else if constexpr (std::integral<Field>) {
      return fmt::format("be a whole number from {} to {}", std::numeric_limits<Field>::min(),
                         std::numeric_limits<Field>::max());
    } else if constexpr (std::same_as<Field, double>) {
      return "be a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    } else if constexpr (std::is_enum_v<Field>) {
      return fmt::format("be one of {}", detail::spellings<Field>());
    } else if constexpr (std::same_as<Field, std::string> || std::same_as<Field, shared_text>) {
      return "be a text, or its bytes";
    } else if constexpr (std::same_as<Field, share>) {
      return "be a percentage from 0 to 100";
    } else if constexpr (std::same_as<Field, std::chrono::system_clock::time_point>) {
      return "be a time in UTC";
    } else if constexpr (requires { field_is_duration(Field{}); }) {
      return rule_of(Field{}.count());
    } else {
      return "be an object";
    }
  }
  template <typename Rep, typename Period>
  static void field_is_duration(std::chrono::duration<Rep, Period>);

  template <typename Field>
  [[noreturn]] static void refuse_value(const std::string& at, const document_value& value,
                                        const Field& field) {
    refuse(at, rule_of(field), written_value(value));
  }

  void read(const std::string& at, const document_value& value, bool& field) {
    if (!value.is_boolean()) refuse_value(at, value, field);
    field = value.get<bool>();
  }

  template <std::integral Whole>
  void read(const std::string& at, const document_value& value, Whole& field) {
    const auto keep = [&](auto number) {
      if (!std::in_range<Whole>(number)) refuse_value(at, value, field);
      field = static_cast<Whole>(number);
    };
    if (value.is_number_unsigned()) {
      keep(value.get<std::uint64_t>());
    } else if (value.is_number_integer()) {
      keep(value.get<std::int64_t>());
    } else {
      refuse_value(at, value, field);
    }
  }

  void read(const std::string& at, const document_value& value, double& field) {
    if (value.is_number()) {
      field = value.get<double>();
      return;
    }
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::string_view word =
        value.is_string() ? std::string_view{value.get_ref<const std::string&>()} : "";
    if (word == "NaN") {
      field = std::numeric_limits<double>::quiet_NaN();
    } else if (word == "Infinity") {
      field = infinity;
    } else if (word == "-Infinity") {
      field = -infinity;
    } else if (!read_bits(word, field)) {
      refuse_value(at, value, field);
    }
  }

  /// `NaN:fff8000000000001`
  static bool read_bits(std::string_view word, double& field) {
    constexpr std::string_view prefix = "NaN:";
    if (!word.starts_with(prefix) || word.size() != prefix.size() + 16) return false;
    word.remove_prefix(prefix.size());
    std::uint64_t bits = 0;
    const char* const begin = &word.front();
    const char* const end = begin + word.size();
    const auto [last, failure] = std::from_chars(begin, end, bits, 16);
    if (last != end || failure != std::errc{}) return false;
    field = std::bit_cast<double>(bits);
    return std::isnan(field);
  }

  void read(const std::string& at, const document_value& value, shared_text& field) {
    std::string text;
    read(at, value, text);
    field = std::move(text);
  }

  void read(const std::string& at, const document_value& value, std::string& field) {
    if (value.is_string()) {
      field = value.get_ref<const std::string&>();
      return;
    }
    if (!value.is_object() || value.size() != 1 || !value.contains("bytes") ||
        !value["bytes"].is_string()) {
      refuse_value(at, value, field);
    }
    const auto& characters = value["bytes"].get_ref<const std::string&>();
    field.clear();
    for (std::size_t i = 0; i < characters.size(); ++i) {
      const auto first = static_cast<unsigned char>(characters[i]);
      if (first < 0x80) {
        field += characters[i];
      } else if (first <= 0xC3) {  // the first of two, since it is UTF-8; beyond it is U+0100
        const auto second = static_cast<unsigned char>(characters[++i]);
        field += static_cast<char>((first & 0x03U) << 6U | (second & 0x3FU));
      } else {
        refuse(pointer_to(at, "bytes"), "have characters up to U+00FF only",
               written_value(value["bytes"]));
      }
    }
  }

  void read(const std::string& at, const document_value& value,
            std::chrono::system_clock::time_point& field) {
    if (!value.is_string()) refuse_value(at, value, field);
    field = parse_utc(value.get_ref<const std::string&>(), at);
  }

  template <typename Rep, typename Period>
  void read(const std::string& at, const document_value& value,
            std::chrono::duration<Rep, Period>& field) {
    Rep count = 0;
    read(at, value, count);
    field = std::chrono::duration<Rep, Period>{count};
  }

  void read(const std::string& at, const document_value& value, share& field) {
    read_value(at, value, field,
               rule::part{share{}, share::basis_points(10'000), 100.0, false,
                          "a percentage from 0 to 100"});
  }

  template <typename Enum>
    requires std::is_enum_v<Enum>
  void read(const std::string& at, const document_value& value, Enum& field) {
    if (!value.is_string()) refuse_value(at, value, field);
    if (const auto found = detail::spelled<Enum>(value.get_ref<const std::string&>())) {
      field = *found;
    } else if constexpr (std::same_as<Enum, reason_code>) {
      field = reason_code::none;
      keep(at, value);
    } else {
      refuse_value(at, value, field);
    }
  }

  template <typename Value>
  void read(const std::string& at, const document_value& value, std::optional<Value>& field) {
    read(at, value, field.emplace());
  }

  template <typename First, typename Second>
  void read(const std::string& at, const document_value& value, std::pair<First, Second>& field) {
    if (!value.is_array() || value.size() != 2) {
      refuse(at, "be a list of two", written_value(value));
    }
    read(pointer_to(at, std::size_t{0}), value[0], field.first);
    read(pointer_to(at, std::size_t{1}), value[1], field.second);
  }

  static void require_list(const std::string& at, const document_value& value) {
    if (!value.is_array()) refuse(at, "be a list", written_value(value));
  }

  template <typename Item>
  void read(const std::string& at, const document_value& value, std::vector<Item>& field) {
    require_list(at, value);
    field.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      read(pointer_to(at, i), value[i], field.emplace_back());
    }
  }

  /// Each a line of the history, which may lack one that this version cannot tell of.
  void read(const std::string& at, const document_value& value,
            std::vector<std::shared_ptr<const event>>& field) {
    require_list(at, value);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string here = pointer_to(at, i);
      if (is_of_another_kind(value[i])) {
        keep(here, value[i]);
        continue;
      }
      event told;
      read(here, value[i], told);
      field.push_back(std::make_shared<const event>(std::move(told)));
    }
  }

  static bool is_of_another_kind(const document_value& value) {
    if (!value.is_object()) return false;
    const auto kind = value.find("kind");
    return kind != value.end() && kind->is_string() &&
           !detail::spelled<event_kind>(kind->template get_ref<const std::string&>());
  }

  template <typename Value>
  void read(const std::string& at, const document_value& value,
            std::map<std::string, Value>& field) {
    if (value.is_object()) {
      for (const auto& [key, content] : value.items()) {
        read(pointer_to(at, key), content, field[key]);
      }
      return;
    }
    if (!value.is_array()) refuse(at, "be an object, or a list of pairs", written_value(value));
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::pair<std::string, Value> entry;
      read(pointer_to(at, i), value[i], entry);
      if (!field.insert(std::move(entry)).second) {
        refuse(pointer_to(at, i) + "/0", "be written once", written_value(value[i][0]) + " again");
      }
    }
  }

  void read(const std::string& at, const document_value& value, text_map& field) {
    text_map::map texts;
    read(at, value, texts);
    field = std::move(texts);
  }

  void read(const std::string& at, const document_value& value,
            std::shared_ptr<const look_report>& field) {
    if (!value.is_string()) {
      look_report look;
      read(at, value, look);
      field = std::make_shared<const look_report>(std::move(look));
      return;
    }
    if (value != look_of_payload || state_.payloads_look == nullptr) {
      refuse(at, fmt::format("be an object, or \"{}\" where that is a look", look_of_payload),
             written_value(value));
    }
    field = state_.payloads_look;
  }

  void read(const std::string& at, const document_value& value, record_payload& field) {
    require_object(at, value);
    const auto kind = value.find("kind");
    const auto* const begin = std::begin(payload_kinds);
    const auto* const end = std::end(payload_kinds);
    const auto* const known =
        kind != value.end() && kind->is_string()
            ? std::find(begin, end, kind->template get_ref<const std::string&>())
            : end;
    if (known == end || known == begin) {  // nothing is not written
      refuse(at + "/kind", fmt::format("be one of {}", fmt::join(begin + 1, end, ", ")),
             kind == value.end() ? "nothing" : written_value(*kind));
    }
    read_payload(at, value, static_cast<std::size_t>(known - begin), field);
  }

  template <std::size_t Index = 1>
  void read_payload(const std::string& at, const document_value& value, std::size_t index,
                    record_payload& field) {
    if constexpr (Index < std::variant_size_v<record_payload>) {
      if (index != Index) return read_payload<Index + 1>(at, value, index, field);
      field.emplace<Index>(made<std::variant_alternative_t<Index, record_payload>>(at, value));
      if (const auto* look = std::get_if<std::shared_ptr<const look_report>>(&field)) {
        state_.payloads_look = *look;
      }
    }
  }

  template <typename Payload>
  Payload made(const std::string& at, const document_value& value) {
    if constexpr (detail::is_shared<Payload>) {
      using content = std::remove_const_t<typename Payload::element_type>;
      return std::make_shared<const content>(made<content>(at, value));
    } else if constexpr (std::same_as<Payload, opening_record>) {
      require_format(at, value);
      return object<opening_record>(at, value, "kind");
    } else {
      return object<Payload>(at, value, "kind");
    }
  }

  /// Before any other key, which a later format may use for something else.
  static void require_format(const std::string& at, const document_value& opening) {
    const auto format = opening.find("format");
    if (format == opening.end() || !format->is_number_integer()) return;  // is refused soon
    const bool is_later =
        format->is_number_unsigned() &&
        format->template get<std::uint64_t>() > std::uint64_t{opening_record::current_format};
    if (!is_later && format->template get<std::int64_t>() >= 1) return;
    refuse(at + "/format", fmt::format("be a format from 1 to {}", opening_record::current_format),
           written_value(*format) + (is_later ? ", which a later version has written" : ""));
  }

  /// What is described by its members.
  template <typename Object>
    requires std::is_class_v<Object>
  void read(const std::string& at, const document_value& value, Object& field) {
    field = object<Object>(at, value);
  }

  /// @param also  a key of it that is no member.
  template <typename Object>
  Object object(const std::string& at, const document_value& value, std::string_view also = "") {
    require_object(at, value);
    basic_record_reader inner{state_};
    inner.at_ = at;
    inner.object_ = &value;
    if (!also.empty()) inner.known_.push_back(also);
    if constexpr (detail::has_record_form<Object>) {
      typename record_form<Object>::type form;
      visit_members(inner, form);
      inner.keep_unknown();
      return from_form<Object>(at, std::move(form));
    } else {
      Object filled = detail::blank<Object>();
      visit_members(inner, filled);
      inner.keep_unknown();
      return filled;
    }
  }

  template <typename Object, typename Form>
  static Object from_form(const std::string& at, Form form) {
    try {
      return record_form<Object>::made(std::move(form));
    } catch (const std::invalid_argument& refused) {
      throw config_error(at, refused.what());
    } catch (const config_error& refused) {
      const std::string rule = std::string{refused.what()}.substr(
          refused.pointer().empty() ? 0 : refused.pointer().size() + 2);
      throw config_error(at + refused.pointer(), rule);
    }
  }

  void keep(const std::string& at, const document_value& value) {
    state_.unknown[detail::exact_pointer(at)] = value;
  }

  void keep_unknown() {
    for (const auto& [key, value] : object_->items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      keep(pointer_to(at_, key), value);
    }
  }

  shared& state_;
  std::string at_;
  const document_value* object_ = nullptr;
  std::vector<std::string_view> known_;
};

using record_reader = basic_record_reader<>;

}  // namespace hotswap::inline v0_1
