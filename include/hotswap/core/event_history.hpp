#pragma once

/// @file
/// The events of one rollout, in order.
///
///     for (const hotswap::event& each : result.history()) log(each.message);

#include <hotswap/core/event.hpp>

#include <compare>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Reads like a `const std::vector<event>`. Shares its events with the journal's records, and with
/// its copies; none of them changes.
class event_history {
 public:
  using shared_events = std::vector<std::shared_ptr<const event>>;

  class iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = event;
    using difference_type = std::ptrdiff_t;
    using pointer = const event*;
    using reference = const event&;

    iterator() = default;
    explicit iterator(shared_events::const_iterator at) : at_(at) {}

    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    reference operator[](difference_type offset) const { return *at_[offset]; }

    iterator& operator+=(difference_type offset) {
      at_ += offset;
      return *this;
    }
    iterator& operator-=(difference_type offset) { return *this += -offset; }
    iterator& operator++() { return *this += 1; }
    iterator& operator--() { return *this -= 1; }
    iterator operator++(int) { return std::exchange(*this, *this + 1); }
    iterator operator--(int) { return std::exchange(*this, *this - 1); }

    friend iterator operator+(iterator from, difference_type offset) { return from += offset; }
    friend iterator operator+(difference_type offset, iterator from) { return from += offset; }
    friend iterator operator-(iterator from, difference_type offset) { return from -= offset; }
    friend difference_type operator-(iterator to, iterator from) { return to.at_ - from.at_; }
    friend bool operator==(const iterator&, const iterator&) = default;
    friend std::strong_ordering operator<=>(const iterator& a, const iterator& b) {
      return (a - b) <=> 0;
    }

   private:
    shared_events::const_iterator at_;
  };
  using const_iterator = iterator;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using value_type = event;

  event_history() = default;
  event_history(shared_events events) noexcept  // NOLINT: they are the history
      : events_(std::move(events)) {}
  event_history(std::vector<event> events) {  // NOLINT: likewise
    events_.reserve(events.size());
    for (event& each : events) events_.push_back(std::make_shared<const event>(std::move(each)));
  }

  event_history(std::initializer_list<event> events) : event_history(std::vector<event>{events}) {}

  [[nodiscard]] iterator begin() const noexcept { return iterator{events_.begin()}; }
  [[nodiscard]] iterator end() const noexcept { return iterator{events_.end()}; }
  [[nodiscard]] reverse_iterator rbegin() const noexcept { return reverse_iterator{end()}; }
  [[nodiscard]] reverse_iterator rend() const noexcept { return reverse_iterator{begin()}; }
  [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }

  /// @pre not empty, or `at` is less than the size
  [[nodiscard]] const event& front() const { return *events_.front(); }
  [[nodiscard]] const event& back() const { return *events_.back(); }
  [[nodiscard]] const event& operator[](std::size_t at) const { return *events_[at]; }
  /// @throws std::out_of_range  unless `at` is less than the size.
  [[nodiscard]] const event& at(std::size_t at) const { return *events_.at(at); }

  /// A copy of each.
  operator std::vector<event>() const { return {begin(), end()}; }  // NOLINT: it reads like one

 private:
  shared_events events_;
};

}  // namespace hotswap::inline v0_1
