// Replaces a spam filter while e-mails keep coming, from training to the last request.
//
//   ./spam_rollout                          a better model is promoted: 10, 25, 50, 100 %
//   ./spam_rollout --candidate degraded     one with wrong labels in its training is rolled back,
//   ./spam_rollout --candidate slow         and so is one that takes three times as long,
//   ./spam_rollout --candidate failing      and one that throws on 5 % of the e-mails
//
//   ./spam_rollout --strategy shadow        answers copies of the requests, and is compared
//   ./spam_rollout --strategy blue_green    gets all of them at once; --undo takes it back again
//   ./spam_rollout --strategy ab_test       is measured against the old one; a winner is named
//   ./spam_rollout --strategy rolling       is put on four servers, one by one
//   ./spam_rollout --strategy FILE.json     as your document says
//
// Leaves with 0 if the rollout succeeded, 1 if it was rolled back, 2 if neither.
//
// Other than in production: the traffic is replayed within this process, labels take 0.2 s instead
// of days, a bake takes seconds, and the latency is the time that a thread computes
// (thread_time.hpp).

#include <hotswap/hotswap.hpp>

#include "command_line.hpp"
#include "spam_model.hpp"
#include "spambase.hpp"
#include "terminal.hpp"
#include "thread_time.hpp"
#include "traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::metrics_snapshot;
using hotswap::model_version;

using platform = hotswap::mirroring_platform<spam::spam_model, spam::email_features>;
using fleet = hotswap::in_process_fleet<spam::spam_model>;
using models = std::map<model_version, std::shared_ptr<const spam::spam_model>>;

struct close_file {
  void operator()(std::FILE* open) const { std::fclose(open); }
};
using stream = std::unique_ptr<std::FILE, close_file>;

const std::filesystem::path folder = HOTSWAP_EXAMPLE_FOLDER;

/// A name is that of a document beside this program.
std::filesystem::path file_of(const std::string& strategy) {
  const bool is_name = strategy.find_first_of("./") == std::string::npos;
  return is_name ? folder / (strategy + ".json") : std::filesystem::path{strategy};
}

hotswap::strategy_config read_strategy(const std::filesystem::path& file) {
  std::ifstream input{file};
  const std::string text{std::istreambuf_iterator<char>{input}, {}};
  if (!input) throw std::runtime_error(fmt::format("{}: must be readable", file.string()));
  try {
    return hotswap::parse_strategy(text);
  } catch (const hotswap::config_error& refused) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), refused.what()));
  }
}

/// What a shadow has answered, unseen by users.
struct shadow_count {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> otherwise{0};  // than production
};

hotswap::mirror_options<double> compared(shadow_count& count) {
  hotswap::mirror_options<double> options;
  options.now = &spam::thread_time;
  options.agree = [](double a, double b) { return (a >= 0.5) == (b >= 0.5); };
  options.comparison_sink = [&count](const hotswap::comparison<double>& seen) {
    if (!seen.shadow_answer) {
      ++count.failed;
    } else {
      ++count.answered;
      if (!seen.agreed) ++count.otherwise;
    }
  };
  return options;
}

hotswap::in_process_options<spam::spam_model> tested_on(std::span<const spam::email> emails) {
  std::vector<spam::email_features> samples;
  samples.reserve(emails.size());
  for (const spam::email& each : emails) samples.push_back(each.features);
  hotswap::in_process_options<spam::spam_model> options;
  options.smoke_samples = hotswap::smoke_samples<spam::spam_model>{std::move(samples)};
  return options;
}

/// What happens to a request: any thread, all the time.
template <typename Platform>
spam::when_labelled serve(Platform& serving, std::string_view mailbox, const spam::email& mail) {
  const auto lease = serving.acquire(mailbox);
  const auto started = spam::thread_time();
  try {
    const double score = lease->predict(mail.features);
    const auto latency = spam::thread_time() - started;
    lease.record({.latency = latency});
    if constexpr (std::is_same_v<Platform, platform>) {  // for whichever shadow looks on
      serving.mirror_request(lease, mailbox, mail.features, score, latency);
    }
    return [&serving, version = lease.version(), answer = score >= 0.5](bool is_spam) {
      serving.record_label(version, answer == is_spam);
    };
  } catch (const std::exception&) {
    lease.record({.error = true});
    return {};
  }
}

/// Both versions, ready to serve.
models train(const model_version& baseline, const model_version& candidate,
             std::span<const spam::email> emails) {
  models trained;
  for (const model_version& version : {baseline, candidate}) {
    const spam::recipe& how = spam::recipe_of(version.version());
    fmt::print("{:<14} {}\n", to_string(version), how.description);
    trained.emplace(version, std::make_shared<const spam::spam_model>(spam::train(how, emails)));
  }
  return trained;
}

/// A demonstration waits for nobody: gates are approved, and the winner of an A/B test, which bakes
/// for ten minutes, is promoted at the first look that it passes.
void hurry(hotswap::rollout_context& context) {
  context.observe([control = context.control()](const hotswap::event& told) mutable {
    const char* const why = "a demonstration waits for nobody";
    const auto gate = told.payload.find("gate");
    if (told.kind == hotswap::event_kind::gate_waiting && gate != told.payload.end()) {
      control.approve(gate->second, "spam_rollout", why);
    }
    if (told.step == "winner" && told.look && told.look->verdict.passed()) {
      control.promote("spam_rollout", why);
    }
  });
}

/// Lets the metrics see what the baseline does before anything changes, as they would have for
/// days.
template <typename Platform>
hotswap::task<> look_on(Platform& serving, hotswap::clock& clock, model_version baseline) {
  const auto now = clock.now();
  co_await serving.metrics().collect(baseline, {now, now});  // counts from here
  co_await hotswap::sleep_for(clock, std::chrono::seconds{2});
}

