/* What the kernels see: a problem and a placement as flat arrays (see layouts.py, whose columns and
 * fields these are, in the same order; layouts.py checks the sizes when the library is loaded).
 *
 * Everything is integers but the prices of directed links, so a trial that is undone leaves nothing
 * behind, and equal input gives equal output on every machine and from every compiler.
 */
#ifndef SHORTHAUL_KERNELS_H
#define SHORTHAUL_KERNELS_H

#include <stdint.h>
#include <string.h>

#define PART static inline

typedef int64_t wide_t;
typedef int32_t narrow_t;

/* Columns of a group. */
enum { CLASS, FIRST, SIZE, ENTRY0, ENTRY1, ROW0, ROW1, VERTEX0, VERTEX1,
       TALLY0, TALLY1, REPEL0, REPEL1, KEPT0, KEPT1, TOUCH0, TOUCH1,
       HOST_CAP, FLOOR, RANK, GROUP_COLUMNS };
/* Columns of an entry: a link as one of its ends sees it; its kinds and roles. */
enum { KIND, LINK, OWN, OTHER, OWN_ROW, OTHER_ROW, SHIFT, ROLE, OWN_SIZE, OTHER_SIZE,
       COEFFICIENT, PULL = 14, ENTRY_COLUMNS = 15 };
enum { UNIFORM, LOCAL, ZONE, NODE };
enum { CLIENT, SERVER, BOTH };
/* Columns of a link. */
enum { L_KIND, L_CLIENT, L_SERVER, L_CLIENT_ROW, L_SERVER_ROW, L_CLIENT_SIZE, L_SERVER_SIZE,
       L_CEILING, L_COEFFICIENT, LINK_COLUMNS = 13 };
/* Columns of tallies and limits. */
enum { T_OFFSET, T_MAP, T_DOMAINS, T_GROUP0, T_GROUP1, TALLY_COLUMNS };
enum { TOTAL, DOMAINS_HELD, TALLIED_COLUMNS };
enum { K_KIND, K_TALLY, K_OTHER, K_MOST, K_FEWEST, K_TOLERATED, LIMIT_COLUMNS };
enum { ATTRACTION, SPREAD, FLOORS };
/* Columns of rows, of what they hold, and of their lists. */
enum { R_OFFSET, R_DENSE, ROW_COLUMNS };
enum { LENGTH, POSITIVE, PODS, HELD_COLUMNS };
enum { H_NODE, H_COUNT, H_START, H_EXCUSED, HOST_COLUMNS };
/* Places in `now`. */
enum { COST, MOVED, STAMP, LOGGED, QUEUED, BEST, FRESH, ADDED, FULL, BETTER, MARK, NOW };
enum { LEVELS = 4, BY_PRICE = 5, DIE = 1024 };

typedef struct {
    wide_t pods, groups, nodes, resources, links, tallies, limits, columns, log_size, queue_size, bare, rows;
} Sizes;

typedef struct {
    const narrow_t *group_of;
    const wide_t (*group)[GROUP_COLUMNS];
    const wide_t *listed;
    const wide_t (*entry)[ENTRY_COLUMNS];
    const wide_t (*row)[ROW_COLUMNS];
    const narrow_t (*cell)[LEVELS];
    const uint8_t *zoned;
    const wide_t (*kept)[3];
    const wide_t *request;
    const uint8_t *open;
    const wide_t (*link)[LINK_COLUMNS];
    const double (*price)[BY_PRICE];
    const narrow_t *domain;
    const wide_t (*tally)[TALLY_COLUMNS];
    wide_t (*limit)[LIMIT_COLUMNS];
    const narrow_t *rack_first, *rack_nodes, *rack_of;
    const narrow_t *member_first, *member;
} Model;

typedef struct {
    narrow_t *place, *best, *head;
    narrow_t (*chain)[2];
    narrow_t (*host)[HOST_COLUMNS];
    wide_t (*held)[HELD_COLUMNS];
    narrow_t *dense, *wide;
    wide_t *free, *loose, *counts, *start;
    wide_t (*tallied)[TALLIED_COLUMNS];
    wide_t *lifted, *newcomers, *now;
    uint64_t *dice;
    narrow_t (*log)[3];
    wide_t *gain, *seen;
    narrow_t *spots;
    wide_t *cell_gain, *cell_seen, *cell_mark;
    narrow_t *queue;
} State;

/* One search: what every kernel is given. */
typedef struct {
    Sizes n;
    Model m;
    State s;
} Search;

PART wide_t least(wide_t a, wide_t b) { return a < b ? a : b; }
PART wide_t most(wide_t a, wide_t b) { return a > b ? a : b; }

/* Draws from a seed: xorshift64* (Vigna, 2016). A number from 0 to limit - 1. */
PART wide_t below(State *s, wide_t limit)
{
    uint64_t x = *s->dice;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *s->dice = x;
    return (wide_t)((((x * 2685821657736338717ULL) >> 32) * (uint64_t)limit) >> 32);
}

#endif
