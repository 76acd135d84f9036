// See coord.h. The tables of each architecture are expanded from data/ here.
#include "ttm/chip/coord.h"

#include "base/err.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

// ---- Blackhole ---------------------------------------------------------------------------------

static const uint8_t blackhole_tensix_column[] = {
#define TENSIX_COLUMN(x) x,
#include "../../../data/blackhole.def"
};

static const ArchDram blackhole_dram[] = {
#define DRAM_CHANNEL(n, noc0, noc1, x0, y0, x1, y1, x2, y2)                                        \
    [n] = { { noc0, noc1 }, { { x0, y0 }, { x1, y1 }, { x2, y2 } } },
#include "../../../data/blackhole.def"
};

static const ArchPair blackhole_dram_column[] = {
#define DRAM_COLUMN(virtual_x, physical_x) { virtual_x, physical_x },
#include "../../../data/blackhole.def"
};

static const ArchPair blackhole_dram_row[] = {
#define DRAM_ROW(virtual_y, physical_y) { virtual_y, physical_y },
#include "../../../data/blackhole.def"
};

static const ArchPlace blackhole_eth[] = {
#define ETH(vx, vy, x, y) { { vx, vy }, { x, y } },
#include "../../../data/blackhole.def"
};

static const ArchPlace blackhole_pcie[] = {
#define PCIE(vx, vy, x, y) { { vx, vy }, { x, y } },
#include "../../../data/blackhole.def"
};

static const Arch archs[] = {
    {
        .name = "blackhole",
        .facts = {
#define FACT(name, value) .name = value,
#include "../../../data/blackhole.def"
        },
#define ARC(x_, y_) .arc = { x_, y_ },
#include "../../../data/blackhole.def"
        .tensix_column = blackhole_tensix_column, .tensix_columns = COUNT(blackhole_tensix_column),
        .dram = blackhole_dram, .dram_channels = COUNT(blackhole_dram),
        .dram_column = blackhole_dram_column, .dram_columns = COUNT(blackhole_dram_column),
        .dram_row = blackhole_dram_row, .dram_rows = COUNT(blackhole_dram_row),
        .eth = blackhole_eth, .eths = COUNT(blackhole_eth),
        .pcie = blackhole_pcie, .pcies = COUNT(blackhole_pcie),
    },
};

const Arch *arch_find(const char *name) {
    for (size_t i = 0; i < COUNT(archs); i++)
        if (!strcmp(archs[i].name, name)) return &archs[i];
    return NULL;
}

// ---- the map -----------------------------------------------------------------------------------

static CoordNode *node_at(CoordMap *map, ChipXY physical) {
    return &map->node[physical.y * map->arch->facts.noc_columns + physical.x];
}

static void place(CoordMap *map, CoordNode *node, ChipXY virtual) {
    node->virtual = virtual;
    map->of_virtual[virtual.y][virtual.x] = (uint8_t)(node - map->node);
}

// Tensix tiles: what is left closes ranks, in virtual coordinates and in logical ones.
static void place_workers(CoordMap *map, uint32_t harvested) {
    const Arch *arch = map->arch;
    for (uint32_t c = 0; c < arch->tensix_columns; c++) {
        bool gone = harvested >> c & 1;
        if (!gone) map->worker_column[map->worker_columns++] = arch->tensix_column[c];
        for (uint32_t r = 0; r < arch->facts.tensix_rows; r++) {
            uint16_t y = (uint16_t)(arch->facts.tensix_first_row + r);
            CoordNode *node = node_at(map, (ChipXY){ arch->tensix_column[c], y });
            node->kind = gone ? CHIP_NONE : CHIP_WORKER;
            node->index = (uint16_t)(r * arch->tensix_columns + c);
            if (gone) continue;
            node->logical = (ChipXY){ (uint16_t)(map->worker_columns - 1), (uint16_t)r };
            place(map, node, (ChipXY){ arch->tensix_column[map->worker_columns - 1], y });
        }
    }
}

static uint16_t to_virtual(const ArchPair *pair, uint32_t n, uint32_t physical) {
    for (uint32_t i = 0; i < n; i++)
        if (pair[i].physical == physical) return pair[i].virtual;
    return COORD_NONE;
}

