// Who is a TrafficRouter, and who is one that can be read, that fences late writers off, that
// mirrors.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>

#include "concepts/awaiters.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <type_traits>

using hotswap::FencedRouter;
using hotswap::MirroringRouter;
using hotswap::model_version;
using hotswap::ReadableRouter;
using hotswap::share;
using hotswap::stop_token;
using hotswap::task;
using hotswap::traffic_split;
using hotswap::TrafficRouter;

namespace {

struct plain_router {
  void set_split(const traffic_split&) {}
};
struct value_router {
  void set_split(traffic_split) {}
};
struct task_router {
  task<> set_split(const traffic_split&, stop_token);
};
struct awaiter_router {
  pinned set_split(const traffic_split&);
};
struct const_router {
  void set_split(const traffic_split&) const {}
};
struct fenced_only {
  task<> set_split(const traffic_split&, std::uint64_t);
};
struct fenced_with_token {
  void set_split(const traffic_split&, std::uint64_t revision, stop_token) { seen = revision; }
  std::uint64_t seen = 0;
};
struct fenced_and_plain {
  void set_split(const traffic_split&) {}
  void set_split(const traffic_split&, std::uint64_t) {}
};
struct readable_router : plain_router {
  traffic_split split(const std::string& model) const {
    return traffic_split::all_to(model_version{model, "1"});
  }
};
struct readable_task_router : plain_router {
  task<traffic_split> split(std::string, stop_token);
};
struct readable_fenced_router : fenced_only {
  const traffic_split& split(const std::string&);
};
struct mirroring_router : plain_router {
  void set_mirror(const model_version&, const model_version&, share) {}
};
struct mirroring_task_router : plain_router {
  task<> set_mirror(model_version, model_version, share, stop_token);
};

struct other_spelling {
  void setSplit(const traffic_split&) {}
};
struct gives_bool {
  bool set_split(const traffic_split&) { return true; }
};
struct gives_task_of_bool {
  task<bool> set_split(const traffic_split&);
};
struct changes_the_split {
  void set_split(traffic_split&) {}
};
struct router_with_flag {
  void set_split(const traffic_split&, bool dry_run = false);
};

struct fenced_gives_bool {
  void set_split(const traffic_split&) {}
  bool set_split(const traffic_split&, std::uint64_t) { return true; }
};
struct split_gives_share : plain_router {
  share split(const std::string&) { return {}; }
};
struct only_readable {
  traffic_split split(const std::string&);
};
struct mirror_gives_bool : plain_router {
  bool set_mirror(const model_version&, const model_version&, share) { return true; }
};

template <typename Router>
constexpr bool is_diagnosed = std::is_empty_v<hotswap::diagnose_traffic_router<Router>>;

}  // namespace

static_assert(TrafficRouter<plain_router>);
static_assert(TrafficRouter<value_router>);
static_assert(TrafficRouter<task_router>);
static_assert(TrafficRouter<awaiter_router>);
static_assert(TrafficRouter<const_router>);
static_assert(TrafficRouter<const const_router>);
static_assert(TrafficRouter<fenced_only>, "the member with a revision is enough");
static_assert(TrafficRouter<fenced_with_token>);
static_assert(!TrafficRouter<const plain_router>);
static_assert(!TrafficRouter<other_spelling>);
static_assert(!TrafficRouter<gives_bool>);
static_assert(!TrafficRouter<gives_task_of_bool>);
static_assert(!TrafficRouter<changes_the_split>);
static_assert(!TrafficRouter<only_readable>);

static_assert(FencedRouter<fenced_only>);
static_assert(FencedRouter<fenced_with_token>);
static_assert(FencedRouter<fenced_and_plain>);
static_assert(!FencedRouter<plain_router>);
static_assert(!FencedRouter<task_router>, "a stop token is no revision");
static_assert(!FencedRouter<fenced_gives_bool>);
static_assert(!FencedRouter<router_with_flag>, "a defaulted bool is no revision");
static_assert(TrafficRouter<router_with_flag>);

static_assert(ReadableRouter<readable_router>);
static_assert(ReadableRouter<readable_task_router>);
static_assert(ReadableRouter<readable_fenced_router>);
static_assert(!ReadableRouter<plain_router>);
static_assert(!ReadableRouter<split_gives_share>);
static_assert(!ReadableRouter<only_readable>, "it refines TrafficRouter");

static_assert(MirroringRouter<mirroring_router>);
static_assert(MirroringRouter<mirroring_task_router>);
static_assert(!MirroringRouter<plain_router>);
static_assert(!MirroringRouter<mirror_gives_bool>);

static_assert(is_diagnosed<plain_router>);
static_assert(is_diagnosed<task_router>);
static_assert(is_diagnosed<awaiter_router>);
static_assert(is_diagnosed<const const_router>);
static_assert(is_diagnosed<fenced_only>);
static_assert(is_diagnosed<fenced_and_plain>);
static_assert(is_diagnosed<readable_fenced_router>);
static_assert(is_diagnosed<mirroring_task_router>);

TEST_CASE("FencedRouter: gets the revision and the token", "[concepts][traffic_router]") {
  fenced_with_token router;
  const std::uint64_t revision = 1'767'225'600'000;  // more than 32 bits hold

  hotswap::call_member<hotswap::member::set_split,
                       void(const traffic_split&, const std::uint64_t&)>(
      router, {}, traffic_split::all_to({"fraud", "1"}), revision);

  CHECK(router.seen == revision);
}

TEST_CASE("ReadableRouter: answers with a split of the model that was asked for",
          "[concepts][traffic_router]") {
  readable_router router;
  const traffic_split split =
      hotswap::call_member<hotswap::member::split, traffic_split(const std::string&)>(
          router, {}, std::string{"fraud"});
  CHECK(split == traffic_split::all_to({"fraud", "1"}));
}
