// Commands to the NoC, below the data-movement API.
//
// A command is written into one of four buffers per NoC and fired. The firmware has set what never
// changes: reads return to this tile, writes start from it, atomics drop their result. A barrier
// compares what the program has issued with a counter of the network interface. In the dedicated
// mode a NoC belongs to one processor, which keeps its count in local memory; in the dynamic mode
// BRISC and NCRISC share both and add up their counts in L1.
#pragma once
#include "wt/attributes.h"
#include "wt/shared.h"

#ifdef NOC_INDEX
constexpr uint8_t noc_index = NOC_INDEX;
constexpr uint8_t noc_mode = NOC_MODE;
#else
constexpr uint8_t noc_index = 0;
constexpr uint8_t noc_mode = DM_DEDICATED_NOC;
#endif

static constexpr auto &my_x = wt_shared.my_x;
static constexpr auto &my_y = wt_shared.my_y;
static constexpr auto &noc_reads_num_issued = wt_shared.reads_issued;
static constexpr auto &noc_nonposted_writes_num_issued = wt_shared.writes_issued;
static constexpr auto &noc_nonposted_writes_acked = wt_shared.writes_to_ack;
static constexpr auto &noc_nonposted_atomics_acked = wt_shared.atomics_to_ack;
static constexpr auto &noc_posted_writes_num_issued = wt_shared.posted_writes_issued;

constexpr uint8_t noc_size_x = 17, noc_size_y = 12;
// Translated coordinates are the same on both NoCs; physical ones count from opposite corners.
#define NOC_0_X(noc, size, x)            ((void)(noc), (x))
#define NOC_0_Y(noc, size, y)            ((void)(noc), (y))
#define NOC_0_X_PHYS_COORD(noc, size, x) ((noc) == 0 ? (x) : (size)-1 - (x))
#define NOC_0_Y_PHYS_COORD(noc, size, y) ((noc) == 0 ? (y) : (size)-1 - (y))
#define NOC_X(x)                         NOC_0_X(noc_index, noc_size_x, (x))
#define NOC_Y(y)                         NOC_0_Y(noc_index, noc_size_y, (y))
#define DYNAMIC_NOC_X(noc, x)            NOC_0_X(noc, noc_size_x, (x))
#define DYNAMIC_NOC_Y(noc, y)            NOC_0_Y(noc, noc_size_y, (y))
#define NOC_X_PHYS_COORD(x)              NOC_0_X_PHYS_COORD(noc_index, noc_size_x, x)
#define NOC_Y_PHYS_COORD(y)              NOC_0_Y_PHYS_COORD(noc_index, noc_size_y, y)

// Which buffer this processor uses for what.
#ifdef COMPILE_FOR_NCRISC
constexpr uint32_t wt_dynamic_buf = 2, wt_processor = 1;
#else
constexpr uint32_t wt_dynamic_buf = 0, wt_processor = 0;
#endif
constexpr bool wt_dynamic = noc_mode == DM_DYNAMIC_NOC;
constexpr uint32_t write_cmd_buf = wt_dynamic ? wt_dynamic_buf : NOC_WR_CMD_BUF;
constexpr uint32_t read_cmd_buf = wt_dynamic ? wt_dynamic_buf + 1 : NOC_RD_CMD_BUF;
constexpr uint32_t write_reg_cmd_buf = wt_dynamic ? wt_dynamic_buf : NOC_WR_REG_CMD_BUF;
constexpr uint32_t write_at_cmd_buf = wt_dynamic ? wt_dynamic_buf + 1 : NOC_AT_CMD_BUF;
constexpr uint32_t BRISC_WR_CMD_BUF = 0, BRISC_RD_CMD_BUF = 1, BRISC_WR_REG_CMD_BUF = 2,
                   BRISC_AT_CMD_BUF = 3;
