// What the example replays, and what it is told.

#include "command_line.hpp"
#include "spambase.hpp"
#include "support/catch.hpp"
#include "traffic.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using Catch::Matchers::Message;
using spam::email;
using spam::traffic;

TEST_CASE("traffic: there is something to send, and a rate to send it at",
          "[integration][spam][refusal]") {
  const std::vector<email> emails(1);
  const auto refused = [&emails](const spam::traffic_options& options, const std::string& message) {
    CHECK_THROWS_MATCHES(traffic(emails, {}, options), std::invalid_argument, Message(message));
  };

  CHECK_THROWS_MATCHES(traffic({}, {}), std::invalid_argument,
                       Message("traffic: emails must not be empty"));
  refused({.rate = 0}, "traffic: rate must be above 0, got 0");
  refused({.threads = 0}, "traffic: threads must be at least 1, got 0");
  refused({.batch = 0}, "traffic: batch must be at least 1, got 0");
  refused({.mailboxes = 0}, "traffic: mailboxes must be at least 1, got 0");
}

TEST_CASE("traffic: several threads send, and each label is the e-mail's own and comes late",
          "[integration][spam][threads]") {
  using namespace std::chrono_literals;
  std::vector<email> emails(10);
  for (std::size_t i = 0; i < emails.size(); ++i) {
    emails[i].features[0] = static_cast<float>(i);
    emails[i].is_spam = i % 3 == 0;
  }
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> labels{0};
  std::atomic<int> wrong{0};
  std::atomic<int> early{0};

  {
    const traffic sent{emails,
                       [&](std::string_view, const email& mail) -> spam::when_labelled {
                         {
                           const std::lock_guard lock{mutex};
                           threads.insert(std::this_thread::get_id());
                         }
                         return
                             [&, is_spam = mail.is_spam, at = traffic::clock::now()](bool label) {
                               wrong += label != is_spam ? 1 : 0;
                               early += traffic::clock::now() - at < 5ms ? 1 : 0;
                               ++labels;
                               labels.notify_one();
                             };
                       },
                       {.rate = 1e5, .threads = 3, .batch = 10, .label_delay = 5ms}};
    for (int seen = labels; seen < 1000; seen = labels) labels.wait(seen);
  }

  CHECK(wrong == 0);
  CHECK(early == 0);
  CHECK(threads.size() == 3);
}

TEST_CASE("command line: what is not said is the default", "[integration][spam]") {
  const spam::command_line nothing = spam::read_command_line({});
  const std::vector<const char*> all{"--candidate", "slow", "--json", "e", "--strategy", "s.json"};
  const spam::command_line told = spam::read_command_line(all);

  CHECK(nothing.candidate == "good");
  CHECK(nothing.strategy == "canary");
  CHECK_FALSE(nothing.json);
  CHECK_FALSE(nothing.help);
  CHECK(told.candidate == "slow");
  CHECK(told.json == "e");
  CHECK(told.strategy == "s.json");
}

TEST_CASE("command line: a mistake is named", "[integration][spam][refusal]") {
  const auto refused = [](const std::vector<const char*>& arguments, const std::string& message) {
    CHECK_THROWS_MATCHES(spam::read_command_line(arguments), std::invalid_argument,
                         Message(message));
  };

  refused({"--fast"},
          "option must be one of --candidate, --strategy, --undo, --json, --help, got --fast");
  refused({"--json"}, "--json: must be followed by a value, got none");
  refused({"--candidate", "1"}, "--candidate: must be one of good, degraded, slow, failing, got 1");
}
