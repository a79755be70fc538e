#pragma once

/// @file
/// What the members of simulated parts return: an answer that comes at once, or later, or never.
///
///     hotswap::unanswered_calls calls{clock, running};
///     hotswap::simulated_answer<bool> yes{calls, true};   // co_await it

#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/testing/simulated_process.hpp>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace hotswap::inline v0_1 {

/// A call that nobody will answer any more, since its process or its world is gone.
class process_is_gone : public std::runtime_error {
 public:
  process_is_gone() : std::runtime_error("the process is gone") {}
};

/// What a user's member may throw, too: no `std::exception`.
class strange_failure {};

class simulated_wait;

/// The calls of a world that have not been answered: it can let them go.
class unanswered_calls {
 public:
  static constexpr std::uint64_t one_is_strange = 5;  ///< of so many failures of calls

  /// @param running  where it stands whose code runs. Both outlive it.
  unanswered_calls(virtual_clock& world, simulated_process* const& running) noexcept
      : clock_(world), running_(running) {}

  /// The calls of that process, or of all if null, end now: so that nothing leaks.
  void let_go(const simulated_process* of);

 private:
  friend simulated_wait;
  virtual_clock& clock_;
  simulated_process* const& running_;
  simulated_wait* first_ = nullptr;
  std::uint64_t failures_ = 0;
};

/// A call that is under way.
class simulated_wait : private timer {
 public:
  simulated_wait(const simulated_wait&) = delete;
  simulated_wait& operator=(const simulated_wait&) = delete;
  ~simulated_wait() override;

 protected:
  explicit simulated_wait(unanswered_calls& all) noexcept : all_(all) {}

  /// Until `in` has passed, or for ever.
  void wait(std::coroutine_handle<> waiter, std::optional<std::chrono::nanoseconds> in);
  [[nodiscard]] bool is_let_go() const noexcept { return is_let_go_; }
  [[noreturn]] void fail(const std::string& why);

  std::function<void()> at_end_;  ///< when it ends by itself

 private:
  friend unanswered_calls;
  void expired() override;
  void leave() noexcept;

  unanswered_calls& all_;
  simulated_process* process_ = nullptr;
  std::coroutine_handle<> waiter_;
  simulated_wait* before_ = nullptr;
  simulated_wait* after_ = nullptr;
  bool is_listed_ = false;
  bool is_let_go_ = false;
};

/// What a member of a simulated part returns: its answer at once, or later, or never. Await it
/// where it stands.
template <typename T>
class [[nodiscard]] simulated_answer : private simulated_wait {
 public:
  using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  /// At once.
  simulated_answer(unanswered_calls& all, value_type value)
      : simulated_wait(all), value_(std::move(value)) {}
  /// A failure, at once.
  simulated_answer(unanswered_calls& all, std::string failure)
      : simulated_wait(all), failure_(std::move(failure)) {}
  /// After some time; never if there is none.
  simulated_answer(unanswered_calls& all, std::optional<value_type> value, std::string failure,
                   std::optional<std::chrono::nanoseconds> in, std::function<void()> at_end = {})
      : simulated_wait(all),
        value_(std::move(value)),
        failure_(std::move(failure)),
        is_at_once_(false),
        in_(in) {
    at_end_ = std::move(at_end);
  }

  bool await_ready() const noexcept { return is_at_once_; }
  void await_suspend(std::coroutine_handle<> waiter) { wait(waiter, in_); }
  [[gnu::always_inline]] T await_resume() {
    if (is_let_go()) throw process_is_gone{};
    if (!value_) fail(failure_);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  std::optional<value_type> value_;
  std::string failure_;
  bool is_at_once_ = true;
  std::optional<std::chrono::nanoseconds> in_;
};

inline simulated_wait::~simulated_wait() {
  leave();
}

inline void simulated_wait::wait(std::coroutine_handle<> waiter,
                                 std::optional<std::chrono::nanoseconds> in) {
  waiter_ = waiter;
  process_ = all_.running_;
  after_ = all_.first_;
  if (after_ != nullptr) after_->before_ = this;
  all_.first_ = this;
  is_listed_ = true;
  if (in) all_.clock_.arm(*this, all_.clock_.due_in(*in));
}

inline void simulated_wait::fail(const std::string& why) {
  if (++all_.failures_ % unanswered_calls::one_is_strange == 0) throw strange_failure{};
  throw std::runtime_error(why);
}

inline void simulated_wait::leave() noexcept {
  all_.clock_.disarm(*this);
  if (!is_listed_) return;
  is_listed_ = false;
  if (after_ != nullptr) after_->before_ = before_;
  (before_ != nullptr ? before_->after_ : all_.first_) = after_;
}

inline void simulated_wait::expired() {
  leave();
  if (at_end_) at_end_();
  if (process_ == nullptr) {
    waiter_.resume();
  } else {
    process_->run_now([this] { waiter_.resume(); });
  }
}

inline void unanswered_calls::let_go(const simulated_process* of) {
  for (simulated_wait* each = first_; each != nullptr;) {
    if (of != nullptr && each->process_ != of) {
      each = each->after_;
      continue;
    }
    each->is_let_go_ = true;
    each->leave();
    each->waiter_.resume();
    each = first_;
  }
}

}  // namespace hotswap::inline v0_1
