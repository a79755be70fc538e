#pragma once

/// @file
/// Replays e-mails in batches from several threads; what they really were is known later.
///
///     spam::traffic traffic{held_out, [&](std::string_view mailbox, const spam::email& mail) {
///       const bool answer = model.predict(mail.features) >= 0.5;
///       return [&, answer](bool is_spam) { count(answer == is_spam); };  // called 200 ms later
///     }};

#include "spambase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace spam {

/// What is to be done when somebody has said whether the e-mail was spam.
using when_labelled = std::function<void(bool is_spam)>;

/// Answers one request. Empty if there was no answer, since then no label matters.
using serve_email = std::function<when_labelled(std::string_view mailbox, const email& mail)>;

struct traffic_options {
  double rate = 2000;  // requests per second, of all threads together
  int threads = 4;
  int batch = 40;  // requests without a pause; after a pause, cold caches hide how fast a model is
  std::chrono::milliseconds label_delay{200};  // days, in production
  unsigned mailboxes = 10'000;                 // the key of a request is one of these
  unsigned seed = 1;                           // of the order of e-mails and mailboxes
};

/// Sends requests from its construction until its destruction, which waits for those under way.
class traffic {
 public:
  using clock = std::chrono::steady_clock;

  /// @param emails  must outlive the traffic
  /// @param serve   called by all threads at once; neither it nor what it returns may throw. A
  ///                label is delivered by the thread that sent the e-mail, before its first
  ///                request after the delay; those still waiting when the traffic ends never are
  /// @throws std::invalid_argument  if there is nothing to send, or no rate to send it at
  traffic(std::span<const email> emails, serve_email serve, const traffic_options& options = {})
      : emails_{emails}, serve_{std::move(serve)}, options_{options} {
    if (emails.empty()) throw std::invalid_argument("traffic: emails must not be empty");
    if (!(options.rate > 0)) {
      throw std::invalid_argument(
          fmt::format("traffic: rate must be above 0, got {}", options.rate));
    }
    if (options.threads < 1) {
      throw std::invalid_argument(
          fmt::format("traffic: threads must be at least 1, got {}", options.threads));
    }
    if (options.batch < 1) {
      throw std::invalid_argument(
          fmt::format("traffic: batch must be at least 1, got {}", options.batch));
    }
    if (options.mailboxes < 1) {
      throw std::invalid_argument("traffic: mailboxes must be at least 1, got 0");
    }

    for (int worker = 0; worker < options.threads; ++worker) {
      workers_.emplace_back([this, worker](const std::stop_token& stop) { replay(stop, worker); });
    }
  }

  /// How many requests were answered so far, or not.
  std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }

 private:
  struct unlabelled {
    clock::time_point due;
    bool is_spam;
    when_labelled labelled;
  };

  void replay(const std::stop_token& stop, int worker) {
    std::mt19937 random{options_.seed + static_cast<unsigned>(worker)};
    std::deque<unlabelled> waiting;  // the next to be due is first, as all wait equally long
    const std::chrono::duration<double> mean_pause{options_.batch * options_.threads /
                                                   options_.rate};

    auto next = clock::now();
    while (!stop.stop_requested()) {
      for (int sent = 0; sent < options_.batch && !stop.stop_requested(); ++sent) {
        deliver_due(waiting);
        const email& mail = emails_[random() % emails_.size()];
        const std::string mailbox = fmt::format("mailbox-{}", random() % options_.mailboxes);
        when_labelled labelled = serve_(mailbox, mail);
        sent_.fetch_add(1, std::memory_order_relaxed);
        if (labelled) {
          waiting.push_back(
              {clock::now() + options_.label_delay, mail.is_spam, std::move(labelled)});
        }
      }

      // From none to twice the mean, so that the threads meet now and then. What a stall has
      // missed is not made up for.
      const auto pause = mean_pause * (static_cast<double>(random() % 1000) / 500.0);
      next = std::max(next + std::chrono::duration_cast<clock::duration>(pause), clock::now());
      std::this_thread::sleep_until(next);
    }
  }

  static void deliver_due(std::deque<unlabelled>& waiting) {
    for (; !waiting.empty() && waiting.front().due <= clock::now(); waiting.pop_front()) {
      waiting.front().labelled(waiting.front().is_spam);
    }
  }

  std::span<const email> emails_;
  serve_email serve_;
  traffic_options options_;
  std::atomic<std::uint64_t> sent_{0};
  std::vector<std::jthread> workers_;  // last, so that they end before what they use
};

}  // namespace spam
