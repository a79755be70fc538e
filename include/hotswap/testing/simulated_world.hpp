#pragma once

/// @file
/// The world of a simulated rollout: its time, its faults, the calls that hang in it, the effects
/// that land late, and the story of it all.
///
///     hotswap::schedule choices = hotswap::schedule::random(seed);
///     hotswap::simulated_world world{choices};
///     hotswap::simulated_platform platform{world, {"fraud", "1"}};

#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/testing/call_fault.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_answer.hpp>
#include <hotswap/testing/simulated_process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to one thread. Outlives what is simulated in it.
class simulated_world {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  /// In which nothing goes wrong.
  simulated_world() : choices_(&own_choices_) {}
  /// @param choices  outlives the world.
  explicit simulated_world(schedule& choices) : choices_(&choices) {}
  simulated_world(const simulated_world&) = delete;
  simulated_world& operator=(const simulated_world&) = delete;
  ~simulated_world() {
    effects_.clear();
    let_go(nullptr);
  }

  virtual_clock clock;
  simulated_process* running = nullptr;  ///< whose code runs; null for the world's own

  [[nodiscard]] schedule& choices() noexcept { return *choices_; }

  /// Is called as each call into the platform begins; what the rest of the world does at that
  /// moment. True if it did something: the call then takes a little time.
  std::function<bool()> at_each_call;

  /// Is it a rollout's code that runs, and not the world's?
  [[nodiscard]] bool is_driving() const noexcept { return running != nullptr && at_work_ == 0; }

  /// While it lives, it is the world's, though a rollout has called it.
  class work {
   public:
    explicit work(simulated_world& of) noexcept : of_(of) { ++of_.at_work_; }
    work(const work&) = delete;
    work& operator=(const work&) = delete;
    ~work() { --of_.at_work_; }

   private:
    simulated_world& of_;
  };

  std::array<std::array<std::uint16_t, call_faults>, choice_sites> faults{};  ///< that happened
  nanoseconds last_fault{0};              ///< when the last of them did
  std::uint64_t late_effects = 0;         ///< that have landed
  std::uint64_t effects_of_the_dead = 0;  ///< of them, those whose process had died before

  /// From here on, what happens is told.
  void tell_into(std::vector<std::string>& story) { story_ = &story; }
  /// @param make  makes the sentence, if anybody listens
  template <typename Make>
  void tell(const Make& make) {
    if (story_ != nullptr) story_->push_back(time() + "  " + std::string{make()});
  }

  /// Decides how a call goes.
  [[nodiscard]] call_fault next_fault(choice_site site, std::span<const call_fault> ways) {
    const unsigned made = choices_->choose(site, static_cast<unsigned>(ways.size()));
    const call_fault how = ways[made];
    if (made != 0) {
      ++faults[static_cast<std::size_t>(site)][static_cast<std::size_t>(how)];
      last_fault = clock.elapsed();
    }
    return how;
  }

