// Who is a ModelServer, and who is one that can say more: whatever way its members answer.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/smoke_test_report.hpp>

#include "concepts/awaiters.hpp"
#include "support/catch.hpp"

#include <coroutine>
#include <cstddef>
#include <string>
#include <type_traits>

using hotswap::HealthCheckable;
using hotswap::model_version;
using hotswap::ModelServer;
using hotswap::smoke_test_report;
using hotswap::SmokeTestable;
using hotswap::stop_token;
using hotswap::task;

namespace {

struct plain_server {
  void deploy(const model_version&) {}
  void warm_up(const model_version&) {}
  void remove(const model_version&) {}
};

struct task_server {
  task<> deploy(const model_version&);
  task<> warm_up(const model_version&);
  task<> remove(const model_version&);
};

struct awaiter_server {
  std::suspend_always deploy(const model_version&);
  pinned warm_up(const model_version&);
  pinned& remove(const model_version&);
};

/// Every member in another way.
struct mixed_server {
  task<> deploy(model_version);
  void warm_up(const model_version&, stop_token);
  pinned remove(const model_version&, const stop_token&);
};

struct const_server {
  void deploy(const model_version&) const {}
  void warm_up(const model_version&) const {}
  void remove(const model_version&) const {}
};

/// Beside the overload that is asked for, others of the user's own.
struct overloaded_server : plain_server {
  using plain_server::deploy;
  bool deploy(const std::string&) { return true; }
  int deploy(int) { return 0; }
};

struct defaults_server : plain_server {
  void deploy(const model_version&, int replicas = 3) { static_cast<void>(replicas); }
};

struct abstract_server {
  virtual ~abstract_server() = default;
  virtual task<> deploy(const model_version&) = 0;
  virtual task<> warm_up(const model_version&) = 0;
  virtual task<> remove(const model_version&) = 0;
};

struct without_remove {
  void deploy(const model_version&) {}
  void warm_up(const model_version&) {}
};
struct deploy_gives_bool : plain_server {
  bool deploy(const model_version&) { return true; }
};
struct warm_up_gives_task_of_bool : plain_server {
  task<bool> warm_up(const model_version&);
};
struct remove_with_token_gives_int : plain_server {
  void remove(const model_version&) {}
  int remove(const model_version&, stop_token) { return 0; }
};

// --- refinements

struct healthy_server : plain_server {
  bool healthy(const model_version&) { return true; }
};
struct healthy_task_server : plain_server {
  task<bool> healthy(const model_version&, stop_token);
};
struct healthy_awaiter_server : plain_server {
  ready<bool> healthy(const model_version&) const { return ready<bool>{true}; }
};
struct healthy_only {
  bool healthy(const model_version&) { return true; }
};
struct healthy_gives_nothing : plain_server {
  void healthy(const model_version&) {}
};

struct tested_server : plain_server {
  smoke_test_report smoke_test(const model_version&, std::size_t) { return {}; }
};
struct tested_task_server : plain_server {
  task<smoke_test_report> smoke_test(const model_version&, std::size_t, stop_token);
};
struct tested_int_server : plain_server {
  smoke_test_report smoke_test(const model_version&, long) { return {}; }
};
struct smoke_test_gives_bool : plain_server {
  bool smoke_test(const model_version&, std::size_t) { return true; }
};

template <typename Server>
constexpr bool is_diagnosed = std::is_empty_v<hotswap::diagnose_model_server<Server>>;

}  // namespace

static_assert(ModelServer<plain_server>);
static_assert(ModelServer<task_server>);
static_assert(ModelServer<awaiter_server>);
static_assert(ModelServer<mixed_server>);
static_assert(ModelServer<const_server>);
static_assert(ModelServer<const const_server>);
static_assert(ModelServer<overloaded_server>);
static_assert(ModelServer<defaults_server>);
static_assert(ModelServer<abstract_server>, "a platform may be chosen at run time");

static_assert(!ModelServer<const plain_server>);
static_assert(!ModelServer<without_remove>);
static_assert(!ModelServer<deploy_gives_bool>);
static_assert(!ModelServer<warm_up_gives_task_of_bool>);
static_assert(!ModelServer<remove_with_token_gives_int>, "the call with a token is the one used");
static_assert(!ModelServer<int>);

static_assert(HealthCheckable<healthy_server>);
static_assert(HealthCheckable<healthy_task_server>);
static_assert(HealthCheckable<healthy_awaiter_server>);
static_assert(!HealthCheckable<plain_server>);
static_assert(!HealthCheckable<healthy_only>, "it refines ModelServer");
static_assert(!HealthCheckable<healthy_gives_nothing>);

static_assert(SmokeTestable<tested_server>);
static_assert(SmokeTestable<tested_task_server>);
static_assert(SmokeTestable<tested_int_server>);
static_assert(!SmokeTestable<plain_server>);
static_assert(!SmokeTestable<smoke_test_gives_bool>);

// The diagnosis has nothing to say against any of those that are servers. What it says of the
// others stands in tests/compile_fail.
static_assert(is_diagnosed<plain_server>);
static_assert(is_diagnosed<task_server>);
static_assert(is_diagnosed<awaiter_server>);
static_assert(is_diagnosed<mixed_server>);
static_assert(is_diagnosed<const const_server>);
static_assert(is_diagnosed<overloaded_server>);
static_assert(is_diagnosed<abstract_server>);
static_assert(is_diagnosed<healthy_task_server>);
static_assert(is_diagnosed<tested_task_server>);

TEST_CASE("ModelServer: a template can tell who refines it", "[concepts][model_server]") {
  const auto kind = []<typename Server>(const Server&) {
    if constexpr (HealthCheckable<Server>) {
      return std::string{"asked before each rise"};
    } else if constexpr (ModelServer<Server>) {
      return std::string{"not asked"};
    }
  };
  CHECK(kind(healthy_server{}) == "asked before each rise");
  CHECK(kind(plain_server{}) == "not asked");
}
