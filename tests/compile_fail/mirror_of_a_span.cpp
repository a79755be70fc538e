// expect: a mirrored request must own what it refers to, since it is answered again later: mirror a std::vector or a std::string, not a pointer, a span or a string_view.

#include <hotswap/serving/mirroring_platform.hpp>

#include <span>

namespace {

struct model {
  double predict(std::span<const float> features) const { return features.front(); }
};

}  // namespace

using platform = hotswap::mirroring_platform<model, std::span<const float>>;
static_assert(sizeof(platform) > 0);
