#pragma once

/// @file
/// The verbs as a strategy calls them, step by step.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this
///     … auto step = running.step("step-25");

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/fleet_state.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The verbs of one step; each at most once. A name is what a replay finds the outcome by.
template <typename Tag>
class basic_rollout<Tag>::named_step {
 public:
  named_step(basic_rollout& of, shared_text name) : of_(of), name_(std::move(name)) {
    used_.reserve(3);  // most steps have no more
  }

  /// Measures the baseline over `window`, refuses the rollout if there are no metrics or too little
  /// traffic for `bakes`, and makes sure that the baseline has all the traffic. A source without
  /// enough in its past, which may be a short one, is listened to for a look before it is refused.
  [[nodiscard]] task<void> reference(std::chrono::nanoseconds window,
                                     std::vector<planned_bake> bakes) {
    use("reference"_text);
    return of_.reference(name_, window, std::move(bakes));
  }
  /// For the first deployment of a model: where the router can be read, it must not know the model.
  [[nodiscard]] task<void> vacancy() {
    use("vacancy"_text);
    return of_.vacancy(name_);
  }
  [[nodiscard]] task<void> deploy(model_version version) {
    use("deploy"_text);
    return of_.deploy(name_, std::move(version));
  }
  [[nodiscard]] task<void> warm_up(model_version version) {
    use("warm_up"_text);
    return of_.warm_up(name_, std::move(version));
  }
  /// Lets the server try a version on its own samples. All must pass.
  [[nodiscard]] task<void> smoke_test(model_version version, std::size_t samples) {
    use("smoke_test"_text);
    return of_.smoke_test(name_, std::move(version), samples);
  }
  /// Copies that share of the baseline's requests to the candidate, whose answers nobody gets.
  [[nodiscard]] task<void> mirror(share sampled) {
    use("mirror"_text);
    return of_.mirror(name_, sampled);
  }
  /// Puts a split in force, and reads it back where the router can be read.
  [[nodiscard]] task<void> shift(traffic_split split) {
    use("shift"_text);
    return of_.shift(name_, std::move(split));
  }
  /// Looks at the metrics for `bake`, and longer if they do not decide: by `extension` each time,
  /// or else by as much as the reference was measured over. Returns when the step has passed, or a
  /// person has promoted it: what both versions did in all that time, never null.
  [[nodiscard]] task<totals_of_bake> observe(
      std::chrono::nanoseconds bake, std::unique_ptr<judge> judge,
      std::optional<std::chrono::nanoseconds> extension = {}) {
    use("observe"_text);
    return of_.observe(of_.begin_bake(name_, "observe"_text, bake, std::move(judge), extension));
  }
  /// The same for a shadow: the judge is shown too how its answers differ from production's.
  [[nodiscard]] task<totals_of_bake> compare(
      std::chrono::nanoseconds bake, std::unique_ptr<judge> judge,
      std::optional<std::chrono::nanoseconds> extension = {}) {
    use("compare"_text);
    return of_.observe(of_.begin_bake(name_, "compare"_text, bake, std::move(judge), extension));
  }
  /// Records a decision; where one is recorded already, that one holds.
  [[nodiscard]] task<decided_once> decide(std::string what, std::string reason) {
    use("decide"_text);
    return of_.decide(name_, std::move(what), std::move(reason));
  }
  [[nodiscard]] task<void> wait(std::chrono::nanoseconds time) {
    use("wait"_text);
    return of_.wait(name_, time);
  }
  /// Waits until a person approves of this step; the step before is observed meanwhile.
  [[nodiscard]] task<void> approve() {
    use("approve"_text);
    return of_.approve(name_);
  }
  /// The servers that are updated next; none when all are.
  [[nodiscard]] task<server_batch> next_batch() {
    use("next_batch"_text);
    return of_.next_batch(name_);
  }
  /// In or out of rotation, where the fleet can do that. Verbs of servers may run side by side.
  [[nodiscard]] task<void> rotate(server_id server, bool in_rotation) {
    use((in_rotation ? "rotate_in " : "rotate_out ") + server.name());
    return of_.rotate(name_, std::move(server), in_rotation);
  }
  [[nodiscard]] task<void> update(server_id server, model_version version) {
    use("update " + server.name());
    return of_.update(name_, std::move(server), std::move(version));
  }
  /// Waits until the server is healthy, and stays it.
  [[nodiscard]] task<void> await_health(server_id server, health_terms terms) {
    use("healthy " + server.name());
    return of_.await_health(name_, std::move(server), terms);
  }
  /// The batch serves: it is the candidate's part of the traffic from here on.
  [[nodiscard]] task<void> serve(server_batch batch) {
    use("serve"_text);
    return of_.serve(name_, std::move(batch));
  }
  /// The point of no return, where nothing is to be retired.
  [[nodiscard]] task<void> commit() {
    use("commit"_text);
    return of_.commit(name_);
  }
  /// Commits the rollout, then removes a version that gets no traffic.
  [[nodiscard]] task<void> retire(model_version version) {
    use("retire"_text);
    return of_.retire(name_, std::move(version));
  }

 private:
  void use(shared_text verb) {
    if (std::find(used_.begin(), used_.end(), verb) != used_.end()) {
      throw std::logic_error("step " + name_ + ": a verb must be used once, got a second " + verb);
    }
    used_.push_back(std::move(verb));
  }

  basic_rollout& of_;
  shared_text name_;
  std::vector<shared_text> used_;
};

template <typename Tag>
typename basic_rollout<Tag>::named_step basic_rollout<Tag>::step(shared_text name) {
  if (std::find(step_names_.begin(), step_names_.end(), name) != step_names_.end()) {
    throw std::logic_error("rollout: step names must differ, got a second " + name);
  }
  step_names_.push_back(name);
  const bool is_replayed = earlier().has_step(name);
  if (!step_.empty() && !is_replayed) {
    chronicle_.tell(event_kind::step_finished, step_, step_ + " is over");
  }
  step_ = name;
  if (!is_replayed) chronicle_.tell(event_kind::step_started, step_, step_ + " begins");
  return named_step{*this, std::move(name)};
}

}  // namespace hotswap::inline v0_1
