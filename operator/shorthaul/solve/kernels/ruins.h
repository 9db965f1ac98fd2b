/* Ruin and recreate (Schrimpf and others, 2000) under a falling threshold.
 *
 * Pods that talk to each other are lifted together: some replicas along a walk over the traffic, or
 * what talks on a few nodes. They are put down one by one, each where it costs least, in one of a
 * few orders. The best placement is copied only when it is about to be left.
 */
enum { LONGEST_WALK = 8, NODES_IN_TEN = 4, ANY_GROUP = 4 };

/* How to ruin: groups to begin with and the running sums of their chances; scratch; draws. */
typedef struct {
    const narrow_t *groups;
    const wide_t *chances;
    narrow_t *hand;
    wide_t *key;
    const wide_t *table, *heats;
    wide_t number, turns, stages, price, moves, size, blink;
} Ruin;

/* The place of a group in the walk. */
PART wide_t place_in(const wide_t *groups, wide_t walked, wide_t group)
{
    wide_t at = 0;
    while (at < walked && groups[at] != group)
        at++;
    return at;
}

/* One of so many by the running sums of their chances; `before` is what the sums begin at. */
PART wide_t draw(State *s, const wide_t *sums, wide_t number, wide_t before)
{
    wide_t drawn = before + below(s, sums[number - 1] - before), low = 0, high = number - 1;
    while (low < high) {
        wide_t middle = (low + high) / 2;
        if (sums[middle] > drawn)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* One of a group's entries, by traffic, or -1 where it has none. */
PART wide_t draw_entry(Search *x, wide_t group)
{
    wide_t first = x->m.group[group][ENTRY0], end = x->m.group[group][ENTRY1], total = 0;
    for (wide_t at = first; at < end; at++)
        total += x->m.entry[at][PULL];
    wide_t drawn = below(&x->s, most(1, total));
    for (wide_t at = first; at < end; at++) {
        drawn -= x->m.entry[at][PULL];
        if (drawn < 0)
            return at;
    }
    return -1;
}

/* A movable group that a group talks to, by traffic, or -1. */
PART wide_t neighbour(Search *x, wide_t group)
{
    wide_t at = draw_entry(x, group);
    if (at < 0)
        return -1;
    wide_t vertex = x->m.entry[at][OTHER], begin = x->m.member_first[vertex];
    wide_t size = x->m.member_first[vertex + 1] - begin;
    return size ? x->m.member[begin + below(&x->s, size)] : -1;
}

/* Groups along the traffic, from one drawn; returns how many. */
static wide_t walk(Search *x, const Ruin *r, wide_t *groups, wide_t length)
{
    wide_t number = 1;
    groups[0] = r->groups[draw(&x->s, r->chances, r->number, 0)];
    if (x->n.nodes <= SMALL && length > 1 && below(&x->s, ANY_GROUP) == 0) {
        groups[1] = below(&x->s, x->n.groups);
        number += groups[1] != groups[0];
    }
    for (wide_t i = 0; i < 2 * length && number < length; i++) {
        wide_t group = neighbour(x, groups[below(&x->s, number)]);
        if (group >= 0 && place_in(groups, number, group) == number)
            groups[number++] = group;
    }
    return number;
}

/* Lifts some replicas of each group of the walk. */
static wide_t grab_replicas(Search *x, const Ruin *r, const wide_t *groups, wide_t walked,
                            wide_t size)
{
    wide_t number = 0, each = 1 + size / walked;
    for (wide_t i = 0; i < walked; i++) {
        const wide_t *g = x->m.group[groups[i]];
        wide_t begin = below(&x->s, g[SIZE]);
        for (wide_t step = 0; step < least(g[SIZE], each) && number < size; step++) {
            narrow_t pod = (narrow_t)(g[FIRST] + (begin + step) % g[SIZE]);
            if (x->s.place[pod] < 0)
                continue;
            lift(x, pod);
            r->hand[number++] = pod;
        }
    }
    return number;
}

/* Lifts what is on a few nodes of the walk's groups, all of it or half. */
static wide_t grab_nodes(Search *x, const Ruin *r, const wide_t *groups, wide_t walked, wide_t size)
{
    wide_t number = 0;
    for (wide_t i = 2 + below(&x->s, 4); i > 0; i--) {
        const wide_t *g = x->m.group[groups[below(&x->s, walked)]];
        narrow_t node = x->s.place[g[FIRST] + below(&x->s, g[SIZE])], next = -1;
        int half = below(&x->s, 2) == 0, quiet = below(&x->s, 4) == 0 && x->n.nodes <= SMALL;
        if (node < 0)
            continue;
        for (narrow_t pod = x->s.head[node]; pod >= 0 && number < size; pod = next) {
            next = x->s.chain[pod][0];
            if ((!quiet && is_quiet(x, x->m.group_of[pod])) || (half && below(&x->s, 2) == 0))
                continue;
            lift(x, pod);
            r->hand[number++] = pod;
        }
    }
    return number;
}

/* Orders the hand: by weight of traffic, by size, replica by replica, or along the walk. */
static void arrange(Search *x, const Ruin *r, const wide_t *groups, wide_t walked, wide_t number)
{
    wide_t way = below(&x->s, 5);
    for (wide_t at = 0; at < number; at++) {
        narrow_t pod = r->hand[at];
        const wide_t *g = x->m.group[x->m.group_of[pod]];
        wide_t traffic = g[RANK] >> 24;
        if (way == 0)
            r->key[at] = -traffic * (512 + below(&x->s, 1024));
        else if (way == 1)
            r->key[at] = -weight(x, pod) * (512 + below(&x->s, 512));
        else if (way == 2)
            r->key[at] = (pod - g[FIRST]) * 65536 / g[SIZE] + below(&x->s, 1024);
        else if (way == 3)
            r->key[at] = (place_in(groups, walked, x->m.group_of[pod]) << 50) - traffic;
        else
            r->key[at] = below(&x->s, 1 << 30);
    }
    for (wide_t at = 1; at < number; at++) {
        narrow_t pod = r->hand[at];
        wide_t key = r->key[at], before = at - 1;
        for (; before >= 0 && r->key[before] > key; before--) {
            r->hand[before + 1] = r->hand[before];
            r->key[before + 1] = r->key[before];
        }
        r->hand[before + 1] = pod;
        r->key[before + 1] = key;
    }
}

/* Copies the placement as it was before the log. */
static void remember(Search *x)
{
    memcpy(x->s.best, x->s.place, (size_t)x->n.pods * sizeof *x->s.best);
    for (wide_t at = x->s.now[LOGGED] - 1; at >= 0; at--)
        if (x->s.log[at][1] >= 0)
            x->s.best[x->s.log[at][0]] = x->s.log[at][1];
}

/* Trials in a row; returns the least objective, whose placement is in `best`. `least_known` is the
 * objective of the placement in `best` when it begins. */
wide_t ruin(Search *x, const Ruin *r, wide_t least_known)
{
    wide_t groups[LONGEST_WALK], found = least_known;
    int fresh = 0;
    if (objective(x, r->price) <= found) {
        found = objective(x, r->price);
        fresh = 1;
    }
    for (wide_t turn = 0; turn < r->turns; turn++) {
        wide_t before = objective(x, r->price), cost = x->s.now[COST], moved = x->s.now[MOVED];
        wide_t size = 2 + below(&x->s, r->size);
        wide_t walked = walk(x, r, groups, 1 + below(&x->s, LONGEST_WALK - 1));
        wide_t number = below(&x->s, 10) < NODES_IN_TEN
            ? grab_nodes(x, r, groups, walked, size)
            : grab_replicas(x, r, groups, walked, size);
        arrange(x, r, groups, walked, number);
        int down = 1;
        for (wide_t at = 0; at < number && down; at++)
            down = put_down(x, r->hand[at], r->price, r->blink);
        wide_t limit = before + slack(x, r->heats[turn * r->stages / r->turns], r->table);
        if (!down || !shelve_all(x, r->price) || !good(x, r->price, limit, r->moves, moved)) {
            give_up(x, cost);
            continue;
        }
        wide_t now = objective(x, r->price);
        if (now > before && fresh) {
            remember(x);
            fresh = 0;
        }
        if (now < found && x->s.now[MOVED] <= r->moves) {
            found = now;
            fresh = 1;
        }
        take(x);
    }
    if (fresh)
        memcpy(x->s.best, x->s.place, (size_t)x->n.pods * sizeof *x->s.best);
    return found;
}

wide_t ruin_bytes(void) { return sizeof(Ruin); }
