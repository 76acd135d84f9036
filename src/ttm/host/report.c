// Who waits for what, and where a fault lies: text for people.
#include "ttm/host/host.h"

// The kernel that a processor of a core runs, where its image lies, and the file to name.
typedef struct Running {
    const KernelImage *image;
    const char *file; // NULL: firmware
    uint32_t start;   // address of the image in L1
} Running;

static const ttm_kernel_t *kernel_on(const ttm_device_t *d, uint32_t core, int processor) {
    int class = processor >= PROC_TRISC0 ? CLASS_COMPUTE : processor;
    for (size_t i = 0; i < d->programs.len; i++) {
        const ttm_program_t *p = d->programs.data[i];
        if (!core_set_has(&p->running, core)) continue;
        for (size_t n = 0; n < p->kernels.len; n++)
            if (p->kernels.data[n]->class == class &&
                core_set_has(&p->kernels.data[n]->cores, core))
                return p->kernels.data[n];
    }
    return NULL;
}

// What lies at `pc` of a processor: its kernel, else its firmware.
static Running running_at(const ttm_device_t *d, const launch_msg_t *m, uint32_t core,
                          int processor, uint32_t pc) {
    const kernel_config_msg_t *k = &m->kernel_config;
    const ttm_kernel_t *kernel = kernel_on(d, core, processor);
    if (kernel && k->enables >> processor & 1) {
        const KernelImage *image = &kernel->images[processor];
        uint32_t start = k->kernel_config_base[0] + k->kernel_text_offset[processor] - image->entry;
        if (pc - start < image->size) return (Running){ image, kernel->name, start };
    }
    const KernelImage *firmware = &d->firmware[processor];
    if (pc - firmware->base < firmware->size) return (Running){ firmware, NULL, firmware->base };
    return (Running){ 0 };
}

static void add_place(const Running *r, uint32_t pc, StrBuf *out) {
    if (!r->image) return;
    if (!r->file) sb_printf(out, ", in the firmware");
    StrBuf where = { 0 };
    image_where(r->image, pc - r->start + r->image->base, r->file, &where);
    if (where.n) sb_printf(out, r->file ? ", in %s" : " (%s)", sb_str(&where));
    sb_free(&where);
}

// The circular buffer whose count of filled or freed pages lies at an address: the firmware keeps
// them in registers of the stream of that number. -1: none.
static int cb_counted_at(const ttm_device_t *d, uint32_t addr, bool *filled) {
    uint32_t stream = (addr - ABI_STREAMS) / ABI_STREAM_SIZE, offset = addr % ABI_STREAM_SIZE;
    *filled = offset == 4 * ABI_CB_FILLED;
    bool counts = addr >= ABI_STREAMS && stream < d->facts->num_cbs &&
                  (*filled || offset == 4 * ABI_CB_FREED);
    return counts ? (int)stream : -1;
}

static void add_watches(ttm_device_t *d, const launch_msg_t *m, ChipXY at, const ChipHartState *s,
                        StrBuf *out) {
    int missing = -1;
    for (uint32_t i = 0; i < s->watches && i < 8; i++) {
        char name[64];
        uint32_t word;
        bool filled;
        int cb = cb_counted_at(d, s->watch[i], &filled);
        if (cb >= 0) {
            sb_printf(out, "%scircular buffer %d's pages %s", i == 0 ? "; waits for " : ", ", cb,
                      filled ? "filled" : "freed");
            if (!(m->kernel_config.local_cb_mask >> cb & 1)) missing = cb;
            continue;
        }
        const char *text = chip_address_name(d->chip, s->watch[i], name, sizeof name);
        sb_printf(out, "%s%s at 0x%08x", i == 0 ? "; waits for " : ", ", text, s->watch[i]);
        if (s->watch[i] < d->facts->l1_size && s->watch[i] % 4 == 0 &&
            chip_read(d->chip, at, s->watch[i], &word, sizeof word) == WT_OK)
            sb_printf(out, " (= %u)", word);
    }
    if (s->watches > 8) sb_printf(out, " and %u more", s->watches - 8);
    if (missing >= 0) sb_printf(out, "; this core has no circular buffer %d", missing);
}

