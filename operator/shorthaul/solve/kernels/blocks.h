/* Ruin and recreate by counts: where only hosts save anything, pods of a group go in blocks.
 *
 * Single pods are what `ruins.h` lifts; here it is so many of a group at once, between nodes that
 * the turn has touched, in a table of counts (nodes by columns) small enough to stay near the
 * processor. A block is as large as each of its pods saves as much as the first, there is room, and
 * the group's own limits let it be. Groups with limits that others take part in, with more than one
 * vertex, or that talk to themselves are columns that never change; pods without traffic are not
 * here. Who calls puts the pods down by the rules (see blocks.py), so this is a way to begin.
 */
enum { NODES_OF_TEN = 6, REPLICAS_OF_TEN = 2, MORE_NODES = 5, CHUNKS = 4, ITEMS = 4096, SIDE = 3,
       ABREAST = 8 };

/* Columns: first the groups that may move, in `first`, `size` …, then what else they talk to. */
typedef struct {
    const narrow_t *first, (*side)[SIDE];
    const wide_t *coefficient, *pull, *size, *request, *cap, *floor, *kind, *traffic, *dense, *chances;
    const uint8_t *open;
    const narrow_t *start;
    const wide_t *table;
    narrow_t *counts, *across, *best;
    wide_t *free, *hosts, *hand, *key, *seen, *now;
    narrow_t (*item)[2], (*log)[3], *spots;
    uint64_t *dice;
    const wide_t *heats;
    wide_t groups, columns, nodes, resources, turns, stages, price, largest, blink, log_size;
} Blocks;
/* Places in `now`: what is saved, the most that was, the scan's stamp, and whether `best` lags. */
enum { SAVED, MOST_SAVED, TURN, LAGS, BLOCKS_NOW };
enum { OTHER_COLUMN, MY_SIZE, THEIR_SIZE };

wide_t blocks_bytes(void) { return sizeof(Blocks); }

/* What so many pods of a group more on a node save; fewer where `number` is below 0. */
static wide_t block_saving(const Blocks *b, wide_t group, wide_t node, wide_t number)
{
    const narrow_t *here = b->counts + node * b->columns;
    wide_t mine = here[group], found = 0;
    for (narrow_t at = b->first[group]; at < b->first[group + 1]; at++) {
        const narrow_t *s = b->side[at];
        wide_t others = here[s[OTHER_COLUMN]];
        if (others == 0)
            continue;
        if (s[THEIR_SIZE] == 0) {
            found += b->coefficient[at] * others * number;
            continue;
        }
        wide_t top = others * s[MY_SIZE];
        found += b->coefficient[at] * (least((mine + number) * s[THEIR_SIZE], top)
                                       - least(mine * s[THEIR_SIZE], top));
    }
    if (b->price > 0) {
        wide_t home = b->start[group * b->nodes + node];
        found += b->price * (least(mine + number, home) - least(mine, home));
    }
    return found;
}

/* How many of a group a node can take, up to a number. */
static wide_t block_room(const Blocks *b, wide_t group, wide_t node, wide_t number)
{
    if (!b->open[b->kind[group] * b->nodes + node])
        return 0;
    wide_t mine = b->counts[node * b->columns + group];
    number = least(number, b->cap[group] - mine);
    if (b->floor[group] > 1) {
        wide_t over = b->hand[group] + b->hosts[group] - b->floor[group];
        number = least(number, mine > 0 ? over : most(1, over + 1));
    }
    const wide_t *request = b->request + group * b->resources;
    const wide_t *left = b->free + node * b->resources;
    for (wide_t r = 0; r < b->resources && number > 0; r++)
        if (request[r] > 0 && request[r] * number > left[r])
            number = left[r] < request[r] ? 0 : left[r] / request[r];
    return number;
}

/* How many more of a group save as much, each, as the first. */
static wide_t block_even(const Blocks *b, wide_t group, wide_t node, wide_t number)
{
    if (number == 1)
        return 1;
    const narrow_t *here = b->counts + node * b->columns;
    wide_t mine = here[group];
    for (narrow_t at = b->first[group]; at < b->first[group + 1]; at++) {
        const narrow_t *s = b->side[at];
        wide_t over = (wide_t)here[s[OTHER_COLUMN]] * s[MY_SIZE] - mine * s[THEIR_SIZE];
        if (s[THEIR_SIZE] > 0 && over > 0 && over < number * s[THEIR_SIZE])
            number = most(1, over / s[THEIR_SIZE]);
    }
    if (b->price > 0 && b->start[group * b->nodes + node] > mine)
        number = least(number, b->start[group * b->nodes + node] - mine);
    return number;
}

