#pragma once

/// @file
/// Where a report goes: a function that takes text, or a C stream.
///
///     hotswap::json_lines log{[&](std::string_view line) { socket.send(line); }};
///     hotswap::json_lines file{std::fopen("rollout.jsonl", "a")};

#include <hotswap/core/error.hpp>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// Takes whole lines, each with its line feed. Is called on the clock's thread, and must not block.
using text_sink = std::function<void(std::string_view)>;

/// Writes to a stream, which outlives the sink, and flushes after each call.
///
/// The sink throws `error` if not every byte could be written: a log with holes is worse than a
/// rollout that says so. (An observer that throws does not end its rollout.)
template <typename = void>
[[nodiscard]] text_sink to_stream(std::FILE* stream) {
  return [stream](std::string_view text) {
    const std::size_t written = std::fwrite(text.data(), 1, text.size(), stream);
    const bool is_flushed = std::fflush(stream) == 0;
    if (written == text.size() && is_flushed) return;
    std::clearerr(stream);  // so that the next line is tried, too
    throw error("report: all " + std::to_string(text.size()) + " bytes must be written, got " +
                (written == text.size() ? "a stream that does not flush"
                                        : std::to_string(written) + " written"));
  };
}

}  // namespace hotswap::inline v0_1
