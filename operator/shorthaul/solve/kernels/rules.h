/* Whether one pod more may be on a node, and whether what a trial touched still holds.
 *
 * While pods are lifted, floors and spreads are not to be judged: `may` then says where the next
 * pod can go so that it can still come right, and `sound` is asked when all are down again. A pod
 * may always go back to a node that it came from as it is found there, even where today's placement
 * breaks a rule: staying is not a move.
 */
enum { NO, YES, CROWDED };

/* How many pods a tally has in a node's domain; -1 where the node has none. */
PART wide_t tally_at(const Search *x, wide_t tally, wide_t node)
{
    wide_t domain = x->m.domain[x->m.tally[tally][T_MAP] * x->n.nodes + node];
    return domain >= 0 ? x->s.counts[x->m.tally[tally][T_OFFSET] + domain] : -1;
}

/* The fewest pods in one domain; 0 where there are too few domains. */
PART wide_t emptiest(const Search *x, const wide_t *limit)
{
    const wide_t *tally = x->m.tally[limit[K_TALLY]];
    if (tally[T_DOMAINS] == 0 || tally[T_DOMAINS] < limit[K_FEWEST])
        return 0;
    const wide_t *counts = x->s.counts + tally[T_OFFSET];
    wide_t found = counts[0];
    for (wide_t at = 1; at < tally[T_DOMAINS]; at++)
        found = least(found, counts[at]);
    return found;
}

/* Whether a node has room for one more, has it once quiet pods give way, or has none. */
PART int room(const Search *x, wide_t group, wide_t node)
{
    wide_t resources = x->n.resources;
    const wide_t *request = x->m.request + group * resources;
    const wide_t *left = x->s.free + node * resources, *loose = x->s.loose + node * resources;
    int found = YES;
    for (wide_t r = 0; r < resources; r++)
        if (request[r] > 0 && left[r] < request[r]) {
            if (left[r] + loose[r] < request[r])
                return NO;
            found = CROWDED;
        }
    return found;
}

/* Whether a limit lets one pod more of an owner onto a node; `own`: it counts itself. */
PART int limit_opens(const Search *x, const wide_t *limit, wide_t own, wide_t node)
{
    wide_t here = tally_at(x, limit[K_TALLY], node);
    if (limit[K_KIND] == ATTRACTION) {
        if (x->s.tallied[limit[K_TALLY]][TOTAL] == 0 && own)
            return here >= 0;
        return here > 0;
    }
    if (limit[K_KIND] == SPREAD)
        return here >= 0 && here <= limit[K_MOST] + emptiest(x, limit) - own;
    wide_t held = x->s.tallied[limit[K_TALLY]][DOMAINS_HELD];
    return held + x->s.lifted[limit[K_OTHER]] > limit[K_MOST] || here == 0;
}

/* Whether every limit lets one pod more of a group onto a node, whatever the room. */
static int allows(const Search *x, wide_t group, wide_t node)
{
    const wide_t *g = x->m.group[group];
    wide_t here = count(x, group, node);
    if (here >= g[HOST_CAP])
        return 0;
    if (g[FLOOR] > 1 && here > 0 && x->s.held[group][POSITIVE] + x->s.lifted[group] <= g[FLOOR])
        return 0;
    for (wide_t at = g[REPEL0]; at < g[REPEL1]; at += 2)
        if (tally_at(x, x->m.listed[at], node) > 0)
            return 0;
    for (wide_t at = g[KEPT0]; at < g[KEPT1]; at += 2)
        if (!limit_opens(x, x->m.limit[x->m.listed[at]], x->m.listed[at + 1], node))
            return 0;
    return 1;
}

/* Whether a pod that a tally counts is on a node of a domain where it was not at the start. Slow;
 * asked only where today's placement breaks a rule. */
