// What embedded cores do all day, and the benchmark: walk and sort linked lists, multiply small
// matrices, run a state machine over text, keep a CRC of it all.
#include "program.h"

#ifndef ITERATIONS
#define ITERATIONS 20
#endif

typedef struct Node {
    struct Node *next;
    int16_t key, value;
} Node;

static Node nodes[64];
static int16_t ma[10][10], mb[10][10];
static int32_t mc[10][10];
static char text[256];

static uint16_t crc16(uint16_t crc, uint32_t v, int bits) {
    for (int i = 0; i < bits; i++) {
        uint32_t low = (crc ^ v) & 1;
        v >>= 1;
        crc >>= 1;
        if (low) crc ^= 0xa001;
    }
    return crc;
}

static Node *list_make(uint32_t seed) {
    for (int i = 0; i < 64; i++) {
        nodes[i].next = i < 63 ? &nodes[i + 1] : 0;
        nodes[i].key = (int16_t)(next_random(&seed) & 0x7ff);
        nodes[i].value = (int16_t)i;
    }
    return nodes;
}

static Node *list_reverse(Node *list) {
    Node *out = 0;
    while (list) {
        Node *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

static Node *list_merge(Node *a, Node *b) {
    Node head, *tail = &head;
    while (a && b) {
        Node **least = a->key <= b->key ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = tail->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static Node *list_sort(Node *list) {
    if (!list || !list->next) return list;
    Node *slow = list, *fast = list->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    Node *half = slow->next;
    slow->next = 0;
    return list_merge(list_sort(list), list_sort(half));
}

static const Node *list_find(const Node *list, int16_t key) {
    while (list && list->key != key) list = list->next;
    return list;
}

static uint16_t lists(uint32_t seed, uint16_t crc) {
    Node *list = list_make(seed);
    for (int i = 0; i < 8; i++) {
        const Node *hit = list_find(list, (int16_t)(seed >> i & 0x7ff));
        crc = crc16(crc, hit ? (uint32_t)hit->value : 0xffff, 16);
        list = list_reverse(list);
    }
    list = list_sort(list);
    for (const Node *n = list; n; n = n->next) crc = crc16(crc, (uint16_t)n->key, 8);
    return crc;
}

static uint16_t matrices(uint32_t seed, uint16_t crc) {
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            ma[i][j] = (int16_t)(next_random(&seed) & 0xff);
            mb[i][j] = (int16_t)((next_random(&seed) & 0xff) - 128);
        }
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            int32_t sum = 0;
            for (int k = 0; k < 10; k++) sum += ma[i][k] * mb[k][j];
            mc[i][j] = sum;
        }
    int32_t trace = 0, above = 0;
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            if (i == j) trace += mc[i][j];
            above += mc[i][j] > trace ? 10 : 1;
        }
    crc = crc16(crc, (uint32_t)trace, 32);
    return crc16(crc, (uint32_t)above, 16);
}

typedef enum State { START, INT, DOT, FRACTION, EXPONENT, BAD, STATES } State;

static State state_next(State s, char c) {
    int digit = c >= '0' && c <= '9';
    switch (s) {
    case START: return digit || c == '+' || c == '-' ? INT : c == '.' ? DOT : BAD;
    case INT: return digit ? INT : c == '.' ? FRACTION : c == 'e' ? EXPONENT : BAD;
    case DOT: return digit ? FRACTION : BAD;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : BAD;
    case EXPONENT: return digit || c == '-' ? EXPONENT : BAD;
    default: return BAD;
    }
}

static uint16_t state_machine(uint32_t seed, uint16_t crc) {
    static const char kinds[] = "0123456789012345+-.e,,,x";
    uint32_t count[STATES] = { 0 };
    for (int i = 0; i < 256; i++) text[i] = kinds[next_random(&seed) % 24];
    State s = START;
    for (int i = 0; i < 256; i++) {
        if (text[i] == ',') {
            count[s]++;
            s = START;
        } else {
            s = state_next(s, text[i]);
        }
    }
    for (int i = 0; i < STATES; i++) crc = crc16(crc, count[i], 16);
    return crc;
}

uint32_t run(void) {
    uint32_t sum = 1;
    for (uint32_t i = 0; i < ITERATIONS; i++) {
        uint32_t seed = i * 2654435761u + 1;
        uint16_t crc = lists(seed, 0xffff);
        crc = matrices(seed, crc);
        crc = state_machine(seed, crc);
        sum = mix(sum, crc);
    }
    return sum;
}
