/* The cheapest node for one pod more of a group, among those worth a look.
 *
 * Hosts of what the group talks to are looked at, its old homes, and some nodes of the best rack
 * seen; in small clusters every node. Values are exact whichever way a node came to be looked at.
 */
enum { SMALL = 128, HUB = 192, OF_HUB = 24, OF_RACK = 6, ANYWHERE = 2, MOST_ASIDE = 64 };
#define NOWHERE (-((wide_t)1 << 62))

/* Puts a node on the list of those looked at, once; returns how many there are. */
PART wide_t look(State *s, wide_t node, wide_t stamp, wide_t number)
{
    if (s->seen[node] == stamp)
        return number;
    s->seen[node] = stamp;
    s->gain[node] = 0;
    s->spots[number] = (narrow_t)node;
    return number + 1;
}

/* Whether the other end is on too many nodes to look at all of them. */
PART int is_hub(const Search *x, const wide_t *e) { return x->s.held[e[OTHER_ROW]][LENGTH] > HUB; }

/* Whether savings of a link are not gathered host by host: of hubs, loops and directed links. */
PART int is_apart(const Search *x, const wide_t *e)
{
    return e[KIND] > LOCAL || e[SHIFT] > 0 || is_hub(x, e);
}

/* Adds what a link saves in the rack of one of its hosts, which is one of those in a scan: a uniform
 * one host by host, a local one at the first of its hosts in that rack. */
PART void gather_rack(Search *x, const wide_t *e, const narrow_t *host, wide_t mark, wide_t stamp)
{
    State *s = &x->s;
    wide_t cell = x->m.cell[host[H_NODE]][1];
    if (s->cell_seen[cell] != 2 * stamp) {
        s->cell_seen[cell] = 2 * stamp;
        s->cell_gain[cell] = 0;
    }
    if (e[KIND] == UNIFORM) {
        s->cell_gain[cell] += e[COEFFICIENT + 1] * host[H_COUNT];
    } else if (s->cell_mark[cell] != mark) {
        s->cell_mark[cell] = mark;
        s->cell_gain[cell] += cell_saving(x, e, 1, cell);
    }
}

/* Lists the hosts of the other ends with what they and their racks save; a sample of a hub's. */
static wide_t look_at_peers(Search *x, wide_t group, wide_t stamp)
{
    State *s = &x->s;
    wide_t number = 0;
    for (wide_t at = x->m.group[group][ENTRY0]; at < x->m.group[group][ENTRY1]; at++) {
        const wide_t *e = x->m.entry[at];
        wide_t first = x->m.row[e[OTHER_ROW]][R_OFFSET], length = s->held[e[OTHER_ROW]][LENGTH];
        if (is_hub(x, e)) {
            for (int i = 0; i < OF_HUB; i++) {
                const narrow_t *host = s->host[first + below(s, length)];
                if (host[H_COUNT] > 0)
                    number = look(s, host[H_NODE], stamp, number);
            }
            continue;
        }
        int counts = e[KIND] <= LOCAL && e[COEFFICIENT] > 0;
        int racks = !is_apart(x, e) && e[COEFFICIENT + 1] > 0;
        wide_t mark = ++s->now[MARK];
        for (wide_t i = first; i < first + length; i++) {
            const narrow_t *host = s->host[i];
            if (host[H_COUNT] == 0)
                continue;
            number = look(s, host[H_NODE], stamp, number);
            if (counts)
                s->gain[host[H_NODE]] += host_saving(x, e, host[H_NODE], host[H_COUNT]);
            if (racks)
                gather_rack(x, e, host, mark, stamp);
        }
    }
    return number;
}

/* What a scan knows: the group, what coming home is worth, chances to pass over, the best so far; and
 * the links whose savings are not gathered host by host, if they are few enough to be listed. */
typedef struct {
    wide_t group, price, blink, stamp;
    int apart, layered, eager;
    wide_t chosen, best, roomiest, full, better;
    narrow_t aside[MOST_ASIDE];
} Scan;

