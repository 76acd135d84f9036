// TRISC0 (unpack), TRISC1 (math), TRISC2 (pack): run their kernels when BRISC says so. TRISC0 also
// clears the counters of the circular buffers between launches.
#include "fw.h"

#if COMPILE_FOR_TRISC == 0
static void clear_cb_counters(void) {
    for (uint32_t cb = 0; cb < MEM_NUM_CIRCULAR_BUFFERS; cb++) {
        *get_cb_tiles_received_ptr(cb) = 0;
        *get_cb_tiles_acked_ptr(cb) = 0;
    }
}
#endif

__attribute__((noreturn)) void firmware_main(void) {
    volatile uint8_t *run =
        (volatile uint8_t *)&WT_MAILBOXES->subordinate_sync + 1 + COMPILE_FOR_TRISC;
    clear_shared();
    init_position();
    *run = RUN_SYNC_MSG_DONE;
    for (;;) {
        while (*run != RUN_SYNC_MSG_GO) {
#if COMPILE_FOR_TRISC == 0
            if (*run == RUN_SYNC_MSG_INIT_SYNC_REGISTERS) {
                clear_cb_counters();
                *run = RUN_SYNC_MSG_DONE;
            }
#endif
            invalidate_l1_cache();
        }
        volatile kernel_config_msg_t *c = config();
        uint32_t base = setup_arguments(c);
#if WT_HAS_CBS
        setup_local_cbs(c, base);
#endif
        wait_for_go();
        if (c->enables & 1u << PROCESSOR_INDEX) run_kernel(c, base);
        *run = RUN_SYNC_MSG_DONE;
    }
}