/// One version in place of the other under traffic, and if the program was told so, back again.
template <typename Platform>
deployment_result roll_out(Platform& serving, const spam::command_line& told,
                           const hotswap::strategy_config& strategy, const model_version& baseline,
                           const model_version& candidate, std::span<const spam::email> emails) {
  const stream json{told.json ? std::fopen(told.json->c_str(), "w") : nullptr};
  if (told.json && !json) throw std::runtime_error(*told.json + ": must be writable");

  hotswap::event_loop loop;
  hotswap::rollout_environment environment{loop};  // its journal knows what there is to undo
  environment.observers.emplace_back(
      hotswap::progress_view{stdout, spam::is_terminal(stdout), spam::options_for(stdout)});
  if (json) environment.observers.emplace_back(hotswap::json_lines{json.get()});
  hotswap::rollout_context context{environment};
  hurry(context);
  auto rollout =
      hotswap::deploy(serving, serving, serving.metrics(), strategy, baseline, candidate, context);

  const spam::traffic_options rate;
  fmt::print("the traffic    {} other e-mails, {} a second, whose labels come {} ms later\n\n",
             emails.size(), rate.rate, rate.label_delay.count());
  const spam::traffic traffic{emails,
                              [&serving](std::string_view mailbox, const spam::email& mail) {
                                return serve(serving, mailbox, mail);
                              },
                              rate};
  loop.run(look_on(serving, loop, baseline));
  deployment_result result = loop.run(std::move(rollout));
  if (!told.undo || result.active() != candidate) return result;

  hotswap::rollout_context back{environment};
  return loop.run(hotswap::undo(serving, serving, serving.metrics(), candidate.model(),
                                "spam_rollout", "as it was told", back));
}

/// How many requests the canary beside this file lets a bad candidate get, until it is gone.
std::optional<std::uint64_t> most_requests(const spam::command_line& told,
                                           const hotswap::strategy_config& strategy) {
  if (told.strategy != "canary" || told.candidate == "good") return std::nullopt;
  if (told.candidate == "failing") return 500;  // errors beyond doubt need no minimum of samples
  return 2 * std::get<hotswap::canary_config>(strategy).minimum_samples;
}

/// `promoted`, `validated`, `winner baseline`, …
std::string word_for(const deployment_result& result) {
  const bool succeeded = result.status() == deployment_status::succeeded;
  std::string word{succeeded ? to_string(result.reason_code()) : to_string(result.status())};
  std::ranges::replace(word, '_', ' ');
  return word;
}

/// Prints how it ended, and says what the program leaves with.
int report(const deployment_result& result, const metrics_snapshot& of_baseline,
           const metrics_snapshot& of_candidate, std::optional<std::uint64_t> most,
           const shadow_count& shadow) {
  fmt::print("\n");
  if (!spam::is_terminal(stdout)) fmt::print("{}\n", hotswap::summary(result));  // else: the view

  const std::uint64_t seen = of_candidate.requests - shadow.answered - shadow.failed;
  const bool is_broken = most && seen > *most;
  fmt::print("{}: the candidate saw {} of {} requests", word_for(result), seen,
             of_baseline.requests + seen);
  if (most) fmt::print(" ({} {})", is_broken ? "MORE than" : "it may see at most", *most);
  const std::uint64_t failed = of_baseline.errors + of_candidate.errors - shadow.failed;
  fmt::print("; {}\n", failed == 0 ? "none failed" : fmt::format("{} failed in all", failed));
  if (shadow.answered + shadow.failed > 0) {
    fmt::print("as a shadow it decided {} of {} requests otherwise, and failed on {} more\n",
               shadow.otherwise.load(), shadow.answered.load(), shadow.failed.load());
  }

  if (is_broken) return 2;
  if (result.status() == deployment_status::succeeded) return 0;
  return result.status() == deployment_status::rolled_back ? 1 : 2;
}

int run(const spam::command_line& told) {
  const hotswap::strategy_config strategy = read_strategy(file_of(told.strategy));
  const auto emails = spam::split(spam::read_emails(folder / "spambase.csv"), 1.0 / 3);
  const model_version baseline{"spam", std::string{spam::baseline_version}};
  const model_version candidate{"spam", told.candidate};
  const models trained = train(baseline, candidate, emails.training);
  const auto load = [&trained](const model_version& which) { return trained.at(which); };

  shadow_count shadow;
  if (std::holds_alternative<hotswap::rolling_config>(strategy)) {
    fleet serving{baseline, 4, load};
    const auto result = roll_out(serving, told, strategy, baseline, candidate, emails.held_out);
    return report(result, serving.totals(baseline), serving.totals(candidate), {}, shadow);
  }
  platform serving{baseline, load, compared(shadow), tested_on(emails.training)};
  const auto result = roll_out(serving, told, strategy, baseline, candidate, emails.held_out);
  return report(result, serving.totals(baseline), serving.totals(candidate),
                most_requests(told, strategy), shadow);
}

}  // namespace

int main(int argc, char** argv) {
  spam::command_line told;
  try {
    told = spam::read_command_line({argv + 1, argv + argc});
  } catch (const std::invalid_argument& refused) {
    fmt::print(stderr, "spam_rollout: {}\n\n{}", refused.what(), spam::usage());
    return 2;
  }
  if (told.help) {
    fmt::print("{}", spam::usage());
    return 0;
  }
  try {
    return run(told);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "spam_rollout: {}\n", failure.what());
    return 2;
  }
}
