// An orchestrator of your own: rollouts of many models at once, on one thread, that outlive it.
//
//   ./orchestrator            goes on with what it finds in ./fleet, and begins what is new
//   kill -9 …; ./orchestrator goes on where it was
//
// It reads commands: status, pause, resume, promote, approve, abort, undo, quit. With a terminal it
// shows one line for each rollout, else one for each event.
//
// Leaves with 0 if all rollouts have ended, 1 if some go on when it is started again, 2 if neither.
//
// Other than in production: the cluster is a stand-in, and its rollouts take seconds.

#include <hotswap/adapters/sqlite/sqlite_journal.hpp>
#include <hotswap/hotswap.hpp>

#include "board.hpp"
#include "cluster.hpp"
#include "console.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using hotswap::deployment_result;
using hotswap::model_version;
using hotswap::rollout_context;
using hotswap::task;
using namespace std::chrono_literals;

constexpr std::string_view commands =
    "status               what each rollout waits for\n"
    "pause MODEL [WHY]    the traffic stays where it is\n"
    "resume MODEL [WHY]\n"
    "promote MODEL [WHY]  does not wait for the rest of the step\n"
    "approve MODEL GATE   e.g. step-50\n"
    "abort MODEL [WHY]    back to the old version\n"
    "undo MODEL [WHY]     back to the old version, after it was promoted\n"
    "quit                 leaves; the rollouts go on when it is started again";

/// One that somebody wants.
struct order {
  model_version baseline;
  model_version candidate;
  std::string document;
};

std::vector<order> read_orders(const std::string& file) {
  std::ifstream input{file};
  if (!input) throw std::runtime_error(file + ": must be readable");
  std::vector<order> orders;
  try {
    for (const auto& each : nlohmann::json::parse(input)) {
      const std::string model = each.at("model");
      orders.push_back({.baseline = {model, each.at("baseline")},
                        .candidate = {model, each.at("candidate")},
                        .document = each.at("strategy").dump()});
      std::ignore = hotswap::parse_strategy(orders.back().document);
    }
  } catch (const std::exception& refused) {
    throw std::runtime_error(
        fmt::format("{}: rollout {}: {}", file, orders.size(), refused.what()));
  }
  return orders;
}

/// Belongs to the loop's thread, which it outlives.
class orchestrator {
 public:
  orchestrator(hotswap::event_loop& loop, fleet::cluster& cluster, fleet::board& board,
               std::shared_ptr<hotswap::journal> journal)
      : loop_{loop}, cluster_{cluster}, board_{board}, environment_{loop} {
    environment_.journal = std::move(journal);
    environment_.observers.emplace_back([this](const hotswap::event& told) { board_.show(told); });
  }

  /// What was left unfinished goes on, and what the journal does not know begins.
  void begin(std::vector<order> orders) {
    std::vector<order> fresh;
    for (order& each : orders) {
      cluster_.install(each.baseline);
      const auto records = loop_.run(environment_.journal->load(each.baseline.model()));
      for (const hotswap::journal_record& record : records) {
        for (const auto& told : record.events) board_.remember(*told);
      }
      if (records.empty()) fresh.push_back(std::move(each));
    }
    start(take_over());  // first: so it asks the journal before the others write into it
    for (order& each : fresh) start(roll_out(std::move(each)));
  }

  /// A command and its answer; what follows is seen in the events.
  task<> obey(std::string line) {
    std::istringstream words{line};
    std::string command;
    std::string model;
    words >> command >> model;
    while (is_about_to_go_on(model)) co_await hotswap::sleep_for(loop_, 20ms);
    const auto control = controls_.find(model);
    if (command == "quit") {
      loop_.stop();
    } else if (command == "status") {
      for (const auto& [of, seen] : board_.rollouts()) tell_status(of, seen);
    } else if (command == "undo") {
      start(undo(model, rest_of(words)));
    } else if (!steering.contains(command)) {
      if (!command.empty()) say("command must be one of these, got {}\n{}", command, commands);
    } else if (control == controls_.end()) {
      say("{}: model must have a rollout that goes on, got \"{}\"", command, model);
    } else {
      steer(control->second, command, words);
    }
  }

  task<> end_of_input() {
    is_input_open_ = false;
    leave_if_done();
    co_return;
  }

  [[nodiscard]] bool is_unfinished() const noexcept { return unfinished_; }

 private:
  static inline const std::set<std::string> steering{"pause", "resume", "promote", "approve",
                                                     "abort"};

  /// Is its journal still being read?
  bool is_about_to_go_on(const std::string& model) const {
    const auto seen = board_.rollouts().find(model);
    return is_taking_over_ && seen != board_.rollouts().end() && !seen->second.is_over() &&
           !controls_.contains(model);
  }

  void steer(hotswap::rollout_control control, const std::string& command,
             std::istringstream& words) const {
    std::string gate;
    if (command == "approve") words >> gate;
    const std::string why = rest_of(words);
    if (command == "pause") control.pause(actor_, why);
    if (command == "resume") control.resume(actor_, why);
    if (command == "promote") control.promote(actor_, why);
    if (command == "approve") control.approve(gate, actor_, why);
    if (command == "abort") control.abort(actor_, why);
  }

  void tell_status(const std::string& model, const hotswap::rollout_progress& seen) const {
    const auto control = controls_.find(model);
    if (seen.is_over() || control == controls_.end()) {
      say("{:<12} {:<12} {}", model, to_string(seen.stage()), seen.message());
      return;
    }
    const hotswap::rollout_status now = control->second.status();
    say("{:<12} {:<12} waits for {}{}", model, now.step, now.awaits, now.paused ? ", paused" : "");
  }

