// A guard for memory that a transfer uses. It only marks the scope.
#pragma once

namespace experimental {
template <typename Release> class Lock {
  public:
    explicit Lock(Release r) : release(r) {}
    ~Lock() { release(); }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;

  private:
    Release release;
};
} // namespace experimental
