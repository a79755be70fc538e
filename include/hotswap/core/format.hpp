#pragma once

/// @file
/// The vocabulary in `fmt::format`, as `to_string` writes it.
///
///     fmt::print("{} gets {}\n", candidate, 25_pct);   // fraud@2 gets 25 %

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>

#include <fmt/format.h>

#include <string_view>

namespace hotswap::inline v0_1::detail {

/// Formats a `T` as the text that its `to_string` gives; takes a string's width and alignment.
template <typename T>
struct text_formatter : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(std::string_view{to_string(value)}, context);
  }
};

}  // namespace hotswap::inline v0_1::detail

template <>
struct fmt::formatter<hotswap::model_version>
    : hotswap::detail::text_formatter<hotswap::model_version> {};
template <>
struct fmt::formatter<hotswap::share> : hotswap::detail::text_formatter<hotswap::share> {};
template <>
struct fmt::formatter<hotswap::traffic_split>
    : hotswap::detail::text_formatter<hotswap::traffic_split> {};
template <>
struct fmt::formatter<hotswap::server_id> : hotswap::detail::text_formatter<hotswap::server_id> {};
template <>
struct fmt::formatter<hotswap::decision> : hotswap::detail::text_formatter<hotswap::decision> {};
template <>
struct fmt::formatter<hotswap::reason_code>
    : hotswap::detail::text_formatter<hotswap::reason_code> {};
template <>
struct fmt::formatter<hotswap::event_kind> : hotswap::detail::text_formatter<hotswap::event_kind> {
};
template <>
struct fmt::formatter<hotswap::severity> : hotswap::detail::text_formatter<hotswap::severity> {};
template <>
struct fmt::formatter<hotswap::deployment_status>
    : hotswap::detail::text_formatter<hotswap::deployment_status> {};
