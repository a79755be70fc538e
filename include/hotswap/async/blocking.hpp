#pragma once

/// @file
/// Awaits a function that blocks, run by a thread of a pool.
///
///     std::string body = co_await hotswap::blocking(pool, &http_get, url);

#include <hotswap/async/result.hpp>
#include <hotswap/async/thread_pool.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// Owns the function and its arguments, since the pool may run it after its awaiter has gone.
template <typename T, typename Function, typename... Arguments>
class blocking_job final : public thread_pool::job {
 public:
  template <typename F, typename... A>
  explicit blocking_job(F&& function, A&&... arguments)
      : function_(std::forward<F>(function)), arguments_(std::forward<A>(arguments)...) {}

  void run() noexcept override {
    try {
      if constexpr (std::is_void_v<T>) {
        std::apply(std::move(function_), std::move(arguments_));
      } else {
        end.succeed(std::apply(std::move(function_), std::move(arguments_)));
      }
    } catch (...) {
      end.fail(std::current_exception());
    }
    waiter.resume();
  }

  result<T> end;
  std::coroutine_handle<> waiter;

 private:
  Function function_;
  std::tuple<Arguments...> arguments_;
};

}  // namespace detail

/// What `blocking` returns; await it where it stands.
template <typename Job, typename T>
class [[nodiscard]] blocking_awaiter {
 public:
  blocking_awaiter(thread_pool& pool, std::shared_ptr<Job> job)
      : pool_(pool), job_(std::move(job)) {}
  blocking_awaiter(const blocking_awaiter&) = delete;
  blocking_awaiter& operator=(const blocking_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    job_->waiter = waiter;
    std::shared_ptr<Job> posted = job_;  // `this` may be gone once the pool has it
    pool_.post(std::move(posted));
  }
  T await_resume() { return job_->end.take(); }

 private:
  thread_pool& pool_;
  std::shared_ptr<Job> job_;
};

/// Calls `function(arguments…)` on a thread of `pool`; both are copied or moved into the job. The
/// awaiting coroutine goes on **on the pool's thread**: inside a platform's member that is fine,
/// since `call` brings its result back to the clock's thread. A coroutine that waits for it must
/// not be destroyed meanwhile.
/// @throws …  whatever the function throws.
template <typename Function, typename... Arguments>
[[nodiscard]] auto blocking(thread_pool& pool, Function&& function, Arguments&&... arguments) {
  using answer = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;
  using value = std::remove_cvref_t<answer>;
  using job = detail::blocking_job<value, std::decay_t<Function>, std::decay_t<Arguments>...>;
  return blocking_awaiter<job, value>{pool,
                                      std::make_shared<job>(std::forward<Function>(function),
                                                            std::forward<Arguments>(arguments)...)};
}

}  // namespace hotswap::inline v0_1
