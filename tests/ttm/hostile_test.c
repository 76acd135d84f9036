// Kernels that overwrite what the firmware and the host talk through: mailboxes, launch messages,
// print buffers, the firmware itself, the config block they were launched from. The host gets an
// answer of some kind in bounded time, and a reset makes the device work again.
#include "rig.h"

#include "ttm/lib/abi.h"

static const char *const scribbles =
    "void kernel_main() {\n"
    "    uint32_t s = get_arg_val<uint32_t>(0), from = get_arg_val<uint32_t>(1),\n"
    "             words = get_arg_val<uint32_t>(2);\n"
    "    for (int i = 0; i < 40; i++) {\n"
    "        s = s * 1664525 + 1013904223;\n"
    "        uint32_t at = from + 4 * ((s >> 8) % words), kind = s >> 28;\n"
    "        uint32_t v = kind < 4 ? s : kind < 6 ? 0 : kind < 8 ? ~0u : kind < 10 ? 0x80000000\n"
    "                   : kind < 12 ? 0x40404040 : kind < 14 ? (s >> 8 & 0xff) : from + (s >> 9);\n"
    "        *(volatile uint32_t *)at = v;\n"
    "        if (i % 8 == 0) DPRINT << i << ENDL();\n"
    "    }\n"
    "}\n";

static size_t printed; // every byte is looked at
static void count_lines(void *user, const char *line) {
    (void)user;
    printed += strlen(line);
}

static void scribble(ttm_device_t *d, ttm_program_t *p, ttm_kernel_t *k, uint32_t seed,
                     uint32_t from, uint32_t size) {
    uint32_t args[] = { seed, from, size / 4 };
    ttm_launch_options_t o = { .struct_size = sizeof o, .max_cycles = 300000 };
    assert_ok(ttm_set_runtime_args(k, &core00, 1, args, 3));
    wt_status_t s = ttm_program_launch(p, &o);
    if (s != WT_OK && s != WT_STALL && s != WT_FAULT && s != WT_LIMIT)
        fail_msg("seed %u at 0x%x: %d %s", seed, from, s, wt_last_error());
    char report[4096];
    size_t n;
    assert_ok(ttm_device_report(d, report, sizeof report, &n));
    assert_ok(ttm_device_reset(d));
}

static void run(uint32_t from, uint32_t size) {
    ttm_device_t *d = NULL;
    ttm_device_options_t o = { .struct_size = sizeof o, .print = count_lines };
    assert_ok(ttm_device_create(0, &o, &d));
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, scribbles);
    for (uint32_t seed = 1; seed <= 40; seed++) {
        scribble(d, p, k, seed * 2654435761u, from, size);
        if (seed % 8 == 0) assert_usable(d);
    }
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static const MemMap map = TTM_MEM_MAP_BLACKHOLE;

static void over_the_mailboxes(void **state) {
    (void)state;
    run(map.MAILBOX_BASE, offsetof(mailboxes_t, watcher));
}
static void over_the_print_buffers(void **state) {
    (void)state;
    run(map.MAILBOX_BASE + offsetof(mailboxes_t, dprint_buf), sizeof(DebugPrintMemLayout) * 2);
}
static void over_the_firmware(void **state) {
    (void)state;
    run(map.BRISC_FIRMWARE_BASE, map.TRISC2_FIRMWARE_BASE - map.BRISC_FIRMWARE_BASE);
}
static void over_its_own_launch(void **state) {
    (void)state;
    run(map.MAP_END, 0x400);
}
static void over_everything_low(void **state) {
    (void)state;
    run(0, map.DEFAULT_UNRESERVED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_the_mailboxes),  cmocka_unit_test(over_the_print_buffers),
        cmocka_unit_test(over_the_firmware),   cmocka_unit_test(over_its_own_launch),
        cmocka_unit_test(over_everything_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
