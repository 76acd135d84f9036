// Ends of a transfer that are named by coordinates or by a bank.
#pragma once
#include "experimental/noc.h"

namespace experimental {

struct UnicastEndpoint {};
struct MulticastEndpoint {};
enum AllocatorBankType { L1, DRAM };
template <AllocatorBankType bank_type> struct AllocatorBank {};

template <> struct noc_traits_t<UnicastEndpoint> {
    struct src_args_type {
        uint32_t noc_x = 0, noc_y = 0, addr = 0;
    };
    using dst_args_type = src_args_type;
    static uint64_t noc(const UnicastEndpoint &, uint8_t noc, const src_args_type &a) {
        return ::get_noc_addr(a.noc_x, a.noc_y, a.addr, noc);
    }
    static uint32_t l1(const UnicastEndpoint &, const src_args_type &a) { return a.addr; }
};

template <> struct noc_traits_t<MulticastEndpoint> {
    struct dst_args_mcast_type {
        uint32_t noc_x_start = 0, noc_y_start = 0, noc_x_end = 0, noc_y_end = 0, addr = 0;
    };
    static uint64_t noc_mcast(const MulticastEndpoint &, uint8_t noc,
                              const dst_args_mcast_type &a) {
        return ::get_noc_multicast_addr(a.noc_x_start, a.noc_y_start, a.noc_x_end, a.noc_y_end,
                                        a.addr, noc);
    }
};

template <AllocatorBankType bank_type> struct noc_traits_t<AllocatorBank<bank_type>> {
    struct src_args_type {
        uint32_t bank_id = 0, addr = 0;
    };
    using dst_args_type = src_args_type;
    static uint64_t noc(const AllocatorBank<bank_type> &, uint8_t noc, const src_args_type &a) {
        return ::get_noc_addr_from_bank_id<bank_type == AllocatorBankType::DRAM>(a.bank_id, a.addr,
                                                                                 noc);
    }
};

} // namespace experimental