/* Counts so many of a group more on a node. */
PART void block_count(Blocks *b, wide_t group, wide_t node, wide_t number)
{
    narrow_t before = b->counts[node * b->columns + group];
    b->counts[node * b->columns + group] += (narrow_t)number;
    b->across[group * b->nodes + node] += (narrow_t)number;
    b->hosts[group] += (before == 0) - (before + number == 0);
    b->hand[group] -= number;
    for (wide_t r = 0; r < b->resources; r++)
        b->free[node * b->resources + r] -= number * b->request[group * b->resources + r];
}

/* Puts so many of a group on a node, or lifts them; returns how long the log is then. */
PART wide_t block_put(Blocks *b, wide_t group, wide_t node, wide_t number, wide_t logged)
{
    narrow_t *step = b->log[logged];
    b->now[SAVED] += block_saving(b, group, node, number);
    block_count(b, group, node, number);
    step[0] = (narrow_t)group;
    step[1] = (narrow_t)node;
    step[2] = (narrow_t)number;
    return logged + 1;
}

/* A number from 0 to limit - 1. */
PART wide_t block_draw(Blocks *b, wide_t limit)
{
    State s = { .dice = b->dice };
    return below(&s, limit);
}

/* Puts a node on the list of those that blocks may go to, once; returns how many there are. */
PART wide_t block_look(Blocks *b, wide_t node, wide_t number)
{
    if (b->seen[node] == b->now[TURN])
        return number;
    b->seen[node] = b->now[TURN];
    b->spots[number] = (narrow_t)node;
    return number + 1;
}

/* The node of one of a group's pods, or -1 where it is lifted; some nodes at a time. */
static wide_t block_host(Blocks *b, wide_t group)
{
    const narrow_t *counts = b->across + group * b->nodes;
    wide_t drawn = block_draw(b, b->size[group]), node = 0;
    for (; node + ABREAST <= b->nodes; node += ABREAST) {
        narrow_t held = 0;
        for (int i = 0; i < ABREAST; i++)
            held += counts[node + i];
        if (drawn < held)
            break;
        drawn -= held;
    }
    for (; node < b->nodes; node++) {
        drawn -= counts[node];
        if (drawn < 0)
            return node;
    }
    return -1;
}

/* Groups along the traffic, from one drawn; returns how many. */
static wide_t block_walk(Blocks *b, wide_t *groups, wide_t length)
{
    State s = { .dice = b->dice };
    wide_t number = 1;
    groups[0] = draw(&s, b->chances, b->groups, 0);
    if (length > 1 && block_draw(b, ANY_GROUP) == 0) {
        groups[1] = block_draw(b, b->groups);
        number += groups[1] != groups[0];
    }
    for (wide_t i = 0; i < 2 * length && number < length; i++) {
        wide_t from = groups[block_draw(b, number)], first = b->first[from];
        wide_t sides = b->first[from + 1] - first;
        wide_t at = first + draw(&s, b->pull + first + 1, sides, b->pull[first]);
        wide_t group = b->side[at][OTHER_COLUMN];
        if (group < b->groups && place_in(groups, number, group) == number)
            groups[number++] = group;
    }
    return number;
}

/* Whether a node had more pods of a group at the start than it has now. */
PART int block_is_home(const Blocks *b, wide_t group, wide_t node)
{
    return b->start[group * b->nodes + node] > b->counts[node * b->columns + group];
}

/* Where a block goes: the node touched that saves most, among equals the roomiest; where none saves
 * anything, home where that has a price, else the roomiest of all, where others can follow. -1 where
 * there is none. */
static wide_t block_target(Blocks *b, wide_t group, wide_t looked)
{
    wide_t chosen = -1, best = 0, roomiest = -1;
    for (wide_t i = 0; i < looked; i++) {
        wide_t node = b->spots[i], space = b->resources ? b->free[node * b->resources] : 0;
        if (block_room(b, group, node, 1) < 1)
            continue;
        wide_t saved = block_saving(b, group, node, 1);
        if (saved < best || (saved == best && space <= roomiest) || block_draw(b, DIE) < b->blink)
            continue;
        chosen = node;
        best = saved;
        roomiest = space;
    }
    if (best > 0)
        return chosen;
    for (wide_t node = 0; b->price > 0 && node < b->nodes; node++)
        if (block_is_home(b, group, node) && block_room(b, group, node, 1) > 0)
            return node;
    for (wide_t node = 0; node < b->nodes; node++) {
        wide_t space = b->resources ? b->free[node * b->resources] : 0;
        if (space > roomiest && block_room(b, group, node, 1) > 0) {
            chosen = node;
            roomiest = space;
        }
    }
    return chosen;
}

