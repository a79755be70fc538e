#pragma once

/// @file
/// A text that many hold and nobody changes; to its readers, a `const std::string`.
///
///     const hotswap::shared_text step = "step-25";
///     const hotswap::shared_text same = step;   // costs a pointer, whatever the length
///     const hotswap::shared_text& verb = "observe"_text;   // one for the whole program

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

/// For names that stand in each record and each event of a rollout. Copies of one text may be made,
/// read and destroyed on any threads.
class shared_text {
 public:
  shared_text() noexcept = default;
  shared_text(std::string text)  // NOLINT: a string is a text
      : held_(text.empty() ? nullptr : new block{std::move(text)}) {}
  shared_text(std::string_view text) : shared_text(std::string{text}) {}  // NOLINT
  shared_text(const char* text) : shared_text(std::string{text}) {}       // NOLINT
  shared_text(const shared_text& other) noexcept : held_(other.held_) {
    if (held_ != nullptr) held_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  shared_text(shared_text&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  shared_text& operator=(shared_text other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~shared_text() {
    if (held_ == nullptr) return;
    // nobody else can have it, or get it: a load tells at a tenth of the cost
    const bool is_only_holder = held_->holders.load(std::memory_order_acquire) == 1;
    if (is_only_holder || held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete held_;
  }

  /// Stays where it is for as long as anybody holds the text.
  [[nodiscard]] const std::string& str() const noexcept {
    static const std::string nothing;
    return held_ == nullptr ? nothing : held_->text;
  }
  operator const std::string&() const noexcept { return str(); }  // NOLINT: a text is a string
  operator std::string_view() const noexcept { return str(); }    // NOLINT

  [[nodiscard]] bool empty() const noexcept { return held_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return str().size(); }
  [[nodiscard]] const char* c_str() const noexcept { return str().c_str(); }
  [[nodiscard]] auto begin() const noexcept { return str().begin(); }
  [[nodiscard]] auto end() const noexcept { return str().end(); }
  [[nodiscard]] bool starts_with(std::string_view text) const { return str().starts_with(text); }
  [[nodiscard]] bool ends_with(std::string_view text) const { return str().ends_with(text); }
  [[nodiscard]] std::size_t find(std::string_view text, std::size_t from = 0) const {
    return str().find(text, from);
  }
  [[nodiscard]] std::string substr(std::size_t from, std::size_t count = std::string::npos) const {
    return str().substr(from, count);
  }

  friend bool operator==(const shared_text& a, const shared_text& b) noexcept {
    return a.held_ == b.held_ || a.str() == b.str();
  }
  template <std::convertible_to<std::string_view> Text>
  friend bool operator==(const shared_text& a, const Text& b) noexcept {
    return std::string_view{a} == std::string_view{b};
  }
  friend std::strong_ordering operator<=>(const shared_text& a, const shared_text& b) noexcept {
    return a.str() <=> b.str();
  }

 private:
  struct block {
    explicit block(std::string of) noexcept : text(std::move(of)) {}
    std::atomic<std::uint32_t> holders{1};
    const std::string text;
  };

  block* held_ = nullptr;
};

namespace detail {

/// A string literal as a template's argument.
template <std::size_t Size>
struct literal_text {
  consteval literal_text(const char (&text)[Size]) {  // NOLINT: a literal is one
    std::copy_n(text, Size, letters);
  }
  char letters[Size];
};

}  // namespace detail

inline namespace literals {

/// `"observe"_text`: one for the whole program, made when it is first asked for. Never destroyed: a
/// rollout on another thread may outlive `main`.
template <detail::literal_text Literal>
[[nodiscard]] const shared_text& operator""_text() {
  static const auto* const held = new shared_text{Literal.letters};
  return *held;
}

}  // namespace literals

[[nodiscard]] inline std::string operator+(std::string text, const shared_text& more) {
  return std::move(text) + more.str();
}
template <std::convertible_to<std::string_view> Text>
[[nodiscard]] std::string operator+(const shared_text& text, const Text& more) {
  return text.str() + std::string{more};
}
template <typename Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             const shared_text& text) {
  return out << text.str();
}

}  // namespace hotswap::inline v0_1

/// Here, not in core/format.hpp: sentences about rollouts name steps and versions everywhere.
template <>
struct fmt::formatter<hotswap::shared_text> : fmt::formatter<std::string_view> {};
