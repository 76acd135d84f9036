// What both interpreters do alike: accesses that are not plain memory, faults, watching.
#include "riscv/hart.h"
#include "riscv/engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hart_init(Hart *h) {
    *h = (Hart){ 0 };
    h->snap.hold = PARK_AFTER;
}

void hart_reset(Hart *h, uint32_t pc) {
    hart_unpark(h);
    h->stopped = false;
    h->slot_epoch = 0;
    h->pc = pc;
    h->wait_addr = 0;
    h->fault = (HartFault){ 0 };
    h->snap.valid = false;
    h->snap.idle = 0;
    h->snap.hold = PARK_AFTER;
    h->effect = false;
}

const char *fault_kind_name(FaultKind kind) {
    static const char *const names[] = { "none", "undefined", "unmodelled", "unsupported",
                                         "untested" };
    return names[kind];
}

BusReply hart_fault(Hart *h, FaultKind kind, uint32_t addr, uint32_t value, const char *fmt, ...) {
    const Space *s = hart_code_space(h, h->pc);
    HartFault *f = &h->fault;
    h->stopped = true;
    *f = (HartFault){ .kind = kind, .pc = h->pc, .addr = addr, .value = value };
    if (s) memcpy(&f->word, s->host + (h->pc - s->base), 4);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    return BUS_FAULT;
}

// Parked words and marks

static Space *space_of(const Hart *h, uint32_t addr) {
    for (int i = 0; i < HART_SPACES && h->space[i]; i++)
        if (space_holds(h->space[i], addr, 1)) return h->space[i];
    return NULL;
}

static void mark_watched(Hart *h, int by) {
    for (uint32_t i = 0; i < h->watch.n; i++) {
        Space *s = space_of(h, h->watch.addr[i]);
        if (s) s->mark[(h->watch.addr[i] - s->base) >> GRANULE_BITS] += (uint8_t)by;
    }
}

void hart_park(Hart *h) {
    h->watch.on = h->stopped = true;
    mark_watched(h, 1);
}

void hart_unpark(Hart *h) {
    if (!h->watch.on) return;
    h->watch.on = false;
    h->stopped = h->fault.kind != FAULT_NONE;
    mark_watched(h, -1);
}

bool hart_watches(const Hart *h, uint32_t addr, uint32_t len) {
    if (!h->watch.on || !len) return false;
    uint32_t first = addr & ~3u, last = (addr + len - 1) & ~3u;
    for (uint32_t i = 0; i < h->watch.n; i++)
        if (h->watch.addr[i] - first <= last - first) return true;
    return false;
}

// In the dry run of a polling loop: its words are what it waits for. False when there are too many.
static bool trace(Hart *h, uint32_t addr) {
    addr &= ~3u;
    for (uint32_t i = 0; i < h->watch.n; i++)
        if (h->watch.addr[i] == addr) return true;
    if (h->watch.n == HART_WATCH_MAX) return false;
    h->watch.addr[h->watch.n++] = addr;
    return true;
}

// Accesses

static BusReply unaligned(Hart *h, const char *what, uint32_t addr, uint32_t size, uint32_t value) {
    return hart_fault(h, FAULT_UNDEFINED, addr, value,
                      "unaligned %" PRIu32 "-byte %s at 0x%08" PRIx32, size, what, addr);
}

static BusReply narrow(Hart *h, const char *what, uint32_t addr, uint32_t size, uint32_t value) {
    return hart_fault(h, FAULT_UNDEFINED, addr, value,
                      "%" PRIu32 "-byte %s at 0x%08" PRIx32 ": registers take 4-byte accesses only",
                      size, what, addr);
}

static BusReply nothing_there(Hart *h, const char *what, uint32_t addr, uint32_t value) {
    return hart_fault(h, FAULT_UNDEFINED, addr, value, "%s at 0x%08" PRIx32 ": nothing is there",
                      what, addr);
}

// A probe stops before whatever might have an effect.
static bool held_back(const Hart *h) { return h->mode == HART_PROBES; }

static BusReply note_wait(Hart *h, BusReply r, uint32_t addr) {
    if (r == BUS_WAIT) h->wait_addr = addr;
    return r;
}

BusReply hart_load(Hart *h, uint32_t addr, uint32_t size, uint32_t *value) {
    if (addr & (size - 1)) return unaligned(h, "load", addr, size, 0);
    if (h->mode == HART_TRACES && !trace(h, addr)) return BUS_EFFECT;
    const Space *s = space_of(h, addr);
    if (s) {
        if (!(s->access & SPACE_R)) return nothing_there(h, "load", addr, 0);
        *value = 0;
        memcpy(value, s->host + (addr - s->base), size);
        return BUS_OK;
    }
    if (size != 4) return narrow(h, "load", addr, size, 0);
    if (!h->bus || !h->bus->load) return nothing_there(h, "load", addr, 0);
    return note_wait(h, h->bus->load(h, addr, value), addr);
}

