/* Setting a state up, going from one placement to another, and single questions to it. */

enum { FEW = 4 };  /* so many times fewer moves than links: their changes of cost are added up */

wide_t search_bytes(void) { return sizeof(Search); }

/* The numbers of columns as one number, in base 64: that both sides mean the same tables. */
wide_t table_shapes(void)
{
    const wide_t shapes[] = { GROUP_COLUMNS, ENTRY_COLUMNS, LINK_COLUMNS, TALLY_COLUMNS,
                              LIMIT_COLUMNS, ROW_COLUMNS, HELD_COLUMNS, HOST_COLUMNS, NOW };
    wide_t found = 0;
    for (size_t at = 0; at < sizeof shapes / sizeof *shapes; at++)
        found = found * 64 + shapes[at];
    return found;
}

/* The cost of all traffic, from the counts alone. */
wide_t total(const Search *x)
{
    wide_t found = 0;
    for (wide_t link = 0; link < x->n.links; link++)
        found += link_cost(x, link);
    return found;
}

/* Marks a pod's home when the rules would not let it go there. */
static void excuse(Search *x, narrow_t pod)
{
    wide_t group = x->m.group_of[pod], node = x->s.place[pod];
    put(x, pod, node, -1);
    int kept = room(x, group, node) == YES && allows(x, group, node);
    put(x, pod, node, 1);
    if (!kept)
        x->s.host[find(x, group, node)][H_EXCUSED] = 1;
}

/* Places the pods that stay, then all others; what is so now is the start. */
void begin(Search *x, const wide_t *vertices, const wide_t *nodes, const wide_t *rows,
           wide_t number)
{
    for (wide_t i = 0; i < number; i++) {
        bump(x, rows[vertices[i]], nodes[i], 1);
        count_cells(x, vertices[i], nodes[i], 1);
    }
    for (wide_t t = 0; t < x->n.tallies; t++)
        for (wide_t at = 0; at < x->m.tally[t][T_DOMAINS]; at++) {
            x->s.tallied[t][TOTAL] += x->s.counts[x->m.tally[t][T_OFFSET] + at];
            x->s.tallied[t][DOMAINS_HELD] += x->s.counts[x->m.tally[t][T_OFFSET] + at] > 0;
        }
    for (wide_t pod = 0; pod < x->n.pods; pod++)
        put(x, (narrow_t)pod, x->s.best[pod], 1);
    for (wide_t group = 0; group < x->n.groups; group++) {
        wide_t first = x->m.row[group][R_OFFSET];
        x->s.lifted[group] = 0;
        for (wide_t at = first; at < first + x->s.held[group][LENGTH]; at++)
            x->s.host[at][H_START] = x->s.host[at][H_COUNT];
    }
    for (wide_t node = 0; node < x->n.nodes; node++)
        x->s.newcomers[node] = 0;
    for (wide_t t = 0; t < x->n.tallies; t++)
        for (wide_t at = 0; at < x->m.tally[t][T_DOMAINS]; at++)
            x->s.start[x->m.tally[t][T_OFFSET] + at] = x->s.counts[x->m.tally[t][T_OFFSET] + at];
    x->s.now[MOVED] = 0;
    for (wide_t limit = 0; limit < x->n.limits; limit++) {
        x->s.lifted[x->n.groups + limit] = 0;
        x->m.limit[limit][K_TOLERATED] = broken(x, x->m.limit[limit]);
    }
    for (wide_t pod = 0; pod < x->n.pods; pod++)
        excuse(x, (narrow_t)pod);
    order_rows(x);
    x->s.now[COST] = total(x);
}

/* Makes the placement now the start: nothing has moved, and what is broken may stay so. Excuses are
 * not looked at anew, which would cost a step for each pod: a sweep puts back without asking. */
void rebase(Search *x)
{
    for (wide_t group = 0; group < x->n.groups; group++) {
        wide_t first = x->m.row[group][R_OFFSET];
        for (wide_t at = first + x->s.held[group][LENGTH] - 1; at >= first; at--) {
            x->s.host[at][H_START] = x->s.host[at][H_COUNT];
            if (x->s.host[at][H_COUNT] == 0)
                drop(x, group, at);
        }
    }
    memset(x->s.newcomers, 0, (size_t)x->n.nodes * sizeof *x->s.newcomers);
    x->s.now[MOVED] = 0;
    for (wide_t t = 0; t < x->n.tallies; t++)
        memcpy(x->s.start + x->m.tally[t][T_OFFSET], x->s.counts + x->m.tally[t][T_OFFSET],
               (size_t)x->m.tally[t][T_DOMAINS] * sizeof *x->s.start);
    for (wide_t limit = 0; limit < x->n.limits; limit++)
        x->m.limit[limit][K_TOLERATED] = broken(x, x->m.limit[limit]);
}

