#include "ttm/host/print.h"
#include "ttm.h"
#include "ttm/lib/abi.h"

#include <stdio.h>

static void emit_line(Printer *p, PrintLineFn emit, void *user) {
    emit(user, sb_str(&p->line));
    p->line.n = 0;
}

// One streamed item: padded on the left to the width, which then is over.
static void add_item(Printer *p, const char *text, size_t n) {
    for (size_t i = n; i < p->width; i++) sb_putc(&p->line, ' ');
    sb_add(&p->line, text, n);
    p->width = 0;
}

static void add_text(Printer *p, const char *text) { add_item(p, text, strlen(text)); }

// Bases other than ten show the bits of the operand's own type, as streams do.
static void add_unsigned(Printer *p, uint64_t v) {
    char text[32];
    unsigned long long value = v;
    snprintf(text, sizeof text, p->base == 16 ? "%llx" : p->base == 8 ? "%llo" : "%llu", value);
    add_text(p, text);
}

static void add_signed(Printer *p, int64_t v, int bytes) {
    if (p->base != 10) {
        add_unsigned(p, (uint64_t)v & (~0ull >> (64 - 8 * bytes)));
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)v);
    add_text(p, text);
}

static void add_float(Printer *p, float v) {
    char text[400]; // of 255 decimals at most, and 39 digits before them
    snprintf(text, sizeof text, p->fixed ? "%.*f" : "%.*g", p->precision, (double)v);
    add_text(p, text);
}

