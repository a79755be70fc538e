#pragma once

/// @file
/// What is served: the probability that an e-mail is spam; and how each version of it is made.
///
///     const spam::spam_model model = spam::train(spam::recipe_of("good"), training);
///     const bool is_spam = model.predict(mail.features) >= 0.5;

#include "boosted_trees.hpp"
#include "spambase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spam {

/// How a version is made.
struct recipe {
  std::string_view version;
  std::string_view description;
  training_options training{};
  unsigned training_percent = 100;  // of the e-mails, for training; the others are left out
  unsigned flipped_percent = 0;     // of their labels: these say the opposite
  int members = 1;                  // models that are asked one after the other
  unsigned fails_one_in = 0;        // e-mails; 0 is never
};

// All but the degraded one have trees of one size, so that a difference in latency has one cause.
inline constexpr std::array recipes{
    recipe{.version = "1",
           .description = "trained on a quarter of the e-mails",
           .training = {.rounds = 60, .depth = 5},
           .training_percent = 25},
    recipe{.version = "good",
           .description = "trained on all of the e-mails",
           .training = {.rounds = 60, .depth = 5}},
    recipe{.version = "degraded",
           .description = "trained on labels of which 38 % are flipped",
           .training = {.rounds = 12, .depth = 4},
           .flipped_percent = 38},
    recipe{.version = "slow",
           .description = "asks three models, and answers with their mean",
           .training = {.rounds = 60, .depth = 5, .row_share = 0.8},
           .members = 3},
    recipe{.version = "failing",
           .description = "throws on 5 % of the e-mails",
           .training = {.rounds = 60, .depth = 5},
           .fails_one_in = 20},
};

/// @throws std::invalid_argument  for a version that there is no recipe for
inline const recipe& recipe_of(std::string_view version) {
  const auto found = std::ranges::find(recipes, version, &recipe::version);
  if (found != recipes.end()) return *found;
  std::string known;
  for (const recipe& one : recipes) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", one.version);
  }
  throw std::invalid_argument(fmt::format("version must be one of {}, got {}", known, version));
}

/// A trained model, good or bad. Nothing in it changes, so all threads may ask it at once.
class spam_model {
 public:
  spam_model(std::vector<boosted_trees> members, unsigned fails_one_in)
      : members_{std::move(members)}, fails_one_in_{fails_one_in} {}

  /// The probability that an e-mail with these features is spam.
  ///
  /// @throws std::runtime_error  on the e-mails that this version cannot read: always the same
  double predict(std::span<const float> features) const {
    if (fails_one_in_ != 0) {
      const std::uint64_t id = fingerprint(features);
      if (id % fails_one_in_ == 0) {
        throw std::runtime_error(fmt::format("e-mail {:016x} cannot be read", id));
      }
    }
    double sum = 0;
    for (const boosted_trees& member : members_) sum += member.predict(features);
    return sum / static_cast<double>(members_.size());
  }

 private:
  std::vector<boosted_trees> members_;
  unsigned fails_one_in_;
};

/// Takes 0.03 to 0.4 s on one core. The same e-mails in the same order give the same model.
inline spam_model train(const recipe& how, std::span<const email> emails) {
  emails = emails.first(emails.size() * how.training_percent / 100);
  std::mt19937 random{1};  // the same labels are flipped in every run
  std::vector<float> features;
  std::vector<float> labels;
  features.reserve(emails.size() * feature_count);
  labels.reserve(emails.size());
  for (const email& mail : emails) {
    features.insert(features.end(), mail.features.begin(), mail.features.end());
    const bool flipped = random() % 100 < how.flipped_percent;
    labels.push_back(mail.is_spam != flipped ? 1.0F : 0.0F);
  }

  std::vector<boosted_trees> members;
  for (int member = 0; member < how.members; ++member) {
    training_options training = how.training;
    training.seed += member;  // so that the members differ
    members.push_back(boosted_trees::train(features, labels, training));
  }
  return {std::move(members), how.fails_one_in};
}

}  // namespace spam
