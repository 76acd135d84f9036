// Interleaved buffers and raw copies.
//
// Page i of a buffer lies in bank i % banks, i / banks strides above the buffer's address. DRAM
// banks are the channels; L1 banks are the cores of the compute grid in TT-Metal's shuffled order.
#include "ttm/host/copy.h"
#include "ttm/host/host.h"

enum { ACCESSOR_SHARDED = 1, ACCESSOR_DRAM = 2 }; // bits of a TensorAccessorArgs word

static Alloc *buffer_alloc(const ttm_buffer_t *b) {
    return b->type == TTM_BUFFER_DRAM ? &b->device->dram : &b->device->l1;
}

static uint32_t buffer_align(const ttm_buffer_t *b) {
    const MemMap *mem = &b->device->mem;
    return b->type == TTM_BUFFER_DRAM ? mem->DRAM_ALIGNMENT : mem->L1_ALIGNMENT;
}

static wt_status_t buffer_init(ttm_buffer_t *b, const ttm_buffer_options_t *options) {
    ttm_device_t *d = b->device;
    bool dram = b->type == TTM_BUFFER_DRAM;
    uint32_t align = buffer_align(b);
    b->banks = dram ? d->facts->dram_channels : d->grid.x * d->grid.y;
    if (b->page_size == 0 || b->size == 0)
        return fail(WT_INVALID, "a buffer of %llu bytes in pages of %llu: neither may be 0",
                    (unsigned long long)b->size, (unsigned long long)b->page_size);
    if (b->size % b->page_size)
        return fail(WT_INVALID, "pages of %llu bytes do not divide a buffer of %llu bytes",
                    (unsigned long long)b->page_size, (unsigned long long)b->size);
    if (b->page_size % 4)
        return fail(WT_INVALID, "a page of %llu bytes is no multiple of 4 bytes",
                    (unsigned long long)b->page_size);
    Alloc *a = buffer_alloc(b);
    const char *kind = dram ? "DRAM" : "L1";
    if (b->page_size > a->limit - a->base)
        return fail(WT_INVALID, "a page of %llu bytes does not fit: a bank of %s has %llu bytes",
                    (unsigned long long)b->page_size, kind,
                    (unsigned long long)(a->limit - a->base));
    b->stride = (b->page_size + align - 1) / align * align;
    uint64_t per_bank = alloc_size_per_bank(b->size, b->page_size, b->banks, align);
    bool bottom_up = options->allocation ? options->allocation == TTM_ALLOCATE_BOTTOM_UP : dram;
    WRAP(alloc_take(a, per_bank, bottom_up, &b->address), "a buffer of %llu bytes in %u %s banks",
         (unsigned long long)b->size, b->banks, kind);
    return WT_OK;
}

static wt_status_t buffer_create(ttm_device_t *d, uint64_t size, uint64_t page_size,
                                 ttm_buffer_type_t type, const ttm_buffer_options_t *options,
                                 ttm_buffer_t **out) {
    ttm_buffer_t *b = calloc(1, sizeof *b);
    if (!b) return fail(WT_NOMEM, "no memory for a buffer's description");
    *b = (ttm_buffer_t){ .device = d, .type = type, .size = size, .page_size = page_size };
    wt_status_t s = buffer_init(b, options);
    if (s != WT_OK) {
        free(b);
        return s;
    }
    d->refs++;
    *out = b;
    return WT_OK;
}

wt_status_t ttm_buffer_create_interleaved(ttm_device_t *device, uint64_t size, uint64_t page_size,
                                          ttm_buffer_type_t type,
                                          const ttm_buffer_options_t *options,
                                          ttm_buffer_t **buffer) {
    NEED(device);
    NEED(buffer);
    ttm_buffer_options_t o;
    TRY(OPTIONS(&o, options));
    if (type > TTM_BUFFER_L1) return fail(WT_INVALID, "%u is no buffer type", type);
    if (o.allocation > TTM_ALLOCATE_TOP_DOWN)
        return fail(WT_INVALID, "%u is no way to allocate", o.allocation);
    TRY(device_enter(device));
    return device_leave(device, buffer_create(device, size, page_size, type, &o, buffer));
}

wt_status_t ttm_buffer_destroy(ttm_buffer_t *buffer) {
    if (!buffer) return WT_OK;
    ttm_device_t *d = buffer->device;
    device_lock(d);
    if (d->chip) alloc_give(buffer_alloc(buffer), buffer->address); // else all of it is gone
    device_release(d);
    free(buffer);
    return WT_OK;
}

static ChipXY bank_xy(const ttm_buffer_t *b, uint32_t bank) {
    const ttm_device_t *d = b->device;
    return b->type == TTM_BUFFER_DRAM ? d->dram_xy[bank] : device_core_xy(d, d->bank_core[bank]);
}

