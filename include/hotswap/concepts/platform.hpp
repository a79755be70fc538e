#pragma once

/// @file
/// The three concepts together: what every strategy is built over.
///
///     static_assert(hotswap::Platform<my_server, my_router, my_metrics>);

#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/traffic_router.hpp>

namespace hotswap::inline v0_1 {

template <typename Server, typename Router, typename Metrics>
concept Platform = ModelServer<Server> && TrafficRouter<Router> && MetricsSource<Metrics>;

/// One sentence for each member that is missing or wrong, in any of the three.
template <typename Server, typename Router, typename Metrics>
struct diagnose_platform : private diagnose_model_server<Server>,
                           private diagnose_traffic_router<Router>,
                           private diagnose_metrics_source<Metrics> {};

}  // namespace hotswap::inline v0_1
