// Launching: from a program to messages in L1, and waiting for the end (slow dispatch).
//
// A launch compiles what is not compiled, gives circular buffers their addresses, lays out one
// kernel-config block for all cores, writes to each core its own block and launch message, and last
// the go message. A core is done when its firmware sets the go message's signal to RUN_MSG_DONE.
#include "base/clock.h"
#include "ttm/host/host.h"

// ---- compiling

static void kernel_spec(const ttm_kernel_t *k, int processor, KernelSpec *spec) {
    const ttm_program_t *p = k->program;
    *spec = (KernelSpec){
        .facts = &p->device->build_facts,
        .processor = processor,
        .path = k->path,
        .text = k->text,
        .name = k->text ? k->name : NULL,
        .root_dir = p->device->root_dir,
        .compile_args = k->compile_args,
        .compile_arg_count = k->num_compile_args,
        .named_args = k->named_args,
        .named_arg_count = k->num_named_args,
        .defines = k->defines,
        .define_count = k->num_defines,
        .noc = k->noc,
        .noc_mode = k->noc_mode,
        .opt_level = k->opt_level,
        .compute = k->compute,
    };
    for (size_t n = 0; n < p->cbs.len; n++) {
        const ttm_cb_t *cb = p->cbs.data[n];
        uint32_t core;
        if (!core_set_overlap(&cb->cores, &k->cores, &core)) continue;
        for (int i = 0; i < 64; i++)
            if (cb->mask >> i & 1)
                spec->cb[i] = (CbFormat){ .used = true, .data_format = cb->format[i] };
    }
}

static void class_processors(int class, int *first, int *last) {
    *first = class == CLASS_COMPUTE ? PROC_TRISC0 : class;
    *last = class == CLASS_COMPUTE ? PROC_TRISC2 : class;
}

static wt_status_t program_compile(ttm_program_t *p) {
    if (p->compiled) return WT_OK;
    if (p->kernels.len == 0) return fail(WT_INVALID, "the program has no kernels");
    size_t most = p->kernels.len * 3, n = 0;
    KernelSpec *specs = calloc(most, sizeof *specs);
    KernelImage *images = calloc(most, sizeof *images);
    if (!specs || !images) {
        free(specs);
        free(images);
        return fail(WT_NOMEM, "no memory to compile %zu kernels", p->kernels.len);
    }
    int first, last;
    for (size_t i = 0; i < p->kernels.len; i++) {
        class_processors(p->kernels.data[i]->class, &first, &last);
        for (int c = first; c <= last; c++) kernel_spec(p->kernels.data[i], c, &specs[n++]);
    }
    wt_status_t s = kernel_build_all(specs, n, images);
    if (s == WT_OK) {
        n = 0;
        for (size_t i = 0; i < p->kernels.len; i++) {
            ttm_kernel_t *k = p->kernels.data[i];
            class_processors(k->class, &first, &last);
            for (int c = first; c <= last; c++) k->images[c] = images[n++];
            for (uint32_t core = 0; core_set_next(&k->cores, &core); core++)
                core_set_add(&p->cores, core);
        }
        p->compiled = true;
    }
    free(specs);
    free(images);
    return s;
}

// ---- circular buffers

// Where a circular buffer may lie: below the end of L1, and below the L1 buffers.
static wt_status_t cb_check_end(const ttm_device_t *d, const ttm_cb_t *cb, uint64_t end) {
    uint64_t buffers = alloc_lowest(&d->l1);
    if (end <= d->facts->l1_size && end <= buffers) return WT_OK;
    uint32_t core = 0;
    core_set_next(&cb->cores, &core);
    ttm_core_t c = core_at(d->grid, core);
    StrBuf why = { 0 };
    if (end > d->facts->l1_size)
        sb_printf(&why, "grows to 0x%llx, beyond L1 of 0x%x bytes", (unsigned long long)end,
                  d->facts->l1_size);
    else
        sb_printf(&why, "ends at 0x%llx, inside the L1 buffers, which start at 0x%llx",
                  (unsigned long long)end, (unsigned long long)buffers);
    wt_status_t s = fail(WT_INVALID, "circular buffer %d of %u bytes on core (%u,%u) %s",
                         __builtin_ctzll(cb->mask), cb->size, c.x, c.y, sb_str(&why));
    sb_free(&why);
    return s;
}