static wt_status_t buffer_check(const ttm_buffer_t *b, uint64_t offset, uint64_t size,
                                const char *verb) {
    if (offset <= b->size && size <= b->size - offset) return WT_OK;
    return fail(WT_INVALID, "cannot %s %llu bytes at %llu of a buffer of %llu bytes", verb,
                (unsigned long long)size, (unsigned long long)offset, (unsigned long long)b->size);
}

// Where byte `offset` of the buffer lies, and how many bytes follow it in its page.
typedef struct Piece {
    uint32_t bank;
    uint64_t address, left;
} Piece;

static Piece piece_at(const ttm_buffer_t *b, uint64_t offset) {
    uint64_t page = offset / b->page_size, within = offset % b->page_size;
    return (Piece){ .bank = (uint32_t)(page % b->banks),
                    .address = b->address + page / b->banks * b->stride + within,
                    .left = b->page_size - within };
}

// Copies piece by piece: no piece crosses the end of a page.
static wt_status_t copy_pieces(ttm_buffer_t *b, uint64_t offset, void *in, const void *out,
                               uint64_t size) {
    Chip *chip = b->device->chip;
    for (uint64_t done = 0; done < size;) {
        Piece p = piece_at(b, offset + done);
        uint64_t n = p.left < size - done ? p.left : size - done;
        TRY(in ? chip_read(chip, bank_xy(b, p.bank), p.address, (char *)in + done, n)
               : chip_write(chip, bank_xy(b, p.bank), p.address, (const char *)out + done, n));
        done += n;
    }
    return WT_OK;
}

// The same in place, where the backend lets us reach its DRAM.
static void copy_in_place(ttm_buffer_t *b, char *const *dram, uint64_t offset, void *in,
                          const void *out, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        Piece p = piece_at(b, offset + done);
        uint64_t n = p.left < size - done ? p.left : size - done;
        char *at = dram[p.bank] + p.address;
        if (in) {
            Piece next = piece_at(b, offset + done + n);
            copy_in((char *)in + done, at, n,
                    done + 2 * n <= size ? dram[next.bank] + next.address : NULL);
        } else {
            copy_out(at, (const char *)out + done, n);
        }
        done += n;
    }
    copy_end();
}

enum { COPY_LARGE = 1 << 20, DRAM_BANKS_MAX = 64 }; // below it, caches do well

static wt_status_t buffer_copy(ttm_buffer_t *b, uint64_t offset, void *in, const void *out,
                               uint64_t size) {
    const ttm_device_t *d = b->device;
    char *dram[DRAM_BANKS_MAX];
    bool in_place = b->type == TTM_BUFFER_DRAM && size >= COPY_LARGE && b->banks <= DRAM_BANKS_MAX;
    for (uint32_t i = 0; in_place && i < b->banks; i++)
        in_place = (dram[i] = chip_dram_bytes(d->chip, d->dram_xy[i])) != NULL;
    if (!in_place) return copy_pieces(b, offset, in, out, size);
    if (out) TRY(device_sound(b->device));
    copy_in_place(b, dram, offset, in, out, size);
    return WT_OK;
}

wt_status_t ttm_buffer_write(ttm_buffer_t *buffer, uint64_t offset, const void *data,
                             uint64_t size) {
    NEED(buffer);
    if (size) NEED(data);
    TRY(device_enter(buffer->device));
    wt_status_t s = buffer_check(buffer, offset, size, "write");
    if (s == WT_OK) s = buffer_copy(buffer, offset, NULL, data, size);
    return device_leave(buffer->device, s);
}

wt_status_t ttm_buffer_read(ttm_buffer_t *buffer, uint64_t offset, void *data, uint64_t size) {
    NEED(buffer);
    if (size) NEED(data);
    TRY(device_enter(buffer->device));
    wt_status_t s = buffer_check(buffer, offset, size, "read");
    if (s == WT_OK) s = device_poll(buffer->device);
    if (s == WT_OK) s = buffer_copy(buffer, offset, data, NULL, size);
    return device_leave(buffer->device, s);
}

// What never changes needs no lock, but a shell still says that it is one.
static wt_status_t buffer_fact(const ttm_buffer_t *b, uint64_t fact, uint64_t *out) {
    TRY(device_enter(b->device));
    *out = fact;
    return device_leave(b->device, WT_OK);
}

wt_status_t ttm_buffer_address(const ttm_buffer_t *buffer, uint64_t *address) {
    NEED(buffer);
    NEED(address);
    return buffer_fact(buffer, buffer->address, address);
}

wt_status_t ttm_buffer_size(const ttm_buffer_t *buffer, uint64_t *size) {
    NEED(buffer);
    NEED(size);
    return buffer_fact(buffer, buffer->size, size);
}

wt_status_t ttm_buffer_page_size(const ttm_buffer_t *buffer, uint64_t *page_size) {
    NEED(buffer);
    NEED(page_size);
    return buffer_fact(buffer, buffer->page_size, page_size);
}

