// The seam itself: what every backend shares. Arguments are checked here, and here alone the rule
// that a chip with a fault refuses everything but reading, asking and reset.
#include "ttm/chip/backend.h"
#include "ttm/chip/register.h"

#include "base/err.h"
#include "base/str.h"
#include "riscv/rv32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 64 };

const char *chip_hart_name(ChipHart hart) {
    static const char *const names[CHIP_HARTS] = { "brisc", "ncrisc", "trisc0", "trisc1",
                                                   "trisc2" };
    return (unsigned)hart < CHIP_HARTS ? names[hart] : "hart ?";
}

// ---- open and close ----------------------------------------------------------------------------

wt_status_t chip_init(Chip *chip, const ChipBackend *backend, const ChipOptions *options) {
    const char *name = options->arch ? options->arch : "blackhole";
    const Arch *arch = arch_find(name);
    if (!arch)
        return fail(WT_INVALID, "architecture '%s' is not known; there is \"blackhole\"", name);
    TRY(coord_init(&chip->coords, arch, options->harvested));
    const ArchFacts *f = &arch->facts;
    chip->backend = backend;
    chip->facts = (ChipFacts){
        .arch = arch->name,
        .noc_columns = (uint32_t)f->noc_columns,
        .noc_rows = (uint32_t)f->noc_rows,
        .worker_columns = chip->coords.worker_columns,
        .worker_rows = (uint32_t)f->tensix_rows,
        .harvested = options->harvested,
        .eth_cores = arch->eths,
        .dram_channels = arch->dram_channels,
        .dram_channel_size = f->dram_channel_size,
        .l1_size = (uint32_t)f->l1_size,
        .eth_l1_size = (uint32_t)f->eth_l1_size,
        .l1_alignment = (uint32_t)f->l1_alignment,
        .dram_alignment = (uint32_t)f->dram_alignment,
        .num_cbs = (uint32_t)f->num_cbs,
    };
    for (int h = 0; h < CHIP_HARTS; h++)
        chip->facts.local_size[h] =
            (uint32_t)(h <= CHIP_NCRISC ? f->local_size_dm : f->local_size_trisc);
    return WT_OK;
}

wt_status_t chip_open(const ChipOptions *options, Chip **chip) {
    static const ChipOptions none;
    if (!options) options = &none;
    return (options->transport ? &chip_remote : &chip_model)->open(options, chip);
}

void chip_close(Chip *chip) {
    if (!chip) return;
    free(chip->faults);
    chip->faults = NULL;
    chip->backend->close(chip);
}

const ChipFacts *chip_facts(const Chip *chip) { return &chip->facts; }

// ---- coordinates -------------------------------------------------------------------------------

ChipNode chip_node(const Chip *chip, ChipXY at) {
    const CoordNode *node = coord_at(&chip->coords, at.x, at.y);
    return node ? node->kind : CHIP_NONE;
}

static const CoordNode *find_node(const CoordMap *map, ChipCoord system, ChipXY at) {
    const CoordNode *node = NULL;
    switch (system) {
    case CHIP_LOGICAL: node = coord_worker(map, at.x, at.y); break;
    case CHIP_VIRTUAL: node = coord_at(map, at.x, at.y); break;
    case CHIP_PHYSICAL:
        if (at.x < map->arch->facts.noc_columns && at.y < map->arch->facts.noc_rows)
            node = &map->node[at.y * map->arch->facts.noc_columns + at.x];
        break;
    }
    return node && node->kind != CHIP_NONE ? node : NULL;
}

bool chip_translate(const Chip *chip, ChipCoord from, ChipXY at, ChipCoord to, ChipXY *out) {
    const CoordNode *node = find_node(&chip->coords, from, at);
    if (!node || (to == CHIP_LOGICAL && node->kind != CHIP_WORKER)) return false;
    *out = to == CHIP_LOGICAL ? node->logical : to == CHIP_VIRTUAL ? node->virtual : node->physical;
    return true;
}

wt_status_t chip_worker(const Chip *chip, uint32_t column, uint32_t row, ChipXY *at) {
    const CoordNode *node = coord_worker(&chip->coords, column, row);
    if (!node) {
        bool harvested =
            column < chip->coords.arch->tensix_columns && row < chip->facts.worker_rows;
        return fail(WT_INVALID, "core (%u,%u) is %s: this chip has %u x %u workers", column, row,
                    harvested ? "harvested" : "outside the grid", chip->facts.worker_columns,
                    chip->facts.worker_rows);
    }
    *at = node->virtual;
    return WT_OK;
}

