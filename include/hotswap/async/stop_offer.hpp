#pragma once

/// @file
/// A stop token for whoever wants one: most functions do not, and a source of tokens allocates.
///
///     hotswap::task<> probe(const hotswap::stop_offer& stop) { return probe_until(stop.take()); }

#include <hotswap/async/stop_token.hpp>

#include <optional>

namespace hotswap::inline v0_1 {

/// Belongs to the thread that starts the call; its tokens may go anywhere. Outlives the call.
class stop_offer {
 public:
  stop_offer() {}
  stop_offer(const stop_offer&) = delete;
  stop_offer& operator=(const stop_offer&) = delete;

  /// To be asked for while the call starts: later, another thread may be there.
  [[nodiscard]] stop_token take() const {
    if (!source_) source_.emplace();
    return source_->get_token();
  }

  /// Triggers the tokens that were taken.
  void request_stop() const {
    if (source_) source_->request_stop();
  }

 private:
  mutable std::optional<stop_source> source_;  ///< none until a token is taken
};

}  // namespace hotswap::inline v0_1