/* The next group from one on that a node has pods of, or how many groups there are. */
PART wide_t block_next(const narrow_t *held, wide_t group, wide_t groups)
{
    while (group + ABREAST <= groups) {
        narrow_t any = 0;
        for (int i = 0; i < ABREAST; i++)
            any |= held[group + i];
        if (any)
            break;
        group += ABREAST;
    }
    while (group < groups && held[group] == 0)
        group++;
    return group;
}

/* Lifts what is on a few nodes of the walk's groups, all of it or some. */
static wide_t lift_nodes(Blocks *b, const wide_t *groups, wide_t walked, wide_t size,
                         wide_t *looked)
{
    wide_t logged = 0;
    for (wide_t i = 2 + block_draw(b, 4); i > 0 && size > 0; i--) {
        wide_t node = block_host(b, groups[block_draw(b, walked)]);
        if (node < 0)
            continue;
        int some = block_draw(b, 2) == 0;
        const narrow_t *held = b->counts + node * b->columns;
        *looked = block_look(b, node, *looked);
        for (wide_t group = 0; size > 0; group++) {
            group = block_next(held, group, b->groups);
            if (group == b->groups)
                break;
            wide_t number = held[group];
            if (some)
                number = block_draw(b, number + 1);
            number = least(number, size);
            if (number == 0)
                continue;
            logged = block_put(b, group, node, -number, logged);
            size -= number;
        }
    }
    return logged;
}

/* Puts what was on one node on another, as far as it goes there; the rest stays in hand. */
static wide_t block_carry(Blocks *b, wide_t begin, wide_t end, wide_t node, wide_t logged)
{
    for (wide_t at = begin; at < end; at++) {
        wide_t number = block_room(b, b->log[at][0], node, -b->log[at][2]);
        if (number > 0)
            logged = block_put(b, b->log[at][0], node, number, logged);
    }
    return logged;
}

/* Exchanges what is on a node of the walk's groups and on any other. */
static wide_t exchange(Blocks *b, const wide_t *groups, wide_t walked, wide_t *looked)
{
    wide_t one = block_host(b, groups[block_draw(b, walked)]), other = block_draw(b, b->nodes);
    if (one < 0 || one == other)
        return 0;
    wide_t ends[2], logged = 0;
    for (int i = 0; i < 2; i++) {
        wide_t node = i ? other : one;
        const narrow_t *held = b->counts + node * b->columns;
        *looked = block_look(b, node, *looked);
        for (wide_t group = 0; logged < b->log_size / 4; group++) {
            group = block_next(held, group, b->groups);
            if (group == b->groups)
                break;
            logged = block_put(b, group, node, -held[group], logged);
        }
        ends[i] = logged;
    }
    logged = block_carry(b, 0, ends[0], other, logged);
    return block_carry(b, ends[0], ends[1], one, logged);
}

/* Lifts some replicas of each group of the walk. */
static wide_t lift_replicas(Blocks *b, const wide_t *groups, wide_t walked, wide_t size,
                            wide_t logged, wide_t *looked)
{
    wide_t each = 1 + size / walked;
    for (wide_t i = 0; i < walked; i++) {
        wide_t wanted = least(least(b->size[groups[i]], each), size);
        for (int tried = 0; tried < 20 && wanted > 0; tried++) {
            wide_t node = block_host(b, groups[i]);
            if (node < 0)
                continue;
            wide_t number = least(b->counts[node * b->columns + groups[i]], wanted);
            *looked = block_look(b, node, *looked);
            logged = block_put(b, groups[i], node, -number, logged);
            wanted -= number;
            size -= number;
        }
    }
    return logged;
}

/* Cuts what is in hand into items and orders them: by traffic, by traffic for its size, chunk by
 * chunk, along the walk, or by chance. Returns how many. */
static wide_t block_items(Blocks *b, const wide_t *groups, wide_t walked)
{
    wide_t way = block_draw(b, 5), number = 0;
    for (wide_t group = 0; group < b->groups; group++) {
        wide_t held = b->hand[group], traffic = b->traffic[group] >> 24;
        if (held == 0)
            continue;
        wide_t cut = way == 2 ? 1 + block_draw(b, CHUNKS) : 1;
        if (way != 2 && block_draw(b, 2))
            cut += block_draw(b, CHUNKS - 1);
        cut = least(cut, held);
        for (wide_t part = 0; part < cut && number < ITEMS; part++) {
            wide_t key = block_draw(b, 1 << 30), at = number++;
            if (way == 0)
                key = -traffic * (512 + (key & 1023));
            else if (way == 1)
                key = -b->dense[group] * (512 + (key & 1023));
            else if (way == 2)
                key = part * 65536 / cut + (key & 1023);
            else if (way == 3)
                key = (place_in(groups, walked, group) << 50) - traffic;
            for (; at > 0 && b->key[at - 1] > key; at--) {
                b->key[at] = b->key[at - 1];
                memcpy(b->item[at], b->item[at - 1], sizeof *b->item);
            }
            b->key[at] = key;
            b->item[at][0] = (narrow_t)group;
            b->item[at][1] = (narrow_t)((part + 1) * held / cut - part * held / cut);
        }
    }
    return number;
}

