#pragma once

/// @file
/// What goes wrong in a simulated run, as a string of choices in which 0 is "nothing bad".
///
///     auto drawn = hotswap::schedule::random(seed);
///     if (drawn.choose(choice_site::set_split, 5) == 2) …   // the second bad thing of four
///     std::puts(drawn.hex().c_str());                       // replays with schedule::replay
///
/// Sources: swarm testing, A. Groce et al., ISSTA 2012 (each run draws from a subset of the
/// faults); SplitMix64, G. Steele, D. Lea, C. Flood, OOPSLA 2014.

#include <hotswap/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// SplitMix64: the same numbers for the same seed, with every compiler.
class simulation_random {
 public:
  explicit simulation_random(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t bits() noexcept {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  /// In 0 … `below` - 1; the bias of the remainder is below 2^-50 for what a schedule asks.
  [[nodiscard]] unsigned below(unsigned below) noexcept {
    return static_cast<unsigned>(bits() % below);
  }

 private:
  std::uint64_t state_;
};

/// Where a choice is made. A random schedule draws for each site whether it fails at all, and in
/// which ways, so that some runs fail in one place only, again and again.
enum class choice_site : std::uint8_t {
  shape,  ///< what is simulated, no fault: the candidate's quality, say
  deploy,
  warm_up,
  smoke_test,
  remove,
  set_split,
  read_split,
  collect,
  healthy,
  set_mirror,
  divergence,
  servers,
  update,
  server_healthy,
  rotate,
  append,
  load,
  event,    ///< what the rest of the world does at a moment
  restart,  ///< how long a crashed process is away
};
inline constexpr std::size_t choice_sites = static_cast<std::size_t>(choice_site::restart) + 1;

/// Which calls fail in a schedule of `failing`.
enum class failing_calls : std::uint8_t {
  nth,                   ///< that one, once
  from_nth,              ///< and all that follow, for ever
  of_its_kind_from_nth,  ///< of those that follow, all to the same member
};

/// Made by `random`, `replay`, `failing` or one of its own neighbours; then asked by one run, which
/// it records.
class schedule {
 public:
  /// One answer that was given.
  struct choice {
    std::uint8_t made;
    std::uint8_t alternatives;
    bool is_shape;
  };

  /// Nothing bad happens.
  schedule() = default;

  /// Gives those answers, and 0 after the last.
  [[nodiscard]] static schedule replay(std::vector<std::uint8_t> choices) {
    schedule replayed;
    replayed.given_ = std::move(choices);
    return replayed;
  }

  /// The same from `hex()`.
  /// @throws config_error  unless it is an even number of hexadecimal digits.
  [[nodiscard]] static schedule replay(std::string_view hex) {
    if (hex.size() % 2 != 0) refuse(hex);
    std::vector<std::uint8_t> choices;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      choices.push_back(
          static_cast<std::uint8_t>(16U * digit(hex, hex[i]) + digit(hex, hex[i + 1])));
    }
    return replay(std::move(choices));
  }

  /// Draws its answers: how often something fails (in one answer of 100, up to one of 2), where, in
  /// which ways, and after how many answers nothing fails any more, differs from seed to seed.
  /// @param for_ever  the last of these never comes.
  [[nodiscard]] static schedule random(std::uint64_t seed, bool for_ever = false) {
    schedule drawn;
    drawn.draws_ = true;
    drawn.random_ = simulation_random{seed};
    constexpr std::array<std::uint16_t, 8> rates{655,    1'311,  2'621, 6'554, 13'107,
                                                 16'384, 22'938, 28'836};  // of 65,536: 1 % to 44 %
    drawn.rate_ = rates[drawn.random_.below(rates.size())];
    constexpr std::array<unsigned, 5> ends{30, 60, 120, 250, 500};
    drawn.last_fault_ = for_ever ? ~0U : ends[drawn.random_.below(ends.size())];
    for (site_rule& each : drawn.sites_) {
      const std::uint64_t bits = drawn.random_.bits();
      each.fails = (bits & 3U) != 0;
      each.kinds = static_cast<std::uint32_t>(bits >> 32U);
    }
    return drawn;
  }

  /// Calls fail at once, without an effect, and nothing else goes wrong. If `nth` is above the
  /// number of calls that the run makes, none does, and `faults()` is 0 in the end.
  /// @param nth    from 1, in the order in which they are made
  /// @param begin  the answers that come first, of the run's shape
  [[nodiscard]] static schedule failing(failing_calls which, std::size_t nth,
                                        std::vector<std::uint8_t> begin = {}) {
    schedule failing = replay(std::move(begin));
    failing.failing_ = which;
    failing.first_to_fail_ = nth;
    return failing;
  }

  /// One of 0 … `alternatives` - 1.
  unsigned choose(choice_site site, unsigned alternatives) {
    unsigned made = 0;
    const std::size_t number = choices_.size();
    if (number < given_.size()) {
      made = given_[number] % alternatives;
    } else if (draws_) {
      made = draw(site, alternatives, number);
    } else if (first_to_fail_ > 0 && is_call(site)) {
      made = fails(site) ? 1 : 0;  // of all members the first way to go wrong
    }
    if (number < most_recorded) {
      choices_.push_back({static_cast<std::uint8_t>(made), static_cast<std::uint8_t>(alternatives),
                          site == choice_site::shape});
    }
    return made;
  }

  /// The answers so far.
  [[nodiscard]] const std::vector<choice>& choices() const noexcept { return choices_; }

  /// Of the answers so far, those that are bad.
  [[nodiscard]] std::size_t faults() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(choices_.begin(), choices_.end(),
                      [](const choice& each) { return each.made != 0 && !each.is_shape; }));
  }

