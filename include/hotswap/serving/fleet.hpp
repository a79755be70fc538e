#pragma once

/// @file
/// Several servers of one model inside this process, each with a version of its own, that a rolling
/// deployment updates a few at a time.
///
///     hotswap::in_process_fleet fleet{hotswap::model_version{"fraud", "1"}, 4, load_model};
///     const double score = fleet.acquire("user-42").predict(features);           // any thread
///     hotswap::rolling_strategy rolling{fleet, fleet, fleet.metrics()};

#include <hotswap/async/blocking.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/serving/deployment.hpp>
#include <hotswap/serving/in_process_options.hpp>
#include <hotswap/serving/key_hash.hpp>
#include <hotswap/serving/lease.hpp>
#include <hotswap/serving/model_loader.hpp>
#include <hotswap/serving/recorder.hpp>
#include <hotswap/serving/rotation.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// A `RotatingFleet` and a `CounterSource`; `metrics()` is its `MetricsSource`, by version. It is a
/// `ReadableRouter`, too, whose split is what its servers run, and cannot be set to anything else.
/// Any member may be called from any thread. It outlives its leases and its outstanding calls.
///
/// No request is ever without a model: the last server in rotation can neither leave it nor be
/// updated. The servers share the model of a version, which is loaded once. Each change of the
/// rotation takes 24 bytes a server for as long as the fleet lives, since a request may still be
/// looking at the one before.
template <typename Model>
class in_process_fleet {
 public:
  /// Loads the first version, which all servers run.
  /// @param servers  how many: `server-1`, `server-2`, …
  /// @param load     as for an `in_process_platform`
  /// @throws config_error  for no servers.
  /// @throws …             what the loader throws; an `error` if it returns a null pointer.
  template <loads<Model> Loader>
  in_process_fleet(const model_version& first, std::size_t servers, Loader load,
                   in_process_options<Model> options = {})
      : load_(std::move(load)), options_(std::move(options)), model_(first.model()) {
    if (servers == 0) throw config_error("", "fleet: servers must be at least 1, got 0");
    const auto model = models_.emplace(first, load_(first)).first->second;
    for (std::size_t i = 1; i <= servers; ++i) {
      nodes_.push_back(std::make_unique<node>(server_id{"server-" + std::to_string(i)}));
      run(*nodes_.back(), first, model);
    }
    publish();
  }
  in_process_fleet(const in_process_fleet&) = delete;
  in_process_fleet& operator=(const in_process_fleet&) = delete;

  /// A model for the request of this key, on a server that a `rotation` chooses, and pinned. The
  /// index of its `arm()` is the server's place in `servers()`. Lock-free.
  lease<Model> acquire(std::string_view key) noexcept {
    while (true) {
      const rotation<Model>& now = *rotation_.load(std::memory_order_acquire);
      const auto& chosen = now.pick(key);
      // closed: the rotation has moved on since, and the next pick sees that
      if (chosen.at->enter()) {
        return lease<Model>{*chosen.at, {.index = chosen.index, .epoch = now.epoch()}};
      }
    }
  }

  /// What an answer of that version was worth, when it is known later than the request has ended.
  void record_label(const model_version& version, bool correct) {
    recorder_.record_label(version, correct);
  }

  /// Loads a version, so that servers can be updated to it without a wait.
  /// @throws config_error  when awaited, for another model's version.
  /// @throws …             when awaited, what the loader throws.
  task<> deploy(const model_version& version) { return deploy_version(*this, version); }

  /// Does what the options say to a deployed version.
  /// @throws error  when awaited, for a version that is not deployed.
  /// @throws …      when awaited, what the options' `warm_up` throws.
  task<> warm_up(const model_version& version) { return warm_up_version(*this, version); }

  /// Drops the model. What was never deployed has been removed.
  /// @throws error  for a version that a server runs, or runs until its update has drained it.
  void remove(const model_version& version) {
    const std::lock_guard lock{mutex_};
    for (const auto& each : nodes_) {
      if (each->current->version() != version) continue;
      throw error("fleet: version must run on no server when it is removed, got " +
                  to_string(version) + " on " + to_string(each->id));
    }
    models_.erase(version);
  }

  /// All of its servers, in rotation or not, always in the same order.
  /// @throws config_error  for another model.
  [[nodiscard]] std::vector<server_id> servers(const std::string& model) const {
    require_model(model);
    std::vector<server_id> all;
    for (const auto& each : nodes_) all.push_back(each->id);
    return all;
  }

