// Booting: what every worker finds in its L1 before BRISC leaves reset.
//
// The host writes the firmware of the five processors, what a core is told about itself and the
// chip, the tables that turn bank numbers into NoC coordinates, and a jump at address 0; then it
// releases BRISC, which starts the others, and waits until every core reports that it is ready.
#include "ttm/host/host.h"

// u16 dram_xy[2][d], l1_xy[2][n], i32 dram_off[d], l1_off[n]: the firmware copies it to where
// kernels look up banks. Coordinates are x | y << 6.
static wt_status_t bank_table(ttm_device_t *d, StrBuf *out) {
    uint32_t cores = d->grid.x * d->grid.y;
    for (uint32_t noc = 0; noc < 2; noc++)
        for (uint32_t n = 0; n < d->facts->dram_channels; n++) {
            ChipXY at;
            TRY(chip_dram(d->chip, n, noc, &at));
            sb_add(out, &(uint16_t){ (uint16_t)(at.x | at.y << 6) }, 2);
        }
    for (uint32_t noc = 0; noc < 2; noc++)
        for (uint32_t bank = 0; bank < cores; bank++) {
            ChipXY at = device_core_xy(d, d->bank_core[bank]);
            sb_add(out, &(uint16_t){ (uint16_t)(at.x | at.y << 6) }, 2);
        }
    for (uint32_t n = 0; n < d->facts->dram_channels + cores; n++) sb_add(out, &(int32_t){ 0 }, 4);
    if (out->n > d->mem.BANK_TO_NOC_SIZE)
        return fail(WT_INTERNAL, "the table of %u + %u banks does not fit", d->facts->dram_channels,
                    cores);
    return WT_OK;
}

static void coordinate_table(const ttm_device_t *d, uint8_t out[32]) {
    memset(out, 0, 32);
    for (uint32_t x = 0; x < d->workers.x && x < 20; x++) out[x] = (uint8_t)d->worker_xy[x].x;
    for (uint32_t y = 0; y < d->workers.y && y < 12; y++)
        out[20 + y] = (uint8_t)d->worker_xy[y * d->workers.x].y;
}

enum { BOOT_CYCLES_MAX = 1000000 }; // it takes about 9,000

enum { NODE_ETH = 1, NODE_PCIE = 2, NODE_DRAM = 3 }; // addressable_core_t.type

static void core_info(const ttm_device_t *d, core_info_msg_t *info) {
    const ChipFacts *f = d->facts;
    *info = (core_info_msg_t){
        .noc_dram_addr_end = f->dram_channel_size,
        .harvested_coords = { 255, 255 },
        .virtual_harvested_coords = { 255, 255 },
        .noc_size_x = (uint8_t)f->noc_columns,
        .noc_size_y = (uint8_t)f->noc_rows,
        .worker_grid_size_x = (uint8_t)d->workers.x,
        .worker_grid_size_y = (uint8_t)d->workers.y,
        .l1_unreserved_start = d->mem.DEFAULT_UNRESERVED,
        .core_magic_number = ABI_CORE_MAGIC_WORKER,
    };
    memset(info->non_worker_cores, 255, sizeof info->non_worker_cores);
    memset(info->virtual_non_worker_cores, 255, sizeof info->virtual_non_worker_cores);
    addressable_core_t *node = info->virtual_non_worker_cores;
    for (uint32_t n = 0; n < f->dram_channels; n++)
        *node++ =
            (addressable_core_t){ (uint8_t)d->dram_xy[n].x, (uint8_t)d->dram_xy[n].y, NODE_DRAM };
    *node++ = (addressable_core_t){ (uint8_t)d->build_facts.pcie_noc_x,
                                    (uint8_t)d->build_facts.pcie_noc_y, NODE_PCIE };
    for (uint32_t n = 0; n < f->eth_cores; n++) {
        ChipXY at;
        if (chip_eth(d->chip, n, &at) != WT_OK) break;
        *node++ = (addressable_core_t){ (uint8_t)at.x, (uint8_t)at.y, NODE_ETH };
    }
}