  /// The answers so far, without the zeros at the end.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> made;
    made.reserve(choices_.size());
    for (const choice& each : choices_) made.push_back(each.made);
    while (!made.empty() && made.back() == 0) made.pop_back();
    return made;
  }

  /// The same as text, two digits each.
  [[nodiscard]] std::string hex() const { return hex_of(bytes()); }

  [[nodiscard]] static std::string hex_of(const std::vector<std::uint8_t>& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t each : bytes) {
      text += digits[each >> 4U];
      text += digits[each & 15U];
    }
    return text;
  }

 private:
  struct site_rule {
    std::uint32_t kinds = ~0U;  ///< a bit for each way to fail
    bool fails = true;
  };

  static constexpr std::size_t most_recorded = 20'000;

  unsigned draw(choice_site site, unsigned alternatives, std::size_t number) {
    if (site == choice_site::shape) return random_.below(alternatives);
    if (number >= last_fault_) return 0;
    const site_rule& rule = sites_[static_cast<std::size_t>(site)];
    const std::uint64_t bits = random_.bits();
    if (!rule.fails || (bits & 0xffffU) >= rate_) return 0;
    const unsigned way = static_cast<unsigned>((bits >> 16U) % (alternatives - 1)) + 1;
    if ((rule.kinds >> (way % 32U) & 1U) != 0) return way;
    return static_cast<unsigned>((bits >> 40U) % alternatives);  // rarely a way that it has not
  }

  static bool is_call(choice_site site) noexcept {
    return site != choice_site::shape && site != choice_site::event && site != choice_site::restart;
  }

  bool fails(choice_site site) noexcept {
    ++calls_;
    if (calls_ == first_to_fail_) failing_site_ = site;
    if (calls_ <= first_to_fail_) return calls_ == first_to_fail_;
    return failing_ == failing_calls::from_nth ||
           (failing_ == failing_calls::of_its_kind_from_nth && site == failing_site_);
  }

  [[noreturn]] static void refuse(std::string_view hex) {
    throw config_error(
        "", "schedule: must be an even number of hexadecimal digits, got " + std::string{hex});
  }

  static unsigned digit(std::string_view hex, char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
    refuse(hex);
  }

  std::vector<std::uint8_t> given_;
  std::vector<choice> choices_;
  bool draws_ = false;
  simulation_random random_{0};
  unsigned rate_ = 0;
  unsigned last_fault_ = ~0U;
  std::array<site_rule, choice_sites> sites_{};
  failing_calls failing_ = failing_calls::nth;
  std::size_t first_to_fail_ = 0;  ///< 0: none does
  std::size_t calls_ = 0;
  choice_site failing_site_ = choice_site::shape;
};

/// The least schedule that still fails: bytes are deleted, set to zero and lowered for as long as
/// that goes on.
/// @param fails  is a run of those choices still a failure?
template <typename Fails>
[[nodiscard]] std::vector<std::uint8_t> shrink(std::vector<std::uint8_t> bytes, const Fails& fails,
                                               std::size_t most_tries = 4'000) {
  std::size_t tries = 0;
  const auto try_it = [&](std::vector<std::uint8_t> smaller) {
    while (!smaller.empty() && smaller.back() == 0) smaller.pop_back();
    if (smaller == bytes || tries >= most_tries) return false;
    ++tries;
    if (!fails(smaller)) return false;
    bytes = std::move(smaller);
    return true;
  };
  for (bool changed = true; changed && tries < most_tries;) {
    changed = false;
    for (std::size_t length = std::max<std::size_t>(bytes.size() / 2, 1);; length /= 2) {
      for (std::size_t at = 0; at + length <= bytes.size();) {  // zeros first: nothing moves
        auto zeroed = bytes;
        std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at), length, std::uint8_t{0});
        if (try_it(std::move(zeroed))) {
          changed = true;
          continue;
        }
        auto shorter = bytes;
        const auto from = shorter.begin() + static_cast<std::ptrdiff_t>(at);
        shorter.erase(from, from + static_cast<std::ptrdiff_t>(length));
        if (try_it(std::move(shorter))) {
          changed = true;
        } else {
          at += length;
        }
      }
      if (length <= 1) break;
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (std::uint8_t value = 1; at < bytes.size() && value < bytes[at]; ++value) {
        auto lower = bytes;
        lower[at] = value;
        if (try_it(std::move(lower))) {
          changed = true;
          break;
        }
      }
    }
  }
  return bytes;
}

/// Runs every schedule of at most `faults` bad answers, each once, until `run` says false.
/// @param run    takes a schedule by reference, asks it, and says whether to go on
/// @param begin  the answers that come first, of the run's shape
/// @return false if it was stopped.
template <typename Run>
bool enumerate_schedules(unsigned faults, const Run& run, std::vector<std::uint8_t> begin = {}) {
  schedule tried = schedule::replay(begin);
  if (!run(tried)) return false;
  if (faults == 0) return true;
  const std::vector<schedule::choice> choices = tried.choices();
  for (std::size_t at = begin.size(); at < choices.size(); ++at) {
    if (choices[at].is_shape) continue;
    for (std::uint8_t made = 1; made < choices[at].alternatives; ++made) {
      std::vector<std::uint8_t> next = begin;
      next.resize(at, 0);
      next.push_back(made);
      if (!enumerate_schedules(faults - 1, run, std::move(next))) return false;
    }
  }
  return true;
}

}  // namespace hotswap::inline v0_1