// From the unreserved base up, in the order of creation; each starts where every core of its ranges
// still has room, so that its address is the same on all of them.
static wt_status_t allocate_cbs(ttm_program_t *p) {
    ttm_device_t *d = p->device;
    uint64_t end[CORES_MAX], align = d->mem.DRAM_ALIGNMENT;
    for (int i = 0; i < CORES_MAX; i++) end[i] = d->mem.DEFAULT_UNRESERVED;
    for (size_t n = 0; n < p->cbs.len; n++) {
        ttm_cb_t *cb = p->cbs.data[n];
        if (cb->fixed) {
            if (!alloc_holds(&d->l1, cb->fixed, cb->size))
                return fail(WT_INVALID,
                            "the buffer that circular buffer %d lies in has been destroyed",
                            __builtin_ctzll(cb->mask));
            cb->address = cb->fixed;
            continue;
        }
        uint64_t at = 0;
        for (uint32_t i = 0; core_set_next(&cb->cores, &i); i++)
            if (end[i] > at) at = end[i];
        at = (at + align - 1) / align * align;
        TRY(cb_check_end(d, cb, at + cb->size));
        cb->address = (uint32_t)at;
        for (uint32_t i = 0; core_set_next(&cb->cores, &i); i++) end[i] = at + cb->size;
    }
    return WT_OK;
}

// ---- groups of cores that run the same kernels

typedef struct Group {
    const ttm_kernel_t *kernel[NUM_CLASSES]; // NULL: none
    CoreSet cores;
    uint8_t *code; // placed, from the layout's code_offset on
    uint32_t code_size;
} Group;

typedef struct Launch {
    ttm_program_t *program;
    Layout layout;
    Vec(Group) groups;
    Vec(LayoutGroup) layouts; // one per group
    uint64_t cb_mask[CORES_MAX];
    uint8_t *block; // of one core
} Launch;

static const KernelImage *group_image(const Group *g, int processor) {
    int class = processor >= PROC_TRISC0 ? CLASS_COMPUTE : processor;
    return g->kernel[class] ? &g->kernel[class]->images[processor] : NULL;
}

static void group_core(Launch *l, uint32_t core) {
    Group g = { 0 };
    const ttm_program_t *p = l->program;
    for (size_t n = 0; n < p->kernels.len; n++)
        if (core_set_has(&p->kernels.data[n]->cores, core))
            g.kernel[p->kernels.data[n]->class] = p->kernels.data[n];
    size_t i = 0;
    while (i < l->groups.len && memcmp(l->groups.data[i].kernel, g.kernel, sizeof g.kernel)) i++;
    if (i == l->groups.len) {
        vec_push(&l->groups, g);
        vec_push(&l->layouts, (LayoutGroup){ .min_remote_cb = l->layout.num_cbs });
        for (int c = 0; c < PROC_COUNT; c++) {
            const KernelImage *image = group_image(&g, c);
            if (image) l->layouts.data[i].code_size[c] = image->size;
        }
    }
    core_set_add(&l->groups.data[i].cores, core);
    LayoutGroup *lg = &l->layouts.data[i];
    lg->cb_mask |= l->cb_mask[core];
    for (int c = 0; c < NUM_CLASSES; c++) {
        const ttm_kernel_t *k = g.kernel[c];
        if (k && k->rtas[core].len > lg->rtas[c]) lg->rtas[c] = (uint32_t)k->rtas[core].len;
    }
}

static wt_status_t lay_out(Launch *l) {
    ttm_program_t *p = l->program;
    const ttm_device_t *d = p->device;
    l->layout = (Layout){ .num_cbs = d->facts->num_cbs, .capacity = d->mem.KERNEL_CONFIG_SIZE };
    for (size_t n = 0; n < p->cbs.len; n++)
        for (uint32_t i = 0; core_set_next(&p->cbs.data[n]->cores, &i); i++)
            l->cb_mask[i] |= p->cbs.data[n]->mask;
    for (size_t n = 0; n < p->semaphores.len; n++)
        if (p->semaphores.data[n].id >= l->layout.semaphores)
            l->layout.semaphores = p->semaphores.data[n].id + 1;
    for (size_t n = 0; n < p->kernels.len; n++) {
        const ttm_kernel_t *k = p->kernels.data[n];
        if (k->crtas.len > l->layout.crtas[k->class])
            l->layout.crtas[k->class] = (uint32_t)k->crtas.len;
    }
    for (uint32_t i = 0; core_set_next(&p->cores, &i); i++) group_core(l, i);
    return layout_compute(&l->layout, l->layouts.data, l->layouts.len);
}

