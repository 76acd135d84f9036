// Raw copies past the allocator: every DRAM channel and the L1 of a worker and of an Ethernet core.
//
// Usage: raw_copy [libttsim.so]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ttm.h>

enum { BYTES = 1 << 20 };
static uint8_t sent[BYTES], received[BYTES];

static void check(wt_status_t s) {
    if (s == WT_OK) return;
    fprintf(stderr, "raw_copy: %s: %s\n", wt_status_name(s), wt_last_error());
    exit(1);
}

static void fill(uint32_t random) {
    for (int i = 0; i < BYTES; i++)
        sent[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
}

static int same(size_t n) { return memcmp(sent, received, n) == 0; }

int main(int argc, char **argv) {
    ttm_device_options_t options = { .struct_size = sizeof options,
                                     .transport = argc > 1 ? argv[1] : NULL };
    ttm_device_t *device;
    check(ttm_device_create(0, &options, &device));
    ttm_device_info_t info = { .struct_size = sizeof info };
    check(ttm_device_info(device, &info));

    int equal = 1;
    for (uint32_t channel = 0; channel < info.dram_channels; channel++) {
        uint64_t last =
            info.dram_channel_size - BYTES; // the end of the channel is as good as any place
        fill(channel);
        check(ttm_dram_channel_write(device, channel, last, sent, BYTES));
        check(ttm_dram_channel_read(device, channel, last, received, BYTES));
        equal &= same(BYTES);
    }
    printf("raw_copy: %s: %u DRAM channels of %llu MiB: %s\n", info.arch, info.dram_channels,
           (unsigned long long)(info.dram_channel_size >> 20), equal ? "equal" : "DIFFERENT");

    ttm_core_t worker = { info.compute_grid.x - 1, info.compute_grid.y - 1 }, eth = { 0, 0 };
    check(ttm_l1_write(device, worker, TTM_CORE_WORKER, info.l1_unreserved_base, sent, BYTES));
    check(ttm_l1_read(device, worker, TTM_CORE_WORKER, info.l1_unreserved_base, received, BYTES));
    equal &= same(BYTES);
    int with_eth = !options.transport; // simulators keep Ethernet cores for their firmware
    if (with_eth) {
        check(ttm_l1_write(device, eth, TTM_CORE_ETH, 0x10000, sent, 4096));
        check(ttm_l1_read(device, eth, TTM_CORE_ETH, 0x10000, received, 4096));
        equal &= same(4096);
    }
    printf("raw_copy: L1 of worker (%u,%u)%s: %s\n", worker.x, worker.y,
           with_eth ? " and of Ethernet core (0,0)" : "", equal ? "equal" : "DIFFERENT");
    check(ttm_device_close(device));
    return equal ? 0 : 1;
}