static void place_dram(CoordMap *map) {
    const Arch *arch = map->arch;
    for (uint32_t c = 0; c < arch->dram_channels; c++) {
        for (uint32_t p = 0; p < DRAM_PORTS; p++) {
            ChipXY at = arch->dram[c].port[p];
            CoordNode *node = node_at(map, at);
            node->kind = CHIP_DRAM;
            node->index = (uint16_t)c;
            place(map, node,
                  (ChipXY){ to_virtual(arch->dram_column, arch->dram_columns, at.x),
                            to_virtual(arch->dram_row, arch->dram_rows, at.y) });
        }
        for (uint32_t noc = 0; noc < 2; noc++)
            map->dram[c][noc] =
                (uint8_t)(node_at(map, arch->dram[c].port[arch->dram[c].noc_port[noc]]) -
                          map->node);
    }
}

static void place_others(CoordMap *map) {
    const Arch *arch = map->arch;
    for (uint32_t i = 0; i < arch->eths; i++) {
        CoordNode *node = node_at(map, arch->eth[i].physical);
        node->kind = CHIP_ETH;
        node->index = (uint16_t)i;
        place(map, node, arch->eth[i].virtual);
        map->eth[i] = (uint8_t)(node - map->node);
    }
    for (uint32_t i = 0; i < arch->pcies; i++) {
        CoordNode *node = node_at(map, arch->pcie[i].physical);
        node->kind = CHIP_PCIE;
        node->index = (uint16_t)i;
        place(map, node, arch->pcie[i].virtual);
        map->pcie = (uint8_t)(node - map->node);
    }
    node_at(map, arch->arc)->kind = CHIP_ARC;
}

// Physical coordinates that no virtual one hides. Among the Tensix columns none are left: a column
// that harvesting emptied in virtual coordinates is nowhere.
static void place_physical(CoordMap *map) {
    for (uint32_t i = 0; i < map->nodes; i++) {
        CoordNode *node = &map->node[i];
        bool tensix = false;
        for (uint32_t c = 0; c < map->arch->tensix_columns; c++)
            if (map->arch->tensix_column[c] == node->physical.x &&
                node->physical.y >= map->arch->facts.tensix_first_row)
                tensix = true;
        uint8_t *slot = &map->of_virtual[node->physical.y][node->physical.x];
        if (tensix || *slot != COORD_NONE) continue;
        *slot = (uint8_t)i;
        if (node->kind == CHIP_ARC || node->kind == CHIP_ROUTER) node->virtual = node->physical;
    }
}

wt_status_t coord_init(CoordMap *map, const Arch *arch, uint32_t harvested) {
    uint32_t all = (1u << arch->tensix_columns) - 1;
    if (harvested & ~all)
        return fail(WT_INVALID, "harvested columns 0x%x: %s has %u Tensix columns", harvested,
                    arch->name, arch->tensix_columns);
    if (harvested == all)
        return fail(WT_INVALID, "harvested columns 0x%x leave no worker", harvested);
    *map = (CoordMap){ .arch = arch,
                       .nodes = (uint32_t)(arch->facts.noc_columns * arch->facts.noc_rows) };
    memset(map->of_virtual, COORD_NONE, sizeof map->of_virtual);
    for (uint32_t i = 0; i < map->nodes; i++) {
        map->node[i].kind = CHIP_ROUTER;
        map->node[i].physical = (ChipXY){ (uint16_t)(i % arch->facts.noc_columns),
                                          (uint16_t)(i / arch->facts.noc_columns) };
    }
    place_workers(map, harvested);
    place_dram(map);
    place_others(map);
    place_physical(map);
    return WT_OK;
}

const CoordNode *coord_worker(const CoordMap *map, uint32_t column, uint32_t row) {
    if (column >= map->worker_columns || row >= map->arch->facts.tensix_rows) return NULL;
    uint32_t y = (uint32_t)map->arch->facts.tensix_first_row + row;
    return &map->node[y * map->arch->facts.noc_columns + map->worker_column[column]];
}
