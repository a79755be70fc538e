#pragma once

/// @file
/// What a process does when it starts: it goes on with the rollouts that others have left
/// unfinished.
///
///     const auto taken = loop.run(hotswap::take_over(environment, resolve));
///     for (const auto& each : taken) log(each.model, each.refusal);

#include <hotswap/async/call.hpp>
#include <hotswap/async/repeatable_call.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// How one unfinished rollout went on.
class taken_over {
 public:
  explicit taken_over(std::string of_model) : model(std::move(of_model)) {}

  std::string model;
  std::optional<deployment_result> result;  ///< absent if it could not be taken over
  std::string refusal;                      ///< why not, as a sentence; empty if it could
};

/// Starts the strategy that `opening` names, with its versions, through `context`, and returns the
/// task of `deploy`: the same one as when the rollout began, or the journal is refused. The context
/// has the request id and the document; its control may be kept.
using rollout_resolver =
    std::function<task<deployment_result>(const opening_record& opening, rollout_context& context)>;

namespace detail {

inline std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

/// What a journal is asked, as often as a call to the platform is tried.
template <typename T>
task<T> read_again(rollout_environment environment, repeatable_call<T> read) {
  const rollout_config usual;
  const int attempts = environment.attempts.value_or(usual.attempts);
  backoff wait{usual.backoff_min, usual.backoff_max, environment.seed};
  std::exception_ptr failure;
  for (int number = 1;; ++number) {
    try {
      repeatable_call<T> started = read;
      T answer =
          co_await call(*environment.clock, environment.journal_deadline, std::move(started));
      co_return answer;
    } catch (...) {
      failure = std::current_exception();
    }
    if (number >= attempts) std::rethrow_exception(failure);
    const std::chrono::nanoseconds pause = wait.next();
    co_await sleep_for(*environment.clock, pause);
  }
}

/// The opening of the stream's latest rollout.
/// @throws journal_error  if it has none.
template <typename = void>
task<opening_record> opening_of(rollout_environment environment, std::string model) {
  auto load = [journal = environment.journal, model] { return journal->load(model); };
  repeatable_call<std::vector<journal_record>> read{std::move(load)};
  const std::vector<journal_record> records = co_await read_again(environment, std::move(read));
  const auto* opening =
      records.empty()
          ? nullptr
          : std::get_if<std::shared_ptr<const opening_record>>(&records.front().payload);
  if (opening == nullptr) {
    throw journal_error("journal of " + model + ": record 1 must be the opening of a rollout");
  }
  co_return **opening;
}

template <typename = void>
task<taken_over> take_over_one(rollout_environment environment, std::string model,
                               std::shared_ptr<const rollout_resolver> resolve) {
  taken_over taken{model};
  std::exception_ptr failure;
  rollout_context context{environment};
  try {
    const opening_record opening = co_await opening_of(environment, model);
    context.request_id = opening.request_id;
    context.document = opening.document;
    task<deployment_result> rollout = (*resolve)(opening, context);
    taken.result.emplace(co_await rollout);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) taken.refusal = text_of(failure);
  co_return taken;
}

}  // namespace detail

/// Goes on with all of `journal->unfinished()`, side by side, and ends when the last of them has.
/// What cannot be taken over (a version that is not known, a journal that is refused) is named, and
/// stays unfinished: see `abandon`.
///
/// Belongs to the clock's thread.
/// @throws journal_error  if the journal cannot name its unfinished rollouts.
template <typename = void>
[[nodiscard]] task<std::vector<taken_over>> take_over(rollout_environment environment,
                                                      rollout_resolver resolve) {
  const auto shared = std::make_shared<const rollout_resolver>(std::move(resolve));
  auto unfinished = [journal = environment.journal] { return journal->unfinished(); };
  repeatable_call<std::vector<std::string>> read{std::move(unfinished)};
  std::vector<std::string> models = co_await detail::read_again(environment, std::move(read));
  std::vector<task<taken_over>> rollouts;
  rollouts.reserve(models.size());
  for (std::string& model : models) {
    rollouts.push_back(detail::take_over_one(environment, std::move(model), shared));
  }
  std::vector<taken_over> ends = co_await when_all(std::move(rollouts));
  co_return ends;
}

}  // namespace hotswap::inline v0_1