wt_status_t chip_dram(const Chip *chip, uint32_t channel, uint32_t noc, ChipXY *at) {
    if (channel >= chip->facts.dram_channels)
        return fail(WT_INVALID, "DRAM channel %u: this chip has %u", channel,
                    chip->facts.dram_channels);
    if (noc > 1) return fail(WT_INVALID, "NoC %u: there are two, 0 and 1", noc);
    *at = chip->coords.node[chip->coords.dram[channel][noc]].virtual;
    return WT_OK;
}

wt_status_t chip_eth(const Chip *chip, uint32_t n, ChipXY *at) {
    if (n >= chip->facts.eth_cores)
        return fail(WT_INVALID, "Ethernet core %u: this chip has %u", n, chip->facts.eth_cores);
    *at = chip->coords.node[chip->coords.eth[n]].virtual;
    return WT_OK;
}

wt_status_t chip_pcie(const Chip *chip, ChipXY *at) {
    *at = chip->coords.node[chip->coords.pcie].virtual;
    return WT_OK;
}

// ---- memory and registers ----------------------------------------------------------------------

static wt_status_t refuse_poisoned(const Chip *chip) {
    if (!chip->num_faults) return WT_OK;
    char text[512];
    return fail(WT_FAULT, "the device has faulted and must be reset first (%s)",
                chip_fault_text(&chip->faults[0], text, sizeof text));
}

static const char *node_name(ChipNode kind) {
    static const char *const names[] = { "nothing",   "worker", "DRAM",  "Ethernet core",
                                         "PCIe tile", "ARC",    "router" };
    return names[kind];
}

static wt_status_t check_range(const Chip *chip, ChipXY at, uint64_t addr, size_t size) {
    ChipNode kind = chip_node(chip, at);
    uint64_t limit = kind == CHIP_WORKER ? chip->facts.l1_size
                     : kind == CHIP_ETH  ? chip->facts.eth_l1_size
                     : kind == CHIP_DRAM ? chip->facts.dram_channel_size
                                         : 0;
    if (kind == CHIP_NONE) return fail(WT_INVALID, "there is no node (%u,%u)", at.x, at.y);
    if (addr <= limit && size <= limit - addr) return WT_OK;
    if (kind == CHIP_WORKER && addr >= CHIP_REGISTERS && addr <= UINT32_MAX) {
        if (size == 4 && addr % 4 == 0) return WT_OK;
        return fail(WT_INVALID, "registers are accessed by four aligned bytes, not %zu at 0x%08llx",
                    size, (unsigned long long)addr);
    }
    if (!limit)
        return fail(WT_INVALID, "node (%u,%u) has no memory (%s)", at.x, at.y, node_name(kind));
    return fail(WT_INVALID, "bytes [0x%llx, 0x%llx) are outside the %llu bytes of %s (%u,%u)",
                (unsigned long long)addr, (unsigned long long)(addr + size),
                (unsigned long long)limit, node_name(kind), at.x, at.y);
}

wt_status_t chip_write(Chip *chip, ChipXY at, uint64_t addr, const void *data, size_t size) {
    TRY(refuse_poisoned(chip));
    TRY(check_range(chip, at, addr, size));
    return size ? chip->backend->write(chip, at, addr, data, size) : WT_OK;
}

wt_status_t chip_read(Chip *chip, ChipXY at, uint64_t addr, void *data, size_t size) {
    TRY(check_range(chip, at, addr, size));
    return size ? chip->backend->read(chip, at, addr, data, size) : WT_OK;
}

void *chip_dram_bytes(Chip *chip, ChipXY at) {
    if (!chip->backend->dram_bytes || chip_node(chip, at) != CHIP_DRAM) return NULL;
    return chip->backend->dram_bytes(chip, at);
}

// ---- harts -------------------------------------------------------------------------------------

static wt_status_t check_hart(const Chip *chip, ChipXY at, ChipHart hart) {
    if (chip_node(chip, at) != CHIP_WORKER)
        return fail(WT_INVALID, "node (%u,%u) is no worker", at.x, at.y);
    if ((unsigned)hart >= CHIP_HARTS)
        return fail(WT_INVALID, "hart %d: a worker has %d", (int)hart, CHIP_HARTS);
    return WT_OK;
}

static wt_status_t write_word(Chip *chip, ChipXY at, uint32_t addr, uint32_t value) {
    return chip_write(chip, at, addr, &value, sizeof value);
}

wt_status_t chip_set_reset_pc(Chip *chip, ChipXY at, ChipHart hart, uint32_t pc) {
    TRY(check_hart(chip, at, hart));
    if (hart == CHIP_BRISC) {
        if (pc) return fail(WT_INVALID, "brisc starts at 0, not at 0x%x", pc);
        return WT_OK;
    }
    if (hart == CHIP_NCRISC) {
        TRY(write_word(chip, at, DEBUG_NCRISC_RESET_PC, pc));
        return write_word(chip, at, DEBUG_NCRISC_RESET_PC_OVERRIDE, 1);
    }
    uint32_t t = (uint32_t)hart - CHIP_TRISC0, on;
    TRY(write_word(chip, at, DEBUG_TRISC0_RESET_PC + 4 * t, pc));
    TRY(chip_read(chip, at, DEBUG_TRISC_RESET_PC_OVERRIDE, &on, sizeof on));
    return write_word(chip, at, DEBUG_TRISC_RESET_PC_OVERRIDE, on | 1u << t);
}

