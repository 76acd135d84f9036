// The data-movement API: what kernels on BRISC and NCRISC call. Names and argument orders are
// TT-Metal's; see its documentation for the meaning of each call.
//
// Transfers are asynchronous: a call issues commands, a barrier waits until all that this processor
// issued on a NoC have finished. `noc` defaults to the NoC that the host chose for the kernel.
#pragma once
#ifdef COMPILE_FOR_TRISC
#error "dataflow_api.h is for data-movement kernels (BRISC, NCRISC); this is a compute kernel"
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "api/compile_time_args.h"
#include "api/debug/assert.h"
#include "api/debug/waypoint.h"
#include "api/tensor/tensor_accessor.h"
#include "c_tensix_core.h"
#include "hostdevcommon/common_values.hpp"
#include "hostdevcommon/kernel_structs.h"
#include "internal/mod_div_lib.h"
#include "tools/profiler/kernel_profiler.hpp"
#include "wt/args.h"
#include "wt/banks.h"
#include "wt/cb_data_movement.h"
#include "wt/noc.h"
#include "wt/tiles.h"

FORCE_INLINE bool is_l1_address(uint64_t addr) { return (uint32_t)addr < NOC_REG_SPACE_START_ADDR; }

// ---- Reads: from anywhere on the NoC into this core's L1

template <bool enable_noc_tracing = true>
FORCE_INLINE void noc_async_read_one_packet(uint64_t src_noc_addr, uint32_t dst_local_l1_addr,
                                            uint32_t size, uint8_t noc = noc_index,
                                            uint32_t read_req_vc = NOC_UNICAST_WRITE_VC) {
    wt_noc_read_packet(noc, src_noc_addr, dst_local_l1_addr, size, read_req_vc);
}

template <uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, bool enable_noc_tracing = true>
FORCE_INLINE void noc_async_read(uint64_t src_noc_addr, uint32_t dst_local_l1_addr, uint32_t size,
                                 uint8_t noc = noc_index,
                                 uint32_t read_req_vc = NOC_UNICAST_WRITE_VC) {
    if constexpr (max_page_size <= NOC_MAX_BURST_SIZE)
        wt_noc_read_packet(noc, src_noc_addr, dst_local_l1_addr, size, read_req_vc);
    else
        wt_noc_read(noc, src_noc_addr, dst_local_l1_addr, size, read_req_vc);
}

// One page of a tensor or of any address generator.
template <typename AddrGen, bool enable_noc_tracing = true>
FORCE_INLINE void noc_async_read_page(uint32_t id, const AddrGen &addrgen,
                                      uint32_t dst_local_l1_addr, uint32_t offset = 0,
                                      uint8_t noc = noc_index) {
    wt_noc_read(noc, addrgen.get_noc_addr(id, offset, noc), dst_local_l1_addr,
                wt::page_bytes(addrgen), NOC_UNICAST_WRITE_VC);
}
template <typename AddrGen>
FORCE_INLINE void noc_async_read_tile(uint32_t id, const AddrGen &addrgen,
                                      uint32_t dst_local_l1_addr, uint32_t offset = 0,
                                      uint8_t noc = noc_index) {
    noc_async_read_page(id, addrgen, dst_local_l1_addr, offset, noc);
}
template <typename DSpec>
FORCE_INLINE void noc_async_read_shard(uint32_t shard_id, const TensorAccessor<DSpec> &s,
                                       uint32_t dst_local_l1_addr, uint8_t noc = noc_index) {
    wt_noc_read(noc, s.get_shard_noc_addr(shard_id, 0, noc), dst_local_l1_addr,
                s.page_size * s.dspec().shard_volume(), NOC_UNICAST_WRITE_VC);
}

