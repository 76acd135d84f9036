// Devices: opening, closing, resetting, asking.
#include "ttm/host/host.h"

#include <errno.h>

enum { MODEL_DEVICES = 32 };
static const uint64_t DRAM_UNRESERVED_BASE = 64; // TT-Metal starts DRAM buffers here

// The one setting of the process. A device copies it when it is created.
static pthread_mutex_t root_lock = PTHREAD_MUTEX_INITIALIZER;
static char *root_dir;

wt_status_t ttm_set_root_dir(const char *path) {
    if (path && !dir_exists(path))
        return fail(WT_NOTFOUND, "'%s' is no folder: no root folder is set", path);
    char *copy = path ? realpath(path, NULL) : NULL; // it holds wherever the process goes
    if (path && !copy) return fail(WT_IO, "root folder '%s': %s", path, strerror(errno));
    pthread_mutex_lock(&root_lock);
    free(root_dir);
    root_dir = copy;
    pthread_mutex_unlock(&root_lock);
    return WT_OK;
}

static char *root_dir_now(void) {
    pthread_mutex_lock(&root_lock);
    const char *dir = root_dir ? root_dir : getenv("TT_METAL_HOME");
    char *copy = dir && *dir ? realpath(dir, NULL) : NULL;
    if (!copy && dir && *dir) copy = strdup(dir); // so that errors can name it
    pthread_mutex_unlock(&root_lock);
    return copy;
}

// ---- the lock

// The mutex is recursive for the sake of callbacks, which run on the thread that holds it: handles
// may be destroyed in one (a garbage collector does so at any time), every other call is refused.
static void lock_init(ttm_device_t *d) {
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&d->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_init(&d->chip_lock, NULL);
}

void device_lock(ttm_device_t *d) {
    pthread_mutex_lock(&d->lock);
    d->depth++;
}

static void device_unlock(ttm_device_t *d) {
    d->depth--;
    pthread_mutex_unlock(&d->lock);
}

static void device_free(ttm_device_t *d) {
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->chip_lock);
    free(d);
}

void device_release(ttm_device_t *d) {
    bool last = --d->refs == 0;
    device_unlock(d);
    if (last) device_free(d);
}

wt_status_t device_enter(ttm_device_t *d) {
    device_lock(d);
    wt_status_t s = WT_OK;
    if (!d->chip)
        s = fail(WT_CLOSED, "device %u is closed", d->index);
    else if (d->depth > 1)
        s = fail(WT_INVALID, "a callback of device %u must not call back into it", d->index);
    if (s != WT_OK) device_unlock(d);
    return s;
}

wt_status_t device_leave(ttm_device_t *d, wt_status_t s) {
    device_unlock(d);
    return s;
}

// ---- opening

static wt_status_t find_nodes(ttm_device_t *d) {
    const ChipFacts *f = d->facts;
    d->workers = (Grid){ f->worker_columns, f->worker_rows };
    d->grid = (Grid){ f->worker_columns - 1, f->worker_rows }; // TT-Metal dispatches from the last
    if (f->worker_columns < 2 || d->workers.x * d->workers.y > CORES_MAX)
        return fail(WT_UNSUPPORTED, "a grid of %u x %u workers", d->workers.x, d->workers.y);
    for (uint32_t i = 0; i < d->workers.x * d->workers.y; i++) {
        ttm_core_t c = core_at(d->workers, i);
        TRY(chip_worker(d->chip, c.x, c.y, &d->worker_xy[i]));
    }
    d->dram_xy = calloc(f->dram_channels, sizeof *d->dram_xy);
    if (!d->dram_xy) return fail(WT_NOMEM, "no memory for %u DRAM channels", f->dram_channels);
    for (uint32_t n = 0; n < f->dram_channels; n++) TRY(chip_dram(d->chip, n, 0, &d->dram_xy[n]));
    return WT_OK;
}

static void init_memory(ttm_device_t *d) {
    uint32_t cores = d->grid.x * d->grid.y, bank_of_core[CORES_MAX];
    alloc_shuffle_banks(bank_of_core, cores);
    for (uint32_t i = 0; i < cores; i++) d->bank_core[bank_of_core[i]] = i;
    // TT-Metal rounds allocations of both kinds to the alignment of DRAM.
    alloc_init(&d->dram, DRAM_UNRESERVED_BASE, d->facts->dram_channel_size, d->mem.DRAM_ALIGNMENT);
    alloc_init(&d->l1, d->mem.DEFAULT_UNRESERVED, d->facts->l1_size, d->mem.DRAM_ALIGNMENT);
}