static wt_status_t buffer_page(const ttm_buffer_t *b, uint64_t index, ttm_page_t *page) {
    if (index >= b->size / b->page_size)
        return fail(WT_INVALID, "page %llu is beyond the %llu pages of the buffer",
                    (unsigned long long)index, (unsigned long long)(b->size / b->page_size));
    uint32_t bank = (uint32_t)(index % b->banks);
    const ttm_device_t *d = b->device;
    page->bank = bank;
    page->core =
        b->type == TTM_BUFFER_DRAM ? (ttm_core_t){ bank, 0 } : core_at(d->grid, d->bank_core[bank]);
    page->address = b->address + index / b->banks * b->stride;
    return WT_OK;
}

wt_status_t ttm_buffer_page(const ttm_buffer_t *buffer, uint64_t index, ttm_page_t *page) {
    NEED(buffer);
    NEED(page);
    TRY(device_enter(buffer->device));
    return device_leave(buffer->device, buffer_page(buffer, index, page));
}

wt_status_t ttm_tensor_accessor_args(const ttm_buffer_t *buffer, uint32_t *words, size_t capacity,
                                     size_t *count) {
    NEED(buffer);
    NEED(count);
    if (capacity) NEED(words);
    TRY(device_enter(buffer->device));
    wt_status_t s = WT_OK;
    if (capacity)
        words[0] = buffer->type == TTM_BUFFER_DRAM ? ACCESSOR_DRAM : 0;
    else if (words)
        s = fail(WT_INVALID, "the accessor has 1 word: there is no room for it");
    if (s == WT_OK) *count = 1;
    return device_leave(buffer->device, s);
}

// ---- raw copies

typedef struct Raw {
    ChipXY at;
    uint64_t address, size;
} Raw;

static wt_status_t raw_check(const Raw *r, uint64_t limit, const char *what) {
    if (r->address <= limit && r->size <= limit - r->address) return WT_OK;
    return fail(WT_INVALID, "%llu bytes at 0x%llx reach beyond the %s of 0x%llx bytes",
                (unsigned long long)r->size, (unsigned long long)r->address, what,
                (unsigned long long)limit);
}

static wt_status_t raw_l1(ttm_device_t *d, ttm_core_t core, ttm_core_type_t type, Raw *r) {
    switch (type) {
    case TTM_CORE_WORKER:
        TRY(chip_worker(d->chip, core.x, core.y, &r->at));
        return raw_check(r, d->facts->l1_size, "L1");
    case TTM_CORE_ETH:
        if (core.y) return fail(WT_INVALID, "Ethernet cores lie in row 0, not %u", core.y);
        TRY(chip_eth(d->chip, core.x, &r->at));
        return raw_check(r, d->facts->eth_l1_size, "L1 of an Ethernet core");
    default: return fail(WT_INVALID, "%u is no core type", type);
    }
}

static wt_status_t raw_dram(ttm_device_t *d, uint32_t channel, Raw *r) {
    TRY(chip_dram(d->chip, channel, 0, &r->at));
    return raw_check(r, d->facts->dram_channel_size, "DRAM channel");
}

static wt_status_t raw_write(ttm_device_t *d, wt_status_t checked, const Raw *r, const void *data) {
    TRY(checked);
    return r->size ? chip_write(d->chip, r->at, r->address, data, r->size) : WT_OK;
}

static wt_status_t raw_read(ttm_device_t *d, wt_status_t checked, const Raw *r, void *data) {
    TRY(checked);
    TRY(device_poll(d));
    return r->size ? chip_read(d->chip, r->at, r->address, data, r->size) : WT_OK;
}

wt_status_t ttm_l1_write(ttm_device_t *device, ttm_core_t core, ttm_core_type_t type,
                         uint64_t address, const void *data, uint64_t size) {
    NEED(device);
    if (size) NEED(data);
    TRY(device_enter(device));
    Raw r = { .address = address, .size = size };
    return device_leave(device, raw_write(device, raw_l1(device, core, type, &r), &r, data));
}

wt_status_t ttm_l1_read(ttm_device_t *device, ttm_core_t core, ttm_core_type_t type,
                        uint64_t address, void *data, uint64_t size) {
    NEED(device);
    if (size) NEED(data);
    TRY(device_enter(device));
    Raw r = { .address = address, .size = size };
    return device_leave(device, raw_read(device, raw_l1(device, core, type, &r), &r, data));
}

wt_status_t ttm_dram_channel_write(ttm_device_t *device, uint32_t channel, uint64_t address,
                                   const void *data, uint64_t size) {
    NEED(device);
    if (size) NEED(data);
    TRY(device_enter(device));
    Raw r = { .address = address, .size = size };
    return device_leave(device, raw_write(device, raw_dram(device, channel, &r), &r, data));
}

wt_status_t ttm_dram_channel_read(ttm_device_t *device, uint32_t channel, uint64_t address,
                                  void *data, uint64_t size) {
    NEED(device);
    if (size) NEED(data);
    TRY(device_enter(device));
    Raw r = { .address = address, .size = size };
    return device_leave(device, raw_read(device, raw_dram(device, channel, &r), &r, data));
}
