// Addresses on the NoC: of tiles, of banks, and of pages that are spread over banks.
//
// Page `id` of an interleaved buffer lies in bank id % N, at base + (id / N) * page size rounded up
// to the bank's alignment.
#pragma once
#include <type_traits>
#include <utility>

#include "api/alignment.h"
#include "wt/args.h"
#include "wt/formats.h"
#include "wt/noc.h"

static constexpr auto &dram_bank_to_noc_xy = wt_shared.dram_bank_to_noc_xy;
static constexpr auto &l1_bank_to_noc_xy = wt_shared.l1_bank_to_noc_xy;
static constexpr auto &bank_to_dram_offset = wt_shared.bank_to_dram_offset;
static constexpr auto &bank_to_l1_offset = wt_shared.bank_to_l1_offset;
static constexpr auto &worker_logical_col_to_virtual_col = wt_shared.logical_col_to_virtual;
static constexpr auto &worker_logical_row_to_virtual_row = wt_shared.logical_row_to_virtual;

struct coord_t {
    uint8_t x, y;
};
FORCE_INLINE coord_t get_virtual_coord_from_worker_logical_coord(uint8_t worker_x,
                                                                 uint8_t worker_y) {
    return { worker_logical_col_to_virtual_col[worker_x],
             worker_logical_row_to_virtual_row[worker_y] };
}

namespace interleaved_addr_gen {
template <bool DRAM> constexpr uint32_t num_banks = DRAM ? NUM_DRAM_BANKS : NUM_L1_BANKS;

template <bool DRAM> FORCE_INLINE uint32_t get_bank_offset_index(uint32_t id) {
    return id / num_banks<DRAM>;
}
template <bool DRAM> FORCE_INLINE uint32_t get_bank_index(uint32_t id, uint32_t bank_offset_index) {
    return id - bank_offset_index * num_banks<DRAM>;
}
template <bool DRAM>
FORCE_INLINE uint32_t get_noc_xy(uint32_t bank_index, uint8_t noc = noc_index) {
    if constexpr (DRAM)
        return dram_bank_to_noc_xy[noc][bank_index];
    else
        return l1_bank_to_noc_xy[noc][bank_index];
}
template <bool DRAM> FORCE_INLINE uint32_t get_bank_offset(uint32_t bank_index) {
    if constexpr (DRAM)
        return bank_to_dram_offset[bank_index];
    else
        return bank_to_l1_offset[bank_index];
}
template <bool DRAM> constexpr uint32_t get_allocator_alignment() {
    return DRAM ? DRAM_ALIGNMENT : L1_ALIGNMENT;
}
template <bool DRAM> constexpr uint32_t get_log_base2_of_allocator_alignment() {
    return DRAM ? LOG_BASE_2_OF_DRAM_ALIGNMENT : LOG_BASE_2_OF_L1_ALIGNMENT;
}
} // namespace interleaved_addr_gen

FORCE_INLINE uint64_t get_noc_addr_helper(uint32_t noc_xy, uint32_t addr) {
    return (uint64_t)noc_xy << NOC_ADDR_COORD_SHIFT | addr;
}

namespace wt {
// The page `id` whose predecessors in its bank take `below(k)` bytes, for k of them.
template <bool DRAM, typename Below>
FORCE_INLINE uint64_t interleaved(uint32_t id, uint32_t base, uint32_t offset, uint8_t noc,
                                  Below below) {
    uint32_t k = interleaved_addr_gen::get_bank_offset_index<DRAM>(id);
    uint32_t bank = interleaved_addr_gen::get_bank_index<DRAM>(id, k);
    uint32_t addr = below(k) + base + offset + interleaved_addr_gen::get_bank_offset<DRAM>(bank);
    return get_noc_addr_helper(interleaved_addr_gen::get_noc_xy<DRAM>(bank, noc), addr);
}
} // namespace wt

// ---- Generators: objects that turn page numbers into addresses

