// Loads and stores of every width and sign, sorts, indirect calls, recursion.
#include "program.h"

static uint8_t bytes[256];
static uint32_t heap[512];

static uint32_t widths(uint32_t sum, uint32_t seed) {
    for (int i = 0; i < 256; i += 4) *(uint32_t *)(bytes + i) = next_random(&seed);
    for (int i = 0; i < 256; i++) sum = mix(sum, (uint32_t)((volatile int8_t *)bytes)[i]);
    for (int i = 0; i < 128; i++) sum = mix(sum, (uint32_t)((volatile int16_t *)bytes)[i]);
    for (int i = 0; i < 128; i++) sum = mix(sum, ((volatile uint16_t *)bytes)[127 - i]);
    for (int i = 0; i < 256; i += 3) ((volatile uint8_t *)bytes)[i] = (uint8_t)sum++;
    for (int i = 0; i < 128; i += 5) ((volatile uint16_t *)bytes)[i] = (uint16_t)(sum += 77);
    for (int i = 0; i < 64; i++) sum = mix(sum, ((volatile uint32_t *)bytes)[i]);
    return sum;
}

static void sift(uint32_t *a, int root, int n) {
    for (int child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && a[child] < a[child + 1]) child++;
        if (a[root] >= a[child]) return;
        uint32_t t = a[root];
        a[root] = a[child];
        a[child] = t;
    }
}

static void heap_sort(uint32_t *a, int n) {
    for (int i = n / 2 - 1; i >= 0; i--) sift(a, i, n);
    for (int i = n - 1; i > 0; i--) {
        uint32_t t = a[0];
        a[0] = a[i];
        a[i] = t;
        sift(a, 0, i);
    }
}

static int by_value(uint32_t a, uint32_t b) { return a < b; }
static int by_low_byte(uint32_t a, uint32_t b) { return (a & 255) < (b & 255); }

static void quick_sort(uint32_t *a, int n, int (*less)(uint32_t, uint32_t)) {
    if (n < 2) return;
    uint32_t pivot = a[n / 2];
    int i = 0, j = n - 1;
    while (i <= j) {
        while (less(a[i], pivot)) i++;
        while (less(pivot, a[j])) j--;
        if (i > j) break;
        uint32_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
    }
    quick_sort(a, j + 1, less);
    quick_sort(a + i, n - i, less);
}

uint32_t run(void) {
    uint32_t sum = 1, seed = 4711;
    for (int round = 0; round < 10; round++) {
        sum = widths(sum, seed + (uint32_t)round);
        for (int i = 0; i < 512; i++) heap[i] = next_random(&seed);
        if (round & 1) heap_sort(heap, 512);
        quick_sort(heap, 512, round & 2 ? by_value : by_low_byte);
        for (int i = 0; i < 512; i++) sum = mix(sum, heap[i] & (round & 2 ? ~0u : 255));
    }
    return sum;
}