constexpr uint32_t NCRISC_WR_CMD_BUF = 0, NCRISC_RD_CMD_BUF = 1, NCRISC_WR_REG_CMD_BUF = 2,
                   NCRISC_AT_CMD_BUF = 3;

// ---- Registers

FORCE_INLINE volatile uint32_t &wt_noc_reg(uint32_t noc, uint32_t buf, uint32_t reg) {
    return REG32(reg + (noc << NOC_INSTANCE_OFFSET_BIT) + (buf << NOC_CMD_BUF_OFFSET_BIT));
}
FORCE_INLINE void NOC_CMD_BUF_WRITE_REG(uint32_t noc, uint32_t buf, uint32_t reg, uint32_t value) {
    wt_noc_reg(noc, buf, reg) = value;
}
FORCE_INLINE uint32_t NOC_CMD_BUF_READ_REG(uint32_t noc, uint32_t buf, uint32_t reg) {
    return wt_noc_reg(noc, buf, reg);
}
FORCE_INLINE uint32_t NOC_STATUS_READ_REG(uint32_t noc, uint32_t id) {
    return wt_noc_reg(noc, 0, NOC_STATUS(id));
}
FORCE_INLINE uint32_t NOC_CFG_READ_REG(uint32_t noc, uint32_t id) {
    return wt_noc_reg(noc, 0, NOC_CFG(id));
}

FORCE_INLINE bool noc_cmd_buf_ready(uint32_t noc, uint32_t buf) {
    return wt_noc_reg(noc, buf, NOC_CMD_CTRL) == NOC_CTRL_STATUS_READY;
}
FORCE_INLINE void noc_clear_outstanding_req_cnt(uint32_t noc, uint32_t id_mask) {
    wt_noc_reg(noc, 0, NOC_CLEAR_OUTSTANDING_REQ_CNT) = id_mask;
}

FORCE_INLINE void ncrisc_noc_set_transaction_id(uint32_t noc, uint32_t buf, uint32_t id) {
    wt_noc_reg(noc, buf, NOC_PACKET_TAG) = NOC_PACKET_TAG_TRANSACTION_ID(id);
}

FORCE_INLINE void wt_noc_wait(uint32_t noc, uint32_t buf) {
    while (!noc_cmd_buf_ready(noc, buf)) {
    }
}
FORCE_INLINE void wt_noc_fire(uint32_t noc, uint32_t buf) {
    wt_noc_reg(noc, buf, NOC_CMD_CTRL) = NOC_CTRL_SEND_REQ;
}

// The two addresses of a command. A write's far end is RET, everything else's is TARG.
FORCE_INLINE void wt_noc_far_high(uint32_t noc, uint32_t buf, uint32_t mid, uint32_t coordinate,
                                  uint64_t a) {
    wt_noc_reg(noc, buf, mid) = (uint32_t)(a >> 32) & NOC_PCIE_MASK;
    wt_noc_reg(noc, buf, coordinate) = (uint32_t)(a >> NOC_ADDR_COORD_SHIFT) & NOC_COORDINATE_MASK;
}
FORCE_INLINE void wt_noc_targ(uint32_t noc, uint32_t buf, uint64_t a) {
    wt_noc_reg(noc, buf, NOC_TARG_ADDR_LO) = (uint32_t)a;
    wt_noc_far_high(noc, buf, NOC_TARG_ADDR_MID, NOC_TARG_ADDR_COORDINATE, a);
}
FORCE_INLINE void wt_noc_ret(uint32_t noc, uint32_t buf, uint64_t a) {
    wt_noc_reg(noc, buf, NOC_RET_ADDR_LO) = (uint32_t)a;
    wt_noc_far_high(noc, buf, NOC_RET_ADDR_MID, NOC_RET_ADDR_COORDINATE, a);
}

// ---- Counting

enum class NocBarrierType : uint8_t {
    READS_NUM_ISSUED,
    NONPOSTED_WRITES_NUM_ISSUED,
    NONPOSTED_WRITES_ACKED,
    NONPOSTED_ATOMICS_ACKED,
    POSTED_WRITES_NUM_ISSUED,
    COUNT
};

