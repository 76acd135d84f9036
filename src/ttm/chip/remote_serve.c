// The helper's side of remote.h: drives a libttsim.so as its PCIe host would. Addresses of BARs
// and TLB registers are those of tenstorrent/ttsim, src/libttsim.cpp.
#include "ttm/chip/remote.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Window 202 is the first of the 4 GiB ones; it alone is used, pointed at one node after another.
#define BAR0       0x100000000ull
#define BAR4       0x800000000ull
#define TLB_CONFIG (BAR0 + 0x1fc00000 + 12 * 202)

typedef struct Sim {
    void (*init)(void);
    uint32_t (*config_read)(uint32_t device, uint32_t offset);
    void (*read)(uint64_t paddr, void *p, uint32_t size);
    void (*write)(uint64_t paddr, const void *p, uint32_t size);
    void (*clock)(uint32_t n);
    uint32_t tlb[2]; // what the window's registers hold
    bool tlb_set;
    uint8_t *shared;
} Sim;

static bool sim_open(Sim *s, const char *path) {
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) return printf("ERROR: %s\n", dlerror()), false;
    const struct {
        const char *name;
        void **to;
    } symbols[] = {
        { "libttsim_init", (void **)&s->init },
        { "libttsim_pci_config_rd32", (void **)&s->config_read },
        { "libttsim_pci_mem_rd_bytes", (void **)&s->read },
        { "libttsim_pci_mem_wr_bytes", (void **)&s->write },
        { "libttsim_clock", (void **)&s->clock },
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *symbols[i].to = dlsym(so, symbols[i].name);
        if (!*symbols[i].to) return printf("ERROR: it has no %s\n", symbols[i].name), false;
    }
    s->init();
    return true;
}

// Points the window at a node; returns where an address of it is.
static uint64_t sim_at(Sim *s, uint16_t x, uint16_t y, uint64_t addr) {
    const uint32_t tlb[3] = { (uint32_t)(addr >> 32), x | (uint32_t)y << 6, 0 };
    if (!s->tlb_set || memcmp(s->tlb, tlb, sizeof s->tlb)) {
        for (uint32_t i = 0; i < 3; i++) s->write(TLB_CONFIG + 4 * i, &tlb[i], 4);
        memcpy(s->tlb, tlb, sizeof s->tlb);
        s->tlb_set = true;
    }
    return BAR4 + (uint32_t)addr;
}

static bool word_holds(Sim *s, const RemoteWord *w) {
    uint32_t v;
    s->read(sim_at(s, w->x, w->y, w->addr), &v, 4);
    return (v & w->mask) == w->value;
}

static RemoteReply run(Sim *s, const RemoteCall *c) {
    RemoteReply r = { 0 };
    const RemoteWord *words = (const RemoteWord *)s->shared;
    for (;; r.windows++) {
        while (r.held < c->size && word_holds(s, &words[r.held])) r.held++;
        if ((c->size && r.held == c->size) || r.windows == c->windows) return r;
        s->clock(REMOTE_WINDOW);
    }
}

static RemoteReply answer(Sim *s, const RemoteCall *c) {
    switch (c->op) {
    case REMOTE_WRITE: s->write(sim_at(s, c->x, c->y, c->addr), s->shared, c->size); break;
    case REMOTE_READ: s->read(sim_at(s, c->x, c->y, c->addr), s->shared, c->size); break;
    case REMOTE_RUN: return run(s, c);
    }
    return (RemoteReply){ 0 };
}

static bool send_reply(RemoteReply r) {
    ssize_t n;
    do n = write(REMOTE_SOCKET, &r, sizeof r);
    while (n < 0 && errno == EINTR);
    return n == sizeof r;
}

static bool receive_call(RemoteCall *c) {
    ssize_t n;
    do n = read(REMOTE_SOCKET, c, sizeof *c);
    while (n < 0 && errno == EINTR);
    return n == sizeof *c;
}

int remote_serve(const char *path) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // it may end without a word
    Sim s = { 0 };
    s.shared = mmap(NULL, REMOTE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, REMOTE_SHARED, 0);
    if (s.shared == MAP_FAILED) return printf("ERROR: no shared memory\n"), 1;
    if (!sim_open(&s, path)) return 1;
    if (!send_reply((RemoteReply){ .device = s.config_read(0, 0) })) return 1;
    for (RemoteCall c; receive_call(&c);)
        if (!send_reply(answer(&s, &c))) return 1;
    return 0;
}
