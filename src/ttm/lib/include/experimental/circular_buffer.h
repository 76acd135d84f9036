// A circular buffer as an object: a source of reads' pages (its read pointer) and a target of
// writes (its write pointer).
#pragma once
#include "experimental/lock.h"
#ifdef COMPILE_FOR_TRISC
#include "compute_kernel_api/cb_api.h"
#else
#include "experimental/noc.h"
#endif

namespace experimental {

class CircularBuffer {
  public:
    enum class AddrSelector { WRITE_PTR, READ_PTR };
    explicit CircularBuffer(uint32_t cb_id) : id(cb_id) {}
    uint32_t get_cb_id() const { return id; }

#ifdef COMPILE_FOR_TRISC
    void reserve_back(int32_t num_pages) { ckernel::cb_reserve_back(id, num_pages); }
    void push_back(int32_t num_pages) { ckernel::cb_push_back(id, num_pages); }
    void wait_front(int32_t num_pages) { ckernel::cb_wait_front(id, num_pages); }
    void pop_front(int32_t num_pages) { ckernel::cb_pop_front(id, num_pages); }
    uint32_t get_tile_address(uint32_t tile_index) {
        return ckernel::get_tile_address(id, tile_index);
    }
    uint32_t read_tile_value(uint32_t tile_index, uint32_t element_offset) {
        return ckernel::read_tile_value(id, tile_index, element_offset);
    }
#else
    void reserve_back(int32_t num_pages) { cb_reserve_back(id, num_pages); }
    void push_back(int32_t num_pages) { cb_push_back(id, num_pages); }
    void wait_front(int32_t num_pages) { cb_wait_front(id, num_pages); }
    void pop_front(int32_t num_pages) { cb_pop_front(id, num_pages); }
    bool pages_reservable_at_back(int32_t num_pages) const {
        return cb_pages_reservable_at_back(id, num_pages);
    }
    bool pages_available_at_front(int32_t num_pages) const {
        return cb_pages_available_at_front(id, num_pages);
    }
    uint32_t get_tile_size() const { return ::get_tile_size(id); }
    uint32_t get_tile_hw() const { return ::get_tile_hw(id); }
    DataFormat get_dataformat() const { return ::get_dataformat(id); }
#endif
#if WT_HAS_CBS
    uint32_t get_write_ptr() const { return get_local_cb_interface(id).fifo_wr_ptr; }
    uint32_t get_read_ptr() const { return get_local_cb_interface(id).fifo_rd_ptr; }
#endif
    [[nodiscard]] auto scoped_lock() {
        return Lock([] {});
    }

  private:
    uint32_t id;
};

#ifndef COMPILE_FOR_TRISC
// The same buffer, always by one of its pointers: use<CircularBuffer::AddrSelector::READ_PTR>(cb).
template <CircularBuffer::AddrSelector AddrSel> struct CircularBufferView {
    const CircularBuffer &cb;
    explicit constexpr CircularBufferView(const CircularBuffer &c) : cb(c) {}
    uint32_t get_read_ptr() const { return address(); }
    uint32_t get_write_ptr() const { return address(); }

  private:
    uint32_t address() const {
        return AddrSel == CircularBuffer::AddrSelector::READ_PTR ? cb.get_read_ptr()
                                                                 : cb.get_write_ptr();
    }
};
template <CircularBuffer::AddrSelector AddrSel> constexpr auto use(const CircularBuffer &cb) {
    return CircularBufferView<AddrSel>(cb);
}

template <typename Buffer> struct wt_buffer_traits {
    struct src_args_type {
        uint32_t offset_bytes = 0;
    };
    struct dst_args_type {
        uint32_t offset_bytes = 0;
    };
    struct dst_args_mcast_type {
        uint32_t noc_x_start = 0, noc_y_start = 0, noc_x_end = 0, noc_y_end = 0, offset_bytes = 0;
    };
    static uint32_t l1(const Buffer &b, const src_args_type &a) {
        return b.get_read_ptr() + a.offset_bytes;
    }
    static uint32_t l1(const Buffer &b, const dst_args_type &a) {
        return b.get_write_ptr() + a.offset_bytes;
    }
    static uint64_t noc_mcast(const Buffer &b, uint8_t noc, const dst_args_mcast_type &a) {
        return ::get_noc_multicast_addr(a.noc_x_start, a.noc_y_start, a.noc_x_end, a.noc_y_end,
                                        b.get_write_ptr() + a.offset_bytes, noc);
    }
};
template <> struct noc_traits_t<CircularBuffer> : wt_buffer_traits<CircularBuffer> {};
template <CircularBuffer::AddrSelector AddrSel>
struct noc_traits_t<CircularBufferView<AddrSel>> : wt_buffer_traits<CircularBufferView<AddrSel>> {};
#endif

} // namespace experimental
