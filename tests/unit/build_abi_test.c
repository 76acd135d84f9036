// The ABI header is one file for host and chip: its tables agree with themselves.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "ttm/build/build.h"

static void areas_do_not_overlap(void **state) {
    (void)state;
    static const MemMap m = TTM_MEM_MAP_BLACKHOLE;
    assert_int_equal(m.MAILBOX_END, m.MAILBOX_BASE + sizeof(mailboxes_t));
    assert_int_equal(m.MAILBOX_SIZE, sizeof(mailboxes_t));
    assert_int_equal(m.LLK_DEBUG_BASE, m.ZEROS_BASE + m.ZEROS_SIZE);
    assert_int_equal(m.BRISC_FIRMWARE_BASE, m.LLK_DEBUG_BASE + m.LLK_DEBUG_SIZE);
    assert_int_equal(m.NCRISC_FIRMWARE_BASE, m.BRISC_FIRMWARE_BASE + m.BRISC_FIRMWARE_SIZE);
    assert_int_equal(m.TRISC0_FIRMWARE_BASE, m.NCRISC_FIRMWARE_BASE + m.NCRISC_FIRMWARE_SIZE);
    assert_int_equal(m.NOC_COUNTER_BASE, m.TRISC2_FIRMWARE_BASE + m.TRISC2_FIRMWARE_SIZE);
    assert_int_equal(m.FABRIC_COUNTER_BASE, m.NOC_COUNTER_BASE + m.NOC_COUNTER_L1_SIZE);
    assert_int_equal(m.MAP_END, m.PACKET_HEADER_POOL_BASE + m.PACKET_HEADER_POOL_SIZE);
    assert_true(m.DEFAULT_UNRESERVED >= m.MAP_END + m.KERNEL_CONFIG_SIZE);
    assert_true(m.LOGICAL_TO_VIRTUAL_SCRATCH + m.LOGICAL_TO_VIRTUAL_SIZE <= m.DEFAULT_UNRESERVED);
    assert_int_equal(m.LOGICAL_TO_VIRTUAL_SCRATCH, m.BANK_TO_NOC_SCRATCH + m.BANK_TO_NOC_SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(areas_do_not_overlap) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