  /// Replaces what a server runs: loads the version unless it is deployed, takes the server out of
  /// rotation, lets its requests end, and puts it back where it was, with the version. Until all of
  /// its requests have ended it gets no others; the last of them does the rest.
  ///
  /// Of overlapping updates of a server the latest started wins, and the others throw. One to the
  /// version that the server is just being drained of lets it go on.
  /// @throws config_error  when awaited, for another model's version, or an unknown server.
  /// @throws error         when awaited, for the last server in rotation; or for an update that
  ///   another one has overtaken.
  /// @throws …             when awaited, what the loader throws; the server then goes on.
  task<> update(const server_id& server, const model_version& version) {
    return update_server(*this, server, version);
  }

  /// Is it able to answer, and its version well as far as the options know?
  /// @throws config_error  for an unknown server.
  [[nodiscard]] bool healthy(const server_id& server) {
    deployment<Model>* const current = current_of(server);
    if (!current->enter()) return false;
    const lease<Model> pinned{*current, {}};
    return !options_.healthy || options_.healthy(pinned.model(), current->version());
  }

  /// In force on return: a request that comes later goes to servers in rotation. One that is being
  /// updated comes back when that is done.
  /// @throws config_error  for an unknown server.
  /// @throws error         if no other server is left in rotation.
  void set_rotation(const server_id& server, bool in_rotation) {
    const std::lock_guard lock{mutex_};
    node& target = node_of(server);
    if (target.in_rotation == in_rotation) return;
    if (!in_rotation) require_others(target, "taken out of it");
    target.in_rotation = in_rotation;
    publish();
  }

  /// Nothing to do for the split that is in force; there is no way to set another one.
  /// @throws config_error  for another model's split.
  /// @throws error         for any other.
  void set_split(const traffic_split& asked) const {
    const traffic_split now = split(asked.model());
    if (asked == now) return;
    throw error("fleet: split must be what its servers run, " + to_string(now) + ", got " +
                to_string(asked));
  }

