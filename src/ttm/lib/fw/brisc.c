// BRISC: boots the other processors, then runs one launch after another.
//
// It waits for a go message, sets up its own part of the launch, starts the others, runs its kernel
// if there is one, waits until all have finished, and reports RUN_MSG_DONE.
#include "fw.h"

#define SYNC (WT_MAILBOXES->subordinate_sync)

static void noc_write_reg(uint32_t noc, uint32_t buf, uint32_t reg, uint32_t value) {
    REG32(reg + (noc << NOC_INSTANCE_OFFSET_BIT) + (buf << NOC_CMD_BUF_OFFSET_BIT)) = value;
}

// What no command changes afterwards: the local end of every command is this tile.
static void init_noc(void) {
    const uint32_t read = NOC_CMD_CPY | NOC_CMD_RD | NOC_CMD_RESP_MARKED | NOC_CMD_VC_STATIC |
                          NOC_CMD_STATIC_VC(NOC_UNICAST_WRITE_VC);
    for (uint32_t noc = 0; noc < NUM_NOCS; noc++) {
        uint32_t here = NOC_XY_ENCODING(wt_shared.my_x[noc], wt_shared.my_y[noc]);
        for (uint32_t buf = NOC_WR_CMD_BUF; buf <= NOC_WR_REG_CMD_BUF; buf += 2) {
            noc_write_reg(noc, buf, NOC_TARG_ADDR_MID, 0);
            noc_write_reg(noc, buf, NOC_TARG_ADDR_COORDINATE, here);
        }
        noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_RET_ADDR_LO, MEM_NOC_ATOMIC_RET_VAL_ADDR);
        noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_RET_ADDR_MID, 0);
        noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_RET_ADDR_COORDINATE, here);
        noc_write_reg(noc, NOC_RD_CMD_BUF, NOC_CTRL, read);
        noc_write_reg(noc, NOC_RD_CMD_BUF, NOC_RET_ADDR_MID, 0);
        noc_write_reg(noc, NOC_RD_CMD_BUF, NOC_RET_ADDR_COORDINATE, here);
    }
}

// Dynamic mode: any buffer may carry any command of its processor, and both processors add up what
// they issued in L1.
static void init_dynamic_noc(void) {
    static const uint8_t counter[] = { NIU_MST_RD_RESP_RECEIVED, NIU_MST_NONPOSTED_WR_REQ_SENT,
                                       NIU_MST_WR_ACK_RECEIVED, NIU_MST_ATOMIC_RESP_RECEIVED,
                                       NIU_MST_POSTED_WR_REQ_SENT };
    volatile uint32_t *issued = (volatile uint32_t *)MEM_NOC_COUNTER_BASE; // [noc][processor][kind]
    for (uint32_t noc = 0; noc < NUM_NOCS; noc++) {
        uint32_t here = NOC_XY_ENCODING(wt_shared.my_x[noc], wt_shared.my_y[noc]);
        for (uint32_t buf = 0; buf < 4; buf++) {
            noc_write_reg(noc, buf, buf & 1 ? NOC_RET_ADDR_MID : NOC_TARG_ADDR_MID, 0);
            noc_write_reg(noc, buf, buf & 1 ? NOC_RET_ADDR_COORDINATE : NOC_TARG_ADDR_COORDINATE,
                          here);
        }
        for (uint32_t kind = 0; kind < 5; kind++) {
            issued[noc * 10 + kind] =
                REG32(NOC_STATUS(counter[kind]) + (noc << NOC_INSTANCE_OFFSET_BIT));
            issued[noc * 10 + 5 + kind] = 0;
        }
    }
}

static void release_others(void) {
    REG32(RISCV_DEBUG_REG_NCRISC_RESET_PC) = MEM_NCRISC_FIRMWARE_BASE;
    REG32(RISCV_DEBUG_REG_TRISC0_RESET_PC) = MEM_TRISC0_FIRMWARE_BASE;
    REG32(RISCV_DEBUG_REG_TRISC1_RESET_PC) = MEM_TRISC1_FIRMWARE_BASE;
    REG32(RISCV_DEBUG_REG_TRISC2_RESET_PC) = MEM_TRISC2_FIRMWARE_BASE;
    REG32(RISCV_DEBUG_REG_TRISC_RESET_PC_OVERRIDE) = 7;
    REG32(RISCV_DEBUG_REG_NCRISC_RESET_PC_OVERRIDE) = 1;
    *(volatile uint32_t *)&SYNC = RUN_SYNC_MSG_ALL_INIT;
    REG32(RISCV_DEBUG_REG_SOFT_RESET_0) = RISCV_SOFT_RESET_0_NONE;
}

