/* Places and routing together: single pods tried elsewhere where each server's links are routed in
 * the cheapest way that loads no endpoint beyond a limit.
 *
 * Which way that is follows from the counts, so a server's value does too: the least of what its
 * links cost evenly, by zone and by node, where traffic beyond the limit pays a fine. COST is not
 * followed: the sum of the values is the objective here.
 */
enum { EVENLY, BY_ZONE, BY_NODE, WAYS, UNFINED = 4 };
enum { PEERS_IN_TEN = 5, RACKS_IN_TEN = 7, HOMES_IN_TEN = 9 };

/* Servers (vertex and row) with their links, groups with the servers that they touch; values and
 * ways now. `rate` is what one client of a link sends; `ways` has a bit for each way that is open,
 * and UNFINED bits further up one for each that pays no fine. */
typedef struct {
    const narrow_t *groups;
    const wide_t *chances, *table, *heats;
    const narrow_t *link_first, *link, *touched_first, *touched, *ways;
    const wide_t *server;
    const double *rate;
    wide_t *value, *kept;
    narrow_t *way;
    double *by_node, *by_cell, *spilled;
    double limit, fine;
    wide_t number, servers, turns, stages, price, moves;
} Routed;

#define MOST_VALUE 1e18

/* What all ways cost, what all clients send, and what of it goes to all servers. */
typedef struct {
    double cost[WAYS], total, all[WAYS];
} Ways;

/* Adds what the clients on one host cost and send. */
static void add_clients(const Search *x, const Routed *r, Ways *w, wide_t link, const narrow_t *host)
{
    const wide_t *l = x->m.link[link];
    const double *p = x->m.price[link];
    const narrow_t *wide = x->s.wide + l[L_SERVER] * x->n.columns, *cell = x->m.cell[host[H_NODE]];
    double clients = host[H_COUNT], sent = clients * r->rate[link];
    double own = (double)count(x, l[L_SERVER_ROW], host[H_NODE]), rack = wide[cell[1]];
    double zone = wide[cell[2]], region = wide[cell[3]], size = (double)l[L_SERVER_SIZE];
    int near = zone > 0
        && (x->n.bare < 0 || (wide[x->n.bare] == 0 && x->m.zoned[host[H_NODE]]));
    double nearby = own * p[0] + (rack - own) * p[1] + (zone - rack) * p[2];
    double evenly = (nearby + (region - zone) * p[3] + (size - region) * p[4]) / size;
    double by_zone = near ? nearby / zone : evenly;
    w->total += sent;
    w->cost[EVENLY] += clients * evenly;
    w->cost[BY_ZONE] += clients * by_zone;
    w->cost[BY_NODE] += clients * (own > 0 ? p[0] : by_zone);
    if (near)
        r->by_cell[cell[2]] += sent;
    else
        w->all[BY_ZONE] += sent;
    if (own > 0)
        r->by_node[host[H_NODE]] += sent;
    else if (near)
        r->spilled[cell[2]] += sent;
    else
        w->all[BY_NODE] += sent;
}

/* Adds the fines of a server's endpoints beyond the limit, and clears the scratch. */
static void add_fines(const Search *x, const Routed *r, Ways *w, wide_t server)
{
    wide_t vertex = r->server[2 * server], row = r->server[2 * server + 1];
    double fine[WAYS];
    for (int way = 0; way < WAYS; way++)
        fine[way] = r->ways[server] >> (UNFINED + way) & 1 ? 0 : r->fine;
    wide_t first = x->m.row[row][R_OFFSET], end = first + x->s.held[row][LENGTH];
    double size = (double)x->s.held[row][PODS], most_sent = r->limit * w->total / size;
    for (wide_t at = first; at < end; at++) {
        const narrow_t *host = x->s.host[at], *cell = x->m.cell[host[H_NODE]];
        double pods = host[H_COUNT], zone = x->s.wide[vertex * x->n.columns + cell[2]];
        if (pods == 0)
            continue;
        double by_zone = r->by_cell[cell[2]] / zone + w->all[BY_ZONE] / size;
        double by_node = r->by_node[host[H_NODE]] / pods + r->spilled[cell[2]] / zone
            + w->all[BY_NODE] / size;
        if (by_zone > most_sent)
            w->cost[BY_ZONE] += pods * (by_zone - most_sent) * fine[BY_ZONE];
        if (by_node > most_sent)
            w->cost[BY_NODE] += pods * (by_node - most_sent) * fine[BY_NODE];
    }
    for (wide_t at = first; at < end; at++) {
        const narrow_t *cell = x->m.cell[x->s.host[at][H_NODE]];
        r->by_node[x->s.host[at][H_NODE]] = r->by_cell[cell[2]] = r->spilled[cell[2]] = 0;
    }
}

