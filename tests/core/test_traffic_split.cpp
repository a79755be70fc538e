// What a traffic_split promises: versions of one model, shares that sum to 100 %, and none in it
// that gets nothing.

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>

#include "support/catch.hpp"

#include <vector>

using hotswap::model_version;
using hotswap::share;
using hotswap::traffic_split;
using namespace hotswap::literals;

namespace {

const model_version fraud_1{"fraud", "1"};
const model_version fraud_2{"fraud", "2"};
const model_version fraud_3{"fraud", "3"};
const model_version spam_1{"spam", "1"};

}  // namespace

TEST_CASE("traffic_split: all to one version", "[core][traffic_split]") {
  const traffic_split split = traffic_split::all_to(fraud_1);
  CHECK(split.model() == "fraud");
  CHECK(split.share_of(fraud_1) == 100_pct);
  CHECK(split.share_of(fraud_2) == share{});
  CHECK(split.entries() == std::vector<traffic_split::entry>{{fraud_1, 100_pct}});
  CHECK(to_string(split) == "100 % fraud@1");
}

TEST_CASE("traffic_split: between two versions, the baseline first", "[core][traffic_split]") {
  const traffic_split split = traffic_split::between(fraud_1, fraud_2, 12.5_pct);
  CHECK(split.share_of(fraud_1) == 87.5_pct);
  CHECK(split.share_of(fraud_2) == 12.5_pct);
  CHECK(split.share_of(spam_1) == share{});
  CHECK(split.entries() ==
        std::vector<traffic_split::entry>{{fraud_1, 87.5_pct}, {fraud_2, 12.5_pct}});
  CHECK(to_string(split) == "87.5 % fraud@1, 12.5 % fraud@2");
}

TEST_CASE("traffic_split: the entries sum to 100 % at each of the 10'001 shares",
          "[core][traffic_split]") {
  for (int points = 0; points <= 10'000; ++points) {
    const traffic_split split =
        traffic_split::between(fraud_1, fraud_2, share::basis_points(points));
    int sum = 0;
    for (const auto& entry : split.entries()) {
      REQUIRE(entry.second > share{});
      sum += entry.second.basis_points();
    }
    REQUIRE(sum == 10'000);
  }
}

TEST_CASE("traffic_split: a version without traffic is not in it", "[core][traffic_split]") {
  CHECK(traffic_split::between(fraud_1, fraud_2, 0_pct) == traffic_split::all_to(fraud_1));
  CHECK(traffic_split::between(fraud_1, fraud_2, 100_pct) == traffic_split::all_to(fraud_2));
  CHECK(traffic_split::between(fraud_1, fraud_2, 100_pct).entries().size() == 1);
}

TEST_CASE("traffic_split: any number of versions", "[core][traffic_split]") {
  const traffic_split split =
      traffic_split::of({{fraud_1, 80_pct}, {fraud_2, 15_pct}, {fraud_3, 5_pct}});
  CHECK(split.share_of(fraud_3) == 5_pct);
  CHECK(to_string(split) == "80 % fraud@1, 15 % fraud@2, 5 % fraud@3");
}

TEST_CASE("traffic_split: equal if each version gets the same; order and salt do not matter",
          "[core][traffic_split]") {
  const traffic_split split = traffic_split::between(fraud_1, fraud_2, 25_pct);
  CHECK(split == traffic_split::between(fraud_2, fraud_1, 75_pct));
  CHECK(split == split.with_salt("fraud~17"));
  CHECK(split != traffic_split::between(fraud_1, fraud_2, 25.01_pct));
  CHECK(split != traffic_split::between(fraud_2, fraud_1, 25_pct));
  CHECK(split != traffic_split::between(fraud_1, fraud_3, 25_pct));
  CHECK(split != traffic_split::all_to(fraud_1));
}

TEST_CASE("traffic_split: has no salt until it is given one", "[core][traffic_split]") {
  const traffic_split split = traffic_split::all_to(fraud_1);
  CHECK(split.salt().empty());
  CHECK(split.with_salt("fraud~17").salt() == "fraud~17");
  CHECK(split.salt().empty());
}

TEST_CASE("traffic_split: what is no split of one model is refused",
          "[core][traffic_split][errors]") {
  CHECK_THROWS_WITH(traffic_split::between(fraud_1, spam_1, 10_pct),
                    "traffic_split: versions must be of one model, got fraud@1 and spam@1");
  CHECK_THROWS_WITH(traffic_split::between(fraud_1, fraud_1, 10_pct),
                    "traffic_split: versions must differ, got fraud@1 twice");
  CHECK_THROWS_WITH(traffic_split::of({{fraud_1, 50_pct}, {fraud_2, 49.99_pct}}),
                    "traffic_split: shares must sum to 10000 basis points, got 9999");
  CHECK_THROWS_WITH(traffic_split::of({{fraud_1, 100_pct}, {fraud_2, 0.01_pct}}),
                    "traffic_split: shares must sum to 10000 basis points, got 10001");
  CHECK_THROWS_WITH(traffic_split::of({}),
                    "traffic_split: shares must sum to 10000 basis points, got 0");
  CHECK_THROWS_AS(traffic_split::of({{fraud_1, 100_pct}, {spam_1, 0_pct}}), hotswap::config_error);
}
