#pragma once

/// @file
/// Texts by name, which copies share until one of them is changed; to its readers, a
/// `const std::map<std::string, std::string>`.
///
///     hotswap::text_map payload{{"gate", "step-50"}};
///     payload["actor"] = "alice";
///     const auto gate = payload.find("gate");   // gate->second

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Of an event: most have nothing to say here, or the same labels as the event before. Copies may
/// be read on any threads, once none of them is changed any more.
class text_map {
 public:
  using map = std::map<std::string, std::string>;
  using key_type = map::key_type;
  using mapped_type = map::mapped_type;
  using value_type = map::value_type;
  using const_iterator = map::const_iterator;
  using iterator = const_iterator;

  text_map() noexcept = default;
  text_map(map texts)  // NOLINT: a map of texts is one
      : held_(texts.empty() ? nullptr : std::make_shared<map>(std::move(texts))) {}
  text_map(std::initializer_list<value_type> texts) : text_map(map{texts}) {}

  operator const map&() const noexcept { return texts(); }  // NOLINT: it reads like one

  [[nodiscard]] const_iterator begin() const noexcept { return texts().begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return texts().end(); }
  [[nodiscard]] bool empty() const noexcept { return texts().empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return texts().size(); }
  [[nodiscard]] const_iterator find(const std::string& name) const { return texts().find(name); }
  [[nodiscard]] bool contains(const std::string& name) const { return texts().contains(name); }
  [[nodiscard]] std::size_t count(const std::string& name) const { return texts().count(name); }
  /// @throws std::out_of_range  if there is none of that name.
  [[nodiscard]] const std::string& at(const std::string& name) const { return texts().at(name); }

  /// Is added, empty, if there is none of that name. Copies all texts first if others hold them.
  std::string& operator[](const std::string& name) { return own()[name]; }

  friend bool operator==(const text_map& a, const text_map& b) {
    return a.held_ == b.held_ || a.texts() == b.texts();
  }

 private:
  const map& texts() const noexcept {
    static const map nothing;
    return held_ ? *held_ : nothing;
  }

  map& own() {
    if (!held_) {
      held_ = std::make_shared<map>();
    } else if (held_.use_count() > 1) {
      held_ = std::make_shared<map>(*held_);
    }
    return *held_;
  }

  std::shared_ptr<map> held_;
};

}  // namespace hotswap::inline v0_1