FORCE_INLINE volatile uint32_t &wt_noc_l1_count(uint32_t noc, uint32_t processor,
                                                NocBarrierType kind) {
    return REG32(MEM_NOC_COUNTER_BASE + 4 * (noc * 10 + processor * 5 + (uint32_t)kind));
}

template <NocBarrierType kind> FORCE_INLINE uint32_t &wt_noc_local_count(uint32_t noc) {
    if constexpr (kind == NocBarrierType::READS_NUM_ISSUED)
        return wt_shared.reads_issued[noc];
    else if constexpr (kind == NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED)
        return wt_shared.writes_issued[noc];
    else if constexpr (kind == NocBarrierType::NONPOSTED_WRITES_ACKED)
        return wt_shared.writes_to_ack[noc];
    else if constexpr (kind == NocBarrierType::NONPOSTED_ATOMICS_ACKED)
        return wt_shared.atomics_to_ack[noc];
    else
        return wt_shared.posted_writes_issued[noc];
}

constexpr uint32_t wt_noc_counter(NocBarrierType kind) {
    switch (kind) {
    case NocBarrierType::READS_NUM_ISSUED: return NIU_MST_RD_RESP_RECEIVED;
    case NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED: return NIU_MST_NONPOSTED_WR_REQ_SENT;
    case NocBarrierType::NONPOSTED_WRITES_ACKED: return NIU_MST_WR_ACK_RECEIVED;
    case NocBarrierType::NONPOSTED_ATOMICS_ACKED: return NIU_MST_ATOMIC_RESP_RECEIVED;
    default: return NIU_MST_POSTED_WR_REQ_SENT;
    }
}

template <NocBarrierType kind> FORCE_INLINE void wt_noc_count(uint32_t noc, uint32_t n = 1) {
    if constexpr (wt_dynamic)
        wt_noc_l1_count(noc, wt_processor, kind) += n;
    else
        wt_noc_local_count<kind>(noc) += n;
}

// True when everything counted under `kind` has happened.
template <NocBarrierType kind> FORCE_INLINE bool wt_noc_done(uint32_t noc) {
    uint32_t issued;
    if constexpr (wt_dynamic)
        issued = wt_noc_l1_count(noc, 0, kind) + wt_noc_l1_count(noc, 1, kind);
    else
        issued = wt_noc_local_count<kind>(noc);
    return NOC_STATUS_READ_REG(noc, wt_noc_counter(kind)) == issued;
}

template <NocBarrierType kind> FORCE_INLINE void wt_noc_barrier(uint32_t noc) {
    while (!wt_noc_done<kind>(noc)) {
        if constexpr (wt_dynamic) invalidate_l1_cache(); // the other processor's count is in L1
    }
    invalidate_l1_cache();
}

FORCE_INLINE void wt_noc_count_write(uint32_t noc, bool posted, uint32_t dests = 1) {
    if (posted) {
        wt_noc_count<NocBarrierType::POSTED_WRITES_NUM_ISSUED>(noc);
    } else {
        wt_noc_count<NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED>(noc);
        wt_noc_count<NocBarrierType::NONPOSTED_WRITES_ACKED>(noc, dests);
    }
}

// At the start of a kernel: nothing is in flight, so the counters are what has been issued.
inline void wt_noc_counters_init() {
    for (uint32_t noc = 0; noc < NUM_NOCS; noc++) {
        wt_shared.reads_issued[noc] = NOC_STATUS_READ_REG(noc, NIU_MST_RD_RESP_RECEIVED);
        wt_shared.writes_issued[noc] = NOC_STATUS_READ_REG(noc, NIU_MST_NONPOSTED_WR_REQ_SENT);
        wt_shared.writes_to_ack[noc] = NOC_STATUS_READ_REG(noc, NIU_MST_WR_ACK_RECEIVED);
        wt_shared.atomics_to_ack[noc] = NOC_STATUS_READ_REG(noc, NIU_MST_ATOMIC_RESP_RECEIVED);
        wt_shared.posted_writes_issued[noc] = NOC_STATUS_READ_REG(noc, NIU_MST_POSTED_WR_REQ_SENT);
    }
}

