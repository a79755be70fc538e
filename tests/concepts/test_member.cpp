// How a member is asked for and called: with a stop token if it takes one, with defaults, on const
// objects, among overloads, and with whatever it returns.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/core/model_version.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

using hotswap::answers;
using hotswap::call_member;
using hotswap::has_member;
using hotswap::model_version;
using hotswap::stop_token;
namespace member = hotswap::member;

namespace {

using version_call = void(const model_version&);
using named_call = std::string(const model_version&);

struct without_token {
  std::string deploy(const model_version&) { return "without"; }
};
struct with_token {
  std::string deploy(const model_version&, stop_token stop) {
    return stop.stop_requested() ? "requested" : "not requested";
  }
};
struct with_token_by_reference {
  std::string deploy(const model_version&, const stop_token& stop) {
    return stop.stop_requested() ? "requested" : "not requested";
  }
};
struct with_both {
  std::string deploy(const model_version&) { return "without"; }
  std::string deploy(const model_version&, stop_token) { return "with"; }
};
struct with_default_token {
  std::string deploy(const model_version&, stop_token stop = {}) {
    return stop.stop_possible() ? "with" : "default";
  }
};
struct with_defaults {
  std::string deploy(const model_version&, int replicas = 3, bool gpu = true) {
    return std::to_string(replicas) + (gpu ? " on gpu" : "");
  }
};
struct by_value {
  std::string deploy(model_version version) { return version.version(); }
};
struct on_const {
  std::string deploy(const model_version&) const { return "const"; }
};
struct template_member {
  template <typename Version>
  std::string deploy(const Version& version) {
    return version.model();
  }
};
struct wrong_name {
  void Deploy(const model_version&) {}
};
struct wrong_argument {
  void deploy(int) {}
};
struct changes_its_argument {
  void deploy(model_version&) {}
};
struct static_member {
  static void deploy(const model_version&) {}
};
class private_member {
  void deploy(const model_version&) {}
};
struct data_member {
  int deploy = 0;
};
struct function_object_member {
  struct deployer {
    void operator()(const model_version&) const {}
  } deploy;
};
struct base {
  virtual ~base() = default;
  virtual void deploy(const model_version&) = 0;
};
struct derived : base {
  void deploy(const model_version&) override {}
};
struct gives_reference {
  int& deploy(const model_version&) { return count; }
  int count = 7;
};
struct gives_unique {
  std::unique_ptr<int> deploy(const model_version&) { return std::make_unique<int>(7); }
};

template <typename Platform>
std::string deploy_with(Platform&& platform, const stop_token& stop = {}) {
  return call_member<member::deploy, named_call>(platform, stop, model_version{"fraud", "2"});
}

}  // namespace

// --- has_member

static_assert(has_member<without_token, member::deploy, version_call>);
static_assert(has_member<with_token, member::deploy, version_call>);
static_assert(has_member<with_both, member::deploy, version_call>);
static_assert(has_member<with_default_token, member::deploy, version_call>);
static_assert(has_member<with_defaults, member::deploy, version_call>);
static_assert(has_member<by_value, member::deploy, version_call>);
static_assert(has_member<template_member, member::deploy, version_call>);
static_assert(has_member<static_member, member::deploy, version_call>);
static_assert(has_member<function_object_member, member::deploy, version_call>);
static_assert(has_member<base, member::deploy, version_call>);
static_assert(has_member<derived, member::deploy, version_call>);
static_assert(!has_member<wrong_name, member::deploy, version_call>);
static_assert(!has_member<wrong_argument, member::deploy, version_call>);
static_assert(!has_member<changes_its_argument, member::deploy, version_call>);
static_assert(!has_member<private_member, member::deploy, version_call>);
static_assert(!has_member<data_member, member::deploy, version_call>);
static_assert(!has_member<without_token, member::warm_up, version_call>);
static_assert(!has_member<int, member::deploy, version_call>);

// --- const objects have const members only

static_assert(has_member<const on_const, member::deploy, version_call>);
static_assert(!has_member<const without_token, member::deploy, version_call>);
static_assert(!has_member<const with_token, member::deploy, version_call>);

// --- answers

static_assert(answers<without_token, member::deploy, named_call>);
static_assert(!answers<without_token, member::deploy, version_call>);
static_assert(answers<static_member, member::deploy, version_call>);
static_assert(!answers<wrong_name, member::deploy, version_call>);
static_assert(answers<gives_reference, member::deploy, int(const model_version&)>);
static_assert(!answers<gives_reference, member::deploy, std::string(const model_version&)>);

// --- call_member returns what the member returns, reference or not

static_assert(std::same_as<decltype(call_member<member::deploy, int(const model_version&)>(
                               std::declval<gives_reference&>(), stop_token{},
                               std::declval<const model_version&>())),
                           int&>);
static_assert(
    std::same_as<decltype(call_member<member::deploy, version_call>(
                     std::declval<derived&>(), stop_token{}, std::declval<const model_version&>())),
                 void>);

TEST_CASE("call_member: hands over the token to whoever takes one, and prefers to",
          "[concepts][member]") {
  hotswap::stop_source source;

  CHECK(deploy_with(without_token{}, source.get_token()) == "without");
  CHECK(deploy_with(with_token{}, source.get_token()) == "not requested");
  CHECK(deploy_with(with_both{}, source.get_token()) == "with");
  CHECK(deploy_with(with_default_token{}, source.get_token()) == "with");

  source.request_stop();
  CHECK(deploy_with(with_token{}, source.get_token()) == "requested");
  CHECK(deploy_with(with_token_by_reference{}, source.get_token()) == "requested");
}

TEST_CASE("call_member: leaves other defaults as they are", "[concepts][member]") {
  CHECK(deploy_with(with_defaults{}) == "3 on gpu");
}

TEST_CASE("call_member: values, const objects and templates", "[concepts][member]") {
  const on_const constant;
  CHECK(deploy_with(by_value{}) == "2");
  CHECK(deploy_with(constant) == "const");
  CHECK(deploy_with(template_member{}) == "fraud");

  gives_unique unique;
  const auto made = call_member<member::deploy, void(const model_version&)>(
      unique, {}, model_version{"fraud", "2"});
  CHECK(*made == 7);
}
