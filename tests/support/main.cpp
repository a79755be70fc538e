// The main of every test program; with Catch2 v3 it comes from the library Catch2::Catch2WithMain.

#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
