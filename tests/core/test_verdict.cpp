// What a verdict promises: it is inconclusive until somebody judged, and its summary is the
// sentences of those findings that made the decision.

#include <hotswap/core/verdict.hpp>

#include "support/catch.hpp"

#include <string>

using hotswap::decision;
using hotswap::finding;
using hotswap::verdict;

namespace {

finding said(decision made, std::string sentence, bool required = true) {
  finding one;
  one.made = made;
  one.sentence = std::move(sentence);
  one.required = required;
  return one;
}

}  // namespace

TEST_CASE("verdict: without a look it is inconclusive, and that is no pass", "[core][verdict]") {
  const verdict nothing;
  CHECK(nothing.decision() == decision::inconclusive);
  CHECK_FALSE(nothing.passed());
  CHECK_FALSE(nothing.failed());
  CHECK(nothing.summary() == "nothing was measured");
  CHECK(finding{}.made == decision::inconclusive);
}

TEST_CASE("verdict: passed and failed are what was decided", "[core][verdict]") {
  CHECK(verdict{decision::pass, {}}.passed());
  CHECK_FALSE(verdict{decision::pass, {}}.failed());
  CHECK(verdict{decision::fail, {}}.failed());
  CHECK_FALSE(verdict{decision::fail, {}}.passed());
}

TEST_CASE("verdict: the summary names what failed, and not what passed beside it",
          "[core][verdict]") {
  const verdict failed{
      decision::fail,
      {said(decision::pass, "latency is fine"), said(decision::fail, "accuracy fell by 10 %"),
       said(decision::inconclusive, "no labels"),
       said(decision::fail, "errors rose, though nobody required it", false)}};
  CHECK(failed.summary() == "accuracy fell by 10 %; errors rose, though nobody required it");
}

TEST_CASE("verdict: an optional metric neither passes nor keeps a pass back", "[core][verdict]") {
  const verdict inconclusive{decision::inconclusive,
                             {said(decision::inconclusive, "too few labels"),
                              said(decision::inconclusive, "no drift measured", false)}};
  CHECK(inconclusive.summary() == "too few labels");

  const verdict passed{
      decision::pass,
      {said(decision::pass, "latency is fine"), said(decision::pass, "drift too", false)}};
  CHECK(passed.summary() == "latency is fine");
}

TEST_CASE("verdict: findings without a sentence leave no gap", "[core][verdict]") {
  const verdict passed{decision::pass,
                       {said(decision::pass, ""), said(decision::pass, "latency is fine"),
                        said(decision::pass, ""), said(decision::pass, "accuracy too")}};
  CHECK(passed.summary() == "latency is fine; accuracy too");
  CHECK(verdict{decision::pass, {said(decision::pass, "")}}.summary() == "nothing was measured");
}