// The vendor's names for the tests that barriers make.
FORCE_INLINE bool ncrisc_noc_reads_flushed(uint32_t noc) {
    return wt_noc_done<NocBarrierType::READS_NUM_ISSUED>(noc);
}
FORCE_INLINE bool ncrisc_noc_nonposted_writes_sent(uint32_t noc) {
    return wt_noc_done<NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED>(noc);
}
FORCE_INLINE bool ncrisc_noc_nonposted_writes_flushed(uint32_t noc) {
    return wt_noc_done<NocBarrierType::NONPOSTED_WRITES_ACKED>(noc);
}
FORCE_INLINE bool ncrisc_noc_nonposted_atomics_flushed(uint32_t noc) {
    return wt_noc_done<NocBarrierType::NONPOSTED_ATOMICS_ACKED>(noc);
}
FORCE_INLINE bool ncrisc_noc_posted_writes_sent(uint32_t noc) {
    return wt_noc_done<NocBarrierType::POSTED_WRITES_NUM_ISSUED>(noc);
}
FORCE_INLINE bool ncrisc_noc_read_with_transaction_id_flushed(uint32_t noc, uint32_t trid) {
    return NOC_STATUS_READ_REG(noc, NIU_MST_REQS_OUTSTANDING_ID(trid)) == 0;
}
FORCE_INLINE bool ncrisc_noc_nonposted_write_with_transaction_id_flushed(uint32_t noc,
                                                                         uint32_t trid) {
    return NOC_STATUS_READ_REG(noc, NIU_MST_REQS_OUTSTANDING_ID(trid)) == 0;
}
FORCE_INLINE bool ncrisc_noc_nonposted_write_with_transaction_id_sent(uint32_t noc, uint32_t trid) {
    return NOC_STATUS_READ_REG(noc, NIU_MST_WRITE_REQS_OUTGOING_ID(trid)) == 0;
}
inline void ncrisc_noc_full_sync() {
    for (uint32_t noc = 0; noc < NUM_NOCS; noc++) {
        wt_noc_barrier<NocBarrierType::READS_NUM_ISSUED>(noc);
        wt_noc_barrier<NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED>(noc);
        wt_noc_barrier<NocBarrierType::NONPOSTED_WRITES_ACKED>(noc);
        wt_noc_barrier<NocBarrierType::NONPOSTED_ATOMICS_ACKED>(noc);
        wt_noc_barrier<NocBarrierType::POSTED_WRITES_NUM_ISSUED>(noc);
    }
}

// ---- Commands

constexpr uint32_t wt_noc_read_ctrl(uint32_t vc) {
    return NOC_CMD_CPY | NOC_CMD_RD | NOC_CMD_RESP_MARKED | NOC_CMD_VC_STATIC |
           NOC_CMD_STATIC_VC(vc);
}

// One packet from `src` to this tile's L1. A dedicated read buffer keeps its control word.
FORCE_INLINE void wt_noc_read_packet(uint32_t noc, uint64_t src, uint32_t dst, uint32_t bytes,
                                     uint32_t vc) {
    wt_noc_wait(noc, read_cmd_buf);
    if constexpr (wt_dynamic) wt_noc_reg(noc, read_cmd_buf, NOC_CTRL) = wt_noc_read_ctrl(vc);
    wt_noc_reg(noc, read_cmd_buf, NOC_RET_ADDR_LO) = dst;
    wt_noc_targ(noc, read_cmd_buf, src);
    wt_noc_reg(noc, read_cmd_buf, NOC_AT_LEN_BE) = bytes;
    wt_noc_count<NocBarrierType::READS_NUM_ISSUED>(noc);
    wt_noc_fire(noc, read_cmd_buf);
}