// The code of a group is the same on all its cores.
static wt_status_t place_code(Launch *l) {
    uint32_t ring = l->program->device->mem.MAP_END, start = l->layout.code_offset;
    for (size_t n = 0; n < l->groups.len; n++) {
        Group *g = &l->groups.data[n];
        g->code_size = l->layout.size - start;
        g->code = calloc(1, g->code_size + 1);
        if (!g->code) return fail(WT_NOMEM, "no memory to place kernels");
        for (int c = 0; c < PROC_COUNT; c++) {
            const KernelImage *image = group_image(g, c);
            uint32_t at = l->layouts.data[n].code_offset[c];
            if (image) kernel_image_place(image, ring + at, g->code + (at - start));
        }
    }
    return WT_OK;
}

// ---- what one core gets

static void put_words(uint8_t *block, uint32_t offset, const uint32_t *words, size_t n) {
    if (n) memcpy(block + offset, words, n * sizeof *words);
}

static void fill_block(const Launch *l, const Group *g, const LayoutGroup *lg, uint32_t core) {
    const ttm_program_t *p = l->program;
    uint8_t *block = l->block;
    memset(block, 0, l->layout.code_offset);
    for (int c = 0; c < NUM_CLASSES; c++) {
        const ttm_kernel_t *k = g->kernel[c];
        if (!k) continue;
        put_words(block, lg->rta_offset[c], k->rtas[core].data, k->rtas[core].len);
        put_words(block, l->layout.crta_offset[c], k->crtas.data, k->crtas.len);
    }
    for (size_t n = 0; n < p->semaphores.len; n++) {
        const Semaphore *s = &p->semaphores.data[n];
        if (core_set_has(&s->cores, core))
            put_words(block, l->layout.sem_offset + s->id * LAYOUT_SEMAPHORE, &s->initial, 1);
    }
    for (size_t n = 0; n < p->cbs.len; n++) {
        const ttm_cb_t *cb = p->cbs.data[n];
        if (!core_set_has(&cb->cores, core)) continue;
        for (uint32_t i = 0; i < 64; i++) {
            if (!(cb->mask >> i & 1)) continue;
            uint32_t words[] = { cb->address, cb->size, cb->size / cb->page_size[i],
                                 cb->page_size[i] };
            put_words(block, l->layout.local_cb_offset + i * LAYOUT_LOCAL_CB, words, 4);
        }
    }
    memcpy(block + l->layout.code_offset, g->code, g->code_size);
}

static void fill_message(const Launch *l, const Group *g, const LayoutGroup *lg, uint32_t core,
                         launch_msg_t *m) {
    const ttm_device_t *d = l->program->device;
    kernel_config_msg_t *k = &m->kernel_config;
    memset(m, 0, sizeof *m);
    for (int t = 0; t < ABI_CORE_TYPES; t++) {
        k->kernel_config_base[t] = d->mem.MAP_END;
        k->sem_offset[t] = (uint16_t)l->layout.sem_offset;
    }
    k->local_cb_offset = (uint16_t)l->layout.local_cb_offset;
    k->remote_cb_offset = (uint16_t)l->layout.remote_cb_offset;
    for (int p = 0; p < PROC_COUNT; p++) {
        int class = p >= PROC_TRISC0 ? CLASS_COMPUTE : p;
        bool runs = g->kernel[class] != NULL;
        k->rta_offset[p].rta_offset = runs ? (uint16_t)lg->rta_offset[class] : ABI_NO_ARGS;
        k->rta_offset[p].crta_offset = runs ? (uint16_t)l->layout.crta_offset[class] : ABI_NO_ARGS;
        k->kernel_text_offset[p] =
            runs ? lg->code_offset[p] + g->kernel[class]->images[p].entry : 0;
        k->enables |= (uint32_t)runs << p;
    }
    k->mode = DISPATCH_MODE_HOST;
    k->local_cb_mask = l->cb_mask[core];
    k->min_remote_cb_start_index = (uint8_t)l->layout.num_cbs;
    const ttm_kernel_t *dm0 = g->kernel[CLASS_DM0], *dm1 = g->kernel[CLASS_DM1];
    k->brisc_noc_id = dm0 ? dm0->noc : dm1 ? (uint8_t)(1 - dm1->noc) : 0;
    k->brisc_noc_mode = dm0 ? dm0->noc_mode : dm1 ? dm1->noc_mode : DM_DEDICATED_NOC;
    k->host_assigned_id = d->launches;
}