  /// How often that has happened.
  [[nodiscard]] std::uint64_t count(choice_site site, call_fault kind) const noexcept {
    return faults[static_cast<std::size_t>(site)][static_cast<std::size_t>(kind)];
  }
  /// The same, of all kinds at that site.
  [[nodiscard]] std::uint64_t count(choice_site site) const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint16_t each : faults[static_cast<std::size_t>(site)]) sum += each;
    return sum;
  }

  /// A call of the running process that changes something.
  /// @param describe  says in words what it is, if somebody listens
  /// @param effect    what it does, to all or, of a router, to one replica only if it is given
  ///   false; may be called later than the call ends
  /// @param deadline  after which nobody waits for it
  /// @param ended     is told whether it said yes, when it says anything
  template <typename Describe, typename Effect, typename Ended>
  simulated_answer<void> change(choice_site site, std::span<const call_fault> ways,
                                nanoseconds deadline, const Describe& describe,
                                const Effect& effect, const Ended& ended) {
    using answer = simulated_answer<void>;
    const work own{*this};
    if (is_cut_off()) return answer{calls_, std::nullopt, {}, std::nullopt};
    const bool happened = at_each_call && at_each_call();
    const call_fault how = next_fault(site, ways);
    tell([&] { return describe() + std::string{to_string(how)}; });
    switch (how) {
      case call_fault::fails:
        ended(false);
        return answer{calls_, std::string{"it is broken"}};
      case call_fault::fails_after:
        effect(true);
        ended(false);
        return answer{calls_, std::string{"the answer was lost"}};
      case call_fault::hangs:
        return answer{calls_, std::nullopt, {}, std::nullopt};
      case call_fault::answers_late:
        effect(true);
        return answer{
            calls_, std::monostate{}, {}, deadline + deadline / 4, [ended] { ended(true); }};
      case call_fault::lands_late:
        return after(deadline + deadline / 4, describe, effect, ended);
      case call_fault::lands_very_late:
        return after(deadline + std::chrono::minutes{25}, describe, effect, ended);
      case call_fault::lost:
        later(std::chrono::seconds{45}, describe, effect);
        ended(false);
        return answer{calls_, std::string{"the connection was lost"}};
      case call_fault::crashes_before:
      case call_fault::crashes_after:
        if (how == call_fault::crashes_after) effect(true);
        if (running != nullptr) running->is_doomed = true;
        return answer{calls_, std::nullopt, {}, std::nullopt};
      case call_fault::lies:
        ended(true);
        return answer{calls_, std::monostate{}};
      case call_fault::partly_fails:
        effect(false);
        ended(false);
        return answer{calls_, std::string{"one replica of two cannot be reached"}};
      case call_fault::partly:
        effect(false);
        later(std::chrono::seconds{20}, describe, effect);
        ended(true);
        return answer{calls_, std::monostate{}};
      default:
        break;
    }
    effect(true);
    if (happened) {
      return answer{calls_, std::monostate{}, {}, a_moment, [ended] { ended(true); }};
    }
    ended(true);
    return answer{calls_, std::monostate{}};
  }

  /// The answer to a call that a part will not obey, whatever else goes wrong.
  template <typename T = void>
  [[nodiscard]] simulated_answer<T> refuse(std::string why) {
    return {calls_, std::move(why)};
  }

  /// A call of the running process that asks something.
  /// @param read  makes the answer, for the way in which it goes wrong
  template <typename T, typename Describe, typename Read>
  simulated_answer<T> ask(choice_site site, std::span<const call_fault> ways, nanoseconds deadline,
                          const Describe& describe, const Read& read) {
    using answer = simulated_answer<T>;
    const work own{*this};
    if (is_cut_off()) return answer{calls_, std::nullopt, {}, std::nullopt};
    const bool happened = at_each_call && at_each_call();
    const call_fault how = next_fault(site, ways);
    if (how != call_fault::none) tell([&] { return describe() + std::string{to_string(how)}; });
    switch (how) {
      case call_fault::fails:
        return answer{calls_, std::string{"it is broken"}};
      case call_fault::crashes_before:
        if (running != nullptr) running->is_doomed = true;
        return answer{calls_, std::nullopt, {}, std::nullopt};
      case call_fault::hangs:
        return answer{calls_, std::nullopt, {}, std::nullopt};
      case call_fault::answers_late:
        return answer{calls_, read(how), {}, deadline + deadline / 4};
      default:
        break;
    }
    if (happened) return answer{calls_, read(how), {}, a_moment};
    return answer{calls_, read(how)};
  }

  /// Lets an effect land later, whoever has died by then.
  template <typename Describe, typename Effect>
  void later(nanoseconds in, const Describe& describe, const Effect& effect) {
    std::string what;
    if (story_ != nullptr) what = describe();
    auto late = std::make_unique<late_effect>(*this, running, [this, what, effect] {
      tell([&] { return what + " - has its effect now"; });
      effect(true);
    });
    clock.arm(*late, clock.due_in(in));
    effects_.push_back(std::move(late));
  }

  /// Something of the world's own, at a time.
  void at(nanoseconds in, std::function<void()> doing) {
    auto action = std::make_unique<late_effect>(*this, nullptr, std::move(doing));
    action->is_no_effect = true;
    clock.arm(*action, clock.due_in(in));
    effects_.push_back(std::move(action));
  }

  /// Effects and actions that are still to come.
  [[nodiscard]] bool has_late_effects() const noexcept { return !effects_.empty(); }

  /// The calls of that process, or of all if null, end now: so that nothing leaks.
  void let_go(const simulated_process* of) { calls_.let_go(of); }

  /// `0:01:30.5`
  [[nodiscard]] std::string time() const {
    const auto tenths =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock.elapsed()).count() / 100;
    return fmt::format("{}:{:02}:{:02}.{}", tenths / 36'000, tenths / 600 % 60, tenths / 10 % 60,
                       tenths % 10);
  }

 private:
  class late_effect final : public timer {
   public:
    late_effect(simulated_world& world, const simulated_process* of, std::function<void()> doing)
        : world_(world), process_(of), doing_(std::move(doing)) {}
    ~late_effect() override { world_.clock.disarm(*this); }
    bool is_no_effect = false;

   private:
    void expired() override {
      if (!is_no_effect) {
        ++world_.late_effects;
        if (process_ == nullptr || process_->is_dead()) ++world_.effects_of_the_dead;
      }
      const auto doing = std::move(doing_);
      auto& all = world_.effects_;
      const auto self =
          std::find_if(all.begin(), all.end(), [this](const auto& e) { return e.get() == this; });
      const std::unique_ptr<late_effect> kept = std::move(*self);
      all.erase(self);
      doing();
    }

    simulated_world& world_;
    const simulated_process* process_;
    std::function<void()> doing_;
  };

  static constexpr nanoseconds a_moment = std::chrono::milliseconds{100};

  /// Its process dies in this step of the world, or has died.
  [[nodiscard]] bool is_cut_off() const noexcept {
    return running != nullptr && (running->is_doomed || running->is_dead());
  }

  template <typename Describe, typename Effect, typename Ended>
  simulated_answer<void> after(nanoseconds in, const Describe& describe, const Effect& effect,
                               const Ended& ended) {
    later(in, describe, effect);
    return {calls_, std::monostate{}, {}, in, [ended] { ended(true); }};
  }

  schedule own_choices_;
  schedule* choices_;
  std::vector<std::string>* story_ = nullptr;
  std::vector<std::unique_ptr<late_effect>> effects_;
  unanswered_calls calls_{clock, running};
  int at_work_ = 0;
};

}  // namespace hotswap::inline v0_1
