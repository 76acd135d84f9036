// NCRISC: runs its kernel of each launch when BRISC says so.
#include "fw.h"

__attribute__((noreturn)) void firmware_main(void) {
    volatile uint8_t *run = &WT_MAILBOXES->subordinate_sync.dm1;
    clear_shared();
    init_bank_tables();
    init_position();
    *run = RUN_SYNC_MSG_DONE;
    for (;;) {
        while (*run != RUN_SYNC_MSG_GO) invalidate_l1_cache();
        volatile kernel_config_msg_t *c = config();
        uint32_t base = setup_arguments(c);
        setup_local_cbs(c, base);
        wait_for_go();
        run_kernel(c, base);
        *run = RUN_SYNC_MSG_DONE;
    }
}