/* Lists the links of a group that are apart. */
static void set_aside(const Search *x, Scan *c)
{
    for (wide_t at = x->m.group[c->group][ENTRY0]; at < x->m.group[c->group][ENTRY1]; at++)
        if (is_apart(x, x->m.entry[at])) {
            if (c->apart < MOST_ASIDE)
                c->aside[c->apart] = (narrow_t)at;
            c->apart++;
        }
}

/* What links that are apart save in a rack beside those gathered; all links, in a larger cell. */
static wide_t cell_beside(const Search *x, const Scan *c, int level, wide_t cell)
{
    if (level > 1)
        return group_cell_saving(x, c->group, level, cell);
    wide_t found = 0, first = x->m.group[c->group][ENTRY0], end = x->m.group[c->group][ENTRY1];
    wide_t number = c->apart <= MOST_ASIDE ? c->apart : end - first;
    for (wide_t i = 0; i < number; i++) {
        const wide_t *e = x->m.entry[c->apart <= MOST_ASIDE ? c->aside[i] : first + i];
        if (e[KIND] <= LOCAL && e[COEFFICIENT + level] > 0 && is_apart(x, e))
            found += cell_saving(x, e, level, cell);
    }
    return found;
}

/* What the levels above the host save on a node; each cell is computed once in a scan. */
PART wide_t above(Search *x, const Scan *c, wide_t node)
{
    wide_t found = 0, whole = 2 * c->stamp + 1;
    for (int level = 1; level < LEVELS; level++) {
        if (x->m.kept[level][0] < 2)
            continue;
        wide_t cell = x->m.cell[node][level];
        if (x->s.cell_seen[cell] != whole) {
            wide_t gathered = x->s.cell_seen[cell] == 2 * c->stamp ? x->s.cell_gain[cell] : 0;
            x->s.cell_seen[cell] = whole;
            x->s.cell_gain[cell] = gathered + cell_beside(x, c, level, cell);
        }
        found += x->s.cell_gain[cell];
    }
    return found;
}

/* Adds old homes, nodes of the best rack seen so far, and a few of anywhere. */
static wide_t look_further(Search *x, const Scan *c, wide_t number)
{
    State *s = &x->s;
    wide_t group = c->group, stamp = c->stamp;
    if (x->n.nodes <= SMALL) {
        for (wide_t node = 0; node < x->n.nodes; node++)
            number = look(s, node, stamp, number);
        return number;
    }
    wide_t first = x->m.row[group][R_OFFSET];
    for (wide_t at = first; at < first + least(s->held[group][LENGTH], HUB); at++)
        if (s->host[at][H_COUNT] < s->host[at][H_START])
            number = look(s, s->host[at][H_NODE], stamp, number);
    if (number > 0) {
        wide_t best = NOWHERE, rack = 0;
        for (wide_t at = 0; at < number; at++) {
            wide_t value = above(x, c, s->spots[at]);
            if (value > best) {
                best = value;
                rack = x->m.rack_of[s->spots[at]];
            }
        }
        wide_t begin = x->m.rack_first[rack], size = x->m.rack_first[rack + 1] - begin;
        for (int i = 0; i < OF_RACK; i++)
            number = look(s, x->m.rack_nodes[begin + below(s, size)], stamp, number);
    }
    for (int i = 0; i < ANYWHERE; i++)
        number = look(s, below(s, x->n.nodes), stamp, number);
    return number;
}

/* Whether a node had more pods of a group at the start than it has now. */
PART int is_home(const Search *x, wide_t group, wide_t node)
{
    wide_t at = find(x, group, node);
    return at >= 0 && x->s.host[at][H_COUNT] < x->s.host[at][H_START];
}

/* How much of the first resource pods with traffic could have on a node. */
PART wide_t spare(const Search *x, wide_t node)
{
    wide_t at = node * x->n.resources;
    return x->n.resources ? x->s.free[at] + x->s.loose[at] : 0;
}

/* What a link that is apart saves on a node. */
PART wide_t saved_apart(const Search *x, const wide_t *e, wide_t node)
{
    if (e[KIND] > LOCAL)
        return -directed_change(x, e, node);
    if (e[COEFFICIENT] == 0)
        return 0;
    wide_t others = count(x, e[OTHER_ROW], node);
    if (others == 0 ? e[SHIFT] == 0 : !is_hub(x, e))
        return 0;
    return host_saving(x, e, node, others);
}