/* Puts all items down, block by block; -1 where one has no place, else how long the log is. */
static wide_t block_fill(Blocks *b, wide_t items, wide_t looked, wide_t logged)
{
    for (wide_t i = 0; i < items; i++)
        for (wide_t left = b->item[i][1]; left > 0;) {
            wide_t group = b->item[i][0], node = block_target(b, group, looked);
            if (node < 0 || logged >= b->log_size)
                return -logged - 1;
            wide_t number = block_even(b, group, node, block_room(b, group, node, left));
            logged = block_put(b, group, node, number, logged);
            left -= number;
        }
    return logged;
}

/* Copies the counts as they were before the log. */
static void block_remember(Blocks *b, wide_t logged)
{
    memcpy(b->best, b->across, (size_t)(b->groups * b->nodes) * sizeof *b->best);
    while (logged-- > 0)
        b->best[b->log[logged][0] * b->nodes + b->log[logged][1]] -= b->log[logged][2];
    b->now[LAGS] = 0;
}

/* Goes to what `best` tells, which has room; pods that it does not tell of go where they save most.
 * Returns whether all have a place. What is best so far is then what was found. */
wide_t mix_blocks(Blocks *b)
{
    wide_t looked = 0, cells = b->groups * b->nodes;
    b->now[TURN]++;
    for (int sign = -1; sign <= 1; sign += 2)
        for (wide_t cell = 0; cell < cells; cell++) {
            wide_t more = b->best[cell] - b->across[cell];
            if (more * sign > 0)
                block_put(b, cell / b->nodes, cell % b->nodes, more, 0);
        }
    for (wide_t node = 0; node < b->nodes; node++)
        looked = block_look(b, node, looked);
    for (wide_t group = 0; group < b->groups; group++)
        for (wide_t left = b->hand[group]; left > 0; left = b->hand[group]) {
            wide_t node = block_target(b, group, looked);
            if (node < 0)
                return 0;
            block_put(b, group, node, block_even(b, group, node, block_room(b, group, node, left)), 0);
        }
    b->now[MOST_SAVED] = b->now[SAVED];
    block_remember(b, 0);
    return 1;
}

/* Trials in a row; the counts that save most are in `best` in the end. */
void ruin_blocks(Blocks *b)
{
    wide_t groups[LONGEST_WALK], *now = b->now;
    State s = { .dice = b->dice };
    Search x = { .s = s };
    for (wide_t turn = 0; turn < b->turns; turn++) {
        wide_t before = now[SAVED], looked = 0, size = 2 + block_draw(b, b->largest);
        wide_t walked = block_walk(b, groups, 1 + block_draw(b, LONGEST_WALK - 1));
        now[TURN]++;
        wide_t way = block_draw(b, 10), logged = 0;
        if (way < NODES_OF_TEN)
            logged = lift_nodes(b, groups, walked, size, &looked);
        else if (way >= NODES_OF_TEN + REPLICAS_OF_TEN)
            logged = exchange(b, groups, walked, &looked);
        if (way >= NODES_OF_TEN)
            logged = lift_replicas(b, groups, walked, size, logged, &looked);
        for (int i = 0; i < MORE_NODES; i++) {
            wide_t node = block_host(b, groups[block_draw(b, walked)]);
            looked = node < 0 ? looked : block_look(b, node, looked);
        }
        logged = block_fill(b, block_items(b, groups, walked), looked, logged);
        wide_t forgiven = slack(&x, b->heats[turn * b->stages / b->turns], b->table);
        if (logged < 0 || now[SAVED] < before - forgiven) {
            for (logged = logged < 0 ? -logged - 1 : logged; logged > 0; logged--) {
                const narrow_t *step = b->log[logged - 1];
                block_count(b, step[0], step[1], -step[2]);
            }
            now[SAVED] = before;
            continue;
        }
        if (now[SAVED] < before && now[LAGS])
            block_remember(b, logged);
        if (now[SAVED] > now[MOST_SAVED]) {
            now[MOST_SAVED] = now[SAVED];
            now[LAGS] = 1;
        }
    }
    if (now[LAGS])
        block_remember(b, 0);
}
