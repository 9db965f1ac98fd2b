/* One pod after the other to where it costs least. */

/* Tries each pod of a list once; returns how many of them went elsewhere. At most `moves` net
 * moves, unless there are more already. */
wide_t sweep(Search *x, const narrow_t *pods, wide_t number, wide_t price, wide_t moves)
{
    wide_t changed = 0;
    for (wide_t i = 0; i < number; i++) {
        narrow_t pod = pods[i];
        wide_t before = objective(x, price), cost = x->s.now[COST], moved = x->s.now[MOVED];
        narrow_t home = x->s.place[pod];
        lift(x, pod);
        wide_t kept = x->s.now[COST] - cost;
        int down = put_back(x, pod, price, 0, home, kept) && shelve_all(x, price);
        if (down && x->s.place[pod] == home && x->s.now[LOGGED] == 2) {
            take(x);
        } else if (down && good(x, price, before, moves, moved)) {
            take(x);
            changed++;
        } else {
            give_up(x, cost);
        }
    }
    return changed;
}
