/* Making pods with little to lose give way on a full node that would suit another pod best.
 *
 * One pod may be large enough (a swap), or several small ones are; which they are is estimated from
 * what each saves on its host, and then it is tried: the pod goes there, each of the others where
 * it costs least, and the whole is kept or undone. Pods with directed links stay where they are:
 * counts alone do not tell what they would lose.
 */
enum { MOST_LOOKED_AT = 64, MOST_EJECTED = 8, MOST_RESOURCES = 16 };

/* Pods of a node and what each would lose; what the pod that wants to come asks for, and what the
 * node would have once those chosen are gone; the cheapest choice that makes room. */
typedef struct {
    const wide_t *wanted;
    wide_t number, chosen, ejected, lost, least;
    wide_t left[MOST_RESOURCES], loss[MOST_LOOKED_AT];
    narrow_t pod[MOST_LOOKED_AT], choice[MOST_EJECTED], out[MOST_EJECTED];
} Crowd;

/* What a pod of a group saves by who is on its host; -1 where counts do not tell. */
static wide_t grip(const Search *x, wide_t group, wide_t node)
{
    wide_t found = 0, mine = count(x, group, node);
    for (wide_t at = x->m.group[group][ENTRY0]; at < x->m.group[group][ENTRY1]; at++) {
        const wide_t *e = x->m.entry[at];
        if (e[KIND] > LOCAL)
            return -1;
        wide_t others = e[COEFFICIENT] > 0 ? count(x, e[OTHER_ROW], node) : 0;
        if (others > 0)
            found += e[COEFFICIENT]
                * (e[KIND] == UNIFORM ? others : shared(e, mine - 1, others));
    }
    return found;
}

/* Lists pods of a node, of other groups than one, that would lose less than `most`; not quiet ones,
 * which give way anyhow. */
static void look_around(const Search *x, Crowd *c, wide_t group, wide_t node, wide_t most)
{
    wide_t last = -1, loss = -1, looked = 0;
    for (narrow_t pod = x->s.head[node]; pod >= 0 && looked < MOST_LOOKED_AT; looked++) {
        wide_t own = x->m.group_of[pod];
        if (own != group && own != last)
            loss = grip(x, own, node);
        if (own != group && !is_quiet(x, own) && loss >= 0 && loss < most) {
            c->pod[c->number] = pod;
            c->loss[c->number++] = loss;
        }
        last = own == group ? last : own;
        pod = x->s.chain[pod][0];
    }
}

/* The first resource of which there would be too little, or -1, with `more` of all of them. */
PART wide_t wanting(const Search *x, const Crowd *c, const wide_t *more)
{
    for (wide_t r = 0; r < x->n.resources; r++)
        if (c->wanted[r] > 0 && c->left[r] + (more ? more[r] : 0) < c->wanted[r])
            return r;
    return -1;
}

/* Keeps those chosen and one more as the cheapest choice so far. */
PART void settle_on(Crowd *c, wide_t last)
{
    memcpy(c->out, c->choice, (size_t)c->chosen * sizeof *c->out);
    c->out[c->chosen] = c->pod[last];
    c->ejected = c->chosen + 1;
    c->least = c->lost + c->loss[last];
}

/* Chooses one pod more: the one that loses least for what it frees; where one alone makes room for
 * less than any choice before, that is kept. Whether there is one. */
static int choose_next(const Search *x, Crowd *c, wide_t resource)
{
    wide_t missing = c->wanted[resource] - c->left[resource], single = -1, next = -1;
    double each = 0;
    for (wide_t at = 0; at < c->number; at++) {
        const wide_t *its = x->m.request + x->m.group_of[c->pod[at]] * x->n.resources;
        if (c->lost + c->loss[at] >= c->least || its[resource] <= 0)
            continue;
        if ((single < 0 || c->loss[at] < c->loss[single]) && wanting(x, c, its) < 0)
            single = at;
        double here = (double)(c->loss[at] + 1) / (double)least(its[resource], missing);
        if (next < 0 || here < each) {
            next = at;
            each = here;
        }
    }
    if (single >= 0)
        settle_on(c, single);
    if (next < 0 || next == single)
        return 0;
    const wide_t *its = x->m.request + x->m.group_of[c->pod[next]] * x->n.resources;
    for (wide_t r = 0; r < x->n.resources; r++)
        c->left[r] += its[r];
    c->lost += c->loss[next];
    c->choice[c->chosen++] = c->pod[next];
    c->number--;
    c->pod[next] = c->pod[c->number];
    c->loss[next] = c->loss[c->number];
    return 1;
}

/* Chooses the pods that are to give way; whether there are such that lose less than `most`. */
static int choose(const Search *x, Crowd *c, wide_t group, wide_t node, wide_t most)
{
    wide_t resources = x->n.resources;
    if (resources > MOST_RESOURCES)
        return 0;
    c->wanted = x->m.request + group * resources;
    c->number = c->chosen = c->ejected = c->lost = 0;
    c->least = most;
    for (wide_t r = 0; r < resources; r++)
        c->left[r] = x->s.free[node * resources + r] + x->s.loose[node * resources + r];
    look_around(x, c, group, node, most);
    while (c->chosen < MOST_EJECTED) {
        wide_t resource = wanting(x, c, NULL);
        if (resource < 0 || !choose_next(x, c, resource))
            break;
    }
    return c->ejected > 0;
}

/* Puts a lifted pod where it costs least, or on a node that has just become free. */
static int put_down_near(Search *x, narrow_t pod, wide_t price, wide_t freed)
{
    wide_t group = x->m.group_of[pod];
    if (x->s.now[LOGGED] + SPARE > x->n.log_size)
        return 0;
    wide_t node = scan(x, group, price, 0, -1, 0, 0);
    wide_t cost = x->s.now[ADDED], fresh = x->s.now[FRESH];
    wide_t here = freed == node ? cost : added(x, group, freed);
    if (node < 0 || here < cost) {
        int answer = may(x, group, freed);
        if (answer != NO)
            return put_on(x, pod, freed, here, answer);
    }
    return node >= 0 && put_on(x, pod, node, cost, fresh);
}

/* Puts a lifted pod that came from `home` on a full node, whose pods give way; it would save
 * `better` more there than elsewhere. Whether all are down again. */
static int crowd_in(Search *x, narrow_t pod, wide_t node, wide_t better, wide_t price, wide_t home)
{
    Crowd c;
    wide_t group = x->m.group_of[pod];
    if (!choose(x, &c, group, node, better))
        return 0;
    for (wide_t at = 0; at < c.ejected; at++)
        lift(x, c.out[at]);
    int answer = may(x, group, node);
    if (answer == NO || !put_on(x, pod, node, added(x, group, node), answer))
        return 0;
    for (wide_t at = 0; at < c.ejected; at++) {
        wide_t largest = at;
        for (wide_t other = at + 1; other < c.ejected; other++)
            if (weight(x, c.out[other]) > weight(x, c.out[largest]))
                largest = other;
        narrow_t next = c.out[largest];
        c.out[largest] = c.out[at];
        if (!put_down_near(x, next, price, home))
            return 0;
    }
    return 1;
}