static int has_come(const Search *x, wide_t tally, wide_t domain)
{
    const wide_t *t = x->m.tally[tally];
    const narrow_t *domains = x->m.domain + t[T_MAP] * x->n.nodes;
    for (wide_t at = t[T_GROUP0]; at < t[T_GROUP1]; at++) {
        wide_t group = x->m.listed[at], first = x->m.row[group][R_OFFSET];
        for (wide_t i = first; i < first + x->s.held[group][LENGTH]; i++) {
            const narrow_t *host = x->s.host[i];
            if (host[H_COUNT] > host[H_START] && domains[host[H_NODE]] == domain)
                return 1;
        }
    }
    return 0;
}

/* Whether nobody has come that was not there, on the node or among what repels the group. */
static int as_today(const Search *x, wide_t group, wide_t node)
{
    if (x->s.newcomers[node] > 0)
        return 0;
    for (wide_t at = x->m.group[group][REPEL0]; at < x->m.group[group][REPEL1]; at += 2) {
        const wide_t *tally = x->m.tally[x->m.listed[at]];
        wide_t domain = x->m.domain[tally[T_MAP] * x->n.nodes + node];
        wide_t place = tally[T_OFFSET] + domain;
        if (domain >= 0 && x->s.counts[place] > 0
            && (x->s.counts[place] > x->s.start[place] || has_come(x, x->m.listed[at], domain)))
            return 0;
    }
    return 1;
}

/* Whether one pod more of a group may be on a node: NO, YES, or CROWDED by quiet pods. */
static int may(const Search *x, wide_t group, wide_t node)
{
    wide_t at = find(x, group, node);
    int home = at >= 0 && x->s.host[at][H_COUNT] < x->s.host[at][H_START];
    if (!home && !x->m.open[x->m.group[group][CLASS] * x->n.nodes + node])
        return NO;
    int fits = room(x, group, node);
    if (fits != NO && allows(x, group, node))
        return fits;
    return home && x->s.host[at][H_EXCUSED] && as_today(x, group, node) ? YES : NO;
}

/* Whether a domain has one pod that wants its own like, and those are elsewhere. */
PART int lonely(const Search *x, const wide_t *limit, const wide_t *counts, wide_t domain)
{
    if (limit[K_MOST] < 0 || x->s.tallied[limit[K_TALLY]][TOTAL] < 2)
        return 0;
    return counts[x->m.tally[limit[K_TALLY]][T_OFFSET] + domain] == 1
        && counts[x->m.tally[limit[K_MOST]][T_OFFSET] + domain] == 1;
}

/* How many domains leave owners without a matched pod that had one, or that came there. */
static wide_t deserted(const Search *x, const wide_t *limit)
{
    wide_t matched = x->m.tally[limit[K_TALLY]][T_OFFSET], found = 0;
    wide_t owners = x->m.tally[limit[K_OTHER]][T_OFFSET];
    for (wide_t at = 0; at < x->m.tally[limit[K_TALLY]][T_DOMAINS]; at++) {
        if (x->s.counts[matched + at] == 0 && x->s.counts[owners + at] > 0)
            found += x->s.start[matched + at] > 0
                || x->s.counts[owners + at] > x->s.start[owners + at]
                || has_come(x, limit[K_OTHER], at);
        else if (lonely(x, limit, x->s.counts, at))
            found += !lonely(x, limit, x->s.start, at) || has_come(x, limit[K_MOST], at);
    }
    return found;
}

/* By how much the fullest domain is fuller than a limit lets it be; more than is tolerated where a
 * pod has come to such a domain. */
static wide_t uneven(const Search *x, const wide_t *limit)
{
    const wide_t *tally = x->m.tally[limit[K_TALLY]], *counts = x->s.counts + tally[T_OFFSET];
    wide_t top = emptiest(x, limit) + limit[K_MOST], found = 0;
    for (wide_t at = 0; at < tally[T_DOMAINS]; at++)
        found = most(found, counts[at] - top);
    for (wide_t at = 0; found > 0 && at < tally[T_DOMAINS]; at++)
        if (found <= limit[K_TOLERATED] && counts[at] > top && has_come(x, limit[K_TALLY], at))
            return limit[K_TOLERATED] + 1;
    return found;
}

