#pragma once

/// @file
/// What a platform inside this process may be told besides how to load a model.
///
///     hotswap::in_process_options<fraud_model> options;
///     options.smoke_samples = hotswap::smoke_samples<fraud_model>{payments};
///     hotswap::in_process_platform platform{first, load, options};

#include <hotswap/async/thread_pool.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/serving/smoke_samples.hpp>

#include <functional>

namespace hotswap::inline v0_1 {

/// By default every version is warm and healthy, and there are no samples to test one with.
template <typename Model>
class in_process_options {
 public:
  in_process_options() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// Makes a model ready for its full share, e.g. by a few predictions; throws if it cannot.
  std::function<void(const Model&, const model_version&)> warm_up;
  /// Is the version well? Yes, unless this says otherwise.
  std::function<bool(const Model&, const model_version&)> healthy;
  /// What `smoke_test` tries a version on.
  hotswap::smoke_samples<Model> smoke_samples;
  /// Where models are loaded, warmed up and tested, so that rollouts do not wait meanwhile.
  /// Outlives the platform's calls. Without one, that happens on the clock's thread.
  thread_pool* pool = nullptr;
};

}  // namespace hotswap::inline v0_1