static float float_of(uint32_t bits) {
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

// A sign and `bits` of mantissa without hidden one, under a shared exponent.
static float float_of_bfp(uint32_t datum, uint32_t exponent, int bits) {
    uint32_t sign = datum >> bits & 1, mantissa = datum & ((1u << bits) - 1);
    if (mantissa == 0) return float_of(sign << 31);
    while (!(mantissa >> (bits - 1) & 1)) {
        mantissa <<= 1;
        exponent--;
    }
    mantissa &= (1u << (bits - 1)) - 1;
    return float_of(sign << 31 | (exponent & 255) << 23 | mantissa << (24 - bits));
}

// Sign, exponent and mantissa from the top; how register dumps hold a float.
static float float_of_fields(uint32_t datum, int exponent_bits, int mantissa_bits) {
    uint32_t sign = datum >> (exponent_bits + mantissa_bits) & 1;
    int exponent = (int)(datum & ((1u << exponent_bits) - 1)) - ((1 << (exponent_bits - 1)) - 1);
    uint32_t mantissa = datum >> exponent_bits & ((1u << mantissa_bits) - 1);
    return float_of(sign << 31 | (uint32_t)((exponent + 127) & 255) << 23 |
                    mantissa << (23 - mantissa_bits));
}

static uint32_t load(const uint8_t *p, int bytes) {
    uint32_t v = 0;
    memcpy(&v, p, (size_t)bytes);
    return v;
}

static int slice_datum_size(uint8_t format) {
    switch (format) {
    case TTM_FORMAT_FLOAT32:
    case TTM_FORMAT_INT32:
    case TTM_FORMAT_UINT32: return 4;
    case TTM_FORMAT_FLOAT16_B:
    case TTM_FORMAT_UINT16:
    case TTM_FORMAT_BFP8_B:
    case TTM_FORMAT_BFP4_B: return 2; // bfp: the exponent comes with each datum
    case TTM_FORMAT_INT8:
    case TTM_FORMAT_UINT8: return 1;
    default: return 0;
    }
}

static void add_datum(Printer *p, uint8_t format, uint32_t v) {
    switch (format) {
    case TTM_FORMAT_FLOAT32: add_float(p, float_of(v)); break;
    case TTM_FORMAT_FLOAT16_B: add_float(p, float_of(v << 16)); break;
    case TTM_FORMAT_BFP8_B: add_float(p, float_of_bfp(v >> 8, v & 255, 7)); break;
    case TTM_FORMAT_BFP4_B: add_float(p, float_of_bfp(v >> 8, v & 255, 3)); break;
    case TTM_FORMAT_INT8: add_signed(p, (int8_t)v, 4); break;
    case TTM_FORMAT_INT32: add_signed(p, (int32_t)v, 4); break;
    default: add_unsigned(p, v); break;
    }
}

static const char *format_name(uint8_t format) {
    switch (format) {
#define NAME(name, value, bits, exponents)                                                         \
    case value: return #name;
        TTM_DATA_FORMATS(NAME)
#undef NAME
    default: return "INVALID_FORMAT";
    }
}

static void add_slice(Printer *p, const uint8_t *payload, size_t n) {
    DPrintTileSlice s;
    if (n < sizeof s) {
        sb_printf(&p->line, "<tile slice of %zu bytes, too short>", n);
        return;
    }
    memcpy(&s, payload, sizeof s);
    int size = slice_datum_size(s.data_format);
    if (s.return_code == DPrintErrorBadPointer) {
        sb_printf(&p->line, "Tried printing CBIndex::c_%u: BAD TILE POINTER (ptr=%u, count=%u)\n",
                  s.cb_id, s.cb_ptr, s.data_count);
    } else if (s.return_code == DPrintErrorUnsupportedFormat ||
               (s.return_code == DPrintOK && size == 0)) {
        sb_printf(&p->line, "Tried printing CBIndex::c_%u: Unsupported data format (%s)\n", s.cb_id,
                  format_name(s.data_format));
    } else if (s.return_code == DPrintErrorMath || s.return_code == DPrintErrorEthernet) {
        sb_printf(&p->line,
                  "Warning: %s core does not support TileSlice printing, omitting print...\n",
                  s.return_code == DPrintErrorMath ? "MATH" : "Ethernet");
    } else if (s.return_code != DPrintOK) {
        sb_printf(
            &p->line,
            "Warning: TileSlice printing failed with unknown return code %u, omitting print...\n",
            s.return_code);
    }
    if (s.return_code != DPrintOK || size == 0) return;

    size_t held = (n - sizeof s) / (size_t)size, i = 0;
    if (held > s.data_count) held = s.data_count;
    for (int h = s.slice_range.h0; h < s.slice_range.h1 && s.slice_range.hs;
         h += s.slice_range.hs) {
        for (int w = s.slice_range.w0; w < s.slice_range.w1 && s.slice_range.ws;
             w += s.slice_range.ws, i++) {
            if (i >= held) {
                sb_printf(&p->line, "<TileSlice data truncated due to exceeding max count (%u)>\n",
                          s.data_count);
                return;
            }
            add_datum(p, s.data_format, load(payload + sizeof s + i * (size_t)size, size));
            if (w + s.slice_range.ws < s.slice_range.w1) sb_putc(&p->line, ' ');
        }
        if (s.endl_rows) sb_putc(&p->line, '\n');
    }
}

// A word of a Tensix register dump: one 32-bit or two 16-bit data.
static void add_register(Printer *p, uint32_t v, uint16_t format) {
    bool half = false, b = false;
    switch (format) {
    case TTM_FORMAT_FLOAT16:
    case TTM_FORMAT_BFP8:
    case TTM_FORMAT_BFP4:
    case TTM_FORMAT_BFP2:
    case TTM_FORMAT_LF8: half = true; break;
    case TTM_FORMAT_FLOAT16_B:
    case TTM_FORMAT_BFP8_B:
    case TTM_FORMAT_BFP4_B:
    case TTM_FORMAT_BFP2_B: half = b = true; break;
    case TTM_FORMAT_UINT16: half = true; break;
    default: break;
    }
    for (int k = 0; k < (half ? 2 : 1); k++) {
        uint32_t part = half ? v >> 16 * k & 0xffff : v;
        p->width = p->last_width;
        if (format == TTM_FORMAT_UINT16 || format == TTM_FORMAT_UINT32)
            add_unsigned(p, part);
        else if (format == TTM_FORMAT_INT32)
            add_signed(p, (int32_t)part, 4);
        else if (format == TTM_FORMAT_FLOAT32)
            add_float(p, float_of(part));
        else if (format == TTM_FORMAT_TF32)
            add_float(p, float_of_fields(part, 8, 10));
        else if (half)
            add_float(p, b ? float_of_fields(part, 8, 7) : float_of_fields(part, 5, 10));
        else
            sb_printf(&p->line, "Unknown data format %u", format);
        sb_putc(&p->line, ' ');
    }
}

enum { ARRAY_RAW = 1, ARRAY_REGISTER = 2 };

static void add_array(Printer *p, const uint8_t *payload, size_t words, bool typed) {
    uint32_t type = ARRAY_RAW << 16;
    if (typed && words > 0) type = load(payload + 4 * --words, 4);
    for (size_t i = 0; i < words; i++) {
        uint32_t v = load(payload + 4 * i, 4);
        if (type >> 16 == ARRAY_REGISTER)
            add_register(p, v, (uint16_t)type);
        else if (type >> 16 == ARRAY_RAW)
            sb_printf(&p->line, "0x%x ", v);
        else
            sb_printf(&p->line, "Unknown type %u ", type >> 16);
    }
}

// The payload holds its NUL. Newlines inside end lines.
static void add_string(Printer *p, const char *text, size_t n, PrintLineFn emit, void *user) {
    n = strnlen(text, n);
    for (const char *end; (end = memchr(text, '\n', n));) {
        add_item(p, text, (size_t)(end - text));
        emit_line(p, emit, user);
        n -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    if (n) add_item(p, text, n);
}

// Text that formatting has put newlines into becomes lines.
static void split_lines(Printer *p, PrintLineFn emit, void *user) {
    if (!memchr(p->line.p ? p->line.p : "", '\n', p->line.n)) return;
    StrBuf whole = p->line;
    p->line = (StrBuf){ 0 };
    size_t from = 0;
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] != '\n') continue;
        sb_add(&p->line, whole.p + from, i - from);
        emit_line(p, emit, user);
        from = i + 1;
    }
    sb_add(&p->line, whole.p + from, whole.n - from);
    sb_free(&whole);
}