// Everything a mailbox must hold before the firmware runs; the rest is zero.
static void init_mailboxes(const ttm_device_t *d, mailboxes_t *m) {
    memset(m, 0, sizeof *m);
    for (int g = 0; g < ABI_GO_MSGS; g++) m->go_messages[g].signal = RUN_MSG_INIT;
    for (int p = 0; p < PROC_COUNT; p++)
        m->dprint_buf[p].aux.wpos =
            d->dprint ? DEBUG_PRINT_SERVER_STARTING_MAGIC : DEBUG_PRINT_SERVER_DISABLED_MAGIC;
    core_info(d, &m->core_info);
}

typedef struct BootImage {
    mailboxes_t mailboxes;
    StrBuf banks;
    uint8_t coordinates[32];
} BootImage;

static wt_status_t boot_core(ttm_device_t *d, uint32_t i, BootImage *b) {
    ChipXY at = d->worker_xy[i];
    ttm_core_t c = core_at(d->workers, i);
    TRY(chip_set_soft_reset(d->chip, at, CHIP_ALL_HARTS));
    for (int p = 0; p < PROC_COUNT; p++) {
        const KernelImage *f = &d->firmware[p];
        TRY(chip_write(d->chip, at, f->base, f->bytes, f->size));
        TRY(chip_set_stack_limit(d->chip, at, (ChipHart)p, f->stack_limit));
        if (p != PROC_BRISC) TRY(chip_set_reset_pc(d->chip, at, (ChipHart)p, f->base + f->entry));
    }
    b->mailboxes.core_info.absolute_logical_x = (uint8_t)c.x;
    b->mailboxes.core_info.absolute_logical_y = (uint8_t)c.y;
    for (int p = 0; p < PROC_COUNT; p++) {
        b->mailboxes.dprint_buf[p].aux.core_x = (uint16_t)c.x;
        b->mailboxes.dprint_buf[p].aux.core_y = (uint16_t)c.y;
    }
    // Up to the profiler's buffers, which are nobody's yet.
    TRY(chip_write(d->chip, at, d->mem.MAILBOX_BASE, &b->mailboxes,
                   offsetof(mailboxes_t, profiler_control)));
    TRY(chip_write(d->chip, at, d->mem.BANK_TO_NOC_SCRATCH, b->banks.p, b->banks.n));
    TRY(chip_write(d->chip, at, d->mem.LOGICAL_TO_VIRTUAL_SCRATCH, b->coordinates,
                   sizeof b->coordinates));
    uint32_t jump = firmware_boot_word(ARCH_BLACKHOLE);
    TRY(chip_write(d->chip, at, d->mem.BOOT_CODE_BASE, &jump, sizeof jump));
    return chip_set_soft_reset(d->chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC));
}

static wt_status_t boot_all(ttm_device_t *d, BootImage *b) {
    TRY(bank_table(d, &b->banks));
    coordinate_table(d, b->coordinates);
    init_mailboxes(d, &b->mailboxes);
    uint32_t cores = d->workers.x * d->workers.y;
    ChipUntil until[CORES_MAX];
    for (uint32_t i = 0; i < cores; i++) {
        WRAP(boot_core(d, i, b), "booting core (%u,%u)", core_at(d->workers, i).x,
             core_at(d->workers, i).y);
        until[i] = (ChipUntil){
            .at = d->worker_xy[i],
            .addr = d->mem.MAILBOX_BASE + offsetof(mailboxes_t, go_messages),
            .mask = 0xff000000,
            .value = (uint32_t)RUN_MSG_DONE << 24,
        };
    }
    wt_status_t s = chip_run(
        d->chip, &(ChipRun){ .until = until, .num_until = cores, .max_cycles = BOOT_CYCLES_MAX });
    if (s == WT_FAULT || s == WT_UNSUPPORTED) s = report_fault(d, s);
    return s == WT_OK ? s : err_prefix(s, "the firmware does not come up");
}

wt_status_t firmware_boot(ttm_device_t *d) {
    BootImage *b = calloc(1, sizeof *b);
    if (!b) return fail(WT_NOMEM, "no memory to boot");
    wt_status_t s = boot_all(d, b);
    sb_free(&b->banks);
    free(b);
    return s;
}