// Several reads from one tile: its coordinates (and the size) are set once, then each read gives
// addresses only.
template <bool use_vc = false>
FORCE_INLINE void noc_async_read_one_packet_set_state(uint64_t src_noc_addr, uint32_t size,
                                                      uint32_t vc = 0, uint8_t noc = noc_index) {
    wt_noc_wait(noc, read_cmd_buf);
    if constexpr (wt_dynamic || use_vc)
        wt_noc_reg(noc, read_cmd_buf, NOC_CTRL) =
            wt_noc_read_ctrl(use_vc ? vc : NOC_UNICAST_WRITE_VC);
    wt_noc_far_high(noc, read_cmd_buf, NOC_TARG_ADDR_MID, NOC_TARG_ADDR_COORDINATE, src_noc_addr);
    wt_noc_reg(noc, read_cmd_buf, NOC_AT_LEN_BE) = size;
}
template <bool inc_num_issued = true, bool use_vc = false>
FORCE_INLINE void noc_async_read_one_packet_with_state(uint32_t src_local_l1_addr,
                                                       uint32_t dst_local_l1_addr, uint32_t vc = 0,
                                                       uint8_t noc = noc_index) {
    wt_noc_wait(noc, read_cmd_buf);
    wt_noc_reg(noc, read_cmd_buf, NOC_RET_ADDR_LO) = dst_local_l1_addr;
    wt_noc_reg(noc, read_cmd_buf, NOC_TARG_ADDR_LO) = src_local_l1_addr;
    if constexpr (inc_num_issued) wt_noc_count<NocBarrierType::READS_NUM_ISSUED>(noc);
    wt_noc_fire(noc, read_cmd_buf);
}
FORCE_INLINE void noc_async_read_set_state(uint64_t src_noc_addr, uint8_t noc = noc_index) {
    wt_noc_wait(noc, read_cmd_buf);
    if constexpr (wt_dynamic)
        wt_noc_reg(noc, read_cmd_buf, NOC_CTRL) = wt_noc_read_ctrl(NOC_UNICAST_WRITE_VC);
    wt_noc_far_high(noc, read_cmd_buf, NOC_TARG_ADDR_MID, NOC_TARG_ADDR_COORDINATE, src_noc_addr);
}
template <bool inc_num_issued = true>
FORCE_INLINE void noc_async_read_with_state(uint32_t src_local_l1_addr, uint32_t dst_local_l1_addr,
                                            uint32_t size, uint8_t noc = noc_index) {
    for (uint32_t part; size; size -= part, src_local_l1_addr += part, dst_local_l1_addr += part) {
        part = size < NOC_MAX_BURST_SIZE ? size : NOC_MAX_BURST_SIZE;
        wt_noc_wait(noc, read_cmd_buf);
        wt_noc_reg(noc, read_cmd_buf, NOC_AT_LEN_BE) = part;
        noc_async_read_one_packet_with_state<inc_num_issued>(src_local_l1_addr, dst_local_l1_addr,
                                                             0, noc);
    }
}
FORCE_INLINE void noc_async_read_inc_num_issued(uint32_t num_issued_reads_inc,
                                                uint8_t noc = noc_index) {
    wt_noc_count<NocBarrierType::READS_NUM_ISSUED>(noc, num_issued_reads_inc);
}

// ---- Writes: from this core's L1 to anywhere

template <bool enable_noc_tracing = true, bool posted = false>
FORCE_INLINE void noc_async_write_one_packet(uint32_t src_local_l1_addr, uint64_t dst_noc_addr,
                                             uint32_t size, uint8_t noc = noc_index,
                                             uint32_t vc = NOC_UNICAST_WRITE_VC) {
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    wt_noc_write_packet(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr, size, how);
}

template <uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, bool enable_noc_tracing = true,
          bool posted = false>
FORCE_INLINE void noc_async_write(uint32_t src_local_l1_addr, uint64_t dst_noc_addr, uint32_t size,
                                  uint8_t noc = noc_index, uint32_t vc = NOC_UNICAST_WRITE_VC) {
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    if constexpr (max_page_size <= NOC_MAX_BURST_SIZE)
        wt_noc_write_packet(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr, size, how);
    else
        wt_noc_write(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr, size, how);
}

