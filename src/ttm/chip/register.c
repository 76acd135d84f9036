// Names of what lies at a tile's addresses, from the tables in data/, for faults and reports.
#include "ttm/chip/model.h"

#include <stdio.h>

typedef struct Name {
    uint32_t at;
    const char *name;
} Name;

static const Name tile_names[] = {
#define TILE_REGISTER(address, name) { address, #name },
#include "../../../data/blackhole-registers.def"
};
static const Name niu_names[] = {
#define NIU_REGISTER(offset, name) { offset, #name },
#include "../../../data/blackhole-registers.def"
};
static const Name counter_names[] = {
#define NIU_COUNTER(index, name) { index, #name },
#include "../../../data/blackhole-registers.def"
};
static const Name stream_names[] = {
#define STREAM_REGISTER(index, name) { index, #name },
#include "../../../data/blackhole-registers.def"
};

// Ranges with no table of their own: tt-isa-documentation
// BlackholeA0/TensixTile/BabyRISCV/README.md.
static const struct Range {
    uint32_t base, end;
    const char *name;
} ranges[] = {
    { 0xFFB00000, 0xFFB02000, "local memory" },
    { 0xFFB11000, 0xFFB12000, "a TDMA-RISC register" },
    { 0xFFB12000, 0xFFB13000, "a debug register" },
    { 0xFFB13000, 0xFFB14000, "the interrupt controller" },
    { 0xFFB14000, 0xFFB16000, "brisc's local memory" },
    { 0xFFB16000, 0xFFB18000, "ncrisc's local memory" },
    { 0xFFB18000, 0xFFB1A000, "trisc0's local memory" },
    { 0xFFB1A000, 0xFFB1C000, "trisc1's local memory" },
    { 0xFFB1C000, 0xFFB1E000, "trisc2's local memory" },
    { 0xFFB80000, 0xFFB81000, "TENSIX_MOP_CFG" },
    { 0xFFBD8000, 0xFFBE0000, "Tensix Dst" },
    { GPR_BASE, GPR_END, "Tensix GPRs" },
    { 0xFFE40000, 0xFFE50000, "INSTRN_BUF" },
    { 0xFFE50000, 0xFFE60000, "INSTRN1_BUF" },
    { 0xFFE60000, 0xFFE70000, "INSTRN2_BUF" },
    { 0xFFE80000, 0xFFE90000, "PC_BUF" },
    { 0xFFE90000, 0xFFEA0000, "PC1_BUF" },
    { 0xFFEA0000, 0xFFEB0000, "PC2_BUF" },
    { 0xFFEC0000, 0xFFEC1000, "TENSIX_MAILBOX0" },
    { 0xFFEC1000, 0xFFEC2000, "TENSIX_MAILBOX1" },
    { 0xFFEC2000, 0xFFEC3000, "TENSIX_MAILBOX2" },
    { 0xFFEC3000, 0xFFEC4000, "TENSIX_MAILBOX3" },
    { 0xFFEF0000, 0xFFF00000, "TENSIX_CFG" },
};

static const char *find(const Name *names, size_t n, uint32_t at) {
    for (size_t i = 0; i < n; i++)
        if (names[i].at == at) return names[i].name;
    return NULL;
}
#define FIND(names, at) find((names), sizeof(names) / sizeof *(names), (at))

static const char *niu_name(uint32_t noc, uint32_t offset, char *buf, size_t cap) {
    uint32_t counter = (offset - 0x200) / 4;
    if (offset >= 0x200 && counter >= 0x10 && counter < 0x30) {
        snprintf(buf, cap, "noc%u %s(%u)", noc,
                 counter < 0x20 ? "NIU_MST_REQS_OUTSTANDING_ID" : "NIU_MST_WRITE_REQS_OUTGOING_ID",
                 counter & 15);
        return buf;
    }
    const char *name = offset >= 0x200 && offset < 0x300 ? FIND(counter_names, counter)
                       : offset < 0x800                  ? FIND(niu_names, offset)
                                                         : FIND(niu_names, offset % 0x800);
    if (!name)
        snprintf(buf, cap, "noc%u register 0x%x", noc, offset);
    else if (offset % 0x800 <= 0x40)
        snprintf(buf, cap, "noc%u initiator %u %s", noc, offset / 0x800, name);
    else
        snprintf(buf, cap, "noc%u %s", noc, name);
    return buf;
}

const char *register_name(const ChipFacts *facts, uint32_t addr, char *buf, size_t cap) {
    if (addr < facts->l1_size) return "L1";
    uint32_t word = addr & ~3u;
    if (word >= NIU_BASE && word < NIU_BASE + NOCS * NIU_STRIDE)
        return niu_name((word - NIU_BASE) / NIU_STRIDE, word % NIU_STRIDE, buf, cap);
    if (word >= STREAM_BASE && word < STREAM_END) {
        const char *name = FIND(stream_names, word % 0x1000 / 4);
        snprintf(buf, cap, name ? "stream %u %s" : "stream %u register",
                 (word - STREAM_BASE) / 0x1000, name);
        return buf;
    }
    if (word >= PC_BUFFER_BASE + 0x20 && word < PC_BUFFER_BASE + 0x40) {
        snprintf(buf, cap, "Tensix semaphore %u", (word - PC_BUFFER_BASE - 0x20) / 4);
        return buf;
    }
    const char *name = FIND(tile_names, word);
    if (name) return name;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (word >= ranges[i].base && word < ranges[i].end) return ranges[i].name;
    return "nothing";
}
