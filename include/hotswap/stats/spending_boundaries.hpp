#pragma once

/// @file
/// A test with a fixed schedule of looks: how great must Z be at each of them?
///
///     const std::vector<double> schedule{0.25, 0.5, 0.75, 1.0};   // of the planned samples
///     const auto looks = spending_boundaries(schedule, {.alpha_per_side = 0.05, .two_sided =
///     false}); if (z >= looks[1].critical_z) { ... }                       // at the second look:
///     rejected
///
/// For one who looks a few times, at times that the data do not decide, it finds more than tests
/// that are valid at every look. It knows nothing between the looks or after the last.
///
/// Sources
///   [LD] K. K. G. Lan, D. L. DeMets, "Discrete sequential boundaries for clinical trials",
///        Biometrika 70 (1983), 659-663.
///   [A]  P. Armitage, C. K. McPherson, B. C. Rowe, "Repeated significance tests on accumulating
///        data", Journal of the Royal Statistical Society A 132 (1969), 235-244: the recursion.

#include <hotswap/stats/alpha_spending.hpp>
#include <hotswap/stats/bracketed_root.hpp>
#include <hotswap/stats/normal.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct spending_boundaries_options {
  spending_function spending = spending_function::obrien_fleming;
  double alpha_per_side = 0.025;  ///< the error rate of all looks together, in (0, 0.5)
  bool two_sided = true;          ///< |Z| counts, and each side spends as much; else Z
};

struct spending_boundary {
  double information = 0.0;  ///< when: the share of what the last look will have seen
  double spent_alpha = 0.0;  ///< per side: P(rejected at this look or before), if the null is true
  double critical_z = 0.0;   ///< rejected when Z, or |Z|, is at least that
};

namespace detail {

/// A point of S = Z sqrt(information), and how much probability it stands for: of those S that no
/// look has rejected yet.
struct weighted_point {
  double position = 0.0;
  double weight = 0.0;
};

/// Paths of the sum that have not been rejected, as points of Gauss-Legendre quadrature, ascending.
class surviving_sums {
 public:
  /// P(the next sum > level), which `variance` is added to until then.
  [[nodiscard]] double upper_tail(double level, double variance) const {
    const double deviation = std::sqrt(variance);
    double sum = 0.0;
    for (const weighted_point& from : points_) {
      sum += from.weight * normal_upper_tail((level - from.position) / deviation);
    }
    return sum;
  }

  /// Adds an independent normal step, and loses what then lies outside [low, high].
  /// @param scale  the deviation of this step or of the next one, whichever is less
  [[nodiscard]] surviving_sums after(double variance, double low, double high, double scale) const;

 private:
  [[nodiscard]] double density(double position, double variance) const;

  std::vector<weighted_point> points_{{0.0, 1.0}};
};

inline double surviving_sums::density(double position, double variance) const {
  const double deviation = std::sqrt(variance);
  const double reach = 39.0 * deviation;  // from where exp is 0
  const auto first =
      std::ranges::lower_bound(points_, position - reach, {}, &weighted_point::position);
  double sum = 0.0;
  for (auto from = first; from != points_.end() && from->position <= position + reach; ++from) {
    const double z = (position - from->position) / deviation;
    sum += from->weight * std::exp(-0.5 * z * z);
  }
  return sum / (deviation * std::sqrt(2.0 * std::numbers::pi));
}

inline surviving_sums surviving_sums::after(double variance, double low, double high,
                                            double scale) const {
  // Sixteen points per three deviations: that leaves 1e-14 of a product of two normal densities.
  constexpr std::array<double, 8> nodes{
      0.0950125098376374402, 0.281603550779258913, 0.458016777657227386, 0.617876244402643748,
      0.755404408355003034,  0.865631202387831744, 0.944575023073232576, 0.989400934991649933};
  constexpr std::array<double, 8> weights{
      0.189450610455068496, 0.182603415044923589,  0.169156519395002538,  0.149595988816576732,
      0.124628971255533872, 0.0951585116824927848, 0.0622535239386478929, 0.0271524594117540949};
  const auto panels = static_cast<std::size_t>(std::ceil((high - low) / (3.0 * scale)));
  const double half = 0.5 * (high - low) / static_cast<double>(panels);

  surviving_sums result;
  result.points_.clear();
  result.points_.reserve(16 * panels);
  const auto add = [&](double position, double width) {
    result.points_.push_back({position, half * width * density(position, variance)});
  };
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const double centre = low + half * static_cast<double>(2 * panel + 1);
    for (std::size_t i = 8; i-- > 0;) add(centre - half * nodes[i], weights[i]);
    for (std::size_t i = 0; i < 8; ++i) add(centre + half * nodes[i], weights[i]);
  }
  return result;
}