template <typename AddrGen, bool enable_noc_tracing = true, bool posted = false>
FORCE_INLINE void noc_async_write_page(uint32_t id, const AddrGen &addrgen,
                                       uint32_t src_local_l1_addr, uint32_t size = 0,
                                       uint32_t offset = 0, uint8_t noc = noc_index) {
    noc_async_write<NOC_MAX_BURST_SIZE + 1, false, posted>(
        src_local_l1_addr, addrgen.get_noc_addr(id, offset, noc),
        size ? size : wt::page_bytes(addrgen), noc);
}
template <typename AddrGen>
FORCE_INLINE void noc_async_write_tile(uint32_t id, const AddrGen &addrgen,
                                       uint32_t src_local_l1_addr, uint8_t noc = noc_index) {
    noc_async_write_page(id, addrgen, src_local_l1_addr, 0, 0, noc);
}
template <typename DSpec, bool posted = false>
FORCE_INLINE void noc_async_write_shard(uint32_t shard_id, const TensorAccessor<DSpec> &s,
                                        uint32_t src_local_l1_addr, uint8_t noc = noc_index) {
    noc_async_write<NOC_MAX_BURST_SIZE + 1, false, posted>(
        src_local_l1_addr, s.get_shard_noc_addr(shard_id, 0, noc),
        s.page_size * s.dspec().shard_volume(), noc);
}

template <bool posted = false>
FORCE_INLINE void noc_async_write_one_packet_set_state(uint64_t dst_noc_addr, uint32_t size,
                                                       uint8_t noc = noc_index,
                                                       uint8_t vc = NOC_UNICAST_WRITE_VC) {
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    wt_noc_wait(noc, write_cmd_buf);
    wt_noc_reg(noc, write_cmd_buf, NOC_CTRL) = wt_noc_write_ctrl(how);
    wt_noc_far_high(noc, write_cmd_buf, NOC_RET_ADDR_MID, NOC_RET_ADDR_COORDINATE, dst_noc_addr);
    wt_noc_reg(noc, write_cmd_buf, NOC_AT_LEN_BE) = size;
}
template <bool posted = false>
FORCE_INLINE void noc_async_write_one_packet_with_state(uint32_t src_local_l1_addr,
                                                        uint32_t dst_local_l1_addr,
                                                        uint8_t noc = noc_index) {
    wt_noc_wait(noc, write_cmd_buf);
    wt_noc_reg(noc, write_cmd_buf, NOC_TARG_ADDR_LO) = src_local_l1_addr;
    wt_noc_reg(noc, write_cmd_buf, NOC_RET_ADDR_LO) = dst_local_l1_addr;
    wt_noc_count_write(noc, posted);
    wt_noc_fire(noc, write_cmd_buf);
}

// ---- Multicast writes: to the same address in every core of a rectangle. `num_dests` is how many
// there are; without _loopback_src the sender itself is left out.

namespace wt {
FORCE_INLINE WtWrite multicast(uint32_t num_dests, bool linked, bool include_self) {
    WtWrite how;
    how.vc = NOC_MULTICAST_WRITE_VC;
    how.multicast = true;
    how.linked = linked;
    how.include_self = include_self;
    how.dests = num_dests;
    return how;
}
} // namespace wt

template <bool enable_noc_tracing = true>
FORCE_INLINE void
noc_async_write_multicast_one_packet(uint32_t src_local_l1_addr, uint64_t dst_noc_addr_multicast,
                                     uint32_t size, uint32_t num_dests, bool linked = false,
                                     uint8_t noc = noc_index) {
    wt_noc_write_packet(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr_multicast, size,
                        wt::multicast(num_dests, linked, false));
}
template <uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1>
FORCE_INLINE void noc_async_write_multicast(uint32_t src_local_l1_addr,
                                            uint64_t dst_noc_addr_multicast, uint32_t size,
                                            uint32_t num_dests, bool linked = false,
                                            uint8_t noc = noc_index) {
    if constexpr (max_page_size <= NOC_MAX_BURST_SIZE)
        noc_async_write_multicast_one_packet(src_local_l1_addr, dst_noc_addr_multicast, size,
                                             num_dests, linked, noc);
    else
        wt_noc_write(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr_multicast, size,
                     wt::multicast(num_dests, linked, false));
}
inline void noc_async_write_multicast_loopback_src(uint32_t src_local_l1_addr,
                                                   uint64_t dst_noc_addr_multicast, uint32_t size,
                                                   uint32_t num_dests, bool linked = false,
                                                   uint8_t noc = noc_index) {
    wt_noc_write(noc, write_cmd_buf, src_local_l1_addr, dst_noc_addr_multicast, size,
                 wt::multicast(num_dests, linked, true));
}