static wt_status_t device_open(ttm_device_t *d, const ttm_device_options_t *o) {
    ChipOptions options = { .transport = o->transport, .harvested = o->harvested_columns };
    TRY(chip_open(&options, &d->chip));
    d->facts = chip_facts(d->chip);
    if (strcmp(d->facts->arch, "blackhole"))
        return fail(WT_UNSUPPORTED, "no runtime for a chip called '%s' yet", d->facts->arch);
    d->mem = (MemMap)TTM_MEM_MAP_BLACKHOLE;
    TRY(find_nodes(d));
    init_memory(d);
    ChipXY pcie = { 0, 0 };
    TRY(chip_pcie(d->chip, &pcie));
    d->build_facts = (DeviceFacts){
        .arch = ARCH_BLACKHOLE,
        .num_dram_banks = d->facts->dram_channels,
        .num_l1_banks = d->grid.x * d->grid.y,
        .pcie_noc_x = pcie.x,
        .pcie_noc_y = pcie.y,
        .dispatch_message_addr = 0xffb70438, // stream 48, REMOTE_DEST_BUF_SPACE_AVAILABLE_UPDATE
        .dprint = d->dprint,
    };
    WRAP(firmware_build_all(&d->build_facts, d->firmware), "firmware");
    return firmware_boot(d);
}

// Frees everything but the struct, which its references keep. The lock is held or not needed yet.
static void device_shut(ttm_device_t *d) {
    for (size_t i = 0; i < d->programs.len; i++) program_close(d->programs.data[i]);
    vec_free(&d->programs);
    alloc_free(&d->dram);
    alloc_free(&d->l1);
    for (int p = 0; p < PROC_COUNT; p++) kernel_image_free(&d->firmware[p]);
    for (int i = 0; i < CORES_MAX; i++)
        for (int p = 0; p < PROC_COUNT; p++) print_free(&d->printers[i][p]);
    free(d->dram_xy);
    d->dram_xy = NULL;
    free(d->root_dir);
    d->root_dir = NULL;
    pthread_mutex_lock(&d->chip_lock);
    chip_close(d->chip);
    d->chip = NULL;
    d->facts = NULL;
    pthread_mutex_unlock(&d->chip_lock);
}

wt_status_t ttm_device_create(uint32_t index, const ttm_device_options_t *options,
                              ttm_device_t **device) {
    NEED(device);
    ttm_device_options_t o;
    TRY(OPTIONS(&o, options));
    if (o.transport && index > 0)
        return fail(WT_NOTFOUND, "there is no device %u behind '%s': it has one, number 0", index,
                    o.transport);
    if (index >= MODEL_DEVICES)
        return fail(WT_NOTFOUND, "there is no device %u: the model has 0 to %d", index,
                    MODEL_DEVICES - 1);
    ttm_device_t *d = calloc(1, sizeof *d);
    if (!d) return fail(WT_NOMEM, "no memory for a device");
    lock_init(d);
    d->refs = 1;
    d->index = index;
    d->dprint = !o.no_dprint;
    d->print = o.print;
    d->print_user = o.print_user;
    d->max_cycles = o.max_cycles;
    d->timeout_ms = o.timeout_ms ? o.timeout_ms : 60000;
    d->root_dir = root_dir_now();
    wt_status_t s = device_open(d, &o);
    if (s != WT_OK) {
        device_shut(d);
        device_free(d);
        return err_prefix(s, "device %u", index);
    }
    *device = d;
    return WT_OK;
}

wt_status_t ttm_device_close(ttm_device_t *device) {
    if (!device) return WT_OK;
    TRY(device_enter(device));
    dprint_flush(device);
    device_shut(device);
    device_release(device);
    return WT_OK;
}

// ---- running

wt_status_t device_sound(ttm_device_t *d) {
    const ChipFault *faults;
    char text[512];
    if (chip_faults(d->chip, &faults) == 0) return WT_OK;
    return fail(WT_FAULT, "the device has faulted and must be reset first (%s)",
                chip_fault_text(faults, text, sizeof text));
}

static wt_status_t device_reset(ttm_device_t *d) {
    dprint_flush(d); // the next program starts lines of its own
    TRY(chip_reset(d->chip));
    memset(&d->busy, 0, sizeof d->busy);
    for (size_t i = 0; i < d->programs.len; i++)
        memset(&d->programs.data[i]->running, 0, sizeof(CoreSet));
    return firmware_boot(d);
}