  static std::string rest_of(std::istringstream& words) {
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  template <typename... Values>
  static void say(fmt::format_string<Values...> text, Values&&... values) {
    fleet::board::say(fmt::format(text, std::forward<Values>(values)...));
  }

  task<> take_over() {
    auto resolve = [this](const hotswap::opening_record& opening, rollout_context& context) {
      controls_.insert_or_assign(opening.model, context.control());
      if (opening.strategy == "Undo") {
        return hotswap::undo(cluster_, cluster_, cluster_, opening.model, actor_, "", context);
      }
      return hotswap::deploy(cluster_, cluster_, cluster_,
                             hotswap::parse_strategy(opening.document),
                             model_version{opening.model, opening.baseline},
                             model_version{opening.model, opening.candidate}, context);
    };
    const auto taken = co_await hotswap::take_over(environment_, resolve);
    is_taking_over_ = false;
    for (const hotswap::taken_over& each : taken) {
      if (!each.refusal.empty()) leave_unfinished(each.model, each.refusal);
    }
  }

  task<> roll_out(order wanted) {
    rollout_context context{environment_};
    context.document = wanted.document;
    const std::string model = wanted.candidate.model();
    controls_.insert_or_assign(model, context.control());
    std::string failure;
    try {
      auto rollout =
          hotswap::deploy(cluster_, cluster_, cluster_, hotswap::parse_strategy(wanted.document),
                          wanted.baseline, wanted.candidate, context);
      co_await rollout;
    } catch (const std::exception& left) {
      failure = left.what();
    }
    if (!failure.empty()) leave_unfinished(model, failure);
  }

  task<> undo(std::string model, std::string why) {
    rollout_context context{environment_};
    std::string failure;
    try {
      auto rollout = hotswap::undo(cluster_, cluster_, cluster_, model, actor_, why, context);
      co_await rollout;
    } catch (const std::exception& refused) {
      failure = refused.what();
    }
    if (!failure.empty()) say("{}", failure);
  }

  void leave_unfinished(const std::string& model, const std::string& why) {
    unfinished_ = true;
    say("{}: {}", model, why);
  }

  void start(task<> work) {
    ++running_;
    loop_.spawn(follow(std::move(work)));
  }
  task<> follow(task<> work) {
    co_await work;
    --running_;
    leave_if_done();
  }
  void leave_if_done() {
    if (running_ == 0 && !is_input_open_) loop_.stop();
  }

  hotswap::event_loop& loop_;
  fleet::cluster& cluster_;
  fleet::board& board_;
  hotswap::rollout_environment environment_;
  std::map<std::string, hotswap::rollout_control> controls_;  // by model
  std::string actor_ = std::getenv("USER") != nullptr ? std::getenv("USER") : "somebody";
  int running_ = 0;
  bool is_taking_over_ = true;
  bool is_input_open_ = true;
  bool unfinished_ = false;
};

struct command_line {
  std::string folder = "fleet";
  std::string rollouts = HOTSWAP_EXAMPLE_FOLDER "/rollouts.json";
  bool help = false;
};

std::string usage() {
  return fmt::format(
      "usage: orchestrator [--folder FOLDER] [--rollouts FILE] [--help]\n"
      "\n"
      "Rolls out new versions of many models at once, and goes on with it after a kill.\n"
      "\n"
      "  --folder FOLDER  keeps the journal and the cluster's state; default: fleet\n"
      "  --rollouts FILE  what to roll out; default: examples/orchestrator/rollouts.json\n"
      "  --help           prints this\n"
      "\n"
      "It reads commands:\n"
      "\n"
      "{}\n"
      "\n"
      "Leaves with 0 if all rollouts have ended, 1 if some go on when it is started again, 2 if\n"
      "neither. If its input has ended, it leaves when the last rollout has.\n",
      commands);
}

command_line read_command_line(std::span<const char* const> arguments) {
  command_line told;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    if (option == "--help" || option == "-h") {
      told.help = true;
      continue;
    }
    if (option != "--folder" && option != "--rollouts") {
      throw std::invalid_argument(
          fmt::format("option must be one of --folder, --rollouts, --help, got {}", option));
    }
    if (i + 1 == arguments.size()) {
      throw std::invalid_argument(fmt::format("{}: must be followed by a value, got none", option));
    }
    (option == "--folder" ? told.folder : told.rollouts) = arguments[++i];
  }
  return told;
}

int run(const command_line& told) {
  const std::filesystem::path folder = told.folder;
  std::vector<order> orders = read_orders(told.rollouts);
  std::filesystem::create_directories(folder);

  hotswap::thread_pool disk{1};  // so that the loop does not wait for it
  const auto journal = std::make_shared<hotswap::sqlite_journal>(
      (folder / "journal.db").string(), hotswap::sqlite_journal::options{.pool = &disk});
  hotswap::event_loop loop;
  fleet::cluster cluster{loop, folder / "cluster.json"};
  fleet::board board{orders.size()};
  orchestrator all{loop, cluster, board, journal};
  all.begin(std::move(orders));
  {
    const fleet::console console{
        [&](std::string line) { std::ignore = loop.submit(all.obey(std::move(line))); },
        [&] { std::ignore = loop.submit(all.end_of_input()); }};
    loop.run();
  }
  return all.is_unfinished() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  command_line told;
  try {
    told = read_command_line({argv + 1, argv + argc});
  } catch (const std::invalid_argument& refused) {
    fmt::print(stderr, "orchestrator: {}\n\n{}", refused.what(), usage());
    return 2;
  }
  if (told.help) {
    fmt::print("{}", usage());
    return 0;
  }
  try {
    return run(told);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "orchestrator: {}\n", failure.what());
    return 2;
  }
}
