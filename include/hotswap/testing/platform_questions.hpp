#pragma once

/// @file
/// The calls with which a platform is asked whether it keeps its promises. Each is waited for until
/// its limit, and says what went wrong instead of throwing it.
///
///     const std::string failure = co_await deploy(spare_);   // empty: it did not throw

#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout_id.hpp>
#include <hotswap/testing/conformance_report.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a check is made of. Belongs to the clock's thread, and outlives the tasks that it makes.
class platform_questions {
 protected:
  platform_questions(std::shared_ptr<platform_calls> calls, model_version serving,
                     model_version spare, clock& on, conformance_options options)
      : calls_(std::move(calls)),
        serving_(std::move(serving)),
        spare_(std::move(spare)),
        clock_(on),
        options_(std::move(options)),
        revision_(first_revision_of(rollout_id(serving_.model(), milliseconds_since_epoch()), 0)) {}
  ~platform_questions() = default;

  template <typename T>
  class answer {
   public:
    answer() {}
    std::optional<T> value;
    std::string failure;  ///< if there is no value
  };

  // ---- the calls; each says what went wrong, or nothing

  task<std::string> ended(std::function<task<void>(const stop_offer&)> function) {
    std::string failure;
    try {
      co_await call(clock_, options_.limit, std::move(function));
    } catch (const deadline_exceeded&) {
      failure = "it did not end in time";
    } catch (const std::exception& thrown) {
      failure = thrown.what();
    } catch (...) {
      failure = "an exception that is no std::exception";
    }
    co_return failure;
  }

  template <typename T>
  task<answer<T>> answered(std::function<task<T>(const stop_offer&)> function) {
    answer<T> given;
    try {
      T value = co_await call(clock_, options_.limit, std::move(function));
      given.value.emplace(std::move(value));
    } catch (const deadline_exceeded&) {
      given.failure = "it did not end in time";
    } catch (const std::exception& thrown) {
      given.failure = thrown.what();
    } catch (...) {
      given.failure = "an exception that is no std::exception";
    }
    co_return given;
  }

  task<std::string> deploy(const model_version& version) {
    return ended(
        [calls = calls_, version](const stop_offer& stop) { return calls->deploy(version, stop); });
  }
  task<std::string> warm_up(const model_version& version) {
    return ended([calls = calls_, version](const stop_offer& stop) {
      return calls->warm_up(version, stop);
    });
  }
  task<std::string> remove(const model_version& version) {
    return ended(
        [calls = calls_, version](const stop_offer& stop) { return calls->remove(version, stop); });
  }
  task<std::string> set_split(const traffic_split& split, std::uint64_t revision) {
    return ended([calls = calls_, split, revision](const stop_offer& stop) {
      return calls->set_split(split, revision, stop);
    });
  }
  task<std::string> set_split(const traffic_split& split) { return set_split(split, ++revision_); }
  task<std::string> set_mirror(share sampled) {
    return ended([calls = calls_, from = serving_, to = spare_, sampled](const stop_offer& stop) {
      return calls->set_mirror(from, to, sampled, stop);
    });
  }
  task<answer<bool>> healthy(const model_version& version) {
    return answered<bool>([calls = calls_, version](const stop_offer& stop) {
      return calls->healthy(version, stop);
    });
  }
  task<answer<smoke_test_report>> smoke_test(std::size_t samples) {
    return answered<smoke_test_report>(
        [calls = calls_, of = spare_, samples](const stop_offer& stop) {
          return calls->smoke_test(of, samples, stop);
        });
  }
  task<answer<traffic_split>> split(const std::string& model) {
    return answered<traffic_split>(
        [calls = calls_, model](const stop_offer& stop) { return calls->split(model, stop); });
  }
  task<answer<metrics_snapshot>> collect(const model_version& version, const time_window& window) {
    return answered<metrics_snapshot>([calls = calls_, version, window](const stop_offer& stop) {
      return calls->collect(version, window, stop);
    });
  }

  task<answer<std::vector<server_id>>> servers() {
    return answered<std::vector<server_id>>(
        [calls = calls_, model = serving_.model()](const stop_offer& stop) {
          return calls->servers(model, stop);
        });
  }
  task<std::string> update(const server_id& server, const model_version& version) {
    return ended([calls = calls_, server, version](const stop_offer& stop) {
      return calls->update(server, version, stop);
    });
  }
  task<answer<bool>> server_healthy(const server_id& server) {
    return answered<bool>([calls = calls_, server](const stop_offer& stop) {
      return calls->server_healthy(server, stop);
    });
  }
  task<std::string> set_rotation(const server_id& server, bool in_rotation) {
    return ended([calls = calls_, server, in_rotation](const stop_offer& stop) {
      return calls->set_rotation(server, in_rotation, stop);
    });
  }

  // ---- what is noted

  /// Once each: what is broken is often met again.
  template <typename... Arguments>
  void broken(fmt::format_string<Arguments...> sentence, Arguments&&... arguments) {
    const fmt::string_view kind = sentence;
    if (!said_.insert(std::string{kind.data(), kind.size()}).second) return;
    report_.broken.push_back(fmt::format(sentence, std::forward<Arguments>(arguments)...));
  }

  [[nodiscard]] std::string name() const { return to_string(spare_); }

  std::shared_ptr<platform_calls> calls_;
  model_version serving_;
  model_version spare_;
  clock& clock_;
  conformance_options options_;
  std::uint64_t revision_;  ///< of a fenced router
  conformance_report report_;

 private:
  [[nodiscard]] std::uint64_t milliseconds_since_epoch() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch())
            .count());
  }

  std::set<std::string> said_;
};

}  // namespace hotswap::inline v0_1