struct WtWrite { // how a write goes out; the defaults are an ordinary acknowledged unicast
    uint32_t vc = NOC_UNICAST_WRITE_VC;
    bool multicast = false, linked = false, include_self = false, posted = false;
    uint32_t dests = 1;
};

FORCE_INLINE uint32_t wt_noc_write_ctrl(const WtWrite &how) {
    return NOC_CMD_CPY | NOC_CMD_WR | NOC_CMD_VC_STATIC | NOC_CMD_STATIC_VC(how.vc) |
           (how.linked ? NOC_CMD_VC_LINKED : 0) |
           (how.multicast ? NOC_CMD_PATH_RESERVE | NOC_CMD_BRCST_PACKET : 0) |
           (how.include_self ? NOC_CMD_BRCST_SRC_INCLUDE : 0) |
           (how.posted ? 0 : NOC_CMD_RESP_MARKED);
}

// One packet from this tile's L1 to `dst`.
FORCE_INLINE void wt_noc_write_packet(uint32_t noc, uint32_t buf, uint32_t src, uint64_t dst,
                                      uint32_t bytes, const WtWrite &how = {}) {
    wt_noc_wait(noc, buf);
    wt_noc_reg(noc, buf, NOC_CTRL) = wt_noc_write_ctrl(how);
    wt_noc_reg(noc, buf, NOC_TARG_ADDR_LO) = src;
    wt_noc_ret(noc, buf, dst);
    wt_noc_reg(noc, buf, NOC_AT_LEN_BE) = bytes;
    wt_noc_count_write(noc, how.posted, how.dests);
    wt_noc_fire(noc, buf);
}

// Any length, in packets of at most NOC_MAX_BURST_SIZE.
FORCE_INLINE void wt_noc_read(uint32_t noc, uint64_t src, uint32_t dst, uint32_t bytes,
                              uint32_t vc) {
    while (bytes > NOC_MAX_BURST_SIZE) {
        wt_noc_read_packet(noc, src, dst, NOC_MAX_BURST_SIZE, vc);
        src += NOC_MAX_BURST_SIZE;
        dst += NOC_MAX_BURST_SIZE;
        bytes -= NOC_MAX_BURST_SIZE;
    }
    wt_noc_read_packet(noc, src, dst, bytes, vc);
}

FORCE_INLINE void wt_noc_write(uint32_t noc, uint32_t buf, uint32_t src, uint64_t dst,
                               uint32_t bytes, const WtWrite &how = {}) {
    while (bytes > NOC_MAX_BURST_SIZE) {
        wt_noc_write_packet(noc, buf, src, dst, NOC_MAX_BURST_SIZE, how);
        src += NOC_MAX_BURST_SIZE;
        dst += NOC_MAX_BURST_SIZE;
        bytes -= NOC_MAX_BURST_SIZE;
    }
    wt_noc_write_packet(noc, buf, src, dst, bytes, how);
}

// A 32-bit value that travels in the command itself. Blackhole can hang on these when they go to
// L1, so there the value takes a detour through a scratch word, 16 bytes per processor and NoC.
FORCE_INLINE uint32_t wt_noc_inline_scratch(uint32_t noc, uint64_t dst) {
    return MEM_L1_INLINE_BASE + (2 * wt_processor + noc) * MEM_L1_INLINE_SIZE_PER_NOC +
           ((uint32_t)dst & 0xF);
}
FORCE_INLINE uint32_t noc_get_interim_inline_value_addr(uint32_t noc, uint64_t dst) {
    return wt_noc_inline_scratch(noc, dst);
}