static BusReply space_store(Hart *h, Space *s, uint32_t addr, uint32_t size, uint32_t value) {
    uint8_t *p = s->host + (addr - s->base);
    if (!memcmp(p, &value, size)) return BUS_OK;
    if (h->mode != HART_RUNS) return h->mode == HART_TRACES ? BUS_EFFECT : BUS_WAIT;
    memcpy(p, &value, size);
    uint8_t marks = space_written(s, addr, size);
    if ((marks & MARK_WATCH) && h->bus && h->bus->watched && h->bus->watched(h, addr, size))
        return BUS_YIELD;
    return s == h->space[0] ? BUS_EFFECT : BUS_OWN;
}

BusReply hart_store(Hart *h, uint32_t addr, uint32_t size, uint32_t value) {
    if (addr & (size - 1)) return unaligned(h, "store", addr, size, value);
    if (h->mode == HART_TRACES && !trace(h, addr)) return BUS_EFFECT;
    Space *s = space_of(h, addr);
    if (s) {
        if (!(s->access & SPACE_W)) return nothing_there(h, "store", addr, value);
        return space_store(h, s, addr, size, value);
    }
    if (size != 4) return narrow(h, "store", addr, size, value);
    if (!h->bus || !h->bus->store) return nothing_there(h, "store", addr, value);
    if (held_back(h)) return BUS_WAIT;
    return note_wait(h, h->bus->store(h, addr, value), addr);
}

BusReply hart_store_sp(Hart *h, uint32_t addr, uint32_t size, uint32_t value) {
    if (addr < h->stack_limit)
        return hart_fault(h, FAULT_UNDEFINED, addr, value,
                          "stack overflow: store through sp at 0x%08" PRIx32
                          ", the stack ends at 0x%08" PRIx32,
                          addr, h->stack_limit);
    return hart_store(h, addr, size, value);
}

BusReply hart_amo_load(Hart *h, uint32_t addr, uint32_t *value) {
    if (addr & 3) return unaligned(h, "atomic", addr, 4, 0);
    if (!space_of(h, addr))
        return hart_fault(h, FAULT_UNDEFINED, addr, 0,
                          "atomic at 0x%08" PRIx32 ": atomics reach memory only", addr);
    return hart_load(h, addr, 4, value);
}

BusReply hart_csr(Hart *h, uint32_t csr, const uint32_t *write, uint32_t *value) {
    if (!h->bus || !h->bus->csr)
        return hart_fault(h, FAULT_UNMODELLED, 0, write ? *write : 0, "CSR 0x%03" PRIx32, csr);
    if (write && held_back(h)) return BUS_WAIT;
    return note_wait(h, h->bus->csr(h, csr, write, value), h->pc);
}

BusReply hart_push(Hart *h, uint32_t insn) {
    if (!h->bus || !h->bus->push)
        return hart_fault(h, FAULT_UNDEFINED, 0, insn,
                          ".ttinsn 0x%08" PRIx32 ": this hart has no coprocessor", insn);
    if (held_back(h)) return BUS_WAIT;
    return note_wait(h, h->bus->push(h, insn), h->pc);
}

BusReply hart_system(Hart *h, uint32_t word) {
    if (!h->bus || !h->bus->system)
        return hart_fault(h, FAULT_UNMODELLED, 0, 0,
                          word >> 20 ? "ebreak: the program gave up here" : "ecall");
    if (held_back(h)) return BUS_WAIT;
    return note_wait(h, h->bus->system(h, word), h->pc);
}

BusReply hart_undefined(Hart *h, uint32_t word) {
    return hart_fault(h, FAULT_UNDEFINED, 0, 0, "0x%08" PRIx32 " is no instruction of this hart",
                      word);
}

// Code

Space *hart_code_space(const Hart *h, uint32_t pc) {
    Space *s = pc & 3 ? NULL : space_of(h, pc);
    return s && (s->access & SPACE_X) ? s : NULL;
}

BusReply hart_may_run(Hart *h, uint32_t to) {
    if (hart_code_space(h, to)) return BUS_OK;
    return hart_fault(h, FAULT_UNDEFINED, to, 0, "jump to 0x%08" PRIx32 ": %s", to,
                      to & 3 ? "not a multiple of 4" : "no code can be there");
}