static wt_status_t send_core(const Launch *l, size_t group, uint32_t core) {
    const ttm_device_t *d = l->program->device;
    const Group *g = &l->groups.data[group];
    const LayoutGroup *lg = &l->layouts.data[group];
    ChipXY at = device_core_xy(d, core);
    fill_block(l, g, lg, core);
    TRY(chip_write(d->chip, at, d->mem.MAP_END, l->block, l->layout.size));
    for (int p = 0; p < PROC_COUNT; p++) {
        const KernelImage *image = group_image(g, p);
        if (!image) image = &d->firmware[p];
        TRY(chip_set_stack_limit(d->chip, at, (ChipHart)p, image->stack_limit));
    }
    launch_msg_t m;
    fill_message(l, g, lg, core, &m);
    return chip_write(d->chip, at, d->mem.MAILBOX_BASE + offsetof(mailboxes_t, launch), &m,
                      sizeof m);
}

static wt_status_t send_go(const ttm_device_t *d, uint32_t core) {
    go_msg_t go = { .signal = RUN_MSG_GO };
    return chip_write(d->chip, device_core_xy(d, core),
                      d->mem.MAILBOX_BASE + offsetof(mailboxes_t, go_messages), &go, sizeof go);
}

static wt_status_t send_all(Launch *l) {
    ttm_program_t *p = l->program;
    for (size_t g = 0; g < l->groups.len; g++)
        for (uint32_t i = 0; core_set_next(&l->groups.data[g].cores, &i); i++)
            TRY(send_core(l, g, i));
    for (uint32_t i = 0; core_set_next(&p->cores, &i); i++) TRY(send_go(p->device, i));
    return WT_OK;
}

static wt_status_t program_send(ttm_program_t *p) {
    Launch l = { .program = p };
    wt_status_t s = lay_out(&l);
    if (s == WT_OK) {
        l.block = malloc(l.layout.size + 1);
        s = l.block ? place_code(&l) : fail(WT_NOMEM, "no memory to launch");
    }
    if (s == WT_OK) s = send_all(&l);
    for (size_t i = 0; i < l.groups.len; i++) free(l.groups.data[i].code);
    vec_free(&l.groups);
    vec_free(&l.layouts);
    free(l.block);
    return s;
}

wt_status_t program_launch(ttm_program_t *p, const ttm_launch_options_t *o) {
    ttm_device_t *d = p->device;
    uint32_t core;
    TRY(device_sound(d));
    TRY(program_compile(p));
    if (core_set_overlap(&p->cores, &d->busy, &core))
        return fail(WT_INVALID,
                    "core (%u,%u) still runs what was launched on it: wait for it, or reset the "
                    "device",
                    core_at(d->grid, core).x, core_at(d->grid, core).y);
    TRY(allocate_cbs(p));
    d->launches++;
    TRY(program_send(p));
    ChipStats stats;
    chip_stats(d->chip, &stats);
    p->start = stats.cycles;
    p->max_cycles = o->max_cycles ? o->max_cycles : d->max_cycles;
    p->running = p->cores;
    p->given_up = false;
    for (uint32_t i = 0; core_set_next(&p->cores, &i); i++) core_set_add(&d->busy, i);
    return o->no_wait ? WT_OK : program_wait(p);
}

// ---- waiting

static wt_status_t wait_service(void *user, bool *again) {
    ttm_device_t *d = user;
    return dprint_poll(d, &d->busy, again);
}

