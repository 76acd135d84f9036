// DPRINT records to text, compared with what a C++ stream prints for the same items.
#include "ttm.h"
#include "ttm/host/print.h"
#include "ttm/lib/abi.h"

#include "test.h"

typedef struct Text {
    StrBuf lines, records;
    Printer printer;
} Text;

static void put(Text *t, uint8_t type, const void *payload, uint8_t n) {
    sb_putc(&t->records, (char)type);
    sb_putc(&t->records, (char)n);
    sb_add(&t->records, payload, n);
}
static void put_byte(Text *t, uint8_t type, uint8_t v) { put(t, type, &v, 1); }
static void put_u32(Text *t, uint32_t v) { put(t, DPrintUINT32, &v, 4); }
static void put_float(Text *t, float v) { put(t, DPrintFLOAT32, &v, 4); }
static void put_string(Text *t, const char *s) { put(t, DPrintCSTR, s, (uint8_t)(strlen(s) + 1)); }

static void on_line(void *user, const char *line) {
    sb_printf(&((Text *)user)->lines, "%s|", line);
}

static void expect(Text *t, const char *want) {
    print_records(&t->printer, (const uint8_t *)t->records.p, t->records.n, on_line, t);
    assert_string_equal(sb_str(&t->lines), want);
    t->lines.n = t->records.n = 0;
}

static void drop(Text *t) {
    print_free(&t->printer);
    sb_free(&t->lines);
    sb_free(&t->records);
}

static void strings_end_lines_where_they_hold_newlines(void **state) {
    (void)state;
    Text t = { 0 };
    put_string(&t, "one\ntwo");
    expect(&t, "one|");
    put_u32(&t, 21);
    put_string(&t, "\n\n");
    expect(&t, "two21||");
    put_string(&t, "left over");
    expect(&t, "");
    print_flush(&t.printer, on_line, &t);
    assert_string_equal(sb_str(&t.lines), "left over|");
    drop(&t);
}

static void integers_follow_the_base(void **state) {
    (void)state;
    Text t = { 0 };
    int16_t minus = -2;
    int8_t small = -5;
    int64_t big = INT64_MIN;
    uint64_t huge = UINT64_MAX;
    put(&t, DPrintINT16, &minus, 2);
    put_string(&t, " ");
    put(&t, DPrintINT8, &small, 1);
    put_string(&t, " ");
    put(&t, DPrintINT64, &big, 8);
    put_string(&t, " ");
    put(&t, DPrintUINT64, &huge, 8);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "-2 -5 -9223372036854775808 18446744073709551615|");
    put_byte(&t, DPrintHEX, 0);
    put(&t, DPrintINT16, &minus, 2);
    put_string(&t, " ");
    put(&t, DPrintINT8, &small, 1);
    put_string(&t, " ");
    put_u32(&t, 0xdeadbeef);
    put_byte(&t, DPrintOCT, 0);
    put_string(&t, " ");
    put_u32(&t, 8);
    put_byte(&t, DPrintDEC, 0);
    put_string(&t, " ");
    put_u32(&t, 8);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "fffe fffffffb deadbeef 10 8|");
    drop(&t);
}

static void floats_follow_precision_and_style(void **state) {
    (void)state;
    Text t = { 0 };
    uint16_t bf16 = 0x4049; // 3.140625
    put_float(&t, 1.0f / 3);
    put_string(&t, " ");
    put_float(&t, 1e10f);
    put_string(&t, " ");
    put(&t, DPrintBFLOAT16, &bf16, 2);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "0.333333 1e+10 3.14062|");
    put_byte(&t, DPrintSETPRECISION, 2);
    put_byte(&t, DPrintFIXED, 0);
    put_float(&t, 2.5f);
    put_byte(&t, DPrintDEFAULTFLOAT, 0);
    put_string(&t, " ");
    put_float(&t, 2.5f);
    put_byte(&t, DPrintSETPRECISION, 255);
    put_byte(&t, DPrintFIXED, 0);
    put_string(&t, " ");
    put_float(&t, -3.4028234664e38f);
    print_records(&t.printer, (const uint8_t *)t.records.p, t.records.n, on_line, &t);
    print_flush(&t.printer, on_line, &t);
    assert_memory_equal(sb_str(&t.lines), "2.50 2.5 -340282346638528859811704183484516925440.000",
                        53);
    drop(&t);
}

