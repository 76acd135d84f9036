// A pointer to values in this core's L1 that a Noc can read into and write from.
#pragma once
#include <cstddef>

#include "experimental/lock.h"
#include "experimental/noc.h"

namespace experimental {

template <typename T, typename AddressType = uintptr_t> class CoreLocalMem {
    using difference_type = std::ptrdiff_t;

  public:
    CoreLocalMem(AddressType a) : address(a) {}
    CoreLocalMem(T *p) : address(reinterpret_cast<AddressType>(p)) {}

    T *get_unsafe_ptr() const { return reinterpret_cast<T *>(address); }
    AddressType get_address() const { return address; }
    T &operator[](uint32_t i) const { return get_unsafe_ptr()[i]; }
    T &operator*() const { return *get_unsafe_ptr(); }
    T *operator->() const { return get_unsafe_ptr(); }

    CoreLocalMem &operator+=(difference_type n) {
        address += n * sizeof(T);
        return *this;
    }
    CoreLocalMem &operator-=(difference_type n) { return *this += -n; }
    CoreLocalMem &operator++() { return *this += 1; }
    CoreLocalMem &operator--() { return *this += -1; }
    CoreLocalMem operator++(int) {
        CoreLocalMem before = *this;
        *this += 1;
        return before;
    }
    CoreLocalMem operator--(int) {
        CoreLocalMem before = *this;
        *this += -1;
        return before;
    }
    CoreLocalMem operator+(difference_type n) const {
        return CoreLocalMem(address + n * sizeof(T));
    }
    CoreLocalMem operator-(difference_type n) const {
        return CoreLocalMem(address - n * sizeof(T));
    }
    difference_type operator-(const CoreLocalMem &o) const {
        return (difference_type)(address - o.address) / (difference_type)sizeof(T);
    }
    bool operator==(const CoreLocalMem &o) const { return address == o.address; }
    bool operator!=(const CoreLocalMem &o) const { return address != o.address; }
    bool operator<(const CoreLocalMem &o) const { return address < o.address; }
    bool operator<=(const CoreLocalMem &o) const { return address <= o.address; }
    bool operator>(const CoreLocalMem &o) const { return address > o.address; }
    bool operator>=(const CoreLocalMem &o) const { return address >= o.address; }
    explicit operator bool() const { return address != 0; }
    [[nodiscard]] auto scoped_lock() {
        return Lock([] {});
    }

  private:
    AddressType address;
};

template <typename T, typename AddressType> struct noc_traits_t<CoreLocalMem<T, AddressType>> {
    struct src_args_type {
        AddressType offset_bytes = 0;
    };
    using dst_args_type = src_args_type;
    static uint32_t l1(const CoreLocalMem<T, AddressType> &m, const src_args_type &a) {
        return m.get_address() + a.offset_bytes;
    }
};

} // namespace experimental