// A backend that cannot tell quiescence is given up after a while.
static wt_status_t run_with_timeout(ttm_device_t *d, ChipRun run) {
    uint64_t start = clock_ms(), windows = 256;
    ChipStats before, after;
    chip_stats(d->chip, &before);
    for (;;) {
        run.windows = (uint32_t)windows;
        TRY(chip_run(d->chip, &run));
        bool done = true;
        for (size_t i = 0; i < run.num_until && done; i++) {
            uint32_t word;
            TRY(chip_read(d->chip, run.until[i].at, run.until[i].addr, &word, sizeof word));
            done = (word & run.until[i].mask) == run.until[i].value;
        }
        if (done) return WT_OK;
        chip_stats(d->chip, &after);
        if (run.max_cycles && after.cycles - before.cycles >= run.max_cycles)
            return fail(WT_LIMIT, "the budget of %llu cycles is used up",
                        (unsigned long long)run.max_cycles);
        if (clock_ms() - start > d->timeout_ms)
            return fail(WT_STALL,
                        "no end after %u ms (timeout_ms); this transport cannot tell a hang from a "
                        "long run",
                        d->timeout_ms);
        bool again = false;
        if (run.service) TRY(run.service(run.user, &again));
        if (windows < 4096) windows *= 2;
    }
}

static wt_status_t run_until_done(ttm_program_t *p) {
    ttm_device_t *d = p->device;
    ChipUntil until[CORES_MAX];
    size_t n = 0;
    for (uint32_t i = 0; core_set_next(&p->running, &i); i++)
        until[n++] = (ChipUntil){
            .at = device_core_xy(d, i),
            .addr = d->mem.MAILBOX_BASE + (uint32_t)offsetof(mailboxes_t, go_messages),
            .mask = 0xff000000,
            .value = (uint32_t)RUN_MSG_DONE << 24,
        };
    ChipRun run = { .until = until,
                    .num_until = n,
                    .max_cycles = p->max_cycles,
                    .service = wait_service,
                    .user = d };
    return d->facts->capabilities & CHIP_QUIESCENT ? chip_run(d->chip, &run)
                                                   : run_with_timeout(d, run);
}

// A wait that ended otherwise than in success: shows what was printed until then, and adds to the
// error where the fault lies, or who waits for what.
static wt_status_t explain(ttm_device_t *d, wt_status_t s) {
    bool again = false;
    Err end;
    StrBuf waiting = { 0 };
    err_save(&end);
    (void)dprint_poll(d, &d->busy, &again);
    wt_status_t reported = report_waiting(d, &waiting, 16);
    (void)err_raise(&end);
    if (s == WT_FAULT || s == WT_UNSUPPORTED) {
        s = report_fault(d, s);
    } else if (s != WT_INTERRUPTED && reported == WT_OK && waiting.n) {
        bool quiet = s == WT_STALL && d->facts->capabilities & CHIP_QUIESCENT;
        s = fail(s, "%s; waiting:\n%s",
                 quiet ? "the program cannot end: nothing on the device can move any more"
                       : wt_last_error(),
                 sb_str(&waiting));
    }
    sb_free(&waiting);
    return s;
}

// Kernels may end with writes and increments on their way.
static wt_status_t program_done(ttm_program_t *p) {
    ttm_device_t *d = p->device;
    for (uint32_t i = 0; core_set_next(&p->running, &i); i++)
        d->busy.bits[i / 64] &= ~(1ull << i % 64);
    memset(&p->running, 0, sizeof p->running);
    ChipStats stats;
    chip_stats(d->chip, &stats);
    d->kernel_cycles = stats.cycles - p->start;
    return chip_settle(d->chip);
}

wt_status_t program_wait(ttm_program_t *p) {
    ttm_device_t *d = p->device;
    if (core_set_count(&p->running) == 0) return WT_OK;
    TRY(device_sound(d));
    wt_status_t s = run_until_done(p);
    p->given_up = s != WT_OK;
    if (s != WT_OK) return explain(d, s);
    bool again = false;
    TRY(dprint_poll(d, &p->running, &again));
    s = program_done(p);
    return s == WT_OK ? s : explain(d, s);
}
