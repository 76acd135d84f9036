// The object form of the data-movement API: a Noc moves bytes between things that know where they
// are. What a thing needs to say so (a page number, coordinates) is its argument type, given in
// braces:
//
//   Noc noc;
//   noc.async_read(UnicastEndpoint(), CoreLocalMem<uint32_t>(0x20000), 64, {.noc_x = 1, .noc_y = 2,
//   .addr = 0}, {});
//
// noc_traits_t<T> tells for each type T: src_args_type, dst_args_type, dst_args_mcast_type, and
// static functions l1() (an address in this core) and noc() (one on the NoC), as far as T has them.
#pragma once
#include "api/dataflow/dataflow_api.h"

namespace experimental {

template <typename T> struct noc_traits_t {
    static_assert(sizeof(T) == 0, "a Noc cannot read from or write to a value of this type");
};

class Noc {
  public:
    enum class AddressType { NOC, LOCAL_L1 };
    enum class TxnIdMode { ENABLED, DISABLED };
    enum class ResponseMode { NON_POSTED, POSTED };
    enum class BarrierMode { TXN_ID, FULL };
    enum class McastMode { INCLUDE_SRC, EXCLUDE_SRC };
    enum class VcSelection { DEFAULT, CUSTOM };
    static constexpr uint32_t INVALID_TXN_ID = 0xFFFFFFFF;

    template <typename T> using src_args_t = typename noc_traits_t<T>::src_args_type;
    template <typename T> using dst_args_t = typename noc_traits_t<T>::dst_args_type;
    template <typename T> using dst_args_mcast_t = typename noc_traits_t<T>::dst_args_mcast_type;

    Noc() : id(noc_index) {}
    explicit Noc(uint8_t noc_id) : id(noc_id) {}

    uint8_t get_noc_id() const { return id; }
    bool is_local_bank(uint32_t virtual_x, uint32_t virtual_y) const {
        return virtual_x == my_x[id] && virtual_y == my_y[id];
    }
    bool is_local_addr(uint64_t noc_addr) const {
        return is_local_bank(NOC_UNICAST_ADDR_X(noc_addr), NOC_UNICAST_ADDR_Y(noc_addr));
    }

    template <TxnIdMode txn_id_mode = TxnIdMode::DISABLED,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, bool enable_noc_tracing = true,
              typename Src, typename Dst>
    void async_read(const Src &src, const Dst &dst, uint32_t size_bytes,
                    const src_args_t<Src> &src_args, const dst_args_t<Dst> &dst_args,
                    uint32_t read_req_vc = NOC_UNICAST_WRITE_VC,
                    uint32_t trid = INVALID_TXN_ID) const {
        if constexpr (txn_id_mode == TxnIdMode::ENABLED) {
            noc_async_read_set_trid(trid, id);
            while (NOC_STATUS_READ_REG(id, NIU_MST_REQS_OUTSTANDING_ID(trid)) >
                   NOC_MAX_TRANSACTION_ID_COUNT / 2) {
            }
        }
        noc_async_read<max_page_size>(noc_traits_t<Src>::noc(src, id, src_args),
                                      noc_traits_t<Dst>::l1(dst, dst_args), size_bytes, id,
                                      read_req_vc);
    }

    template <VcSelection vc_selection = VcSelection::DEFAULT,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, typename Src>
    void set_async_read_state(const Src &src, uint32_t size_bytes, const src_args_t<Src> &src_args,
                              uint8_t vc = 0) const {
        noc_async_read_one_packet_set_state<vc_selection == VcSelection::CUSTOM>(
            noc_traits_t<Src>::noc(src, id, src_args), size_bytes, vc, id);
    }
    template <VcSelection vc_selection = VcSelection::DEFAULT,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, typename Src, typename Dst>
    void async_read_with_state(const Src &src, const Dst &dst, uint32_t size_bytes,
                               const src_args_t<Src> &src_args, const dst_args_t<Dst> &dst_args,
                               uint8_t vc = 0) const {
        uint32_t from = (uint32_t)noc_traits_t<Src>::noc(src, id, src_args),
                 to = noc_traits_t<Dst>::l1(dst, dst_args);
        if constexpr (max_page_size <= NOC_MAX_BURST_SIZE)
            noc_async_read_one_packet_with_state(from, to, vc, id);
        else
            noc_async_read_with_state(from, to, size_bytes, id);
    }

    template <TxnIdMode txn_id_mode = TxnIdMode::DISABLED,
              ResponseMode response_mode = ResponseMode::NON_POSTED,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, bool enable_noc_tracing = true,
              typename Src, typename Dst>
    void async_write(const Src &src, const Dst &dst, uint32_t size_bytes,
                     const src_args_t<Src> &src_args, const dst_args_t<Dst> &dst_args,
                     uint32_t vc = NOC_UNICAST_WRITE_VC, uint32_t trid = INVALID_TXN_ID) const {
        if constexpr (txn_id_mode == TxnIdMode::ENABLED) noc_async_write_set_trid(trid, id);
        noc_async_write<max_page_size, false, response_mode == ResponseMode::POSTED>(
            noc_traits_t<Src>::l1(src, src_args), noc_traits_t<Dst>::noc(dst, id, dst_args),
            size_bytes, id, vc);
    }

