// Replaces a spam filter while e-mails keep coming, from training to the last request.
//
//   ./spam_rollout                        a better model is promoted: 10, 25, 50, 100 %
//   ./spam_rollout --candidate degraded   one with wrong labels in its training is rolled back,
//   ./spam_rollout --candidate slow       and so is one that takes three times as long,
//   ./spam_rollout --candidate failing    and one that throws on 5 % of the e-mails
//   ./spam_rollout --strategy FILE.json   as your document says; strategy.json is one to begin with
//
// Leaves with 0 if the candidate was promoted, 1 if it was rolled back, 2 if neither.
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

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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
#include <variant>

namespace {

using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::metrics_snapshot;
using hotswap::model_version;

using platform = hotswap::in_process_platform<spam::spam_model>;
using models = std::map<model_version, std::shared_ptr<const spam::spam_model>>;

struct close_file {
  void operator()(std::FILE* open) const { std::fclose(open); }
};
using stream = std::unique_ptr<std::FILE, close_file>;

const std::filesystem::path folder = HOTSWAP_EXAMPLE_FOLDER;

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

/// What happens to a request: any thread, all the time.
spam::when_labelled serve(platform& serving, std::string_view mailbox, const spam::email& mail) {
  const auto lease = serving.acquire(mailbox);
  const auto started = spam::thread_time();
  try {
    const bool answer = lease->predict(mail.features) >= 0.5;
    lease.record({.latency = spam::thread_time() - started});
    return [&serving, version = lease.version(), answer](bool is_spam) {
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

/// Who looks on while the rollout runs, and who answers it.
void watch(hotswap::rollout_context& context, std::FILE* json) {
  context.observe(
      hotswap::progress_view{stdout, spam::is_terminal(stdout), spam::options_for(stdout)});
  if (json != nullptr) context.observe(hotswap::json_lines{json});
  context.observe([control = context.control()](const hotswap::event& told) mutable {
    const auto gate = told.payload.find("gate");
    if (told.kind != hotswap::event_kind::gate_waiting || gate == told.payload.end()) return;
    control.approve(gate->second, "spam_rollout", "a demonstration waits for nobody");
  });
}

/// How many requests the strategy beside this file lets a bad candidate get, until it is gone.
std::optional<std::uint64_t> most_requests(const spam::command_line& told,
                                           const hotswap::strategy_config& strategy) {
  if (told.strategy || told.candidate == "good") return std::nullopt;
  if (told.candidate == "failing") return 500;  // errors beyond doubt need no minimum of samples
  return 2 * std::get<hotswap::canary_config>(strategy).minimum_samples;
}

std::string_view word_for(deployment_status status) {
  switch (status) {
    case deployment_status::succeeded:
      return "promoted";
    case deployment_status::rolled_back:
      return "rolled back";
    case deployment_status::aborted:
      return "aborted";
    case deployment_status::rejected:
      return "rejected";
    case deployment_status::rollback_failed:
      return "ROLL-BACK FAILED";
  }
  return "ROLL-BACK FAILED";
}

/// Prints how it ended, and says what the program leaves with.
int report(const deployment_result& result, const metrics_snapshot& of_baseline,
           const metrics_snapshot& of_candidate, std::optional<std::uint64_t> most) {
  fmt::print("\n");
  if (!spam::is_terminal(stdout)) fmt::print("{}\n", hotswap::summary(result));  // else: the view

  const bool is_broken = most && of_candidate.requests > *most;
  fmt::print("{}: the candidate saw {} of {} requests", word_for(result.status()),
             of_candidate.requests, of_baseline.requests + of_candidate.requests);
  if (most) fmt::print(" ({} {})", is_broken ? "MORE than" : "it may see at most", *most);
  const std::uint64_t failed = of_baseline.errors + of_candidate.errors;
  fmt::print("; {}\n", failed == 0 ? "none failed" : fmt::format("{} failed in all", failed));

  if (is_broken) return 2;
  if (result.status() == deployment_status::succeeded) return 0;
  return result.status() == deployment_status::rolled_back ? 1 : 2;
}

int run(const spam::command_line& told) {
  const std::string file = told.strategy.value_or((folder / "strategy.json").string());
  const hotswap::strategy_config strategy = read_strategy(file);
  const stream json{told.json ? std::fopen(told.json->c_str(), "w") : nullptr};
  if (told.json && !json) throw std::runtime_error(*told.json + ": must be writable");

  const auto emails = spam::split(spam::read_emails(folder / "spambase.csv"), 1.0 / 3);
  const model_version baseline{"spam", std::string{spam::baseline_version}};
  const model_version candidate{"spam", told.candidate};
  const models trained = train(baseline, candidate, emails.training);
  platform serving{baseline, [&trained](const model_version& which) { return trained.at(which); }};

  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  watch(context, json.get());
  auto rollout =
      hotswap::deploy(serving, serving, serving.metrics(), strategy, baseline, candidate, context);

  const spam::traffic_options rate;
  fmt::print("the traffic    {} other e-mails, {} a second, whose labels come {} ms later\n\n",
             emails.held_out.size(), rate.rate, rate.label_delay.count());
  std::optional<spam::traffic> traffic;
  traffic.emplace(
      emails.held_out,
      [&serving](std::string_view mailbox, const spam::email& mail) {
        return serve(serving, mailbox, mail);
      },
      rate);
  const deployment_result result = loop.run(std::move(rollout));
  traffic.reset();  // waits for the requests under way, so that the counts are final
  return report(result, serving.totals(baseline), serving.totals(candidate),
                most_requests(told, strategy));
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
