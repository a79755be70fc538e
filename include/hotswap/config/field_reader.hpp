#pragma once

/// @file
/// Visits a config's keys and fills each field whose key the document has.
///
///     const hotswap::field_reader visit{object, "", limits_written};
///     describe(visit, config);

#include <hotswap/config/document.hpp>
#include <hotswap/config/known_keys.hpp>
#include <hotswap/config/read_value.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// @throws config_error  at the first key that is none of `keys`, the members of a nested object.
template <typename = void>
void require_members(const std::string& at, const document_value& object,
                     const std::vector<std::string_view>& keys) {
  require_object(at, object);
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    refuse(pointer_to(at, key), fmt::format("be one of {}", fmt::join(keys, ", ")),
           in_quotes(key) + suggestion(key, keys));
  }
}

/// A limit that a document writes, and whether it requires its metric.
struct written_limit {
  std::string at;  ///< the JSON pointer to it
  std::string_view metric;
  bool required;
};

/// A template so that only its users compile it.
template <typename = void>
class basic_field_reader {
 public:
  /// @param at               the JSON pointer to `object`.
  /// @param limits_written   gets each limit that the document writes.
  basic_field_reader(const document_value& object, std::string at,
                     std::vector<written_limit>& limits_written)
      : object_(object), at_(std::move(at)), limits_written_(limits_written) {}

  /// @throws config_error  at the key, or below it, if its value cannot be used.
  template <typename Field, typename Rule>
  void operator()(std::string_view key, Field& field, const Rule& rule) const {
    const auto found = object_.find(std::string{key});
    if (found != object_.end()) read(pointer_to(at_, key), *found, field, rule);
  }

 private:
  template <typename Field, typename Rule>
  void read(const std::string& at, const document_value& value, Field& field,
            const Rule& rule) const {
    if constexpr (std::same_as<Rule, rule::section>) {
      require_members(at, value, described_keys(field));
      const basic_field_reader inner{value, at, limits_written_};
      describe(inner, field);
    } else if constexpr (std::same_as<Rule, rule::following>) {
      // with `promote`, by `parse_strategy`
    } else if constexpr (std::same_as<Rule, rule::limit>) {
      read_limit(at, value, field, rule);
    } else if constexpr (std::same_as<Rule, rule::steps>) {
      read_steps(at, value, field);
      check(at, field, rule);
    } else {
      read_value(at, value, field, rule);
    }
  }

  /// A number, which makes its metric a required one, or {`limit`, `required`}.
  void read_limit(const std::string& at, const document_value& value, double& field,
                  const rule::limit& rule) const {
    bool required = true;
    if (value.is_object()) {
      require_members(at, value, {"limit", "required"});
      if (!value.contains("limit"))
        refuse(at + "/limit", "be " + std::string{rule.range.text}, "nothing");
      read_value(at + "/limit", value["limit"], field, rule.range);
      if (value.contains("required")) {
        read_value(at + "/required", value["required"], required, rule::flag{});
      }
    } else {
      read_value(at, value, field, rule.range);
    }
    limits_written_.push_back({at, rule.metric, required});
  }

  /// A list of shares, or of objects of which only `share` is needed.
  void read_steps(const std::string& at, const document_value& value,
                  std::vector<canary_step>& steps) const {
    if (!value.is_array()) {
      refuse(at, "be a list of percentages or of objects with a share", written_value(value));
    }
    steps.clear();
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string here = pointer_to(at, i);
      canary_step& step = steps.emplace_back(share{});
      if (!value[i].is_object()) {
        read_value(here, value[i], step.share, rule::percentage);
        continue;
      }
      require_members(here, value[i], described_keys(step));
      if (!value[i].contains("share")) {
        refuse(here + "/share", "be " + std::string{rule::percentage.text}, "nothing");
      }
      const basic_field_reader inner{value[i], here, limits_written_};
      describe(inner, step);
    }
  }

  const document_value& object_;
  std::string at_;
  std::vector<written_limit>& limits_written_;
};

using field_reader = basic_field_reader<>;

}  // namespace hotswap::inline v0_1
