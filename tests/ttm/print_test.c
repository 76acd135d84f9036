// DPRINT from kernels to the user's callback: every type, several cores and processors, buffers
// that overflow, and printing turned off.
#include "rig.h"

typedef struct Lines {
    char text[400][160];
    int n;
} Lines;

static void keep(void *user, const char *line) {
    Lines *l = user;
    if (l->n < 400) snprintf(l->text[l->n++], sizeof l->text[0], "%s", line);
}

static ttm_device_t *open_printing(Lines *l, bool off) {
    ttm_device_options_t o = {
        .struct_size = sizeof o, .print = keep, .print_user = l, .no_dprint = off
    };
    ttm_device_t *d;
    memset(l, 0, sizeof *l);
    assert_ok(ttm_device_create(3, &o, &d));
    return d;
}

static Lines lines;

static void every_type_prints(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, false);
    assert_ok(run_kernel(
        d,
        "void kernel_main() {\n"
        "    DPRINT << \"text \" << (uint32_t)7 << ' ' << -8 << ' ' << 'c' << ENDL();\n"
        "    DPRINT << (uint16_t)65535 << ' ' << (int16_t)-3 << ' ' << (uint64_t)1 << 40 << "
        "ENDL();\n"
        "    DPRINT << HEX() << (uint32_t)0xbeef << DEC() << ' ' << (uint32_t)10 << ENDL();\n"
        "    DPRINT << F32(1.5f) << ' ' << 0.25f << ' ' << BF16(0x4049) << ENDL();\n"
        "    DPRINT << FIXED() << SETPRECISION(2) << 3.14159f << DEFAULTFLOAT() << ENDL();\n"
        "    DPRINT << SETW(8) << (uint32_t)42 << ENDL();\n"
        "    DPRINT << \"one\\ntwo\" << ENDL();\n"
        "}\n",
        NULL, 0));
    const char *want[] = {
        "3:(x=0,y=0):BR: text 7 -8 c", "3:(x=0,y=0):BR: 65535 -3 140",
        "3:(x=0,y=0):BR: beef 10",     "3:(x=0,y=0):BR: 1.5 0.25 3.14062",
        "3:(x=0,y=0):BR: 3.14",        "3:(x=0,y=0):BR:       42",
        "3:(x=0,y=0):BR: one",         "3:(x=0,y=0):BR: two",
    };
    for (int i = 0; i < 8; i++) assert_string_equal(lines.text[i], want[i]);
    assert_int_equal(lines.n, 8);
    assert_ok(ttm_device_close(d));
}

// Narrow integers (a byte without a sign is a character, as in TT-Metal), bases, arrays,
// enumerations, slices of a tile, whole pages: each record is made by the kernel and read by the
// host.
static void what_is_no_plain_number_prints(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, false);
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t index = { 0, TTM_FORMAT_FLOAT16_B, 2048 };
    assert_ok(ttm_cb_create(p, &core00, 1, 2048, &index, 1, NULL, NULL));
    new_kernel(
        p, "#include \"api/debug/dprint_pages.h\"\n"
           "enum Color : uint16_t { RED = 3 };\n"
           "void kernel_main() {\n"
           "    cb_reserve_back(0, 1);\n"
           "    volatile uint16_t *tile = (volatile uint16_t *)get_write_ptr(0);\n"
           "    for (uint32_t i = 0; i < 1024; i++) tile[i] = 0;\n"
           "    tile[0] = 0x3f80, tile[1] = 0x4000, tile[16] = 0xbf80, tile[17] = 0x4080;\n"
           "    DPRINT << (uint8_t)65 << ' ' << (int8_t)-5 << ' ' << (int64_t)-7 << ' ' << RED\n"
           "           << ' ' << U32(9) << ENDL();\n"
           "    DPRINT << OCT() << (uint32_t)64 << DEC() << ' ' << 64 << ENDL();\n"
           "    uint32_t words[3] = { 7, 255 };\n"
           "    DPRINT << U32_ARRAY(words, 2) << ENDL();\n"
           "    DPRINT << TYPED_U32_ARRAY(2, (uint16_t)DataFormat::Int32, words, 2) << ENDL();\n"
           "    DPRINT << TileSlice<64>(0, 0, SliceRange{0, 2, 1, 0, 2, 1}, TSLICE_INPUT_CB,\n"
           "                            TSLICE_WR_PTR, true, true) << ENDL();\n"
           "    tt::data_movement::common::print_bf16_pages(get_write_ptr(0), 2, 1);\n"
           "    tt::data_movement::common::print_u8_pages(get_write_ptr(0), 4, 1);\n"
           "}\n");
    assert_ok(ttm_program_launch(p, NULL));
    static const char *const want[] = {
        "A -5 -7 3 9", "100 64", "0x7 0xff ", "7 255 ",
        "1 2",         "-1 4",   "0: 1 2 ",   "0: 0x80 0x3f 0x0 0x40 ",
    };
    for (int i = 0; i < 8; i++)
        assert_string_equal(lines.text[i] + strlen("3:(x=0,y=0):BR: "), want[i]);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// More than a buffer holds: the kernel waits for the server, which goes on; nothing is lost.
