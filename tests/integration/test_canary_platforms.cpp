// A canary on the real clock, over members that answer in the three ways there are: with a value,
// with a task, and with a hand-written awaiter that resumes on another thread.

#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;

namespace {

/// A thread that resumes whoever asks for it.
class other_thread {
 public:
  other_thread() : thread_([this] { serve(); }) {}
  ~other_thread() {
    {
      const std::lock_guard lock{mutex_};
      ends_ = true;
    }
    condition_.notify_one();
    thread_.join();
  }
  other_thread(const other_thread&) = delete;
  other_thread& operator=(const other_thread&) = delete;

  void resume(std::coroutine_handle<> waiter) {
    {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(waiter);
    }
    condition_.notify_one();
  }

 private:
  void serve() {
    std::unique_lock lock{mutex_};
    while (true) {
      condition_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const auto waiter = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      waiter.resume();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<std::coroutine_handle<>> waiting_;
  bool ends_ = false;
  std::thread thread_;
};

/// Answers with values.
class plain_server {
 public:
  void deploy(const hotswap::model_version& version) { running_.insert(version); }
  void warm_up(const hotswap::model_version& version) { CHECK(running_.contains(version)); }
  void remove(const hotswap::model_version& version) { running_.erase(version); }

  [[nodiscard]] const std::set<hotswap::model_version>& running() const { return running_; }

 private:
  std::set<hotswap::model_version> running_ = {{"fraud", "1"}};
};

/// Answers with tasks.
class task_router {
 public:
  hotswap::task<> set_split(const hotswap::traffic_split& split) {
    splits_.push_back(split);
    co_return;
  }
  hotswap::task<hotswap::traffic_split> split(const std::string& model) {
    CHECK(model == "fraud");
    co_return splits_.back();
  }

  [[nodiscard]] const std::vector<hotswap::traffic_split>& splits() const { return splits_; }

 private:
  std::vector<hotswap::traffic_split> splits_ = {hotswap::traffic_split::all_to({"fraud", "1"})};
};

/// Answers with an awaiter of its own, whose answer is made on another thread.
class remote_metrics {
 public:
  class answer {
   public:
    answer(other_thread& thread, hotswap::metrics_snapshot seen)
        : thread_(thread), seen_(std::move(seen)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { thread_.resume(waiter); }
    hotswap::metrics_snapshot await_resume() { return std::move(seen_); }

   private:
    other_thread& thread_;
    hotswap::metrics_snapshot seen_;
  };

  remote_metrics(other_thread& thread, double error_rate)
      : thread_(thread), error_rate_(error_rate) {}

  answer collect(const hotswap::model_version& version, const hotswap::time_window& window) {
    hotswap::metrics_snapshot seen;
    const auto length = std::chrono::duration<double>(window.duration()).count();
    seen.requests = static_cast<std::uint64_t>(1e6 * length);
    const bool is_candidate = version.version() == "2";
    const double errors = static_cast<double>(seen.requests) * (is_candidate ? error_rate_ : 0.0);
    seen.errors = static_cast<std::uint64_t>(errors);
    seen.latency =
        hotswap::stats::moments::from_summary(seen.requests, seen.requests > 0 ? 0.01 : 0.0, 0.0);
    return {thread_, std::move(seen)};
  }

 private:
  other_thread& thread_;
  double error_rate_;
};

hotswap::canary_config quick() {
  hotswap::canary_config config;
  config.steps = {20_pct, 100_pct};
  config.monitoring_duration = 60ms;
  config.analysis_interval = 10ms;
  config.keep_duration = 10ms;
  config.minimum_samples = 10;
  return config;
}

}  // namespace

TEST_CASE("canary: runs over values, tasks and awaiters that resume on another thread",
          "[strategies][canary][threads]") {
  const bool is_good = GENERATE(true, false);
  other_thread thread;
  plain_server server;
  task_router router;
  remote_metrics metrics{thread, is_good ? 0.0 : 0.5};
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  const auto loops_thread = std::this_thread::get_id();
  bool elsewhere = false;
  context.observe([&](const hotswap::event&) {
    if (std::this_thread::get_id() != loops_thread) elsewhere = true;
  });

  hotswap::canary_strategy canary{server, router, metrics, quick()};
  const auto result = loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));

  CHECK_FALSE(elsewhere);
  CHECK(context.outstanding_calls() == 0);
  const hotswap::model_version expected{"fraud", is_good ? "2" : "1"};
  CHECK(result.active() == expected);
  CHECK(router.splits().back() == hotswap::traffic_split::all_to(expected));
  CHECK(server.running() == std::set<hotswap::model_version>{expected});
  CHECK(result.status() == (is_good ? hotswap::deployment_status::succeeded
                                    : hotswap::deployment_status::rolled_back));
  CHECK(result.reason_code() ==
        (is_good ? hotswap::reason_code::promoted : hotswap::reason_code::metrics_degraded));
}

TEST_CASE("canary: is controlled from any thread", "[strategies][canary][threads]") {
  other_thread thread;
  plain_server server;
  task_router router;
  remote_metrics metrics{thread, 0.0};
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  auto config = quick();
  config.steps[0].duration = 10min;

  std::thread person{[control = context.control()]() mutable {
    control.pause("alice", "a moment");
    while (!control.status().paused) std::this_thread::yield();
    control.resume("alice", "go on");
    while (control.status().step != "step-20") std::this_thread::yield();
    control.abort("alice", "I have seen enough");
  }};
  hotswap::canary_strategy canary{server, router, metrics, config};
  const auto result = loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));
  person.join();

  CHECK(result.status() == hotswap::deployment_status::aborted);
  CHECK(result.reason() == "aborted by alice: I have seen enough");
  CHECK(router.splits().back() == hotswap::traffic_split::all_to({"fraud", "1"}));
  CHECK(context.control().status().finished);
}

TEST_CASE("canary: leaves in time when its loop is stopped from another thread",
          "[strategies][canary][threads]") {
  other_thread thread;
  plain_server server;
  task_router router;
  remote_metrics metrics{thread, 0.0};
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  auto config = quick();
  config.steps[0].duration = 10min;

  std::thread shutdown{[&loop, control = context.control()] {
    while (control.status().step != "step-20") std::this_thread::yield();
    loop.stop();
  }};
  hotswap::canary_strategy canary{server, router, metrics, config};
  const auto result = loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));
  shutdown.join();

  CHECK(result.status() == hotswap::deployment_status::aborted);
  CHECK(result.reason_code() == hotswap::reason_code::stopped);
  CHECK(server.running() == std::set<hotswap::model_version>{{"fraud", "1"}});
}