// ---- Barriers: all finished (barrier), or all on their way so that the source may be reused
// (flushed)

FORCE_INLINE void noc_async_read_barrier(uint8_t noc = noc_index) {
    wt_noc_barrier<NocBarrierType::READS_NUM_ISSUED>(noc);
}
FORCE_INLINE void noc_async_write_barrier(uint8_t noc = noc_index) {
    wt_noc_barrier<NocBarrierType::NONPOSTED_WRITES_ACKED>(noc);
}
FORCE_INLINE void noc_async_writes_flushed(uint8_t noc = noc_index) {
    wt_noc_barrier<NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED>(noc);
}
FORCE_INLINE void noc_async_posted_writes_flushed(uint8_t noc = noc_index) {
    wt_noc_barrier<NocBarrierType::POSTED_WRITES_NUM_ISSUED>(noc);
}
FORCE_INLINE void noc_async_atomic_barrier(uint8_t noc_idx = noc_index) {
    wt_noc_barrier<NocBarrierType::NONPOSTED_ATOMICS_ACKED>(noc_idx);
}
FORCE_INLINE void noc_async_full_barrier(uint8_t noc_idx = noc_index) {
    noc_async_read_barrier(noc_idx);
    noc_async_writes_flushed(noc_idx);
    noc_async_write_barrier(noc_idx);
    noc_async_atomic_barrier(noc_idx);
    noc_async_posted_writes_flushed(noc_idx);
}

// ---- Transaction ids: barriers for a part of the transfers