// Blackhole writes whole words: the way through L1 has no byte enables, and registers ignore them.
[[gnu::error("an inline write on Blackhole writes all four bytes: `be` must be 0xF")]] void
wt_byte_enables_must_be_full();
FORCE_INLINE void wt_noc_check_be(uint8_t be) {
    if (be == 0xF) return;
    if (__builtin_constant_p(be)) wt_byte_enables_must_be_full();
    __builtin_trap();
}

FORCE_INLINE void wt_noc_write_word_l1(uint32_t noc, uint64_t dst, uint32_t value, uint32_t vc,
                                       bool posted, uint32_t scratch) {
    if (!scratch) { // ours: the previous value must have left it
        scratch = wt_noc_inline_scratch(noc, dst);
        while (!wt_noc_done<NocBarrierType::NONPOSTED_WRITES_NUM_ISSUED>(noc)) {
        }
        while (!wt_noc_done<NocBarrierType::POSTED_WRITES_NUM_ISSUED>(noc)) {
        }
    }
    REG32(scratch) = value;
    WtWrite how;
    how.vc = vc;
    how.posted = posted;
    wt_noc_write_packet(noc, write_cmd_buf, scratch, dst, 4, how);
}

FORCE_INLINE void wt_noc_inline_state(uint32_t noc, uint32_t buf, uint64_t dst, uint32_t be,
                                      uint32_t vc, bool posted, bool multicast = false) {
    wt_noc_reg(noc, buf, NOC_CTRL) = NOC_CMD_CPY | NOC_CMD_WR | NOC_CMD_WR_INLINE |
                                     NOC_CMD_VC_STATIC | NOC_CMD_STATIC_VC(vc) |
                                     (multicast ? NOC_CMD_PATH_RESERVE | NOC_CMD_BRCST_PACKET : 0) |
                                     (posted ? 0 : NOC_CMD_RESP_MARKED);
    wt_noc_targ(noc, buf, dst);
    wt_noc_reg(noc, buf, NOC_AT_LEN_BE) = be << ((uint32_t)dst & (NOC_WORD_BYTES - 1));
}

FORCE_INLINE void wt_noc_write_word_reg(uint32_t noc, uint32_t buf, uint64_t dst, uint32_t value,
                                        uint32_t be, uint32_t vc, bool posted) {
    wt_noc_wait(noc, buf);
    wt_noc_reg(noc, buf, NOC_AT_DATA) = value;
    wt_noc_inline_state(noc, buf, dst, be, vc, posted);
    wt_noc_count_write(noc, posted);
    wt_noc_fire(noc, buf);
}

// Adds to the 32-bit word at `dst`; `wrap` is the highest bit that takes part. The old value is
// dropped. Blackhole's interface acknowledges every increment.
FORCE_INLINE void wt_noc_increment(uint32_t noc, uint64_t dst, uint32_t n, uint32_t wrap,
                                   uint32_t vc) {
    const uint32_t buf = write_at_cmd_buf;
    wt_noc_wait(noc, buf);
    if constexpr (wt_dynamic) { // the buffer may just have been used for a read
        wt_noc_reg(noc, buf, NOC_RET_ADDR_LO) = MEM_NOC_ATOMIC_RET_VAL_ADDR;
    }
    wt_noc_targ(noc, buf, dst);
    wt_noc_reg(noc, buf, NOC_CTRL) =
        NOC_CMD_AT | NOC_CMD_RESP_MARKED | NOC_CMD_VC_STATIC | NOC_CMD_STATIC_VC(vc);
    wt_noc_reg(noc, buf, NOC_AT_LEN_BE) = NOC_AT_INS(NOC_AT_INS_INCR_GET) | NOC_AT_WRAP(wrap) |
                                          NOC_AT_IND_32((uint32_t)dst >> 2 & 3) |
                                          NOC_AT_IND_32_SRC(0);
    wt_noc_reg(noc, buf, NOC_AT_DATA) = n;
    wt_noc_count<NocBarrierType::NONPOSTED_ATOMICS_ACKED>(noc);
    wt_noc_fire(noc, buf);
}