static void width_holds_for_one_item(void **state) {
    (void)state;
    Text t = { 0 };
    put_byte(&t, DPrintSETW, 6);
    put_u32(&t, 42);
    put_u32(&t, 42);
    put_byte(&t, DPrintSETW, 3);
    put_byte(&t, DPrintCHAR, 'c');
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "    4242  c|");
    drop(&t);
}

static void tile_slices_print_row_by_row(void **state) {
    (void)state;
    Text t = { 0 };
    uint8_t slice[24] = { [4] = 0, 2, 1, 0, 2, 1, 0, TTM_FORMAT_FLOAT16_B, 4, 1, 2, 0 };
    uint16_t data[4] = { 0x3f80, 0x4000, 0x4040, 0x4080 };
    memcpy(slice + 16, data, 8);
    put(&t, DPrintTILESLICE, slice, 24);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "1 2|3 4|");
    slice[12] = 3; // one datum less than the range asks for
    put(&t, DPrintTILESLICE, slice, 22);
    expect(&t, "1 2|3 <TileSlice data truncated due to exceeding max count (3)>|");
    slice[14] = 4;
    put(&t, DPrintTILESLICE, slice, 24);
    expect(&t, "Tried printing CBIndex::c_0: BAD TILE POINTER (ptr=0, count=3)|");
    slice[11] = TTM_FORMAT_BFP2_B, slice[14] = DPrintErrorUnsupportedFormat;
    put(&t, DPrintTILESLICE, slice, 24);
    expect(&t, "Tried printing CBIndex::c_0: Unsupported data format (Bfp2_b)|");
    uint8_t bfp[20] = { [4] = 0, 1, 1, 0, 2,   1,    0,   TTM_FORMAT_BFP8_B,
                        2,       0, 2, 0, 127, 0x40, 127, 0xe0 }; // 1.0 and -1.5
    put(&t, DPrintTILESLICE, bfp, 20);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "1 -1.5|");
    drop(&t);
}

static void arrays_print_by_type(void **state) {
    (void)state;
    Text t = { 0 };
    uint32_t raw[2] = { 7, 255 };
    put(&t, DPrintU32_ARRAY, raw, 8);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "0x7 0xff |");
    uint32_t typed[2] = { 0xfffffffe, 2u << 16 | TTM_FORMAT_INT32 };
    put(&t, DPrintTYPED_U32_ARRAY, typed, 8);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "-2 |");
    drop(&t);
}

// Whatever the device leaves in its buffer, the printer ends and stays inside it.
static void damaged_records_are_said_not_trusted(void **state) {
    (void)state;
    Text t = { 0 };
    sb_add(&t.records, "\x05\x04\x01", 3);
    expect(&t, "<damaged print buffer: record of type 5, 4 bytes>|");
    sb_add(&t.records, "\x63\x00", 2);
    expect(&t, "<damaged print buffer: record of type 99, 0 bytes>|");
    put(&t, DPrintTILESLICE, "abc", 3);
    put_byte(&t, DPrintENDL, 0);
    expect(&t, "<tile slice of 3 bytes, too short>|");
    uint32_t x = 1;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[192];
        for (size_t i = 0; i < sizeof bytes; i++) {
            x = x * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(x >> 24) % (round % 2 ? 24 : 255);
        }
        uint8_t *exact =
            malloc((size_t)round % 192 + 1); // so that a sanitizer sees a read past the end
        memcpy(exact, bytes, (size_t)round % 192 + 1);
        print_records(&t.printer, exact, (size_t)round % 192 + 1, on_line, &t);
        free(exact);
        t.lines.n = 0;
        t.printer.line.n = 0;
    }
    drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_end_lines_where_they_hold_newlines),
        cmocka_unit_test(integers_follow_the_base),
        cmocka_unit_test(floats_follow_precision_and_style),
        cmocka_unit_test(width_holds_for_one_item),
        cmocka_unit_test(tile_slices_print_row_by_row),
        cmocka_unit_test(arrays_print_by_type),
        cmocka_unit_test(damaged_records_are_said_not_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