FORCE_INLINE void noc_async_read_set_trid(uint32_t trid = 0, uint8_t noc = noc_index) {
    wt_noc_wait(noc, read_cmd_buf);
    ncrisc_noc_set_transaction_id(noc, read_cmd_buf, trid);
}
FORCE_INLINE void noc_async_write_set_trid(uint32_t trid = 0, uint8_t noc = noc_index) {
    wt_noc_wait(noc, write_cmd_buf);
    ncrisc_noc_set_transaction_id(noc, write_cmd_buf, trid);
}
template <bool skip_ptr_update = false, bool skip_cmdbuf_chk = false>
FORCE_INLINE void
noc_async_read_one_packet_with_state_with_trid(uint32_t src_base_addr, uint32_t src_addr,
                                               uint32_t dest_addr, uint32_t trid = 0,
                                               uint8_t noc = noc_index) {
    // The count of an id is 8 bits wide: leave room.
    while (NOC_STATUS_READ_REG(noc, NIU_MST_REQS_OUTSTANDING_ID(trid)) >
           (NOC_MAX_TRANSACTION_ID_COUNT + 1) / 2) {
    }
    noc_async_read_one_packet_with_state<!skip_ptr_update>(src_base_addr + src_addr, dest_addr, 0,
                                                           noc);
}
FORCE_INLINE void noc_async_read_barrier_with_trid(uint32_t trid, uint8_t noc = noc_index) {
    while (!ncrisc_noc_read_with_transaction_id_flushed(noc, trid)) {
    }
    invalidate_l1_cache();
}
template <bool update_counter = true, bool posted = false>
FORCE_INLINE void
noc_async_write_one_packet_with_trid(uint32_t src_local_l1_addr, uint64_t dst_noc_addr,
                                     uint32_t size, uint32_t trid, uint8_t cmd_buf = write_cmd_buf,
                                     uint8_t noc = noc_index, uint8_t vc = NOC_UNICAST_WRITE_VC) {
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    wt_noc_wait(noc, cmd_buf);
    ncrisc_noc_set_transaction_id(noc, cmd_buf, trid);
    wt_noc_write_packet(noc, cmd_buf, src_local_l1_addr, dst_noc_addr, size, how);
}
template <bool posted = false>
FORCE_INLINE void noc_async_write_one_packet_with_trid_set_state(
    uint64_t dst_noc_addr, uint8_t cmd_buf = write_cmd_buf, uint8_t noc = noc_index,
    uint8_t vc = NOC_UNICAST_WRITE_VC) {
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    wt_noc_wait(noc, cmd_buf);
    wt_noc_reg(noc, cmd_buf, NOC_CTRL) = wt_noc_write_ctrl(how);
    wt_noc_far_high(noc, cmd_buf, NOC_RET_ADDR_MID, NOC_RET_ADDR_COORDINATE, dst_noc_addr);
}
template <bool update_counter = true, bool posted = false>
FORCE_INLINE void noc_async_write_one_packet_with_trid_with_state(uint32_t src_local_l1_addr,
                                                                  uint32_t dst_local_l1_addr,
                                                                  uint32_t size, uint32_t trid,
                                                                  uint8_t cmd_buf = write_cmd_buf,
                                                                  uint8_t noc = noc_index) {
    wt_noc_wait(noc, cmd_buf);
    ncrisc_noc_set_transaction_id(noc, cmd_buf, trid);
    wt_noc_reg(noc, cmd_buf, NOC_TARG_ADDR_LO) = src_local_l1_addr;
    wt_noc_reg(noc, cmd_buf, NOC_RET_ADDR_LO) = dst_local_l1_addr;
    wt_noc_reg(noc, cmd_buf, NOC_AT_LEN_BE) = size;
    wt_noc_count_write(noc, posted);
    wt_noc_fire(noc, cmd_buf);
}
FORCE_INLINE void noc_async_write_barrier_with_trid(uint32_t trid, uint8_t noc = noc_index) {
    while (!ncrisc_noc_nonposted_write_with_transaction_id_flushed(noc, trid)) {
    }
    invalidate_l1_cache();
}
FORCE_INLINE void noc_async_write_flushed_with_trid(uint32_t trid, uint8_t noc = noc_index) {
    while (!ncrisc_noc_nonposted_write_with_transaction_id_sent(noc, trid)) {
    }
    invalidate_l1_cache();
}
FORCE_INLINE void reset_noc_trid_barrier_counter(uint32_t id_mask = NOC_CLEAR_OUTSTANDING_REQ_MASK,
                                                 uint32_t noc = noc_index) {
    noc_clear_outstanding_req_cnt(noc, id_mask);
}

// ---- Single words

template <InlineWriteDst dst_type = InlineWriteDst::DEFAULT, bool posted = false, bool flush = true>
FORCE_INLINE void noc_inline_dw_write(uint64_t addr, uint32_t val, uint8_t be = 0xF,
                                      uint8_t noc = noc_index, uint8_t vc = NOC_UNICAST_WRITE_VC,
                                      uint32_t customized_src_addr = 0) {
    wt_noc_check_be(be);
    if (dst_type == InlineWriteDst::REG ||
        (dst_type == InlineWriteDst::DEFAULT && !is_l1_address(addr)))
        wt_noc_write_word_reg(noc, write_at_cmd_buf, addr, val, be, vc, posted);
    else
        wt_noc_write_word_l1(noc, addr, val, vc, posted, flush ? 0 : customized_src_addr);
}
// Several inline writes to registers of one tile.
template <bool posted = false, bool set_val = false>
FORCE_INLINE void noc_inline_dw_write_set_state(uint64_t addr, uint32_t val = 0, uint8_t be = 0xF,
                                                uint8_t cmd_buf = write_at_cmd_buf,
                                                uint8_t noc = noc_index,
                                                uint8_t vc = NOC_UNICAST_WRITE_VC) {
    wt_noc_check_be(be);
    wt_noc_wait(noc, cmd_buf);
    if constexpr (set_val) wt_noc_reg(noc, cmd_buf, NOC_AT_DATA) = val;
    wt_noc_inline_state(noc, cmd_buf, addr, be, vc, posted);
}
template <bool update_addr_lo = false, bool update_counter = true, bool posted = false,
          bool update_addr_hi = false, bool update_val = false,
          InlineWriteDst dst_type = InlineWriteDst::DEFAULT>