/* The fewest pods that have to move to get to a placement, and where to: listed in `pods` and
 * `nodes`; returns how many. `left` is scratch, a zero for each node. */
static wide_t strays(const Search *x, const narrow_t *places, wide_t *left, narrow_t *pods,
                     narrow_t *nodes)
{
    wide_t number = 0;
    for (wide_t group = 0; group < x->n.groups; group++) {
        wide_t first = x->m.group[group][FIRST], end = first + x->m.group[group][SIZE];
        wide_t begin = number, next = first;
        if (!memcmp(x->s.place + first, places + first, (size_t)(end - first) * sizeof *places))
            continue;
        for (wide_t pod = first; pod < end; pod++)
            left[places[pod]]++;
        for (wide_t pod = first; pod < end; pod++) {
            if (left[x->s.place[pod]] > 0)
                left[x->s.place[pod]]--;
            else
                pods[number++] = (narrow_t)pod;
        }
        for (wide_t at = begin; at < number; at++) {
            while (left[places[next]] == 0)
                next++;
            nodes[at] = places[next];
            left[places[next]]--;
        }
    }
    return number;
}

/* Goes to another placement of the same groups with as few moves as can be; the cost follows.
 * `left` is scratch, a zero for each node, and so is `nodes`, as long as there are pods. Returns how
 * many pods moved, listed in `changed`. */
wide_t follow(Search *x, const narrow_t *places, wide_t *left, narrow_t *changed, narrow_t *nodes)
{
    wide_t number = strays(x, places, left, changed, nodes);
    for (wide_t at = 0; at < number; at++) {
        wide_t group = x->m.group_of[changed[at]];
        lift(x, changed[at]);
        settle(x, changed[at], nodes[at], added(x, group, nodes[at]));
        take(x);
    }
    return number;
}

/* Whether a limit lets a pod that is put down be where it is, told without lifting it; where that
 * would have to be looked at closer, it does not say (0). */
PART int plainly_open(const Search *x, const wide_t *limit, wide_t own, wide_t node)
{
    wide_t here = tally_at(x, limit[K_TALLY], node);
    if (limit[K_KIND] == ATTRACTION)
        return here > own;
    if (limit[K_KIND] == SPREAD)
        return here >= 0 && here <= limit[K_MOST] + most(0, emptiest(x, limit) - own);
    return 0;
}

/* Whether pods of a group that are put down are where their rules would let them go, told without
 * lifting one; where that would have to be looked at closer, it does not say (0). */
PART int plainly_kept(const Search *x, wide_t group, const narrow_t *host)
{
    const wide_t *g = x->m.group[group], *left = x->s.free + host[H_NODE] * x->n.resources;
    const wide_t *request = x->m.request + group * x->n.resources;
    if (g[FLOOR] > 1 && host[H_COUNT] > 1 && x->s.held[group][POSITIVE] < g[FLOOR])
        return 0;
    for (wide_t r = 0; r < x->n.resources; r++)
        if (request[r] > 0 && left[r] < 0)
            return 0;
    for (wide_t at = g[REPEL0]; at < g[REPEL1]; at += 2)
        if (tally_at(x, x->m.listed[at], host[H_NODE]) > x->m.listed[at + 1])
            return 0;
    for (wide_t at = g[KEPT0]; at < g[KEPT1]; at += 2)
        if (!plainly_open(x, x->m.limit[x->m.listed[at]], x->m.listed[at + 1], host[H_NODE]))
            return 0;
    return host[H_COUNT] <= g[HOST_CAP];
}

/* Whether there is anything to ask about where a group's pods are, while no node is too full. */
PART int is_bound(const wide_t *g)
{
    return g[FLOOR] > 1 || g[REPEL0] < g[REPEL1] || g[KEPT0] < g[KEPT1] || g[HOST_CAP] < g[SIZE];
}

/* Excuses the pods on one node of a group's list, if their rules would not let them go there. */
static void excuse_host(Search *x, wide_t group, wide_t at)
{
    wide_t pod = x->m.group[group][FIRST], node = x->s.host[at][H_NODE];
    if (x->s.host[at][H_COUNT] == 0 || plainly_kept(x, group, x->s.host[at]))
        return;
    while (x->s.place[pod] != node)
        pod++;
    excuse(x, (narrow_t)pod);
}