template <bool DRAM> struct InterleavedAddrGen {
    static constexpr bool is_dram = DRAM;
    uint32_t bank_base_address;
    const uint32_t page_size;
    const uint32_t aligned_page_size =
        align_power_of_2(page_size, interleaved_addr_gen::get_allocator_alignment<DRAM>());

    FORCE_INLINE uint64_t get_noc_addr(uint32_t id, uint32_t offset = 0,
                                       uint8_t noc = noc_index) const {
        return wt::interleaved<DRAM>(id, bank_base_address, offset, noc,
                                     [this](uint32_t k) { return k * aligned_page_size; });
    }
};

template <bool DRAM> struct InterleavedPow2AddrGen {
    static constexpr bool is_dram = DRAM;
    static constexpr uint32_t log_base_2_of_allocator_alignment =
        interleaved_addr_gen::get_log_base2_of_allocator_alignment<DRAM>();
    const uint32_t bank_base_address;
    const uint32_t log_base_2_of_page_size;
    const uint32_t aligned_log_base_2_of_page_size =
        log_base_2_of_page_size > log_base_2_of_allocator_alignment
            ? log_base_2_of_page_size
            : log_base_2_of_allocator_alignment;

    FORCE_INLINE uint64_t get_noc_addr(uint32_t id, uint32_t offset = 0,
                                       uint8_t noc = noc_index) const {
        return wt::interleaved<DRAM>(id, bank_base_address, offset, noc, [this](uint32_t k) {
            return k << aligned_log_base_2_of_page_size;
        });
    }
};

template <bool DRAM> struct InterleavedPow2AddrGenFast : InterleavedPow2AddrGen<DRAM> {};

template <uint32_t tile_hw = 1024>
FORCE_INLINE constexpr uint32_t MUL_WITH_TILE_SIZE(uint format, uint index) {
    return wt_tiles_bytes(format & 0x1F, tile_hw, index);
}

template <bool DRAM, uint32_t tile_hw = 1024>
struct InterleavedAddrGenFast { // pages are tiles of a data format
    static constexpr bool is_dram = DRAM;
    uint32_t bank_base_address;
    uint32_t page_size;
    DataFormat data_format;

    FORCE_INLINE uint64_t get_noc_addr(uint32_t id, uint32_t offset = 0,
                                       uint8_t noc = noc_index) const {
        return wt::interleaved<DRAM>(id, bank_base_address, offset, noc, [this](uint32_t k) {
            return MUL_WITH_TILE_SIZE<tile_hw>((uint)data_format, k);
        });
    }
};

template <bool DRAM, uint32_t page_size>
FORCE_INLINE auto get_interleaved_addr_gen(uint32_t base_addr) {
    if constexpr (is_power_of_2(page_size)) {
        return InterleavedPow2AddrGen<DRAM>{ base_addr, (uint32_t)__builtin_ctz(page_size) };
    } else {
        return InterleavedAddrGen<DRAM>{ base_addr, page_size };
    }
}
template <bool DRAM, bool is_size_pow2>
FORCE_INLINE auto get_interleaved_addr_gen(uint32_t base_addr, uint32_t page_size,
                                           uint32_t log2_page_size) {
    if constexpr (is_size_pow2)
        return InterleavedPow2AddrGen<DRAM>{ base_addr, log2_page_size };
    else
        return InterleavedAddrGen<DRAM>{ base_addr, page_size };
}
template <bool DRAM, bool is_size_pow2>
FORCE_INLINE auto get_interleaved_addr_gen(uint32_t base_addr, uint32_t size) {
    return get_interleaved_addr_gen<DRAM, is_size_pow2>(base_addr, size, size);
}

// What a generator has, for the calls that take any.
template <typename, typename = void> inline constexpr bool has_get_noc_addr_v = false;
template <typename T>
inline constexpr bool has_get_noc_addr_v<
    T, std::void_t<decltype(std::declval<const T &>().get_noc_addr(0u, 0u, (uint8_t)0))>> = true;
template <typename, typename = void> inline constexpr bool has_page_size_v = false;
template <typename T>
inline constexpr bool
    has_page_size_v<T, std::void_t<decltype(std::declval<const T &>().page_size)>> = true;
