// The statistics alone: hotswap::stats, without fmt and without JSON.

#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/welch.hpp>

#include <cstdio>

int main() {
  hotswap::stats::moments baseline;
  for (const double latency : {0.10, 0.12, 0.11, 0.13}) baseline.add(latency);
  hotswap::stats::moments candidate;
  for (const double latency : {0.20, 0.22, 0.21, 0.23}) candidate.add(latency);

  const auto result = hotswap::stats::welch_t_test(baseline, candidate);
  std::printf("p = %.6f\n", result.p_value);
  return result.p_value < 0.01 ? 0 : 1;
}
