#pragma once

/// @file
/// Which hotswap this is; the only macro that the library defines.
///
///     static_assert(HOTSWAP_VERSION >= 100, "the journal needs hotswap 0.1.0");

/// Major * 10'000 + minor * 100 + patch. CMake reads the version from this line.
#define HOTSWAP_VERSION 100