wt_status_t ttm_device_reset(ttm_device_t *device) {
    NEED(device);
    TRY(device_enter(device));
    return device_leave(device, device_reset(device));
}

wt_status_t ttm_device_interrupt(ttm_device_t *device) {
    NEED(device);
    wt_status_t s = WT_OK;
    pthread_mutex_lock(&device->chip_lock);
    if (device->chip)
        chip_interrupt(device->chip);
    else
        s = fail(WT_CLOSED, "device %u is closed", device->index);
    pthread_mutex_unlock(&device->chip_lock);
    return s;
}

static wt_status_t poll_service(void *user, bool *again) {
    ttm_device_t *d = user;
    return dprint_poll(d, &d->busy, again);
}

wt_status_t device_poll(ttm_device_t *d) {
    const ChipFault *faults;
    if (core_set_count(&d->busy) == 0 || chip_faults(d->chip, &faults)) return WT_OK;
    wt_status_t s =
        chip_run(d->chip, &(ChipRun){ .windows = 1, .service = poll_service, .user = d });
    if (s == WT_FAULT || s == WT_UNSUPPORTED) return report_fault(d, s);
    return s == WT_STALL ? WT_OK : s; // the host may be about to write what everyone waits for
}

// ---- asking

static wt_status_t device_info(ttm_device_t *d, ttm_device_info_t *info) {
    const ChipFacts *f = d->facts;
    ttm_device_info_t i = {
        .num_cbs = f->num_cbs,
        .compute_grid = { d->grid.x, d->grid.y },
        .logical_grid = { d->workers.x, d->workers.y },
        .eth_cores = f->eth_cores,
        .dram_channels = f->dram_channels,
        .dram_channel_size = f->dram_channel_size,
        .dram_alignment = d->mem.DRAM_ALIGNMENT,
        .l1_banks = d->grid.x * d->grid.y,
        .l1_size = f->l1_size,
        .l1_unreserved_base = d->mem.DEFAULT_UNRESERVED,
        .l1_alignment = d->mem.L1_ALIGNMENT,
        .max_runtime_args = ABI_MAX_RUNTIME_ARGS,
    };
    snprintf(i.arch, sizeof i.arch, "%s", f->arch);
    return options_write(info, &i, sizeof i, "info");
}

wt_status_t ttm_device_info(ttm_device_t *device, ttm_device_info_t *info) {
    NEED(device);
    NEED(info);
    TRY(device_enter(device));
    return device_leave(device, device_info(device, info));
}

static wt_status_t device_stats(ttm_device_t *d, ttm_device_stats_t *stats) {
    ChipStats c;
    chip_stats(d->chip, &c);
    ttm_device_stats_t s = {
        .deterministic = (d->facts->capabilities & CHIP_DETERMINISTIC) != 0,
        .cycles = c.cycles,
        .order_hash = c.order_hash,
        .instructions = c.instructions,
        .kernel_cycles = d->kernel_cycles,
    };
    return options_write(stats, &s, sizeof s, "stats");
}

wt_status_t ttm_device_stats(ttm_device_t *device, ttm_device_stats_t *stats) {
    NEED(device);
    NEED(stats);
    TRY(device_enter(device));
    return device_leave(device, device_stats(device, stats));
}

wt_status_t ttm_device_report(ttm_device_t *device, char *text, size_t capacity, size_t *length) {
    NEED(device);
    if (capacity) NEED(text);
    TRY(device_enter(device));
    StrBuf b = { 0 };
    wt_status_t s = report_waiting(device, &b, SIZE_MAX);
    if (s == WT_OK) {
        if (length) *length = b.n;
        if (capacity) snprintf(text, capacity, "%s", sb_str(&b));
    }
    sb_free(&b);
    return device_leave(device, s);
}

static wt_status_t worker_xy(ttm_device_t *d, ttm_core_t logical, ttm_core_t *noc) {
    ChipXY at;
    TRY(chip_worker(d->chip, logical.x, logical.y, &at));
    *noc = (ttm_core_t){ at.x, at.y };
    return WT_OK;
}

wt_status_t ttm_worker_core_from_logical_core(ttm_device_t *device, ttm_core_t logical,
                                              ttm_core_t *noc) {
    NEED(device);
    NEED(noc);
    TRY(device_enter(device));
    return device_leave(device, worker_xy(device, logical, noc));
}