template <typename, typename = void> inline constexpr bool has_log_base_2_of_page_size_v = false;
template <typename T>
inline constexpr bool has_log_base_2_of_page_size_v<
    T, std::void_t<decltype(std::declval<const T &>().log_base_2_of_page_size)>> = true;
template <typename T>
inline constexpr bool has_required_addrgen_traits_v = has_get_noc_addr_v<T> &&
                                                      (has_page_size_v<T> ||
                                                       has_log_base_2_of_page_size_v<T>);

namespace wt {
template <typename AddrGen> FORCE_INLINE uint32_t page_bytes(const AddrGen &gen) {
    static_assert(
        has_required_addrgen_traits_v<AddrGen>,
        "an address generator has get_noc_addr() and page_size or log_base_2_of_page_size");
    if constexpr (has_page_size_v<AddrGen>)
        return gen.page_size;
    else
        return 1u << gen.log_base_2_of_page_size;
}
} // namespace wt

// ---- get_noc_addr and its relatives

FORCE_INLINE uint64_t get_noc_addr(uint32_t noc_x, uint32_t noc_y, uint32_t addr,
                                   uint8_t noc = noc_index) {
    return NOC_XY_ADDR(DYNAMIC_NOC_X(noc, noc_x), DYNAMIC_NOC_Y(noc, noc_y), addr);
}
// In this tile.
FORCE_INLINE uint64_t get_noc_addr(uint32_t addr, uint8_t noc = noc_index) {
    return NOC_XY_ADDR(my_x[noc], my_y[noc], addr);
}
// A page, by any generator.
template <typename AddrGen, std::enable_if_t<has_get_noc_addr_v<AddrGen>, int> = 0>
FORCE_INLINE uint64_t get_noc_addr(uint32_t id, const AddrGen &addrgen, uint32_t offset = 0,
                                   uint8_t noc = noc_index) {
    return addrgen.get_noc_addr(id, offset, noc);
}

FORCE_INLINE uint64_t get_noc_multicast_addr(uint32_t noc_x_start, uint32_t noc_y_start,
                                             uint32_t noc_x_end, uint32_t noc_y_end, uint32_t addr,
                                             uint8_t noc = noc_index) {
    return NOC_MULTICAST_ADDR(DYNAMIC_NOC_X(noc, noc_x_start), DYNAMIC_NOC_Y(noc, noc_y_start),
                              DYNAMIC_NOC_X(noc, noc_x_end), DYNAMIC_NOC_Y(noc, noc_y_end), addr);
}

template <bool DRAM>
FORCE_INLINE uint64_t get_noc_addr_from_bank_id(uint32_t bank_id, uint32_t bank_address_offset,
                                                uint8_t noc = noc_index) {
    if constexpr (DRAM) bank_address_offset += bank_to_dram_offset[bank_id];
    return get_noc_addr_helper(interleaved_addr_gen::get_noc_xy<DRAM>(bank_id, noc),
                               bank_address_offset);
}

inline uint64_t get_dram_noc_addr(uint32_t id, uint32_t page_size, uint32_t bank_base_address,
                                  uint32_t offset = 0, uint8_t noc = noc_index) {
    return InterleavedAddrGen<true>{ bank_base_address, page_size }.get_noc_addr(id, offset, noc);
}
inline uint64_t get_l1_noc_addr(uint32_t id, uint32_t page_size, uint32_t bank_base_address,
                                uint32_t offset = 0, uint8_t noc = noc_index) {
    return InterleavedAddrGen<false>{ bank_base_address, page_size }.get_noc_addr(id, offset, noc);
}
inline uint64_t get_system_memory_noc_addr(uint32_t id, uint32_t page_size, uint32_t base_addr,
                                           uint32_t offset = 0, uint8_t noc = noc_index) {
    return NOC_XY_PCIE_ENCODING(DYNAMIC_NOC_X(noc, PCIE_NOC_X), DYNAMIC_NOC_Y(noc, PCIE_NOC_Y)) |
           (base_addr + page_size * id + offset);
}
