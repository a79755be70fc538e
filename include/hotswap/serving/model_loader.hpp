#pragma once

/// @file
/// A function that loads versions, whatever it returns: a model, or a shared or unique pointer to
/// one.
///
///     const hotswap::model_loader<fraud_model> load{
///         [](const hotswap::model_version& version) { return fraud_model{path_of(version)}; }};
///     const std::shared_ptr<const fraud_model> model = load(version);

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename Loaded>
struct loaded_model {
  using type = Loaded;
};
template <typename Model>
struct loaded_model<std::shared_ptr<Model>> {
  using type = std::remove_const_t<Model>;
};
template <typename Model>
struct loaded_model<std::unique_ptr<Model>> {
  using type = std::remove_const_t<Model>;
};

}  // namespace detail

/// `Model` for a loader that returns a `Model`, or a shared or unique pointer to one.
template <typename Loader>
using loaded_model_t =
    typename detail::loaded_model<std::invoke_result_t<Loader&, const model_version&>>::type;

/// Called with a version, loads a `Model`.
template <typename Loader, typename Model>
concept loads = std::same_as<loaded_model_t<Loader>, Model> ||
                std::is_invocable_r_v<std::shared_ptr<const Model>, Loader&, const model_version&>;

/// Any such function, for calls by several threads at once if the function is fit for that.
template <typename Model>
class model_loader {
 public:
  template <loads<Model> Loader>
    requires(!std::same_as<Loader, model_loader>)
  explicit model_loader(Loader load) : load_(pointer_loader(std::move(load))) {}

  /// Never null.
  /// @throws error  for a loader that returns a null pointer.
  /// @throws …      what the loader throws.
  [[nodiscard]] std::shared_ptr<const Model> operator()(const model_version& version) const {
    std::shared_ptr<const Model> model = load_(version);
    if (model) return model;
    throw error("platform: loader must return a model, got none for " + to_string(version));
  }

 private:
  using function = std::function<std::shared_ptr<const Model>(const model_version&)>;

  template <typename Loader>
  static function pointer_loader(Loader load) {
    if constexpr (std::same_as<std::invoke_result_t<Loader&, const model_version&>, Model>) {
      return [load = std::move(load)](const model_version& version) mutable {
        return std::shared_ptr<const Model>{new Model(load(version))};  // it may not be movable
      };
    } else {
      return load;
    }
  }

  function load_;
};

}  // namespace hotswap::inline v0_1
