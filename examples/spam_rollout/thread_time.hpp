#pragma once

/// @file
/// How much a thread has computed. POSIX.
///
///     const std::chrono::nanoseconds started = spam::thread_time();
///     model.predict(features);
///     const std::chrono::nanoseconds took = spam::thread_time() - started;
///
/// Source: POSIX.1-2017, clock_gettime, CLOCK_THREAD_CPUTIME_ID.

#include <cerrno>
#include <chrono>
#include <system_error>

#include <time.h>

namespace spam {

/// The time that the calling thread has had a processor, since it began. On a machine whose
/// processors are all busy, the wall time of a request of 30 µs says who else wanted them: measured
/// beside three compilers, the mean over 1,000 requests of a model that is as fast as the other one
/// was 0.8 to 1.6 times the other's; in this time, 1.1 to 1.2 times.
///
/// @throws std::system_error  if the system does not know
inline std::chrono::nanoseconds thread_time() {
  timespec read{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &read) != 0) {
    throw std::system_error(errno, std::generic_category(), "thread_time");
  }
  return std::chrono::seconds{read.tv_sec} + std::chrono::nanoseconds{read.tv_nsec};
}

}  // namespace spam
