// Printing whole circular buffers, pages and tiles.
#pragma once
#include "api/debug/dprint.h"

#if WT_HAS_CBS
inline void print_cb_details(uint32_t cb_id) {
    const LocalCBInterface &cb = get_local_cb_interface(cb_id);
    DPRINT << "cb_id " << cb_id << ": { size: " << cb.fifo_size << ", limit: " << cb.fifo_limit
           << ", page_size: " << cb.fifo_page_size << ", num_pages: " << cb.fifo_num_pages
           << ", rd_ptr: " << cb.fifo_rd_ptr << ", wr_ptr: " << cb.fifo_wr_ptr
           << ", wr_tile_ptr: " << cb.fifo_wr_tile_ptr << " }" << ENDL();
}
#endif

#if WT_DATA_MOVEMENT
namespace wt {
// A line per page: its number, then every value as `print` does it.
template <typename T, typename Print>
void print_pages(uint32_t l1_addr, uint32_t per_page, uint32_t npages, uint32_t start,
                 Print print) {
    const volatile T *value = (const volatile T *)l1_addr + start * per_page;
    for (uint32_t page = start; page < start + npages; page++) {
        DPRINT << page << ": ";
        for (uint32_t i = 0; i < per_page; i++) print(*value++);
        DPRINT << ENDL();
    }
}
} // namespace wt

namespace tt::data_movement::common {
inline void print_bf16_pages(uint32_t l1_addr, uint32_t elts_per_page, uint32_t npages,
                             uint32_t start = 0) {
    wt::print_pages<uint16_t>(l1_addr, elts_per_page, npages, start,
                              [](uint16_t v) { DPRINT << BF16(v) << " "; });
}
inline void print_f32_pages(uint32_t l1_addr, uint32_t elts_per_page, uint32_t npages,
                            uint32_t start = 0) {
    wt::print_pages<uint32_t>(l1_addr, elts_per_page, npages, start,
                              [](uint32_t v) { DPRINT << F32(v) << " "; });
}
inline void print_u16_pages(uint32_t l1_addr, uint32_t elts_per_page, uint32_t npages,
                            uint32_t start = 0) {
    wt::print_pages<uint16_t>(l1_addr, elts_per_page, npages, start,
                              [](uint16_t v) { DPRINT << (uint32_t)v << " "; });
}
inline void print_u8_pages(uint32_t l1_addr, uint32_t bytes_per_page, uint32_t npages,
                           uint32_t start = 0) {
    wt::print_pages<uint8_t>(l1_addr, bytes_per_page, npages, start, [](uint8_t v) {
        DPRINT << SETW(2) << HEX() << "0x" << (uint32_t)v << " " << DEC();
    });
}
} // namespace tt::data_movement::common
#endif

#ifdef COMPILE_FOR_TRISC
namespace tt::compute::common {
inline void print_tile_rows(uint32_t cb_idx, uint32_t tile_idx, bool untilize = false,
                            uint16_t start_row = 0, uint16_t end_row = 32, uint8_t start_col = 0,
                            uint8_t end_col = 32) {
    DPRINT << "cb_idx: " << cb_idx << " tile_idx: " << tile_idx << ENDL() << "======" << ENDL();
    for (uint16_t row = start_row; row < end_row; row++) {
        SliceRange range = { (uint8_t)row, (uint8_t)(row + 1), 1, start_col, end_col, 1 };
        DPRINT << (uint32_t)row << " : " << TileSlice(cb_idx, tile_idx, range, true, untilize)
               << ENDL();
    }
    DPRINT << "++++++" << ENDL();
}
inline void print_full_tile(uint32_t cb_id, uint32_t tile_id = 0, bool untilize = false) {
    print_tile_rows(cb_id, tile_id, untilize);
}
} // namespace tt::compute::common
#endif
