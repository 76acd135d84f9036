// A double of Tenstorrent's libttsim.so, for tests of the path to foreign simulators: nodes with
// 2 MiB, the 4 GiB TLB window that the host uses, and on every node whose harts are out of reset a
// "program" that reacts to words of its memory:
//
//    [0x100] = v   after 3 windows [0x104] becomes v + 1, and [0x100] 0
//    [0x100] = -1  prints an ERROR line and ends the process, as ttsim does
//    [0x100] = -2  crashes
//    [0x100] = -3  ends without a word
//
// DEVICE, NO_CLOCK and DIES make it another chip, incomplete, or dead on arrival.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DEVICE
#define DEVICE 0xb1401e52u
#endif
#define EXPORT __attribute__((visibility("default")))

enum { MEMORY = 2 << 20, SOFT_RESET_0 = 0xffb121b0 };
#define BAR4       0x800000000ull
#define TLB_CONFIG (0x100000000ull + 0x1fc00000 + 12 * 202)

typedef struct Node {
    uint8_t *memory;
    uint32_t reset;
} Node;

static Node nodes[32][32];
static uint32_t tlb[3];
static uint64_t now;

static void complain(const char *text) {
    printf("[%llu] ERROR: %s\n", (unsigned long long)now, text);
    fflush(stdout);
    _Exit(1);
}

EXPORT void libttsim_init(void);
EXPORT uint32_t libttsim_pci_config_rd32(uint32_t device, uint32_t offset);
EXPORT void libttsim_pci_mem_rd_bytes(uint64_t paddr, void *p, uint32_t size);
EXPORT void libttsim_pci_mem_wr_bytes(uint64_t paddr, const void *p, uint32_t size);
EXPORT void libttsim_clock(uint32_t n);

void libttsim_init(void) {
#ifdef DIES
    complain("ConfigurationError: init: this one never starts");
#endif
    printf("a line that is no error\n");
}

uint32_t libttsim_pci_config_rd32(uint32_t device, uint32_t offset) {
    return device || offset ? ~0u : DEVICE;
}

static uint8_t *bytes_at(uint64_t paddr, uint32_t size) {
    uint32_t x = tlb[1] & 63, y = tlb[1] >> 6 & 63, addr = (uint32_t)(paddr - BAR4);
    if (paddr < BAR4 || x >= 32 || y >= 32 || tlb[2] || tlb[0])
        complain("UndefinedBehavior: bytes_at: bad window");
    Node *n = &nodes[y][x];
    if (!n->memory) n->memory = calloc(1, MEMORY), n->reset = 0x47800;
    if (addr == SOFT_RESET_0 && size == 4) return (uint8_t *)&n->reset;
    if (addr >= MEMORY || size > MEMORY - addr)
        complain("UnimplementedFunctionality: bytes_at: no such address");
    return n->memory + addr;
}

void libttsim_pci_mem_rd_bytes(uint64_t paddr, void *p, uint32_t size) {
    memcpy(p, bytes_at(paddr, size), size);
}

void libttsim_pci_mem_wr_bytes(uint64_t paddr, const void *p, uint32_t size) {
    if (paddr - TLB_CONFIG < 12)
        memcpy((uint8_t *)tlb + (paddr - TLB_CONFIG), p, size);
    else
        memcpy(bytes_at(paddr, size), p, size);
}

static void react(Node *n) {
    uint32_t *order = (uint32_t *)(n->memory + 0x100), *count = (uint32_t *)(n->memory + 0x200);
    if (!*order || n->reset & 0x800) return;
    if (*order == (uint32_t)-1) complain("UndefinedBehavior: sw: unaligned addr=0x2");
    if (*order == (uint32_t)-2) abort();
    if (*order == (uint32_t)-3) _Exit(7);
    if (++*count < 3) return;
    *count = 0;
    order[1] = *order + 1;
    *order = 0;
}

#ifndef NO_CLOCK
void libttsim_clock(uint32_t n) {
    now += n;
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            if (nodes[y][x].memory) react(&nodes[y][x]);
}
#endif
