/* One pod after the other to where it costs least, or nearly. */

/* The price of a move, the most net moves unless there are more already, what is forgiven, in
 * 1024ths of a pod's own traffic, and draws. */
typedef struct {
    wide_t price, moves, heat;
    const wide_t *table;
} Sweep;

/* Tries a lifted pod on a full node; whether all is well there. */
PART int fits_in(Search *x, const Sweep *w, narrow_t pod, wide_t home, wide_t limit, wide_t moved)
{
    return crowd_in(x, pod, x->s.now[FULL], x->s.now[BETTER], w->price, home)
        && shelve_all(x, w->price) && good(x, w->price, limit, w->moves, moved);
}

/* Tries a pod elsewhere; whether it is elsewhere now. */
static int try_pod(Search *x, const Sweep *w, narrow_t pod)
{
    State *s = &x->s;
    wide_t group = x->m.group_of[pod], price = w->price, home = s->place[pod];
    wide_t before = objective(x, price), cost = s->now[COST], moved = s->now[MOVED];
    wide_t forgiven = slack(x, (x->m.group[group][RANK] >> 10) * w->heat, w->table);
    lift(x, pod);
    wide_t lifted = s->now[COST];
    wide_t node = scan(x, group, price, 0, home, lifted - cost, forgiven);
    wide_t added_there = s->now[ADDED], fresh = s->now[FRESH];
    if (s->now[FULL] >= 0) {
        if (fits_in(x, w, pod, home, before + forgiven - (node == home), moved)) {
            take(x);
            return 1;
        }
        go_back(x, 1, 0, lifted);
    }
    if ((node != home || fresh != YES) && node >= 0 && put_on(x, pod, node, added_there, fresh)
        && shelve_all(x, price) && good(x, price, before + forgiven, w->moves, moved)) {
        take(x);
        return 1;
    }
    give_up(x, cost);
    return 0;
}

/* Tries each pod of a list once; returns how many of them went elsewhere. */
wide_t sweep(Search *x, const narrow_t *pods, wide_t number, const Sweep *w)
{
    wide_t changed = 0;
    for (wide_t i = 0; i < number; i++)
        changed += try_pod(x, w, pods[i]);
    return changed;
}

wide_t sweep_bytes(void) { return sizeof(Sweep); }