// One line; `firmware` says whether a hart that is in its firmware counts as waiting.
static wt_status_t report_hart(ttm_device_t *d, const launch_msg_t *m, uint32_t core, int p,
                               bool firmware, StrBuf *out, size_t *lines) {
    ChipHartState s;
    ChipXY at = device_core_xy(d, core);
    TRY(chip_hart_state(d->chip, at, (ChipHart)p, &s));
    Running r = running_at(d, m, core, p, s.pc);
    if (s.mode == CHIP_HELD || (r.image && !r.file && !firmware)) return WT_OK;
    ttm_core_t c = core_at(d->grid, core);
    sb_printf(out, "core (%u,%u) %s: pc 0x%08x", c.x, c.y, chip_hart_name((ChipHart)p), s.pc);
    add_place(&r, s.pc, out);
    if (s.mode == CHIP_PARKED || s.mode == CHIP_BLOCKED)
        add_watches(d, m, at, &s, out);
    else if (s.mode == CHIP_RUNNING)
        sb_printf(out, "; runs");
    else if (s.mode == CHIP_FAULTED)
        sb_printf(out, "; has faulted");
    sb_putc(out, '\n');
    ++*lines;
    return WT_OK;
}

// The harts that are in their kernels; if there is none, BRISC, whatever it does in its firmware.
static wt_status_t report_core(ttm_device_t *d, const launch_msg_t *m, uint32_t core, StrBuf *out,
                               size_t *lines) {
    if (!(d->facts->capabilities & CHIP_PC)) {
        ttm_core_t c = core_at(d->grid, core);
        sb_printf(out, "core (%u,%u) is not done\n", c.x, c.y);
        ++*lines;
        return WT_OK;
    }
    for (int p = 0; p < PROC_COUNT; p++) TRY(report_hart(d, m, core, p, false, out, lines));
    return *lines ? WT_OK : report_hart(d, m, core, PROC_BRISC, true, out, lines);
}

static wt_status_t core_message(ttm_device_t *d, uint32_t core, launch_msg_t *m) {
    return chip_read(d->chip, device_core_xy(d, core),
                     d->mem.MAILBOX_BASE + offsetof(mailboxes_t, launch), m, sizeof *m);
}

wt_status_t report_waiting(ttm_device_t *d, StrBuf *out, size_t max_lines) {
    size_t lines = 0, all = 0;
    for (uint32_t i = 0; core_set_next(&d->busy, &i); i++) {
        go_msg_t go;
        launch_msg_t m;
        TRY(chip_read(d->chip, device_core_xy(d, i),
                      d->mem.MAILBOX_BASE + offsetof(mailboxes_t, go_messages), &go, sizeof go));
        if (go.signal == RUN_MSG_DONE) continue;
        TRY(core_message(d, i, &m));
        StrBuf text = { 0 };
        size_t found = 0;
        wt_status_t s = report_core(d, &m, i, &text, &found);
        if (lines < max_lines) sb_add(out, text.p, text.n);
        lines = lines < max_lines ? lines + found : lines;
        all += found;
        sb_free(&text);
        TRY(s);
    }
    if (all > lines) sb_printf(out, "and %zu more (ttm_device_report names all)\n", all - lines);
    return WT_OK;
}

wt_status_t report_fault(ttm_device_t *d, wt_status_t s) {
    const ChipFault *f;
    size_t n = chip_faults(d->chip, &f);
    if (n == 0) return s;
    char text[512];
    StrBuf b = { 0 };
    sb_printf(&b, "%s", chip_fault_text(f, text, sizeof text));
    launch_msg_t m;
    uint32_t core = core_index(d->grid, (ttm_core_t){ f->worker.x, f->worker.y });
    if (f->has_pc && f->worker.x < d->grid.x && f->worker.y < d->grid.y &&
        core_message(d, core, &m) == WT_OK) {
        Running r = running_at(d, &m, core, f->hart, f->pc);
        add_place(&r, f->pc, &b);
    }
    if (n > 1) sb_printf(&b, "; and %zu more", n - 1);
    s = fail(s, "%s", sb_str(&b));
    sb_free(&b);
    return s;
}
