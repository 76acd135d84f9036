// Where nodes are. A chip's grid of NoC nodes in its three coordinate systems, made from the
// facts of its architecture (data/ARCH.def) and the columns that are harvested.
//
//   physical  the place on the die, as NoC 0 counts: 17 x 12 on Blackhole
//   virtual   what programs write. Tensix columns close ranks over harvested ones, so that the
//             first columns are always good; DRAM, PCIe and Ethernet tiles lie outside the grid
//             at fixed places. Nodes that no virtual coordinate hides can also be named physically.
//   logical   column and row of the workers that are left
#pragma once
#include "ttm/chip/chip.h"

enum {
    COORD_NODES = 256,
    COORD_NONE = 0xff,
    COORD_SIDE = 32,
    DRAM_CHANNELS = 8,
    DRAM_PORTS = 3,
    ETH_MAX = 16
};

typedef struct ArchFacts {
    uint64_t noc_columns, noc_rows, tensix_first_row, tensix_rows;
    uint64_t l1_size, eth_l1_size, dram_channel_size, local_size_dm, local_size_trisc;
    uint64_t l1_alignment, dram_alignment, num_cbs;
    uint64_t noc_max_burst, noc_base_cycles, noc_hop_cycles, noc_bytes_per_cycle;
    uint64_t inline_to_l1, filler_byte;
} ArchFacts;

// A DRAM channel: its ports, and which of them workers use on each NoC.
typedef struct ArchDram {
    uint8_t noc_port[2];
    ChipXY port[DRAM_PORTS];
} ArchDram;

// A column or row in two systems; a place in two systems.
typedef struct ArchPair {
    uint8_t virtual, physical;
} ArchPair;

typedef struct ArchPlace {
    ChipXY virtual, physical;
} ArchPlace;

// An architecture: one row of a table, made from one .def file.
typedef struct Arch {
    const char *name;
    ArchFacts facts;
    const uint8_t *tensix_column;
    const ArchDram *dram;
    const ArchPair *dram_column, *dram_row;
    const ArchPlace *eth, *pcie;
    uint32_t tensix_columns, dram_channels, dram_columns, dram_rows, eths, pcies;
    ChipXY arc;
} Arch;

const Arch *arch_find(const char *name); // NULL: no such

// A node of the grid. `index` counts the nodes of a kind: a worker's place in row-major physical
// order (harvested ones count too), a DRAM channel, an Ethernet core.
typedef struct CoordNode {
    ChipNode kind;
    uint16_t index;
    ChipXY physical, virtual, logical;
} CoordNode;

typedef struct CoordMap {
    const Arch *arch;
    uint32_t nodes; // node number = physical y * columns + x
    CoordNode node[COORD_NODES];
    uint8_t of_virtual[COORD_SIDE][COORD_SIDE]; // [y][x]: node number or COORD_NONE
    uint32_t worker_columns;
    uint8_t worker_column[32];                          // physical x of each logical column
    uint8_t eth[ETH_MAX], dram[DRAM_CHANNELS][2], pcie; // node numbers; dram: by channel and NoC
} CoordMap;

// WT_INVALID if `harvested` names columns that are not there or leaves none.
wt_status_t coord_init(CoordMap *map, const Arch *arch, uint32_t harvested);

// The node at a virtual coordinate, or NULL.
static inline const CoordNode *coord_at(const CoordMap *map, uint32_t x, uint32_t y) {
    if (x >= COORD_SIDE || y >= COORD_SIDE || map->of_virtual[y][x] == COORD_NONE) return NULL;
    return &map->node[map->of_virtual[y][x]];
}

// The worker at a logical coordinate, or NULL.
const CoordNode *coord_worker(const CoordMap *map, uint32_t column, uint32_t row);
