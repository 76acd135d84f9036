// TileSlice: values picked from a tile in a circular buffer, for DPRINT.
//
//   DPRINT << TileSlice(cb, 0, SliceRange::hw0_32_16(), TSLICE_INPUT_CB, TSLICE_RD_PTR, true,
//   true);
//
// Rows h0, h0+hs ... below h1 and columns likewise, as many as fit. The tile lies at the buffer's
// read or write position, so it must be waited for or reserved. A tile is stored as faces of 16 x
// 16 unless print_untilized is false.
#pragma once
#include "wt/formats.h"
#include "wt/shared.h"
#include "wt/tiles.h"

using dprint_tslice_ptr_t = bool;
#define TSLICE_RD_PTR true
#define TSLICE_WR_PTR false
using dprint_tslice_cb_t = bool;
#define TSLICE_INPUT_CB  true
#define TSLICE_OUTPUT_CB false

#if WT_HAS_CBS
#include "wt/cb.h"
#define CB_RD_PTR(id)     (get_local_cb_interface(id).fifo_rd_ptr << cb_addr_shift)
#define CB_RD_SZ(id)      (get_local_cb_interface(id).fifo_size << cb_addr_shift)
#define CB_WR_PTR(id)     (get_local_cb_interface(id).fifo_wr_ptr << cb_addr_shift)
#define CB_PAGE_COUNT(id) (get_local_cb_interface(id).fifo_num_pages)
#define CB_PAGE_SIZE(id)  (get_local_cb_interface(id).fifo_page_size << cb_addr_shift)
#endif

namespace wt {

// Bytes of one value as printed; 0: the host cannot print the format.
constexpr uint32_t dprint_datum_size(DataFormat f) {
    switch (f) {
    case DataFormat::Float32:
    case DataFormat::Int32:
    case DataFormat::UInt32: return 4;
    case DataFormat::Float16_b:
    case DataFormat::UInt16: return 2;
    case DataFormat::Bfp8_b:
    case DataFormat::Bfp4_b:
    case DataFormat::Int8:
    case DataFormat::UInt8: return 1;
    default: return 0;
    }
}

struct TileShape {
    uint32_t rows, columns, face_rows, face_columns, faces;

    // Place of (h, w) among the tile's values, and of its face's row among all faces' rows.
    uint32_t value(uint32_t h, uint32_t w, bool faced) const {
        if (!faced) return h * columns + w;
        return (face(h, w) * face_rows + h % face_rows) * face_columns + w % face_columns;
    }
    uint32_t row(uint32_t h, uint32_t w, bool faced) const {
        return faced ? face(h, w) * face_rows + h % face_rows : (h * columns + w) / face_columns;
    }

  private:
    uint32_t face(uint32_t h, uint32_t w) const {
        return h / face_rows * (columns / face_columns) + w / face_columns;
    }
};

struct __attribute__((packed)) TileSliceData : DPrintTileSlice {
    // Copies what the range selects to data[0..cap) and sets the header.
    __attribute__((noinline)) void fill(uint8_t *data, uint32_t cap, uint32_t cb, uint32_t address,
                                        int tile_idx, const SliceRange &range, bool endl,
                                        bool faced) {
        const auto format = get_dataformat(cb);
        const uint32_t size = dprint_datum_size(format);
        TileShape t = { unpack_tile_r_dim[cb], unpack_tile_c_dim[cb], unpack_tile_face_r_dim[cb], 0,
                        unpack_tile_num_faces[cb] };
        t.face_columns = t.rows * t.columns / t.faces / t.face_rows;
        cb_ptr = address + tile_idx * get_tile_size(cb);
        slice_range = range;
        cb_id = (uint8_t)cb;
        data_format = (uint8_t)format;
        data_count = 0;
        endl_rows = endl;
        pad = 0;
        return_code = DPrintErrorUnsupportedFormat;
        if (!size) return;
        return_code = DPrintErrorBadPointer;
        if (cb_ptr < WT_MAILBOXES->core_info.l1_unreserved_start || cb_ptr >= MEM_L1_SIZE) return;
        return_code = DPrintOK;
        const bool block = format == DataFormat::Bfp8_b || format == DataFormat::Bfp4_b;
        const volatile uint8_t *from = (const volatile uint8_t *)cb_ptr;
        const volatile uint8_t *mantissas = from + t.face_rows * t.faces;
        uint32_t n = 0;
        for (uint32_t h = range.h0; h < range.h1; h += range.hs) {
            for (uint32_t w = range.w0; w < range.w1; w += range.ws) {
                if (n + (block ? 2 : size) > cap) return;
                uint32_t i = t.value(h, w, faced);
                if (format == DataFormat::Bfp4_b) {
                    data[n++] = from[t.row(h, w, faced)]; // the shared exponent, then the value
                    data[n++] = mantissas[i / 2] >> 4 * (i & 1) & 0xf;
                } else if (block) {
                    data[n++] = from[t.row(h, w, faced)];
                    data[n++] = mantissas[i];
                } else {
                    for (uint32_t k = 0; k < size; k++) data[n++] = from[i * size + k];
                }
                data_count++;
            }
        }
    }
};

} // namespace wt

template <int MAX_BYTES = 64> struct __attribute__((packed)) TileSlice : wt::TileSliceData {
    uint8_t data[MAX_BYTES];

#ifdef COMPILE_FOR_TRISC
    TileSlice(uint8_t cb, int tile_idx, const SliceRange &range, bool endl_rows_ = true,
              bool print_untilized = true) {
#if defined(UCK_CHLKC_UNPACK)
        fill(data, MAX_BYTES, cb, CB_RD_PTR(cb), tile_idx, range, endl_rows_, print_untilized);
#elif defined(UCK_CHLKC_PACK)
        fill(data, MAX_BYTES, cb, CB_WR_PTR(cb), tile_idx, range, endl_rows_, print_untilized);
#else
        (void)cb, (void)tile_idx, (void)range, (void)endl_rows_, (void)print_untilized;
        data_count = 0;
        return_code = DPrintErrorMath; // the math processor has no circular buffers
#endif
    }
#else
#ifdef COMPILE_FOR_NCRISC
    static constexpr dprint_tslice_ptr_t usual = TSLICE_WR_PTR;
#else
    static constexpr dprint_tslice_ptr_t usual = TSLICE_RD_PTR;
#endif
    TileSlice(uint8_t cb, int tile_idx, const SliceRange &range, dprint_tslice_cb_t,
              dprint_tslice_ptr_t ptr = usual, bool endl_rows_ = true,
              bool print_untilized = true) {
        fill(data, MAX_BYTES, cb, ptr == TSLICE_RD_PTR ? CB_RD_PTR(cb) : CB_WR_PTR(cb), tile_idx,
             range, endl_rows_, print_untilized);
    }
#endif
};
#ifdef COMPILE_FOR_TRISC
TileSlice(uint8_t, int, const SliceRange &, ...)->TileSlice<64>;
#endif

using TSLICE = TileSlice<64>;

namespace wt {
template <typename T> inline constexpr bool is_tile_slice = false;
template <int N> inline constexpr bool is_tile_slice<TileSlice<N>> = true;
} // namespace wt
