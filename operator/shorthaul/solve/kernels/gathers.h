/* Sending many pods to targets at once, and mending what that broke: a way to begin, not a trial.
 *
 * Nothing is undone here; when it cannot be made whole, the caller goes back to where it was.
 */

/* Puts a lifted pod down: where it costs least, else on any node that it may be on. */
static int put_anywhere(Search *x, narrow_t pod)
{
    wide_t group = x->m.group_of[pod], node = below(&x->s, x->n.nodes);
    if (put_down(x, pod, 0, 0))
        return 1;
    for (int crowded = 0; crowded < 2; crowded++)
        for (wide_t i = 0; i < x->n.nodes; i++) {
            node = node + 1 < x->n.nodes ? node + 1 : 0;
            int answer = may(x, group, node);
            if (answer == NO || (answer == CROWDED && !crowded))
                continue;
            if (answer == CROWDED && (!make_room(x, group, node) || may(x, group, node) != YES))
                continue;
            settle(x, pod, node, added(x, group, node));
            return 1;
        }
    return 0;
}

/* Whether a limit that counts a group's pods, or its floor, is broken. */
static int breaks(const Search *x, wide_t group)
{
    const wide_t *g = x->m.group[group];
    for (wide_t at = g[TOUCH0]; at < g[TOUCH1]; at++) {
        const wide_t *limit = x->m.limit[x->m.listed[at]];
        if (broken(x, limit) > limit[K_TOLERATED])
            return 1;
    }
    return g[FLOOR] > 1 && floor_broken(x, group);
}

/* Lifts pods of groups that break a limit, one by one, and puts them where none is broken. */
static wide_t mend(Search *x)
{
    wide_t left = 0;
    for (wide_t group = 0; group < x->n.groups; group++) {
        const wide_t *g = x->m.group[group];
        for (int round = 0; round < 2; round++)
            for (wide_t i = 0; i < g[SIZE] && breaks(x, group); i++) {
                narrow_t pod = (narrow_t)(g[FIRST] + i);
                wide_t cost = x->s.now[COST];
                lift(x, pod);
                if (put_anywhere(x, pod) && shelve_all(x, 1))
                    take(x);
                else
                    give_up(x, cost);
            }
        left += breaks(x, group);
    }
    return left;
}

/* Puts down the quiet pods of the queue; whether there is room for all. */
static int shelve_anywhere(Search *x)
{
    for (wide_t at = 0; at < x->s.now[QUEUED]; at++)
        if (!shelve(x, x->s.queue[at], 1) && !put_anywhere(x, x->s.queue[at]))
            return 0;
    return 1;
}

/* Sends each pod of a list to its target, if it may be there; then the others, whose peers are down
 * by now, where they cost least. All are lifted first. Returns whether all are down and every limit
 * holds. */
wide_t gather(Search *x, const narrow_t *pods, const narrow_t *targets, wide_t number)
{
    int followed = number * FEW < x->n.links;
    for (wide_t i = 0; i < number; i++) {
        wide_t node = x->s.place[pods[i]];
        put(x, pods[i], node, -1);
        if (followed)
            x->s.now[COST] -= added(x, x->m.group_of[pods[i]], node);
    }
    for (wide_t i = 0; i < number; i++) {
        wide_t group = x->m.group_of[pods[i]], node = targets[i];
        take(x);
        if (may(x, group, node) != NO && make_room(x, group, node) && may(x, group, node) == YES)
            settle(x, pods[i], node, followed ? added(x, group, node) : 0);
        if (!shelve_anywhere(x))
            return 0;
    }
    for (wide_t i = 0; i < number; i++) {
        take(x);
        if (x->s.place[pods[i]] < 0 && (!put_anywhere(x, pods[i]) || !shelve_anywhere(x)))
            return 0;
    }
    take(x);
    if (!followed)
        x->s.now[COST] = total(x);
    return mend(x) == 0;
}