    template <McastMode mcast_mode = McastMode::EXCLUDE_SRC,
              TxnIdMode txn_id_mode = TxnIdMode::DISABLED,
              ResponseMode response_mode = ResponseMode::NON_POSTED,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, bool enable_noc_tracing = true,
              typename Src, typename Dst>
    void async_write_multicast(const Src &src, const Dst &dst, uint32_t size_bytes,
                               uint32_t num_dsts, const src_args_t<Src> &src_args,
                               const dst_args_mcast_t<Dst> &dst_args, bool linked = false,
                               uint32_t = INVALID_TXN_ID) const {
        static_assert(txn_id_mode == TxnIdMode::DISABLED &&
                          response_mode == ResponseMode::NON_POSTED,
                      "multicasts have no transaction ids and are acknowledged");
        uint32_t from = noc_traits_t<Src>::l1(src, src_args);
        uint64_t to = noc_traits_t<Dst>::noc_mcast(dst, id, dst_args);
        if constexpr (mcast_mode == McastMode::INCLUDE_SRC)
            noc_async_write_multicast_loopback_src(from, to, size_bytes, num_dsts, linked, id);
        else
            noc_async_write_multicast<max_page_size>(from, to, size_bytes, num_dsts, linked, id);
    }

    template <ResponseMode response_mode = ResponseMode::NON_POSTED,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, typename Dst>
    void set_async_write_state(const Dst &dst, uint32_t size_bytes, const dst_args_t<Dst> &dst_args,
                               uint8_t vc = NOC_UNICAST_WRITE_VC) const {
        noc_async_write_one_packet_set_state<response_mode == ResponseMode::POSTED>(
            noc_traits_t<Dst>::noc(dst, id, dst_args), size_bytes, id, vc);
    }
    template <ResponseMode response_mode = ResponseMode::NON_POSTED,
              uint32_t max_page_size = NOC_MAX_BURST_SIZE + 1, typename Src, typename Dst>
    void async_write_with_state(const Src &src, const Dst &dst, uint32_t size_bytes,
                                const src_args_t<Src> &src_args, const dst_args_t<Dst> &dst_args,
                                uint8_t = NOC_UNICAST_WRITE_VC) const {
        constexpr bool posted = response_mode == ResponseMode::POSTED;
        uint32_t from = noc_traits_t<Src>::l1(src, src_args),
                 to = (uint32_t)noc_traits_t<Dst>::noc(dst, id, dst_args);
        if constexpr (max_page_size <= NOC_MAX_BURST_SIZE) {
            noc_async_write_one_packet_with_state<posted>(from, to, id);
        } else {
            for (uint32_t part; size_bytes; size_bytes -= part, from += part, to += part) {
                part = size_bytes < NOC_MAX_BURST_SIZE ? size_bytes : NOC_MAX_BURST_SIZE;
                wt_noc_wait(id, write_cmd_buf);
                wt_noc_reg(id, write_cmd_buf, NOC_AT_LEN_BE) = part;
                noc_async_write_one_packet_with_state<posted>(from, to, id);
            }
        }
    }

    template <TxnIdMode txn_id_mode = TxnIdMode::DISABLED,
              InlineWriteDst dst_type = InlineWriteDst::DEFAULT,
              ResponseMode response_mode = ResponseMode::NON_POSTED, typename Dst>
    void inline_dw_write(const Dst &dst, uint32_t val, const dst_args_t<Dst> &dst_args,
                         uint8_t be = 0xF, uint32_t vc = NOC_UNICAST_WRITE_VC,
                         uint32_t = INVALID_TXN_ID) const {
        static_assert(txn_id_mode == TxnIdMode::DISABLED, "inline writes have no transaction ids");
        noc_inline_dw_write<dst_type, response_mode == ResponseMode::POSTED>(
            noc_traits_t<Dst>::noc(dst, id, dst_args), val, be, id, vc);
    }

    template <BarrierMode barrier_type = BarrierMode::FULL>
    void async_read_barrier(uint32_t trid = INVALID_TXN_ID) const {
        if constexpr (barrier_type == BarrierMode::FULL)
            noc_async_read_barrier(id);
        else
            noc_async_read_barrier_with_trid(trid, id);
    }
    template <BarrierMode barrier_type = BarrierMode::FULL>
    void async_write_barrier(uint32_t trid = INVALID_TXN_ID) const {
        if constexpr (barrier_type == BarrierMode::FULL)
            noc_async_write_barrier(id);
        else
            noc_async_write_barrier_with_trid(trid, id);
    }
    template <ResponseMode response_mode = ResponseMode::NON_POSTED,
              BarrierMode barrier_type = BarrierMode::FULL>
    void async_writes_flushed(uint32_t trid = INVALID_TXN_ID) const {
        static_assert(response_mode == ResponseMode::NON_POSTED ||
                          barrier_type == BarrierMode::FULL,
                      "posted writes are flushed all together");
        if constexpr (response_mode == ResponseMode::POSTED)
            noc_async_posted_writes_flushed(id);
        else if constexpr (barrier_type == BarrierMode::FULL)
            noc_async_writes_flushed(id);
        else
            noc_async_write_flushed_with_trid(trid, id);
    }
    void async_atomic_barrier() const { noc_async_atomic_barrier(id); }
    void async_full_barrier() const { noc_async_full_barrier(id); }

  private:
    uint8_t id;
};

} // namespace experimental
