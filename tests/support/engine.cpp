// The engine of all test programs that run rollouts.

#include <hotswap/rollout/engine_here.hpp>
