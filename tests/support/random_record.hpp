#pragma once

/// @file
/// Records as strange as they can be: every payload, every enumerator, NaN, -0, counts beyond 2^53,
/// texts that are no UTF-8.
///
///     support::random_record random{1};
///     const hotswap::journal_record record = random.of_payload(7);

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace support {

class random_record {
 public:
  explicit random_record(std::uint64_t seed) : bits_(seed) {}

  /// @param index  of the alternative of `record_payload`.
  hotswap::journal_record of_payload(std::size_t index) {
    hotswap::journal_record record;
    record.sequence = count();
    record.rollout = text();
    record.step = text();
    record.verb = text();
    record.phase = static_cast<hotswap::record_phase>(below(3));
    record.at = time();
    record.driver = text();
    record.payload = payload(index);
    for (std::size_t i = below(4); i > 0; --i) {
      record.events.push_back(std::make_shared<const hotswap::event>(event(record.payload)));
    }
    return record;
  }

  std::uint64_t below(std::uint64_t end) { return bits_() % end; }
  bool flip() { return below(2) == 0; }

  double number() {
    using limits = std::numeric_limits<double>;
    constexpr std::array<double, 18> special{0.0,
                                             -0.0,
                                             1.0,
                                             -1.0,
                                             0.1,
                                             1e22,
                                             1e23,
                                             9007199254740992.0,
                                             9007199254740994.0,
                                             1.7976931348623157e308,
                                             5e-324,
                                             2.2250738585072011e-308,
                                             123456789012345680.0,
                                             limits::infinity(),
                                             -limits::infinity(),
                                             limits::quiet_NaN(),
                                             limits::epsilon(),
                                             limits::max()};
    const std::uint64_t which = below(special.size() + 6);
    if (which < special.size()) return special[which];
    return std::bit_cast<double>(bits_());  // among them NaNs of any bits
  }

  std::uint64_t count() {
    switch (below(4)) {
      case 0:
        return below(1000);
      case 1:
        return std::numeric_limits<std::uint64_t>::max() - below(3);
      case 2:
        return (std::uint64_t{1} << 53U) + below(3);
      default:
        return bits_();
    }
  }

  std::string text() {
    static const std::array<std::string, 12> pieces{"fraud",
                                                    "",
                                                    "é",
                                                    "\xF0\x9F\x98\x80",
                                                    "\"\\/",
                                                    "\n\r\t",
                                                    "\x7F",
                                                    "\u2028",
                                                    std::string(1, '\0'),
                                                    "\x1B[2J",
                                                    "a/b~c~0",
                                                    "\xEF\xBF\xBD"};
    std::string made;
    for (std::uint64_t i = below(4); i > 0; --i) made += pieces[below(pieces.size())];
    if (below(8) == 0) made += static_cast<char>(0x80 + below(0x80));  // no UTF-8
    if (below(50) == 0) made += std::string(300, 'x');
    return made;
  }

  std::chrono::system_clock::time_point time() {
    using point = std::chrono::system_clock::time_point;
    switch (below(5)) {
      case 0:
        return point::min();
      case 1:
        return point::max();
      case 2:
        return point{};
      default:
        return point{point::duration{static_cast<point::rep>(bits_())}};
    }
  }

  hotswap::metrics_snapshot snapshot() {
    hotswap::metrics_snapshot made;
    made.requests = count();
    made.errors = count();
    if (flip()) made.units = count();
    if (flip()) made.accuracy = proportion();
    if (flip()) made.latency = moments();
    if (flip()) made.latency_distribution = sketch();
    if (flip()) {
      made.drift.emplace();
      made.drift->score = number();
      made.drift->samples = count();
      made.drift->bins = count();
      made.drift->reference = text();
    }
    for (std::uint64_t i = below(3); i > 0; --i) made.custom[text()] = moments();
    return made;
  }

 private:
  hotswap::stats::proportion proportion() {
    const std::uint64_t a = count();
    const std::uint64_t b = count();
    return {std::min(a, b), std::max(a, b)};
  }

  hotswap::stats::moments moments() {
    hotswap::stats::moments made;
    for (std::uint64_t i = below(5); i > 0; --i) made.add(number());
    return made;
  }

  hotswap::stats::quantile_sketch sketch() {
    hotswap::stats::quantile_sketch made;
    for (std::uint64_t i = below(20); i > 0; --i)
      made.add(static_cast<double>(bits_() >> 24U) / 1e9);
    return made;
  }

  hotswap::reason_code reason() { return static_cast<hotswap::reason_code>(below(26)); }

  std::optional<double> maybe() { return flip() ? std::optional{number()} : std::nullopt; }

  hotswap::verdict verdict() {
    std::vector<hotswap::finding> findings;
    for (std::uint64_t i = below(3); i > 0; --i) {
      hotswap::finding& each = findings.emplace_back();
      each.metric = text();
      each.role = text();
      each.made = static_cast<hotswap::decision>(below(3));
      each.required = flip();
      each.baseline = maybe();
      each.candidate = maybe();
      each.quantile = maybe();
      each.limit = maybe();
      each.method = text();
      each.statistic = maybe();
      each.p_value = maybe();
      each.e_value = maybe();
      if (flip()) each.interval = hotswap::stats::interval{number(), number()};
      each.baseline_samples = count();
      each.candidate_samples = count();
      each.sentence = text();
    }
    return {static_cast<hotswap::decision>(below(3)), std::move(findings)};
  }

  std::shared_ptr<const hotswap::look_report> look() {
    hotswap::look_report made;
    made.window = {time(), time()};
    made.collected = flip();
    made.baseline = snapshot();
    made.candidate = snapshot();
    made.contemporaneous = flip();
    made.candidate_share = share();
    if (flip()) {
      made.divergence.emplace();
      made.divergence->compared = count();
      made.divergence->disagreed = count();
      made.divergence->shadow_errors = count();
      for (std::uint64_t i = below(3); i > 0; --i) made.divergence->dropped[text()] = count();
      made.divergence->difference = moments();
    }
    made.verdict = verdict();
    made.elapsed = std::chrono::milliseconds{static_cast<std::int64_t>(bits_())};
    made.bake = std::chrono::milliseconds{static_cast<std::int64_t>(below(1'000'000))};
    if (flip()) made.unhealthy_looks = count();
    return std::make_shared<const hotswap::look_report>(std::move(made));
  }

  hotswap::share share() { return hotswap::share::basis_points(static_cast<int>(below(10'001))); }

  hotswap::event event(const hotswap::record_payload& payload) {
    hotswap::event made;
    made.time = time();
    made.rollout = text();
    made.sequence = count();
    made.kind = static_cast<hotswap::event_kind>(below(24));
    made.severity = static_cast<hotswap::severity>(below(3));
    made.model = text();
    made.baseline = text();
    made.candidate = text();
    made.strategy = text();
    made.step = text();
    made.candidate_share = share();
    made.actor = text();
    made.reason_code = reason();
    made.message = text();
    for (std::uint64_t i = below(3); i > 0; --i) made.labels[text()] = text();
    for (std::uint64_t i = below(3); i > 0; --i) made.payload[text()] = text();
    const auto* shared = std::get_if<std::shared_ptr<const hotswap::look_report>>(&payload);
    if (shared != nullptr && flip()) {
      made.look = *shared;
    } else if (below(4) == 0) {
      made.look = look();
    }
    return made;
  }

  std::chrono::nanoseconds duration() {
    return std::chrono::nanoseconds{static_cast<std::int64_t>(bits_())};
  }

  hotswap::record_payload payload(std::size_t index) {
    switch (index) {
      case 0:
        return {};
      case 1: {
        hotswap::opening_record made;
        made.strategy = text();
        made.model = text();
        made.baseline = text();
        made.candidate = text();
        made.request_id = text();
        made.config = text();
        made.document = text();
        return std::make_shared<const hotswap::opening_record>(std::move(made));
      }
      case 2:
        return hotswap::resumed_record{};
      case 3:
        return hotswap::fingerprint_record{text()};
      case 4:
        return hotswap::outcome_record{text()};
      case 5:
        return std::make_shared<const hotswap::reference_record>(snapshot(), duration());
      case 6: {
        using hotswap::model_version;
        const hotswap::share first = share();
        if (first.basis_points() % 2 == 0) {
          return hotswap::traffic_split::between({"fraud", "1"}, {"fraud", "2"}, first)
              .with_salt(text());
        }
        std::vector<hotswap::traffic_split::entry> entries;
        entries.emplace_back(model_version{"fraud", "3"}, hotswap::share::basis_points(1));
        entries.emplace_back(model_version{"fraud", "1"}, hotswap::share::basis_points(3'332));
        entries.emplace_back(model_version{"fraud", "2"}, hotswap::share::basis_points(6'667));
        return hotswap::traffic_split::of(std::move(entries)).with_salt(text());
      }
      case 7:
        return look();
      case 8:
        return hotswap::extension_record{duration()};
      case 9:
        return hotswap::hold_record{flip(), reason(), text()};
      case 10: {
        hotswap::control_command made{static_cast<hotswap::control_command::kind>(below(6)), text(),
                                      text()};
        made.gate = text();
        made.forced = flip();
        return std::make_shared<const hotswap::command_record>(std::move(made));
      }
      case 11:
        return hotswap::rollback_record{status(), reason(), text()};
      case 12:
        return hotswap::committed_record{};
      case 13:
        return hotswap::terminal_record{status(), text(), reason(), text()};
      default:
        throw std::logic_error("random_record: there is no such payload");
    }
  }
  static_assert(std::variant_size_v<hotswap::record_payload> == 14, "and the new payload?");

  hotswap::deployment_status status() { return static_cast<hotswap::deployment_status>(below(5)); }

  std::mt19937_64 bits_;
};

}  // namespace support