/* What all links that are apart save on a node. */
static wide_t beside(const Search *x, const Scan *c, wide_t node)
{
    wide_t found = 0;
    if (c->apart <= MOST_ASIDE) {
        for (int i = 0; i < c->apart; i++)
            found += saved_apart(x, x->m.entry[c->aside[i]], node);
        return found;
    }
    for (wide_t at = x->m.group[c->group][ENTRY0]; at < x->m.group[c->group][ENTRY1]; at++)
        if (is_apart(x, x->m.entry[at]))
            found += saved_apart(x, x->m.entry[at], node);
    return found;
}

/* Whether a node lacks nothing but room for a group. */
static int is_full(const Search *x, wide_t group, wide_t node)
{
    return x->m.open[x->m.group[group][CLASS] * x->n.nodes + node]
        && room(x, group, node) == NO && allows(x, group, node);
}

/* Looks closer at some of the nodes listed, and keeps the best; among equals the roomiest, where
 * others can follow. */
static void weigh(Search *x, Scan *c, wide_t from, wide_t to)
{
    State *s = &x->s;
    for (wide_t at = from; at < to; at++) {
        wide_t node = s->spots[at], saved = s->gain[node];
        if (c->apart)
            saved += beside(x, c, node);
        if (c->layered)
            saved += above(x, c, node);
        wide_t value = saved;
        if (c->price > 0 && saved + c->price >= c->best && is_home(x, c->group, node))
            value += c->price;
        if (value < c->best || (c->blink && below(s, 1024) < c->blink))
            continue;
        wide_t space = spare(x, node);
        if (value == c->best && space <= c->roomiest)
            continue;
        int answer = may(x, c->group, node);
        if (answer == NO) {
            if (c->eager && value > c->better && is_full(x, c->group, node)) {
                c->full = node;
                c->better = value;
            }
            continue;
        }
        c->chosen = node;
        c->best = value;
        c->roomiest = space;
        s->now[FRESH] = answer;
        s->now[ADDED] = -saved;
    }
}

/* The node where one pod more costs least, or -1; its cost is left in ADDED, and in FRESH whether
 * quiet pods have to give way. `price` is what coming home is worth; `blink` in 1024 nodes are
 * passed over. With a `home` (else -1), where the pod saved `kept`, only a node that saves more, or
 * as much with more room, will do; the best of those that are full and save still more is left in
 * FULL (else -1), and in BETTER how much more. `restless`: home is worth so much less, and what is
 * worth more is taken. Where only hosts save anything, nodes without peers are looked at only when
 * no other would do. */
static wide_t scan(Search *x, wide_t group, wide_t price, wide_t blink, wide_t home, wide_t kept,
                   wide_t restless)
{
    Scan c;
    c.group = group;
    c.price = price;
    c.blink = blink;
    c.stamp = ++x->s.now[STAMP];
    c.apart = c.layered = 0;
    c.eager = home >= 0;
    c.chosen = c.full = -1;
    c.best = c.roomiest = c.better = NOWHERE;
    set_aside(x, &c);
    if (home >= 0) {
        c.chosen = home;
        c.best = price > 0 && is_home(x, group, home) ? kept + price : kept;
        c.roomiest = spare(x, home);
        x->s.now[FRESH] = YES;
        x->s.now[ADDED] = -kept;
        if (restless > 0) {
            c.best -= restless;
            x->s.seen[home] = c.stamp;
        }
    }
    for (int level = 1; level < LEVELS; level++)
        c.layered |= x->m.kept[level][0] > 1;
    wide_t peers = look_at_peers(x, group, c.stamp);
    weigh(x, &c, 0, peers);
    if (c.layered || c.apart || c.best <= price)
        weigh(x, &c, peers, look_further(x, &c, peers));
    x->s.now[FULL] = c.better > c.best ? c.full : -1;
    x->s.now[BETTER] = x->s.now[FULL] >= 0 ? c.better - c.best : 0;
    return c.chosen;
}