FORCE_INLINE void noc_inline_dw_write_with_state(uint32_t val, uint32_t addr = 0,
                                                 uint8_t cmd_buf = write_at_cmd_buf,
                                                 uint8_t noc = noc_index) {
    static_assert(!(update_addr_lo && update_addr_hi), "one half of the address at a time");
    wt_noc_wait(noc, cmd_buf);
    if constexpr (update_addr_lo) {
        wt_noc_reg(noc, cmd_buf, NOC_TARG_ADDR_LO) = addr;
        if constexpr (dst_type != InlineWriteDst::REG)
            wt_noc_reg(noc, cmd_buf, NOC_AT_LEN_BE) = 0xFu << (addr & (NOC_WORD_BYTES - 1));
    } else if constexpr (update_addr_hi) {
        wt_noc_reg(noc, cmd_buf, NOC_TARG_ADDR_COORDINATE) = addr;
    }
    if constexpr (update_val) wt_noc_reg(noc, cmd_buf, NOC_AT_DATA) = val;
    wt_noc_count_write(noc, posted);
    wt_noc_fire(noc, cmd_buf);
}

// ---- Semaphores: words in L1 that cores set, add to and wait for

FORCE_INLINE void noc_semaphore_set(volatile tt_l1_ptr uint32_t *sem_addr, uint32_t val) {
    *sem_addr = val;
}
FORCE_INLINE void noc_semaphore_wait(volatile tt_l1_ptr uint32_t *sem_addr, uint32_t val) {
    do invalidate_l1_cache();
    while (*sem_addr != val);
}
FORCE_INLINE void noc_semaphore_wait_min(volatile tt_l1_ptr uint32_t *sem_addr, uint32_t val) {
    do invalidate_l1_cache();
    while (*sem_addr < val);
}
template <bool posted = false>
FORCE_INLINE void noc_semaphore_inc(uint64_t addr, uint32_t incr, uint8_t noc_id = noc_index,
                                    uint8_t vc = NOC_UNICAST_WRITE_VC) {
    wt_noc_increment(noc_id, addr, incr, 31, vc);
}
inline void noc_semaphore_set_remote(uint32_t src_local_l1_addr, uint64_t dst_noc_addr,
                                     uint8_t noc = noc_index) {
    wt_noc_write_packet(noc, write_reg_cmd_buf, src_local_l1_addr, dst_noc_addr, 4);
}
inline void noc_semaphore_set_multicast(uint32_t src_local_l1_addr, uint64_t dst_noc_addr_multicast,
                                        uint32_t num_dests, bool linked = false,
                                        uint8_t noc = noc_index) {
    wt_noc_write_packet(noc, write_reg_cmd_buf, src_local_l1_addr, dst_noc_addr_multicast, 4,
                        wt::multicast(num_dests, linked, false));
}
inline void noc_semaphore_set_multicast_loopback_src(uint32_t src_local_l1_addr,
                                                     uint64_t dst_noc_addr_multicast,
                                                     uint32_t num_dests, bool linked = false,
                                                     uint8_t noc = noc_index) {
    wt_noc_write_packet(noc, write_reg_cmd_buf, src_local_l1_addr, dst_noc_addr_multicast, 4,
                        wt::multicast(num_dests, linked, true));
}
// Waits for a counter in a stream register.
inline void wait_for_sync_register_value(uintptr_t addr, int32_t val) {
    while ((int32_t)REG32(addr) != val) {
    }
}

inline void RISC_POST_HEARTBEAT(uint32_t &) {}