wt_status_t chip_set_soft_reset(Chip *chip, ChipXY at, uint32_t held) {
    TRY(check_hart(chip, at, CHIP_BRISC));
    return write_word(chip, at, DEBUG_SOFT_RESET_0, soft_reset_word(held));
}

wt_status_t chip_set_stack_limit(Chip *chip, ChipXY at, ChipHart hart, uint32_t limit) {
    TRY(refuse_poisoned(chip));
    TRY(check_hart(chip, at, hart));
    return chip->backend->set_stack_limit ? chip->backend->set_stack_limit(chip, at, hart, limit)
                                          : WT_OK;
}

wt_status_t chip_hart_state(Chip *chip, ChipXY at, ChipHart hart, ChipHartState *state) {
    TRY(check_hart(chip, at, hart));
    *state = (ChipHartState){ 0 };
    return chip->backend->hart_state ? chip->backend->hart_state(chip, at, hart, state) : WT_OK;
}

const char *chip_address_name(const Chip *chip, uint32_t addr, char *buf, size_t cap) {
    return register_name(&chip->facts, addr, buf, cap);
}

// ---- time --------------------------------------------------------------------------------------

wt_status_t chip_run(Chip *chip, const ChipRun *run) {
    TRY(refuse_poisoned(chip));
    for (size_t i = 0; i < run->num_until; i++) {
        const ChipUntil *u = &run->until[i];
        if (u->addr % 4) return fail(WT_INVALID, "a condition on the unaligned word 0x%x", u->addr);
        if (u->addr >= CHIP_REGISTERS)
            return fail(WT_INVALID, "a condition on the register 0x%x", u->addr);
        TRY(check_range(chip, u->at, u->addr, 4));
    }
    return chip->backend->run(chip, run);
}

wt_status_t chip_settle(Chip *chip) {
    TRY(refuse_poisoned(chip));
    return chip->backend->settle ? chip->backend->settle(chip) : WT_OK;
}

void chip_interrupt(Chip *chip) { atomic_store(&chip->interrupt, true); }

void chip_stats(Chip *chip, ChipStats *stats) {
    *stats = (ChipStats){ 0 };
    if (chip->backend->stats) chip->backend->stats(chip, stats);
}

wt_status_t chip_reset(Chip *chip) {
    chip->num_faults = 0;
    atomic_store(&chip->interrupt, false);
    return chip->backend->reset(chip);
}

// ---- faults ------------------------------------------------------------------------------------

static const char *gap_name(ChipGap gap) {
    static const char *const names[] = { "undefined", "unmodelled", "unsupported", "untested" };
    return names[gap];
}

const char *chip_fault_text(const ChipFault *f, char *buf, size_t cap) {
    StrBuf insn = { 0 };
    if (f->has_pc && f->word)
        rv32_disasm(ISA_BLACKHOLE, f->word, f->pc, &insn); // all extensions that any chip has
    int n = f->hart == CHIP_HARTS ? snprintf(buf, cap, "%s", gap_name(f->gap))
                                  : snprintf(buf, cap, "%s: core (%u,%u) %s", gap_name(f->gap),
                                             f->worker.x, f->worker.y, chip_hart_name(f->hart));
    if (f->has_pc && n >= 0 && (size_t)n < cap)
        n += snprintf(buf + n, cap - (size_t)n, insn.n ? ", pc 0x%08x (%s)" : ", pc 0x%08x%s",
                      f->pc, sb_str(&insn));
    if (n >= 0 && (size_t)n < cap) snprintf(buf + n, cap - (size_t)n, ": %s", f->text);
    sb_free(&insn);
    return buf;
}

wt_status_t chip_add_fault(Chip *chip, const ChipFault *fault) {
    if (!chip->faults) chip->faults = calloc(FAULTS_MAX, sizeof *chip->faults);
    if (!chip->faults) return fail(WT_NOMEM, "no memory to record a fault");
    if (chip->num_faults < FAULTS_MAX) chip->faults[chip->num_faults++] = *fault;
    char text[512];
    return fail(fault->gap == CHIP_UNSUPPORTED ? WT_UNSUPPORTED : WT_FAULT, "%s",
                chip_fault_text(&chip->faults[0], text, sizeof text));
}

size_t chip_faults(const Chip *chip, const ChipFault **faults) {
    *faults = chip->faults;
    return chip->num_faults;
}