static void print_record(Printer *p, uint8_t type, const uint8_t *at, uint8_t n, PrintLineFn emit,
                         void *user) {
    uint64_t v = 0;
    memcpy(&v, at, n < 8 ? n : 8);
    bool ended = p->after_slice;
    p->after_slice = false;
    switch (type) {
    case DPrintCSTR: add_string(p, (const char *)at, n, emit, user); break;
    case DPrintENDL:
        if (!ended || p->line.n) emit_line(p, emit, user);
        break;
    case DPrintSETW: p->width = p->last_width = (uint8_t)v; break;
    case DPrintSETPRECISION: p->precision = (uint8_t)v; break;
    case DPrintFIXED: p->fixed = true; break;
    case DPrintDEFAULTFLOAT: p->fixed = false; break;
    case DPrintHEX: p->base = 16; break;
    case DPrintOCT: p->base = 8; break;
    case DPrintDEC: p->base = 10; break;
    case DPrintUINT8: // a stream takes an unsigned char for a character
    case DPrintCHAR: add_item(p, (const char *)at, 1); break;
    case DPrintUINT16: add_unsigned(p, (uint16_t)v); break;
    case DPrintUINT32: add_unsigned(p, (uint32_t)v); break;
    case DPrintUINT64: add_unsigned(p, v); break;
    case DPrintINT8: add_signed(p, (int8_t)v, 4); break;
    case DPrintINT16: add_signed(p, (int16_t)v, 2); break;
    case DPrintINT32: add_signed(p, (int32_t)v, 4); break;
    case DPrintINT64: add_signed(p, (int64_t)v, 8); break;
    case DPrintFLOAT32: add_float(p, float_of((uint32_t)v)); break;
    case DPrintBFLOAT16: add_float(p, float_of((uint32_t)v << 16)); break;
    case DPrintTILESLICE: {
        add_slice(p, at, n);
        bool newline = p->line.n && p->line.p[p->line.n - 1] == '\n';
        split_lines(p, emit, user);
        p->after_slice = newline;
        break;
    }
    case DPrintU32_ARRAY: add_array(p, at, n / 4, false); break;
    case DPrintTYPED_U32_ARRAY: add_array(p, at, n / 4, true); break;
    }
}

// The size that a record of this type has, 0: any.
static uint8_t record_size(uint8_t type) {
    switch (type) {
    case DPrintCSTR:
    case DPrintTILESLICE:
    case DPrintU32_ARRAY:
    case DPrintTYPED_U32_ARRAY: return 0;
    case DPrintUINT16:
    case DPrintINT16:
    case DPrintBFLOAT16: return 2;
    case DPrintUINT32:
    case DPrintINT32:
    case DPrintFLOAT32: return 4;
    case DPrintUINT64:
    case DPrintINT64: return 8;
    default: return 1;
    }
}

void print_records(Printer *p, const uint8_t *records, size_t n, PrintLineFn emit, void *user) {
    if (!p->started) {
        p->started = true;
        p->precision = 6;
        p->base = 10;
    }
    for (size_t at = 0; at < n;) {
        uint8_t type = records[at], size = at + 1 < n ? records[at + 1] : 0;
        uint8_t want = type < DPrintTypeID_Count ? record_size(type) : 255;
        if (type >= DPrintTypeID_Count || at + 2 + size > n || (want && want != size)) {
            sb_printf(&p->line, "<damaged print buffer: record of type %u, %u bytes>", type, size);
            emit_line(p, emit, user);
            return;
        }
        print_record(p, type, records + at + 2, size, emit, user);
        at += 2u + size;
    }
}

void print_flush(Printer *p, PrintLineFn emit, void *user) {
    if (p->line.n) emit_line(p, emit, user);
}

void print_free(Printer *p) { sb_free(&p->line); }
