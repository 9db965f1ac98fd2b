/* Putting lifted pods down again, greedily, each where it costs least.
 *
 * Where a pod would be best but lacks room, pods without traffic give way; they wait in the queue
 * and are put down last, where there is room.
 */
enum { PROBES = 96, GOOD_ENOUGH = 4, SPARE = 512 };

PART wide_t objective(const Search *x, wide_t price)
{
    return x->s.now[COST] + price * x->s.now[MOVED];
}

/* A pod's size by its first resource. */
PART wide_t weight(const Search *x, narrow_t pod)
{
    return x->n.resources ? x->m.request[x->m.group_of[pod] * x->n.resources] : 0;
}

/* The first resource of which a node has too little for a group, or -1. */
PART wide_t lacking(const Search *x, wide_t group, wide_t node)
{
    for (wide_t r = 0; r < x->n.resources; r++) {
        wide_t wanted = x->m.request[group * x->n.resources + r];
        if (wanted > 0 && x->s.free[node * x->n.resources + r] < wanted)
            return r;
    }
    return -1;
}

/* Whether an amount makes up for what is short better than another: enough, then little. */
PART int fitter(wide_t amount, wide_t size, wide_t missing)
{
    if (amount >= missing)
        return size < missing || amount < size;
    return size < missing && amount > size;
}

/* Lifts quiet pods off a node until a group has room: the smallest that does, else the largest. */
static int make_room(Search *x, wide_t group, wide_t node)
{
    for (wide_t r = lacking(x, group, node); r >= 0; r = lacking(x, group, node)) {
        wide_t resources = x->n.resources, size = 0;
        wide_t missing = x->m.request[group * resources + r] - x->s.free[node * resources + r];
        narrow_t chosen = -1;
        for (narrow_t pod = x->s.head[node]; pod >= 0; pod = x->s.chain[pod][0]) {
            wide_t own = x->m.group_of[pod], amount = x->m.request[own * resources + r];
            if (amount > 0 && is_quiet(x, own) && fitter(amount, size, missing)) {
                chosen = pod;
                size = amount;
            }
        }
        if (chosen < 0 || x->s.now[QUEUED] >= x->n.queue_size)
            return 0;
        lift(x, chosen);
        x->s.queue[x->s.now[QUEUED]++] = chosen;
    }
    return 1;
}

/* Puts a quiet pod down: at an old home if it may, else where it fits tightest of a few. */
static int shelve(Search *x, narrow_t pod, wide_t price)
{
    wide_t group = x->m.group_of[pod], nodes = x->n.nodes, first = x->m.row[group][R_OFFSET];
    for (wide_t at = first; price > 0 && at < first + x->s.held[group][LENGTH]; at++) {
        const narrow_t *host = x->s.host[at];
        if (host[H_COUNT] < host[H_START] && may(x, group, host[H_NODE]) == YES) {
            settle(x, pod, host[H_NODE], 0);
            return 1;
        }
    }
    wide_t node = below(&x->s, nodes), chosen = -1, tightest = 0;
    for (wide_t tried = 0, found = 0; tried < least(nodes, PROBES) && found < GOOD_ENOUGH; tried++) {
        if (may(x, group, node) == YES) {
            wide_t left = x->n.resources ? x->s.free[node * x->n.resources] : 0;
            if (chosen < 0 || left < tightest) {
                chosen = node;
                tightest = left;
            }
            found++;
        }
        node = node + 1 < nodes ? node + 1 : 0;
    }
    if (chosen < 0)
        return 0;
    settle(x, pod, chosen, 0);
    return 1;
}

/* Puts down all quiet pods of the queue, the largest first. */
static int shelve_all(Search *x, wide_t price)
{
    narrow_t *queue = x->s.queue;
    wide_t total = x->s.now[QUEUED];
    for (wide_t at = 0; at < total; at++) {
        wide_t largest = at;
        for (wide_t other = at + 1; other < total; other++)
            if (weight(x, queue[other]) > weight(x, queue[largest]))
                largest = other;
        narrow_t pod = queue[largest];
        queue[largest] = queue[at];
        queue[at] = pod;
        if (!shelve(x, pod, price))
            return 0;
    }
    return 1;
}

/* Puts a lifted pod on a node where it adds `cost`; quiet pods give way where FRESH says so. */
static int put_on(Search *x, narrow_t pod, wide_t node, wide_t cost, wide_t fresh)
{
    wide_t group = x->m.group_of[pod];
    if (fresh == CROWDED && (!make_room(x, group, node) || may(x, group, node) != YES))
        return 0;
    settle(x, pod, node, cost);
    return 1;
}

/* Puts a lifted pod where it costs least. */
static int put_down(Search *x, narrow_t pod, wide_t price, wide_t blink)
{
    if (x->s.now[LOGGED] + SPARE > x->n.log_size)
        return 0;
    wide_t node = scan(x, x->m.group_of[pod], price, blink, -1, 0, 0);
    return node >= 0 && put_on(x, pod, node, x->s.now[ADDED], x->s.now[FRESH]);
}

/* Forgiveness in annealing: so much heat times a draw of the exponential distribution. */
PART wide_t slack(Search *x, wide_t heat, const wide_t *table)
{
    return heat > 0 ? (heat >> 10) * table[below(&x->s, DIE)] : 0;
}

/* Whether the trial in the log may be kept. */
PART int good(Search *x, wide_t price, wide_t limit, wide_t moves, wide_t moved)
{
    wide_t now = x->s.now[MOVED];
    return objective(x, price) <= limit && (now <= moves || now <= moved) && sound(x);
}
