#pragma once

/// @file
/// Memory of coroutine frames, which come and go by the dozen with each call of a rollout.
///
///     class promise_type : public hotswap::frame_memory { … };
///
/// A general allocator spends more time on a frame than a short coroutine spends running: it merges
/// what is freed with its neighbours, and splits it again for the next frame of the same size.

#include <array>
#include <cstddef>
#include <new>

namespace hotswap::inline v0_1 {

namespace detail {

/// Under AddressSanitizer a use after free must be seen.
[[nodiscard]] constexpr bool frees_are_watched() noexcept {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer);
#else
  return false;
#endif
}

/// The blocks that one thread keeps. Trivial, so that reaching it needs no guard.
class kept_frames {
 public:
  static constexpr std::size_t grain = 16;  ///< sizes are rounded up to multiples of it
  static constexpr std::size_t kinds = 512;

  [[nodiscard]] void* take(std::size_t kind) noexcept {
    block* const taken = first_[kind];
    if (taken == nullptr) return nullptr;
    first_[kind] = taken->next;
    room_ += (kind + 1) * grain;
    return taken;
  }

  /// @return false if it must be freed instead.
  [[nodiscard]] bool keep(void* freed, std::size_t kind) noexcept {
    if (!was_opened_) open();
    const std::size_t size = (kind + 1) * grain;
    if (size > room_) return false;
    room_ -= size;
    first_[kind] = ::new (freed) block{first_[kind]};
    return true;
  }

 private:
  struct block {
    block* next;
  };

  /// Frees them at the thread's end; frames that are freed still later are not kept.
  struct closer {
    explicit closer(kept_frames& of) noexcept : closed(of) {
      closed.was_opened_ = true;
      closed.room_ = most_bytes;
    }
    closer(const closer&) = delete;
    closer& operator=(const closer&) = delete;
    ~closer() {
      for (std::size_t kind = 0; kind < kinds; ++kind) {
        while (void* const each = closed.take(kind)) ::operator delete(each);
      }
      closed.room_ = 0;
    }
    kept_frames& closed;
  };

  void open() noexcept { static thread_local closer at_thread_end{*this}; }

  static constexpr std::size_t most_bytes = 256 * 1024;

  std::array<block*, kinds> first_;
  std::size_t room_;  ///< bytes that it may still keep
  bool was_opened_;
};

inline constinit thread_local kept_frames frames_of_thread{};

[[nodiscard]] inline void* allocate_frame(std::size_t size) {
  if constexpr (!frees_are_watched()) {
    const std::size_t kind = (size - 1) / kept_frames::grain;
    if (kind < kept_frames::kinds) {
      if (void* const kept = frames_of_thread.take(kind)) return kept;
      size = (kind + 1) * kept_frames::grain;
    }
  }
  return ::operator new(size);
}

inline void free_frame(void* freed, std::size_t size) noexcept {
  if constexpr (!frees_are_watched()) {
    const std::size_t kind = (size - 1) / kept_frames::grain;
    if (kind < kept_frames::kinds && frames_of_thread.keep(freed, kind)) return;
  }
  ::operator delete(freed);
}

}  // namespace detail

/// A base of promise types. A thread keeps the blocks that it frees for its next frames: none above
/// 8 KB, and at most 256 KB in all. Any thread may free a frame.
class frame_memory {
 public:
  static void* operator new(std::size_t size) { return detail::allocate_frame(size); }
  static void operator delete(void* freed, std::size_t size) noexcept {
    detail::free_frame(freed, size);
  }
};

/// The same for `std::allocate_shared` of what comes and goes with frames, or as often.
template <typename T>
class frame_allocator {
 public:
  using value_type = T;

  frame_allocator() = default;
  template <typename Other>
  frame_allocator(const frame_allocator<Other>&) noexcept {}  // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(detail::allocate_frame(count * sizeof(T)));
  }
  void deallocate(T* freed, std::size_t count) noexcept {
    detail::free_frame(freed, count * sizeof(T));
  }

  template <typename Other>
  friend bool operator==(const frame_allocator&, const frame_allocator<Other>&) noexcept {
    return true;
  }
};

}  // namespace hotswap::inline v0_1
