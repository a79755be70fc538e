#pragma once

/// @file
/// Who gets what share of one model's traffic.
///
///     const auto split = hotswap::traffic_split::between(baseline, candidate, 25_pct);

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The versions of one model that get traffic, and how much. The shares sum to 100 % by
/// construction. Never changes; a copy shares it with the original.
class traffic_split {
 public:
  using entry = std::pair<model_version, share>;

  traffic_split(const traffic_split&) = default;  // and no move, which would leave nothing
  traffic_split& operator=(const traffic_split&) = default;
  ~traffic_split() = default;

  [[nodiscard]] static traffic_split all_to(model_version version) {
    std::vector<entry> only;
    only.emplace_back(std::move(version), share::basis_points(10'000));
    return traffic_split{std::move(only)};
  }

  /// @throws config_error  if the models differ, or the versions are the same.
  [[nodiscard]] static traffic_split between(model_version baseline, model_version candidate,
                                             share candidate_share) {
    std::vector<entry> entries;
    entries.reserve(2);
    entries.emplace_back(std::move(baseline), candidate_share.rest());
    entries.emplace_back(std::move(candidate), candidate_share);
    return of(std::move(entries));
  }

  /// Any number of versions, the baseline first.
  /// @throws config_error  unless they are different versions of one model with a sum of 100 %.
  [[nodiscard]] static traffic_split of(std::vector<entry> entries) {
    require_one_model(entries);
    require_sum(entries);
    std::erase_if(entries, [](const entry& e) { return e.second.basis_points() == 0; });
    return traffic_split{std::move(entries)};
  }

  /// 0 % for a version that is not in it.
  [[nodiscard]] share share_of(const model_version& version) const {
    for (const auto& [each, part] : *entries_) {
      if (each == version) return part;
    }
    return share{};
  }

  [[nodiscard]] const std::string& model() const noexcept {
    return entries_->front().first.model();
  }

  /// The versions that get traffic, baseline first; never empty, and no share in it is 0.
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return *entries_; }

  /// What makes the sticky choice of this experiment independent of others': set to the rollout's
  /// id by the rollout, unless set before. No part of equality.
  [[nodiscard]] const std::string& salt() const noexcept { return salt_; }
  [[nodiscard]] traffic_split with_salt(shared_text salt) const {
    traffic_split salted = *this;
    salted.salt_ = std::move(salt);
    return salted;
  }

  /// The same share for every version; the order and the salt do not matter.
  friend bool operator==(const traffic_split& a, const traffic_split& b) {
    return a.entries_ == b.entries_ || std::is_permutation(a.entries_->begin(), a.entries_->end(),
                                                           b.entries_->begin(), b.entries_->end());
  }

 private:
  explicit traffic_split(std::vector<entry> entries)
      : entries_(std::make_shared<const std::vector<entry>>(std::move(entries))) {}

  static void require_one_model(const std::vector<entry>& entries) {
    for (auto e = entries.begin(); e != entries.end(); ++e) {
      if (e->first.model() != entries.front().first.model()) {
        throw config_error("", "traffic_split: versions must be of one model, got " +
                                   to_string(entries.front().first) + " and " +
                                   to_string(e->first));
      }
      const auto is_same = [&](const entry& other) { return other.first == e->first; };
      if (std::find_if(entries.begin(), e, is_same) != e) {
        throw config_error(
            "", "traffic_split: versions must differ, got " + to_string(e->first) + " twice");
      }
    }
  }

  static void require_sum(const std::vector<entry>& entries) {
    int sum = 0;
    for (const auto& e : entries) sum += e.second.basis_points();
    if (sum != 10'000) {
      throw config_error(
          "", "traffic_split: shares must sum to 10000 basis points, got " + std::to_string(sum));
    }
  }

  std::shared_ptr<const std::vector<entry>> entries_;  ///< never null
  shared_text salt_;
};

/// `90 % fraud@1, 10 % fraud@2`
[[nodiscard]] inline std::string to_string(const traffic_split& split) {
  std::string text;
  for (const auto& [version, part] : split.entries()) {
    if (!text.empty()) text += ", ";
    text += to_string(part);
    text += ' ';
    text += version.model();
    text += '@';
    text += version.version();
  }
  return text;
}

}  // namespace hotswap::inline v0_1