/* Excuses those pods anew that are where their rules would not let them go. */
static void excuse_all(Search *x)
{
    int crowded = 0;
    for (wide_t at = 0; at < x->n.nodes * x->n.resources; at++)
        crowded |= x->s.free[at] < 0;
    for (wide_t group = 0; group < x->n.groups; group++) {
        wide_t first = x->m.row[group][R_OFFSET], end = first + x->s.held[group][LENGTH];
        for (wide_t at = first; at < end; at++)
            x->s.host[at][H_EXCUSED] = 0;
        if (crowded || is_bound(x->m.group[group]))
            for (wide_t at = first; at < end; at++)
                excuse_host(x, group, at);
    }
}

/* Goes to another placement of the same groups with as few moves as can be, and makes it the start,
 * as if the search had begun there: pods are chained in their order. `pods` and `nodes` are scratch
 * as long as there are pods, `left` a zero for each node. */
void restart(Search *x, const narrow_t *places, wide_t *left, narrow_t *pods, narrow_t *nodes)
{
    wide_t number = strays(x, places, left, pods, nodes);
    int followed = number * FEW < x->n.links;
    for (wide_t at = 0; at < number; at++) {
        wide_t group = x->m.group_of[pods[at]], node = x->s.place[pods[at]];
        put(x, pods[at], node, -1);
        if (followed)
            x->s.now[COST] += added(x, group, nodes[at]) - added(x, group, node);
        put(x, pods[at], nodes[at], 1);
    }
    if (!followed)
        x->s.now[COST] = total(x);
    rebase(x);
    excuse_all(x);
    for (wide_t node = 0; node < x->n.nodes; node++)
        x->s.head[node] = -1;
    for (wide_t pod = 0; pod < x->n.pods; pod++) {
        x->s.place[pod] = places[pod];
        chain_in(&x->s, (narrow_t)pod, places[pod]);
    }
    order_rows(x);
    x->s.now[LOGGED] = x->s.now[QUEUED] = 0;
}

/* Goes to another placement, of which the cost is known; all pods that have to move are lifted, then
 * put down. */
void come_to(Search *x, const narrow_t *places, wide_t cost)
{
    for (wide_t pod = 0; pod < x->n.pods; pod++)
        if (x->s.place[pod] >= 0 && x->s.place[pod] != places[pod])
            put(x, (narrow_t)pod, x->s.place[pod], -1);
    for (wide_t pod = 0; pod < x->n.pods; pod++)
        if (x->s.place[pod] < 0)
            put(x, (narrow_t)pod, places[pod], 1);
    x->s.now[LOGGED] = x->s.now[QUEUED] = 0;
    x->s.now[COST] = cost;
}

/* Goes to another placement. */
void go_to(Search *x, const narrow_t *places)
{
    come_to(x, places, 0);
    x->s.now[COST] = total(x);
}

/* What one pod more of a group would add to the cost, on each of some nodes. */
void field(const Search *x, wide_t group, const wide_t *nodes, wide_t number, wide_t *found)
{
    for (wide_t i = 0; i < number; i++)
        found[i] = added(x, group, nodes[i]);
}

/* What each of some groups would gain most by a pod that goes from one of its nodes to one of those
 * given that are open to it, NOWHERE where none is. No pod is lifted, so it is an estimate. */
void drawn(const Search *x, const narrow_t *groups, wide_t number, const wide_t *nodes,
           wide_t many, wide_t *found)
{
    for (wide_t i = 0; i < number; i++) {
        const wide_t group = groups[i], *g = x->m.group[group];
        wide_t cheapest = -NOWHERE, dearest = NOWHERE, first = x->m.row[group][R_OFFSET];
        for (wide_t at = 0; at < many; at++)
            if (x->m.open[g[CLASS] * x->n.nodes + nodes[at]])
                cheapest = least(cheapest, added(x, group, nodes[at]));
        if (cheapest == -NOWHERE) {
            found[i] = NOWHERE;
            continue;
        }
        for (wide_t at = first; at < first + x->s.held[group][LENGTH]; at++)
            if (x->s.host[at][H_COUNT] > 0)
                dearest = most(dearest, added(x, group, x->s.host[at][H_NODE]));
        found[i] = dearest - cheapest;
    }
}

/* Adds (1) or takes (-1) any pod of a group on a node; the cost is not followed. */
void shift(Search *x, wide_t group, wide_t node, wide_t sign)
{
    wide_t first = x->m.group[group][FIRST], end = first + x->m.group[group][SIZE];
    for (wide_t pod = first; pod < end; pod++)
        if (x->s.place[pod] == (sign > 0 ? -1 : node)) {
            put(x, (narrow_t)pod, node, (int)sign);
            return;
        }
}
