// The text that the build writes in front of a kernel: defines and data formats.
#include "ttm/build/generate.h"

#include <ctype.h>
#include <string.h>

enum { CBS = 64, INVALID_FORMAT = 0xff };

static void bank_define(StrBuf *b, const char *kind, uint32_t n) {
    sb_printf(b, "#define NUM_%s_BANKS %u\n", kind, n);
    if (n && !(n & (n - 1)))
        sb_printf(b, "#define LOG_BASE_2_OF_NUM_%s_BANKS %d\n", kind, __builtin_ctz(n));
    else
        sb_printf(b, "#define IS_NOT_POW2_NUM_%s_BANKS 1\n", kind);
}

void generate_facts(const DeviceFacts *f, StrBuf *b) {
    bank_define(b, "DRAM", f->num_dram_banks);
    bank_define(b, "L1", f->num_l1_banks);
    sb_printf(b, "#define PCIE_NOC_X %u\n#define PCIE_NOC_Y %u\n", f->pcie_noc_x, f->pcie_noc_y);
    sb_printf(b, "#define DISPATCH_MESSAGE_ADDR 0x%xu\n", f->dispatch_message_addr);
}

static void string_literal(StrBuf *b, const char *s) {
    sb_putc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') sb_putc(b, '\\');
        if ((unsigned char)*s < ' ')
            sb_printf(b, "\\%03o", (unsigned char)*s);
        else
            sb_putc(b, *s);
    }
    sb_putc(b, '"');
}

static void arguments(const KernelSpec *s, StrBuf *b) {
    sb_printf(b, "#define KERNEL_COMPILE_TIME_ARGS ");
    for (size_t i = 0; i < s->compile_arg_count; i++)
        sb_printf(b, "%s%uu", i ? "," : "", s->compile_args[i]);
    sb_putc(b, '\n');
    if (!s->named_arg_count) return;
    sb_printf(b, "#define KERNEL_COMPILE_TIME_ARG_MAP ");
    for (size_t i = 0; i < s->named_arg_count; i++) {
        sb_printf(b, "%s{", i ? "," : "");
        string_literal(b, s->named_args[i].name);
        sb_printf(b, ",%uu}", s->named_args[i].value);
    }
    sb_putc(b, '\n');
}

void generate_defines(const KernelSpec *s, StrBuf *b) {
    static const char *const thread[] = { "unpack", "math", "pack" };
    sb_printf(b, "#pragma once\n#define KERNEL_BUILD 1\n");
    generate_facts(s->facts, b);
    if (s->facts->dprint) sb_printf(b, "#define DEBUG_PRINT_ENABLED 1\n");
    arguments(s, b);
    if (s->processor >= PROC_TRISC0) {
        const char *name = thread[s->processor - PROC_TRISC0];
        char upper[8] = { 0 };
        for (size_t i = 0; name[i]; i++) upper[i] = (char)toupper((unsigned char)name[i]);
        sb_printf(b, "#define TRISC_%s 1\n#define UCK_CHLKC_%s 1\n#define NAMESPACE chlkc_%s\n",
                  upper, upper, name);
    } else {
        sb_printf(b, "#define NOC_INDEX %u\n#define NOC_MODE %u\n", s->noc, s->noc_mode);
    }
    for (size_t i = 0; i < s->define_count; i++)
        sb_printf(b, "#define %s %s\n", s->defines[i].name,
                  s->defines[i].value ? s->defines[i].value : "");
}

// Bytes of a tile; 0 for a format that does not exist.
static uint32_t tile_bytes(uint32_t format, uint32_t datums) {
    switch (format) {
#define FORMAT_BYTES(name, value, bits, exponents)                                                 \
    case value: return ABI_TILE_BYTES(datums, bits, exponents);
        TTM_DATA_FORMATS(FORMAT_BYTES)
#undef FORMAT_BYTES
    default: return 0;
    }
}