/* The value of a server from the counts, and in `way` how that comes. */
static wide_t value_of(const Search *x, const Routed *r, wide_t server)
{
    Ways w = { { 0, 0, 0 }, 0, { 0, 0, 0 } };
    for (wide_t i = r->link_first[server]; i < r->link_first[server + 1]; i++) {
        wide_t row = x->m.link[r->link[i]][L_CLIENT_ROW], first = x->m.row[row][R_OFFSET];
        for (wide_t at = first; at < first + x->s.held[row][LENGTH]; at++)
            if (x->s.host[at][H_COUNT] > 0)
                add_clients(x, r, &w, r->link[i], x->s.host[at]);
    }
    add_fines(x, r, &w, server);
    int best = -1;
    for (int way = 0; way < WAYS; way++)
        if ((r->ways[server] >> way & 1) && (best < 0 || w.cost[way] < w.cost[best]))
            best = way;
    r->way[server] = best;
    return (wide_t)floor(fmin(w.cost[best], MOST_VALUE) + 0.5);
}

/* The values of all servers; returns their sum. */
wide_t value_all(Search *x, const Routed *r)
{
    wide_t found = 0;
    for (wide_t server = 0; server < r->servers; server++)
        found += r->value[server] = value_of(x, r, server);
    return found;
}

/* A node to try for a group that talks: where a peer is, in its rack, an old home, or any. */
static wide_t draw_node(Search *x, wide_t group)
{
    wide_t kind = below(&x->s, 10);
    if (kind >= HOMES_IN_TEN)
        return below(&x->s, x->n.nodes);
    if (kind >= RACKS_IN_TEN) {
        wide_t at = x->m.row[group][R_OFFSET] + below(&x->s, x->s.held[group][LENGTH]);
        return x->s.host[at][H_NODE];
    }
    wide_t row = x->m.entry[draw_entry(x, group)][OTHER_ROW];
    wide_t at = x->m.row[row][R_OFFSET] + below(&x->s, x->s.held[row][LENGTH]);
    wide_t node = x->s.host[at][H_NODE];
    if (kind < PEERS_IN_TEN)
        return node;
    wide_t rack = x->m.rack_of[node], begin = x->m.rack_first[rack];
    return x->m.rack_nodes[begin + below(&x->s, x->m.rack_first[rack + 1] - begin)];
}

/* What the servers that a group touches are worth now less what they were; the new ones are left in
 * `value`, the old ones in `kept`. */
static wide_t revalue(Search *x, const Routed *r, wide_t group)
{
    wide_t found = 0, first = r->touched_first[group];
    for (wide_t i = first; i < r->touched_first[group + 1]; i++) {
        wide_t server = r->touched[i];
        r->kept[i - first] = r->value[server];
        r->value[server] = value_of(x, r, server);
        found += r->value[server] - r->kept[i - first];
    }
    return found;
}

/* Forgets the last new values of the servers that a group touches. */
static void devalue(const Routed *r, wide_t group)
{
    wide_t first = r->touched_first[group];
    for (wide_t i = first; i < r->touched_first[group + 1]; i++)
        r->value[r->touched[i]] = r->kept[i - first];
}

/* Puts a lifted pod down on a node; by how much the objective rises there, or UNSOUND. */
#define UNSOUND ((wide_t)1 << 62)
static wide_t tried_on(Search *x, const Routed *r, narrow_t pod, wide_t node, wide_t moved)
{
    wide_t group = x->m.group_of[pod];
    if (may(x, group, node) != YES)
        return UNSOUND;
    put(x, pod, node, 1);
    write_down(&x->s, pod, -1, node);
    if (!sound(x) || (x->s.now[MOVED] > r->moves && x->s.now[MOVED] > moved))
        return UNSOUND;
    return revalue(x, r, group) + r->price * (x->s.now[MOVED] - moved);
}

/* Single pods tried elsewhere under a threshold; by how much the objective rose in all. */
wide_t route(Search *x, const Routed *r)
{
    wide_t risen = 0;
    for (wide_t turn = 0; turn < r->turns; turn++) {
        wide_t group = r->groups[draw(&x->s, r->chances, r->number, 0)], moved = x->s.now[MOVED];
        const wide_t *g = x->m.group[group];
        narrow_t pod = (narrow_t)(g[FIRST] + below(&x->s, g[SIZE]));
        wide_t home = x->s.place[pod], node = draw_node(x, group);
        if (node == home)
            continue;
        put(x, pod, home, -1);
        write_down(&x->s, pod, home, -1);
        wide_t more = tried_on(x, r, pod, node, moved);
        wide_t forgiven = slack(x, r->heats[turn * r->stages / r->turns], r->table);
        if (more <= forgiven) {
            risen += more;
            take(x);
            continue;
        }
        if (more < UNSOUND)
            devalue(r, group);
        give_up(x, x->s.now[COST]);
    }
    return risen;
}

wide_t routed_bytes(void) { return sizeof(Routed); }
