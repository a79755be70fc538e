// What smoke samples promise: that each is tried once, and that no failure goes unnoticed.

#include <hotswap/serving/smoke_samples.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using hotswap::smoke_samples;
using hotswap::smoke_test_report;

namespace {

/// Doubles what it is asked, and knows how often.
class model {
 public:
  int predict(int input) const {
    ++asked;
    if (input == 13) throw std::runtime_error("no answer to 13");
    if (input == 14) throw std::runtime_error("");
    if (input == 15) throw 15;
    return 2 * input;
  }

  mutable int asked = 0;
};

using messages = std::vector<std::string>;

}  // namespace

TEST_CASE("smoke_samples: as many are tried as were asked for, in their order",
          "[serving][smoke_samples]") {
  const smoke_samples<model> samples{std::vector{1, 2, 13}};
  const model tried;

  const smoke_test_report report = samples.run(tried, 2);

  CHECK(samples.size() == 3);
  CHECK(tried.asked == 2);
  CHECK(report.samples == 2);
  CHECK(report.failures == 0);
  CHECK(report.messages == messages{});
}

TEST_CASE("smoke_samples: if there are fewer, each is tried once, and the report says how many",
          "[serving][smoke_samples]") {
  const model tried;

  CHECK(smoke_samples<model>{std::vector{1, 2, 3}}.run(tried, 100).samples == 3);
  CHECK(tried.asked == 3);
  CHECK(smoke_samples<model>{}.run(tried, 100).samples == 0);
  CHECK(smoke_samples<model>{}.size() == 0);
}

TEST_CASE("smoke_samples: a prediction that throws is a failure, with its text",
          "[serving][smoke_samples]") {
  const smoke_samples<model> samples{std::vector{1, 13, 14, 15, 2}};

  const smoke_test_report report = samples.run(model{}, 5);

  CHECK(report.samples == 5);
  CHECK(report.failures == 3);
  CHECK(report.messages == messages{"sample 1: no answer to 13",
                                    "sample 2: an exception without a text",
                                    "sample 3: an exception that is no std::exception"});
}

TEST_CASE(
    "smoke_samples: an answer that does not pass the check is a failure, as is a check that throws",
    "[serving][smoke_samples]") {
  const smoke_samples<model> samples{std::vector{1, 2, 3}, [](int input, int answer) {
                                       if (input == 3) throw std::runtime_error("3 is odd");
                                       return input == 1 && answer == 2;
                                     }};

  const smoke_test_report report = samples.run(model{}, 3);

  CHECK(report.failures == 2);
  CHECK(report.messages ==
        messages{"sample 1: the answer does not pass the check", "sample 2: 3 is odd"});
}

TEST_CASE("smoke_samples: every failure counts, and the first five are told",
          "[serving][smoke_samples]") {
  const smoke_samples<model> samples{std::vector<int>(20, 13)};

  const smoke_test_report report = samples.run(model{}, 20);

  CHECK(report.failures == 20);
  REQUIRE(report.messages.size() == 5);
  CHECK(report.messages.back() == "sample 4: no answer to 13");
}
