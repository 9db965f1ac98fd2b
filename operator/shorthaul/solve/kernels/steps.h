/* Lifting a pod and putting it down, with everything that counts it, and the way back.
 *
 * A trial is a row of steps in the log; it is kept as a whole or undone as a whole.
 */
PART int is_quiet(const Search *x, wide_t group)
{
    return x->m.group[group][ENTRY0] == x->m.group[group][ENTRY1];
}

/* Counts a pod in its rows; the group's own comes first and tells the net moves. */
PART void count_rows(Search *x, const wide_t *g, wide_t node, int sign)
{
    for (wide_t at = g[ROW0]; at < g[ROW1]; at++) {
        int beyond = bump(x, x->m.listed[at], node, sign);
        if (at > g[ROW0])
            continue;
        if (beyond > 0)
            x->s.newcomers[node] += sign;
        else
            x->s.now[MOVED] -= sign;
    }
}

/* Counts a pod in its vertices' racks, zones and regions, and where there is no zone. */
PART void count_cells(Search *x, wide_t vertex, wide_t node, int sign)
{
    narrow_t *wide = x->s.wide + vertex * x->n.columns;
    for (int level = 1; level < LEVELS; level++)
        if (x->m.kept[level][0] > 0)
            wide[x->m.cell[node][level]] += sign;
    if (x->n.bare >= 0 && !x->m.zoned[node])
        wide[x->n.bare] += sign;
}

/* Counts a pod in the domains of its limits. */
PART void count_tallies(Search *x, const wide_t *g, wide_t node, int sign)
{
    for (wide_t at = g[TALLY0]; at < g[TALLY1]; at++) {
        wide_t tally = x->m.listed[at];
        wide_t domain = x->m.domain[x->m.tally[tally][T_MAP] * x->n.nodes + node];
        if (domain < 0)
            continue;
        wide_t *place = &x->s.counts[x->m.tally[tally][T_OFFSET] + domain], before = *place;
        *place += sign;
        x->s.tallied[tally][TOTAL] += sign;
        x->s.tallied[tally][DOMAINS_HELD] += (before == 0) - (before + sign == 0);
    }
}

PART void chain_in(State *s, narrow_t pod, wide_t node)
{
    narrow_t first = s->head[node];
    s->chain[pod][0] = first;
    s->chain[pod][1] = -1;
    if (first >= 0)
        s->chain[first][1] = pod;
    s->head[node] = pod;
}

PART void chain_out(State *s, narrow_t pod, wide_t node)
{
    narrow_t after = s->chain[pod][0], before = s->chain[pod][1];
    if (after >= 0)
        s->chain[after][1] = before;
    if (before >= 0)
        s->chain[before][0] = after;
    else
        s->head[node] = after;
}

/* Adds (1) or takes (-1) a pod on a node; the cost is the caller's. */
static void put(Search *x, narrow_t pod, wide_t node, int sign)
{
    wide_t group = x->m.group_of[pod], resources = x->n.resources;
    const wide_t *g = x->m.group[group];
    int quiet = is_quiet(x, group);
    for (wide_t r = 0; r < resources; r++) {
        wide_t amount = sign * x->m.request[group * resources + r];
        x->s.free[node * resources + r] -= amount;
        if (quiet)
            x->s.loose[node * resources + r] += amount;
    }
    count_rows(x, g, node, sign);
    for (wide_t at = g[VERTEX0]; at < g[VERTEX1]; at++)
        count_cells(x, x->m.listed[at], node, sign);
    count_tallies(x, g, node, sign);
    x->s.lifted[group] -= sign;
    for (wide_t at = g[TOUCH0]; at < g[TOUCH1]; at++) {
        const wide_t *limit = x->m.limit[x->m.listed[at]];
        if (limit[K_KIND] == FLOORS)
            x->s.lifted[limit[K_OTHER]] -= sign;
    }
    if (sign > 0)
        chain_in(&x->s, pod, node);
    else
        chain_out(&x->s, pod, node);
    x->s.place[pod] = sign > 0 ? (narrow_t)node : -1;
}

PART void write_down(State *s, narrow_t pod, wide_t source, wide_t target)
{
    narrow_t *step = s->log[s->now[LOGGED]++];
    step[0] = pod;
    step[1] = (narrow_t)source;
    step[2] = (narrow_t)target;
}

/* Takes a pod off its node. */
static void lift(Search *x, narrow_t pod)
{
    wide_t node = x->s.place[pod];
    put(x, pod, node, -1);
    x->s.now[COST] -= added(x, x->m.group_of[pod], node);
    write_down(&x->s, pod, node, -1);
}

/* Puts a lifted pod on a node; `cost` is what it adds there. */
PART void settle(Search *x, narrow_t pod, wide_t node, wide_t cost)
{
    put(x, pod, node, 1);
    x->s.now[COST] += cost;
    write_down(&x->s, pod, -1, node);
}

/* Goes back to where the log had so many steps and the queue so many pods; `cost` is what it was. */
static void go_back(Search *x, wide_t logged, wide_t queued, wide_t cost)
{
    for (wide_t at = x->s.now[LOGGED] - 1; at >= logged; at--) {
        const narrow_t *step = x->s.log[at];
        if (step[2] >= 0)
            put(x, step[0], step[2], -1);
        else
            put(x, step[0], step[1], 1);
    }
    x->s.now[COST] = cost;
    x->s.now[LOGGED] = logged;
    x->s.now[QUEUED] = queued;
}

/* Goes back to where the log begins. */
PART void give_up(Search *x, wide_t cost) { go_back(x, 0, 0, cost); }

/* Keeps a trial. */
PART void take(Search *x) { x->s.now[LOGGED] = x->s.now[QUEUED] = 0; }