inline void require_schedule(std::span<const double> information,
                             const spending_boundaries_options& options) {
  if (!(options.alpha_per_side > 0.0 && options.alpha_per_side < 0.5)) {
    throw std::invalid_argument(
        "spending_boundaries: alpha_per_side must lie between 0 and 0.5, got " +
        std::to_string(options.alpha_per_side));
  }
  if (information.empty()) {
    throw std::invalid_argument("spending_boundaries: there must be at least 1 look, got 0");
  }
  double before = 0.0;
  for (const double now : information) {
    if (!(now - before >= 1e-6 && now <= 1.0)) {
      throw std::invalid_argument(
          "spending_boundaries: information must grow from 0 to at most 1, by at least 1e-6 per "
          "look, got " +
          std::to_string(now) + " after " + std::to_string(before));
    }
    before = now;
  }
}

}  // namespace detail

/// The critical values of [LD] by the recursion of [A]: at each look, the probability that a Z is
/// rejected there for the first time is what the spending function adds.
///
/// The looks may be planned, or be those that there were: the boundary of a look depends on the
/// earlier ones alone. But the data must not have decided when to look. Z at information t is
/// supposed to be a standard normal whose covariance with one at a later u is sqrt(t / u), as is
/// that of means, proportions and their differences in large samples.
///
/// @param information  per look, ascending, each more than 1e-6 above the one before; the last is
///   at most 1
///
/// Where a look may spend less than 1e-300, its critical Z is infinite. 12 digits; where two looks
/// lie so close together that t grows by less than 1e-3, the amount spent loses as many as their
/// difference does. One or two milliseconds for ten looks; inversely proportional to the root of
/// the least step, so that 20 looks 1e-6 apart take a second.
///
/// @throws std::invalid_argument  for an alpha outside (0, 0.5), no looks, or information that does
///   not ascend as said.
[[nodiscard]] inline std::vector<spending_boundary> spending_boundaries(
    std::span<const double> information, const spending_boundaries_options& options = {}) {
  detail::require_schedule(information, options);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<spending_boundary> looks;
  looks.reserve(information.size());
  detail::surviving_sums sums;
  double before = 0.0;
  double spent = 0.0;

  for (std::size_t look = 0; look < information.size(); ++look) {
    const double now = information[look];
    const double deviation = std::sqrt(now);
    spending_boundary boundary{.information = now};
    boundary.spent_alpha = spent_alpha(options.spending, options.alpha_per_side, now);
    const double share = boundary.spent_alpha - spent;
    boundary.critical_z = infinity;
    if (share > 1e-300) {
      // More Z are above a level than are for the first time; so the root is not above this one.
      const double beyond = 1.001 * normal_upper_quantile(share);
      const auto excess = [&](double z) {
        const double tail = sums.upper_tail(z * deviation, now - before);
        return std::log(std::max(tail, std::numeric_limits<double>::min())) - std::log(share);
      };
      boundary.critical_z = bracketed_root(excess, 0.0, beyond);
      spent = boundary.spent_alpha;
    }
    looks.push_back(boundary);
    if (look + 1 == information.size()) break;

    // Beyond 39 deviations there is no probability in a double. Paths that went 9 down, if they are
    // to be rejected later, are fewer than 1e-18 of those that are.
    const double next = information[look + 1];
    const double high = std::min(boundary.critical_z, 39.0);
    const double low = options.two_sided ? std::max(-high, -9.0) : -9.0;
    sums = sums.after(now - before, low * deviation, high * deviation,
                      std::sqrt(std::min(now - before, next - now)));
    before = now;
  }
  return looks;
}

}  // namespace hotswap::inline v0_1::stats