  /// What part of the servers in rotation runs which version: to a basis point, the part of the
  /// keys.
  /// @throws config_error  for another model.
  [[nodiscard]] traffic_split split(const std::string& model) const {
    require_model(model);
    const std::lock_guard lock{mutex_};
    const auto& serving = rotation_.load(std::memory_order_relaxed)->servers();
    std::vector<traffic_split::entry> parts;
    std::map<model_version, std::size_t> running;
    for (const auto& each : serving) ++running[each.at->version()];
    std::size_t begin = 0;
    for (const auto& [version, count] : running) {
      const auto place = [&serving](std::size_t of) { return 10'000 * of / serving.size(); };
      const auto part = static_cast<int>(place(begin + count) - place(begin));
      parts.emplace_back(version, share::basis_points(part));
      begin += count;
    }
    return traffic_split::of(std::move(parts));
  }

  /// What a version has done since its first request, on all servers.
  [[nodiscard]] metrics_snapshot totals(const model_version& version) const {
    return recorder_.totals(version);
  }

  /// What versions do in windows of time, on all servers.
  [[nodiscard]] windowed<recorder>& metrics() noexcept { return metrics_; }

 private:
  /// One server.
  class node {
   public:
    explicit node(server_id named) : id(std::move(named)), seed(hash_seed(id.name())) {}

    const server_id id;
    const std::uint64_t seed;
    bool in_rotation = true;
    bool is_draining = false;                        // by an update
    std::uint64_t updates = 0;                       // that were started
    deployment<Model>* current = nullptr;            // closed while it drains
    std::map<model_version, deployment<Model>> all;  // that it has ever run
  };

  static task<> deploy_version(in_process_fleet& self, model_version version) {
    co_await load_version(self, version);
  }

  static task<std::shared_ptr<const Model>> load_version(in_process_fleet& self,
                                                         model_version version) {
    self.require_model(version.model());
    std::shared_ptr<const Model> model = self.find(version);
    if (model) co_return model;
    if (self.options_.pool == nullptr) {
      model = self.load_(version);
    } else {
      model = co_await blocking(*self.options_.pool, std::cref(self.load_), version);
    }
    co_return self.keep(version, std::move(model));
  }

  static task<> warm_up_version(in_process_fleet& self, model_version version) {
    const std::shared_ptr<const Model> model = self.find(version);
    if (!model) {
      throw error("fleet: version must be deployed before it is warmed up, got " +
                  to_string(version));
    }
    if (!self.options_.warm_up) co_return;
    if (self.options_.pool == nullptr) {
      self.options_.warm_up(*model, version);
    } else {
      co_await blocking(*self.options_.pool, std::cref(self.options_.warm_up), std::cref(*model),
                        version);
    }
  }

  static task<> update_server(in_process_fleet& self, server_id server, model_version version) {
    self.require_model(version.model());
    const std::uint64_t turn = self.begin_update(server);
    if (self.goes_on(server, version)) co_return;
    std::shared_ptr<const Model> model = co_await load_version(self, version);
    deployment<Model>* const before = self.drain(server, turn);
    co_await before->drained();
    self.start(server, turn, version, std::move(model));
  }

  void require_model(const std::string& model) const {
    if (model == model_) return;
    throw config_error("", "fleet: model must be " + model_ + ", got " + model);
  }

  std::shared_ptr<const Model> find(const model_version& version) const {
    const std::lock_guard lock{mutex_};
    const auto found = models_.find(version);
    return found == models_.end() ? nullptr : found->second;
  }

  /// The first that was loaded, if there are two.
  std::shared_ptr<const Model> keep(const model_version& version,
                                    std::shared_ptr<const Model> model) {
    const std::lock_guard lock{mutex_};
    return models_.try_emplace(version, std::move(model)).first->second;
  }

  deployment<Model>* current_of(const server_id& server) const {
    const std::lock_guard lock{mutex_};
    return node_of(server).current;
  }

  std::uint64_t begin_update(const server_id& server) {
    const std::lock_guard lock{mutex_};
    return ++node_of(server).updates;
  }

  /// Does the server run this version, or does it again since its requests have not ended yet?
  bool goes_on(const server_id& server, const model_version& version) {
    deployment<Model>* const current = current_of(server);
    if (current->version() != version) return false;
    // resumes the update that has waited for the last request, so not under our lock
    if (!current->reopen()) return false;
    const std::lock_guard lock{mutex_};
    node_of(server).is_draining = false;
    publish();
    return true;
  }

  deployment<Model>* drain(const server_id& server, std::uint64_t turn) {
    const std::lock_guard lock{mutex_};
    node& target = node_of(server);
    require_latest(target, turn);
    if (is_serving(target)) require_others(target, "updated");
    target.is_draining = true;
    publish();  // first: so no request looks for the server in vain
    target.current->close();
    return target.current;
  }

  void start(const server_id& server, std::uint64_t turn, const model_version& version,
             std::shared_ptr<const Model> model) {
    const std::lock_guard lock{mutex_};
    node& target = node_of(server);
    require_latest(target, turn);
    models_.try_emplace(version, model);  // it may have been removed meanwhile
    run(target, version, std::move(model));
    target.is_draining = false;
    publish();
  }

  void run(node& on, const model_version& version, std::shared_ptr<const Model> model) {
    deployment<Model>& next =
        on.all.try_emplace(version, version, recorder_.counters(version)).first->second;
    next.open(std::move(model));
    on.current = &next;
  }

  node& node_of(const server_id& server) const {
    for (const auto& each : nodes_) {
      if (each->id == server) return *each;
    }
    throw config_error("", "fleet: server must be server-1 to server-" +
                               std::to_string(nodes_.size()) + ", got " + to_string(server));
  }

  static void require_latest(const node& target, std::uint64_t turn) {
    if (target.updates == turn) return;
    throw error("fleet: update must be the latest of its server, got one of " +
                to_string(target.id) + " that another has overtaken");
  }

  static bool is_serving(const node& each) noexcept {
    return each.in_rotation && !each.is_draining;
  }

  void require_others(const node& target, const char* next) const {
    for (const auto& each : nodes_) {
      if (each.get() != &target && is_serving(*each)) return;
    }
    throw error("fleet: server must not be the last in rotation when it is " + std::string{next} +
                ", got " + to_string(target.id));
  }

  void publish() {
    std::vector<typename rotation<Model>::server> serving;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const node& each = *nodes_[i];
      if (!is_serving(each)) continue;
      serving.push_back({static_cast<std::uint32_t>(i), each.seed, each.current});
    }
    const auto epoch = static_cast<std::uint32_t>(rotations_.size());
    rotations_.push_back(std::make_unique<const rotation<Model>>(std::move(serving), epoch));
    rotation_.store(rotations_.back().get(), std::memory_order_release);
  }

  const model_loader<Model> load_;
  const in_process_options<Model> options_;
  const std::string model_;
  recorder recorder_;
  windowed<recorder> metrics_{recorder_};
  mutable std::mutex mutex_;  // of those who change the fleet; a request does not need it
  std::map<model_version, std::shared_ptr<const Model>> models_;   // that are deployed
  std::vector<std::unique_ptr<node>> nodes_;                       // the same for good
  std::vector<std::unique_ptr<const rotation<Model>>> rotations_;  // all that a request may look at
  std::atomic<const rotation<Model>*> rotation_{nullptr};
};

template <typename Loader>
in_process_fleet(const model_version&, std::size_t, Loader)
    -> in_process_fleet<loaded_model_t<Loader>>;
template <typename Loader, typename Options>
in_process_fleet(const model_version&, std::size_t, Loader, Options)
    -> in_process_fleet<loaded_model_t<Loader>>;

}  // namespace hotswap::inline v0_1
