// The print server: empties the DPRINT buffers of running cores.
//
// A processor appends records and moves wpos; we print them and move rpos to it. A processor that
// finds its buffer full waits for that, so this runs whenever the chip would otherwise be
// quiescent.
#include "base/log.h"
#include "ttm/host/host.h"

typedef struct Line {
    const ttm_device_t *device;
    const char *processor;
    ttm_core_t core;
} Line;

static const char *const processors[PROC_COUNT] = { "BR", "NC", "TR0", "TR1", "TR2" };

static void emit(void *user, const char *text) {
    const Line *l = user;
    StrBuf b = { 0 };
    sb_printf(&b, "%u:(x=%u,y=%u):%s: %s", l->device->index, l->core.x, l->core.y, l->processor,
              text);
    if (l->device->print)
        l->device->print(l->device->print_user, sb_str(&b));
    else
        log_at(WT_LOG_INFO, "%s", sb_str(&b));
    sb_free(&b);
}

static wt_status_t poll_processor(ttm_device_t *d, uint32_t core, int p, bool *again) {
    ChipXY at = device_core_xy(d, core);
    uint32_t base = d->mem.MAILBOX_BASE + (uint32_t)offsetof(mailboxes_t, dprint_buf) +
                    (uint32_t)p * DPRINT_BUFFER_SIZE;
    uint32_t pos[2]; // wpos, rpos
    TRY(chip_read(d->chip, at, base, pos, sizeof pos));
    if (pos[0] == DEBUG_PRINT_SERVER_STARTING_MAGIC ||
        pos[0] == DEBUG_PRINT_SERVER_DISABLED_MAGIC || pos[1] >= pos[0])
        return WT_OK;
    Line line = { d, processors[p], core_at(d->grid, core) };
    Printer *printer = &d->printers[core][p];
    if (pos[0] > DPRINT_DATA_SIZE) {
        emit(&line, "<damaged print buffer: it ends beyond its end>");
    } else {
        uint8_t data[DPRINT_DATA_SIZE];
        uint32_t n = pos[0] - pos[1];
        TRY(chip_read(d->chip, at, base + offsetof(DebugPrintMemLayout, data) + pos[1], data, n));
        print_records(printer, data, n, emit, &line);
    }
    *again = true;
    return chip_write(d->chip, at, base + 4, &pos[0], 4);
}

wt_status_t dprint_poll(ttm_device_t *d, const CoreSet *cores, bool *again) {
    if (!d->dprint) return WT_OK;
    for (uint32_t i = 0; core_set_next(cores, &i); i++)
        for (int p = 0; p < PROC_COUNT; p++) TRY(poll_processor(d, i, p, again));
    return WT_OK;
}

void dprint_flush(ttm_device_t *d) {
    for (uint32_t i = 0; i < d->grid.x * d->grid.y; i++)
        for (int p = 0; p < PROC_COUNT; p++) {
            Line line = { d, processors[p], core_at(d->grid, i) };
            print_flush(&d->printers[i][p], emit, &line);
        }
}
