#pragma once

/// @file
/// How other threads reach a clock's thread: they post letters, and the clock delivers them.
///
///     if (!clock.mail()->post(letter)) { /* the clock is gone, and so is who would have read it */
///     }

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Something to be done on the clock's thread.
class letter {
 public:
  letter() = default;
  letter(const letter&) = delete;
  letter& operator=(const letter&) = delete;
  virtual ~letter() = default;

  /// Called once for each time it was posted, on the clock's thread.
  virtual void deliver() = 0;
};

/// Shared with everyone who posts, so that it outlives its clock. Every member but `deliver_all`
/// may be called from any thread.
class mailbox {
 public:
  using wake_function = void (*)(void* clock);

  /// @param waker  called when there is something to do, from any thread, under the mailbox's lock.
  mailbox(wake_function waker, void* clock) noexcept : wake_(waker), clock_(clock) {}

  /// False if the mailbox is closed; the letter is dropped then.
  bool post(std::shared_ptr<letter> message) {
    const std::lock_guard lock{mutex_};
    if (clock_ == nullptr) return false;
    letters_.push_back(std::move(message));
    wake_(clock_);
    return true;
  }

  /// Wakes the clock without a letter.
  void wake() {
    const std::lock_guard lock{mutex_};
    if (clock_ != nullptr) wake_(clock_);
  }

  /// On the clock's thread only. Letters posted meanwhile wait for the next call. False if there
  /// was none.
  bool deliver_all() {
    std::vector<std::shared_ptr<letter>> letters;
    {
      const std::lock_guard lock{mutex_};
      letters.swap(letters_);
    }
    for (const auto& each : letters) each->deliver();
    return !letters.empty();
  }

  [[nodiscard]] bool empty() const {
    const std::lock_guard lock{mutex_};
    return letters_.empty();
  }

  /// Refuses letters from now on, and drops those that were not delivered.
  void close() {
    std::vector<std::shared_ptr<letter>> dropped;
    const std::lock_guard lock{mutex_};
    clock_ = nullptr;
    dropped.swap(letters_);
  }

 private:
  mutable std::mutex mutex_;
  wake_function wake_;
  void* clock_;
  std::vector<std::shared_ptr<letter>> letters_;
};

}  // namespace hotswap::inline v0_1