/* By how much a limit is broken now. */
static wide_t broken(const Search *x, const wide_t *limit)
{
    if (limit[K_KIND] == ATTRACTION)
        return deserted(x, limit);
    if (limit[K_KIND] == SPREAD)
        return uneven(x, limit);
    const wide_t *tally = x->m.tally[limit[K_TALLY]];
    const wide_t *counts = x->s.counts + tally[T_OFFSET], *start = x->s.start + tally[T_OFFSET];
    wide_t held = x->s.tallied[limit[K_TALLY]][DOMAINS_HELD];
    for (wide_t at = 0; held < limit[K_MOST] && at < tally[T_DOMAINS]; at++)
        if (counts[at] != start[at])
            return limit[K_MOST] - held;
    return 0;
}

/* Whether a group with a floor of its own holds too few hosts, and not as at the start. */
static int floor_broken(const Search *x, wide_t group)
{
    if (x->s.held[group][POSITIVE] >= x->m.group[group][FLOOR])
        return 0;
    wide_t first = x->m.row[group][R_OFFSET];
    for (wide_t at = first; at < first + x->s.held[group][LENGTH]; at++)
        if (x->s.host[at][H_COUNT] != x->s.host[at][H_START])
            return 1;
    return 0;
}

/* Whether a pod that came to a node may be there now that all are down; counts have it already. */
static int welcome(const Search *x, const wide_t *g, wide_t node)
{
    for (wide_t at = g[REPEL0]; at < g[REPEL1]; at += 2)
        if (tally_at(x, x->m.listed[at], node) > x->m.listed[at + 1])
            return 0;
    for (wide_t at = g[KEPT0]; at < g[KEPT1]; at += 2) {
        const wide_t *limit = x->m.limit[x->m.listed[at]];
        wide_t own = x->m.listed[at + 1], here = tally_at(x, limit[K_TALLY], node);
        if (limit[K_KIND] == ATTRACTION && here <= own
            && !(own && x->s.tallied[limit[K_TALLY]][TOTAL] == own))
            return 0;
        if (limit[K_KIND] == SPREAD && here > limit[K_MOST] + emptiest(x, limit))
            return 0;
    }
    return 1;
}

/* Whether a pod that went back to where it was finds there no more that repels it than before. */
static int unchanged(const Search *x, const wide_t *g, wide_t node)
{
    for (wide_t at = g[REPEL0]; at < g[REPEL1]; at += 2) {
        const wide_t *tally = x->m.tally[x->m.listed[at]];
        wide_t domain = x->m.domain[tally[T_MAP] * x->n.nodes + node];
        wide_t place = tally[T_OFFSET] + domain;
        if (domain >= 0 && x->s.counts[place] > x->m.listed[at + 1]
            && (x->s.counts[place] > x->s.start[place] || has_come(x, x->m.listed[at], domain)))
            return 0;
    }
    return 1;
}

/* Whether the limits that the log touches hold. */
static int sound(const Search *x)
{
    for (wide_t step = 0; step < x->s.now[LOGGED]; step++) {
        wide_t group = x->m.group_of[x->s.log[step][0]], node = x->s.log[step][2];
        const wide_t *g = x->m.group[group];
        if (node >= 0 && x->s.place[x->s.log[step][0]] == node && g[REPEL0] + g[KEPT0]
                < g[REPEL1] + g[KEPT1]) {
            const narrow_t *host = x->s.host[find(x, group, node)];
            if (host[H_COUNT] > host[H_START] ? !welcome(x, g, node) : !unchanged(x, g, node))
                return 0;
        }
        if (g[FLOOR] > 1 && floor_broken(x, group))
            return 0;
        for (wide_t at = g[TOUCH0]; at < g[TOUCH1]; at++) {
            const wide_t *limit = x->m.limit[x->m.listed[at]];
            if (broken(x, limit) > limit[K_TOLERATED])
                return 0;
        }
    }
    return 1;
}