static void long_output_is_complete_and_in_order(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, false);
    assert_ok(run_kernel(
        d,
        "void kernel_main() {\n"
        "    for (uint32_t i = 0; i < 300; i++) DPRINT << \"line number \" << i << ENDL();\n"
        "    DPRINT << \"no newline\";\n"
        "}\n",
        NULL, 0));
    assert_int_equal(lines.n, 300);
    for (int i = 0; i < 300; i++) {
        char want[64];
        snprintf(want, sizeof want, "3:(x=0,y=0):BR: line number %d", i);
        assert_string_equal(lines.text[i], want);
    }
    assert_ok(ttm_device_close(d)); // says what was left
    assert_string_equal(lines.text[300], "3:(x=0,y=0):BR: no newline");
}

static void each_core_and_processor_has_its_prefix(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, false);
    ttm_program_t *p = new_program(d);
    ttm_core_range_t two = { { 1, 2 }, { 2, 2 } };
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    const char *source = "void kernel_main() {\n"
                         "    DPRINT << \"at \" << (uint32_t)get_absolute_logical_x() << \",\"\n"
                         "           << (uint32_t)get_absolute_logical_y() << ENDL();\n"
                         "}\n";
    assert_ok(ttm_kernel_create_dataflow_from_string(p, source, &two, 1, NULL, NULL));
    assert_ok(ttm_kernel_create_dataflow_from_string(p, source, &two, 1, &second, NULL));
    assert_ok(
        ttm_kernel_create_compute_from_string(p,
                                              "void kernel_main() {\n"
                                              "    DPRINT_MATH(DPRINT << \"math\" << ENDL());\n"
                                              "}\n",
                                              &two, 1, NULL, NULL));
    assert_ok(ttm_program_launch(p, NULL));
    const char *want[] = { "3:(x=1,y=2):BR: at 1,2", "3:(x=1,y=2):NC: at 1,2",
                           "3:(x=1,y=2):TR1: math",  "3:(x=2,y=2):BR: at 2,2",
                           "3:(x=2,y=2):NC: at 2,2", "3:(x=2,y=2):TR1: math" };
    assert_int_equal(lines.n, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(lines.text[i], want[i]);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void what_was_printed_before_a_fault_is_shown(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, false);
    wt_status_t s = run_kernel(d,
                               "void kernel_main() {\n"
                               "    DPRINT << \"before\" << ENDL();\n"
                               "    *(volatile uint32_t *)0x40000000 = 1;\n"
                               "}\n",
                               NULL, 0);
    assert_true(s == WT_FAULT || s == WT_UNSUPPORTED);
    assert_int_equal(lines.n, 1);
    assert_string_equal(lines.text[0], "3:(x=0,y=0):BR: before");
    assert_ok(ttm_device_close(d));
}

static void printing_can_be_turned_off(void **state) {
    (void)state;
    ttm_device_t *d = open_printing(&lines, true);
    assert_ok(
        run_kernel(d,
                   "void kernel_main() {\n"
                   "    for (uint32_t i = 0; i < 300; i++) DPRINT << \"line \" << i << ENDL();\n"
                   "}\n",
                   NULL, 0));
    assert_int_equal(lines.n, 0);
    assert_ok(ttm_device_close(d));
}

static void to_log(void *user, wt_log_level_t level, const char *line) {
    if (level == WT_LOG_INFO) keep(user, line);
}

static void without_a_callback_lines_go_to_the_log(void **state) {
    (void)state;
    memset(&lines, 0, sizeof lines);
    wt_set_log_callback(to_log, &lines, WT_LOG_INFO);
    ttm_device_t *d = open_device();
    assert_ok(run_kernel(d, "void kernel_main() { DPRINT << \"logged\" << ENDL(); }", NULL, 0));
    wt_set_log_callback(NULL, NULL, WT_LOG_ERROR);
    assert_ok(ttm_device_close(d));
    bool found = false;
    for (int i = 0; i < lines.n; i++) found |= !strcmp(lines.text[i], "0:(x=0,y=0):BR: logged");
    assert_true(found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_prints),
        cmocka_unit_test(what_is_no_plain_number_prints),
        cmocka_unit_test(long_output_is_complete_and_in_order),
        cmocka_unit_test(each_core_and_processor_has_its_prefix),
        cmocka_unit_test(what_was_printed_before_a_fault_is_shown),
        cmocka_unit_test(printing_can_be_turned_off),
        cmocka_unit_test(without_a_callback_lines_go_to_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