static uint32_t cb_rows(const CbFormat *c) { return c->tile_height ? c->tile_height : 32; }
static uint32_t cb_columns(const CbFormat *c) { return c->tile_width ? c->tile_width : 32; }

typedef uint32_t CbValue(const CbFormat *);
static uint32_t cb_format(const CbFormat *c) { return c->used ? c->data_format : INVALID_FORMAT; }
static uint32_t cb_size(const CbFormat *c) {
    return tile_bytes(c->used ? c->data_format : 5,
                      cb_rows(c) * cb_columns(c)); // unused: as Float16_b
}
static uint32_t cb_face_rows(const CbFormat *c) { return cb_rows(c) < 16 ? cb_rows(c) : 16; }
static uint32_t cb_faces(const CbFormat *c) {
    uint32_t columns = cb_columns(c) < 16 ? cb_columns(c) : 16;
    return cb_rows(c) * cb_columns(c) / (cb_face_rows(c) * columns);
}
static uint32_t cb_partial(const CbFormat *c) { return cb_rows(c) < 16; }
static uint32_t cb_narrow(const CbFormat *c) { return cb_columns(c) < 32; }

static void array(StrBuf *b, const KernelSpec *s, const char *type, const char *name,
                  CbValue *value) {
    sb_printf(b, "constexpr %s %s[%d] = {", type, name, CBS);
    for (int i = 0; i < CBS; i++) sb_printf(b, "%u,", value(&s->cb[i]));
    sb_printf(b, "};\n");
}

// The vendor has one set of arrays for the side that reads a buffer and one for the side that
// writes.
wt_status_t generate_formats(const KernelSpec *s, StrBuf *b) {
    static const struct {
        const char *type, *name;
        CbValue *value;
    } rows[] = {
        { "int32_t", "unpack_src_format", cb_format },
        { "int32_t", "unpack_dst_format", cb_format },
        { "unsigned char", "pack_src_format", cb_format },
        { "unsigned char", "pack_dst_format", cb_format },
        { "uint8_t", "unpack_tile_num_faces", cb_faces },
        { "uint8_t", "pack_tile_num_faces", cb_faces },
        { "uint8_t", "unpack_partial_face", cb_partial },
        { "uint8_t", "pack_partial_face", cb_partial },
        { "uint8_t", "unpack_tile_face_r_dim", cb_face_rows },
        { "uint8_t", "pack_tile_face_r_dim", cb_face_rows },
        { "uint8_t", "unpack_narrow_tile", cb_narrow },
        { "uint8_t", "pack_narrow_tile", cb_narrow },
        { "uint8_t", "unpack_tile_r_dim", cb_rows },
        { "uint8_t", "pack_tile_r_dim", cb_rows },
        { "uint8_t", "unpack_tile_c_dim", cb_columns },
        { "uint8_t", "pack_tile_c_dim", cb_columns },
        { "uint16_t", "unpack_tile_size", cb_size },
        { "uint16_t", "pack_tile_size", cb_size },
    };
    for (int i = 0; i < CBS; i++)
        if (s->cb[i].used && !tile_bytes(s->cb[i].data_format, 1024))
            return fail(WT_INVALID, "circular buffer %d has data format %u, which does not exist",
                        i, s->cb[i].data_format);
    sb_printf(b, "#pragma once\n#include <stdint.h>\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        array(b, s, rows[i].type, rows[i].name, rows[i].value);
    const ComputeOptions *c = &s->compute;
    if (s->processor >= PROC_TRISC0)
        sb_printf(b,
                  "#define DST_ACCUM_MODE %d\n#define DST_SYNC_FULL %d\n#define MATH_FIDELITY "
                  "%d\n#define APPROX %s\n",
                  c->fp32_dest_acc, c->dst_full_sync, c->math_fidelity ? c->math_fidelity - 1 : 4,
                  c->math_approx ? "true" : "false");
    return WT_OK;
}