static void wait_for_others(void) {
    while (*(volatile uint32_t *)&SYNC != RUN_SYNC_MSG_ALL_SUBORDINATES_DONE) invalidate_l1_cache();
}

// A posted increment of the dispatcher's stream register that counts finished workers.
static void notify_dispatcher(uint32_t noc, const volatile go_msg_t *go) {
    uint32_t to = DISPATCH_MESSAGE_ADDR + NOC_STREAM_REG_SPACE_SIZE * go->dispatch_message_offset;
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_AT_DATA, 1u << REMOTE_DEST_BUF_WORDS_FREE_INC);
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_CTRL,
                  NOC_CMD_WR | NOC_CMD_WR_INLINE | NOC_CMD_VC_STATIC |
                      NOC_CMD_STATIC_VC(NOC_UNICAST_WRITE_VC));
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_TARG_ADDR_LO, to);
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_TARG_ADDR_MID, 0);
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_TARG_ADDR_COORDINATE,
                  NOC_XY_ENCODING(go->master_x, go->master_y));
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_AT_LEN_BE, 0xf << (to & (NOC_WORD_BYTES - 1)));
    noc_write_reg(noc, NOC_AT_CMD_BUF, NOC_CMD_CTRL, NOC_CTRL_SEND_REQ);
}

static volatile go_msg_t *go_message(void) {
    return &WT_MAILBOXES->go_messages[WT_MAILBOXES->go_message_index];
}

// Until there is something to launch. A dispatcher may meanwhile ask to start over with the first
// launch message.
static void wait_for_launch(uint32_t noc) {
    for (;;) {
        uint32_t signal = go_message()->signal;
        if (signal == RUN_MSG_GO || config()->preload & DISPATCH_ENABLE_FLAG_PRELOAD) return;
        invalidate_l1_cache();
        if (signal != RUN_MSG_RESET_READ_PTR && signal != RUN_MSG_RESET_READ_PTR_FROM_HOST &&
            signal != RUN_MSG_REPLAY_TRACE)
            continue;
        WT_MAILBOXES->launch_msg_rd_ptr = 0;
        if (signal == RUN_MSG_RESET_READ_PTR_FROM_HOST) continue;
        go_message()->signal = RUN_MSG_DONE;
        notify_dispatcher(noc, go_message());
    }
}

static void launch(volatile kernel_config_msg_t *c) {
    uint32_t enables = c->enables;
    uint32_t base = setup_arguments(c);
    while (SYNC.trisc0 != RUN_SYNC_MSG_DONE) invalidate_l1_cache(); // the counters are clear
    if (enables & 1u << PROC_NCRISC) SYNC.dm1 = RUN_SYNC_MSG_GO;
    if (enables & 7u << PROC_TRISC0) {
        SYNC.trisc0 = RUN_SYNC_MSG_GO;
        SYNC.trisc1 = RUN_SYNC_MSG_GO;
        SYNC.trisc2 = RUN_SYNC_MSG_GO;
    }
    if (enables & 1u << PROC_BRISC) setup_local_cbs(c, base);
    wait_for_go();
    if (enables & 1u << PROC_BRISC) run_kernel(c, base);
    wait_for_others();
    SYNC.trisc0 = RUN_SYNC_MSG_INIT_SYNC_REGISTERS;
}

__attribute__((noreturn)) void firmware_main(void) {
    clear_shared();
    init_bank_tables();
    init_position();
    for (uint32_t i = 0; i < MEM_ZEROS_SIZE / 4; i++) ((volatile uint32_t *)MEM_ZEROS_BASE)[i] = 0;
    release_others();
    wait_for_others();
    init_noc();
    SYNC.trisc0 = RUN_SYNC_MSG_INIT_SYNC_REGISTERS;
    go_message()->signal = RUN_MSG_DONE;

    uint32_t noc = 0, mode = DM_DEDICATED_NOC;
    for (;;) {
        wait_for_launch(noc);
        volatile kernel_config_msg_t *c = config();
        noc = c->brisc_noc_id;
        if (mode != c->brisc_noc_mode) init_noc();
        mode = c->brisc_noc_mode;
        if (mode == DM_DYNAMIC_NOC) init_dynamic_noc();
        launch(c);
        c->preload = 0;
        go_message()->signal = RUN_MSG_DONE;
        if (c->mode == DISPATCH_MODE_DEV) {
            c->enables = 0;
            notify_dispatcher(noc, go_message());
            WT_MAILBOXES->launch_msg_rd_ptr =
                (WT_MAILBOXES->launch_msg_rd_ptr + 1) % ABI_LAUNCH_MSGS;
        }
    }
}
