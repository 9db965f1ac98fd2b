/* What one pod more of a group would add to the cost on a node; the change of all its links.
 *
 * Uniform: a cell saves coefficient x clients x servers. Local: coefficient x min(clients x all
 * servers, servers x all clients). Zone and node: each client's traffic is spread over the servers
 * near it, so a new server changes the price of every client; costs.py has the rule, and says what
 * nodes without a zone do to it.
 */
#include <math.h>

/* How much more of a local link is kept in a cell by one pod more. */
PART wide_t shared(const wide_t *e, wide_t mine, wide_t others)
{
    wide_t more = least((mine + 1) * e[OTHER_SIZE], (others + e[SHIFT]) * e[OWN_SIZE]);
    return more - least(mine * e[OTHER_SIZE], others * e[OWN_SIZE]);
}

/* What a uniform or local link saves by one pod more on a node with so many of the others. */
PART wide_t host_saving(const Search *x, const wide_t *e, wide_t node, wide_t others)
{
    if (e[KIND] == UNIFORM)
        return e[COEFFICIENT] * others;
    return e[COEFFICIENT] * shared(e, count(x, e[OWN_ROW], node), others);
}

/* The same in a cell of a level above the host. */
PART wide_t cell_saving(const Search *x, const wide_t *e, int level, wide_t cell)
{
    wide_t others = x->s.wide[e[OTHER] * x->n.columns + cell];
    if (e[KIND] == UNIFORM)
        return e[COEFFICIENT + level] * others;
    return e[COEFFICIENT + level] * shared(e, x->s.wide[e[OWN] * x->n.columns + cell], others);
}

/* What all uniform and local links of a group save in a cell above the host. */
PART wide_t group_cell_saving(const Search *x, wide_t group, int level, wide_t cell)
{
    wide_t found = 0;
    for (wide_t at = x->m.group[group][ENTRY0]; at < x->m.group[group][ENTRY1]; at++) {
        const wide_t *e = x->m.entry[at];
        if (e[KIND] <= LOCAL && e[COEFFICIENT + level] > 0)
            found += cell_saving(x, e, level, cell);
    }
    return found;
}

/* One client's traffic to one of a pool of servers, at a tier. */
PART wide_t share_price(const Search *x, wide_t link, int tier, wide_t pool)
{
    return (wide_t)floor(x->m.price[link][tier] / (double)pool + 0.5);
}

/* What one client on a node costs; `extra` is a node with one server more, or -1. */
PART wide_t client_price(const Search *x, wide_t link, wide_t node, wide_t extra)
{
    const wide_t *l = x->m.link[link];
    const narrow_t *cell = x->m.cell[node];
    wide_t host = count(x, l[L_SERVER_ROW], node) + (extra == node);
    if (host > 0 && l[L_KIND] == NODE)
        return share_price(x, link, 0, 1);
    const narrow_t *wide = x->s.wide + l[L_SERVER] * x->n.columns;
    wide_t rack = wide[cell[1]], zone = wide[cell[2]], region = wide[cell[3]], bare = 0;
    wide_t everywhere = x->s.held[l[L_SERVER_ROW]][PODS];
    if (extra >= 0) {
        const narrow_t *other = x->m.cell[extra];
        rack += other[1] == cell[1];
        zone += other[2] == cell[2];
        region += other[3] == cell[3];
        everywhere++;
    }
    if (x->n.bare >= 0)
        bare = wide[x->n.bare] + !x->m.zoned[node] + (extra >= 0 && !x->m.zoned[extra]);
    if (zone > 0 && bare == 0)
        return host * share_price(x, link, 0, zone) + (rack - host) * share_price(x, link, 1, zone)
            + (zone - rack) * share_price(x, link, 2, zone);
    wide_t pool = l[L_SERVER_SIZE];
    return host * share_price(x, link, 0, pool) + (rack - host) * share_price(x, link, 1, pool)
        + (zone - rack) * share_price(x, link, 2, pool)
        + (region - zone) * share_price(x, link, 3, pool)
        + (everywhere - region) * share_price(x, link, 4, pool);
}

/* What a directed link costs with one server or client more on a node, or none (-1). */
static wide_t directed_cost(const Search *x, wide_t link, wide_t extra_server, wide_t extra_client)
{
    wide_t row = x->m.link[link][L_CLIENT_ROW], first = x->m.row[row][R_OFFSET], found = 0;
    for (wide_t at = first; at < first + x->s.held[row][LENGTH]; at++) {
        const narrow_t *host = x->s.host[at];
        if (host[H_COUNT] > 0)
            found += host[H_COUNT] * client_price(x, link, host[H_NODE], extra_server);
    }
    if (extra_client >= 0)
        found += client_price(x, link, extra_client, extra_server);
    return found;
}

/* What one pod more on a node adds to the cost of a directed link. */
static wide_t directed_change(const Search *x, const wide_t *e, wide_t node)
{
    if (e[ROLE] == CLIENT)
        return client_price(x, e[LINK], node, -1);
    wide_t client = e[ROLE] == BOTH ? node : -1;
    return directed_cost(x, e[LINK], node, client) - directed_cost(x, e[LINK], -1, -1);
}

/* What one pod more of a group on a node adds to the cost. */
static wide_t added(const Search *x, wide_t group, wide_t node)
{
    wide_t found = 0;
    for (wide_t at = x->m.group[group][ENTRY0]; at < x->m.group[group][ENTRY1]; at++) {
        const wide_t *e = x->m.entry[at];
        if (e[KIND] > LOCAL) {
            found += directed_change(x, e, node);
            continue;
        }
        if (e[COEFFICIENT] > 0) {
            wide_t others = count(x, e[OTHER_ROW], node);
            if (others + e[SHIFT] > 0)
                found -= host_saving(x, e, node, others);
        }
        for (int level = 1; level < LEVELS; level++)
            if (e[COEFFICIENT + level] > 0)
                found -= cell_saving(x, e, level, x->m.cell[node][level]);
    }
    return found;
}

/* How many pairs, or units of the minimum, a cell keeps of a link. */
PART wide_t kept_of(const wide_t *l, wide_t clients, wide_t servers)
{
    if (l[L_KIND] == UNIFORM)
        return clients * servers;
    return least(clients * l[L_SERVER_SIZE], servers * l[L_CLIENT_SIZE]);
}

/* What a link costs, from the counts alone. */
static wide_t link_cost(const Search *x, wide_t link)
{
    const wide_t *l = x->m.link[link];
    if (l[L_KIND] > LOCAL)
        return directed_cost(x, link, -1, -1);
    wide_t found = l[L_CEILING], row = l[L_CLIENT_ROW], first = x->m.row[row][R_OFFSET];
    const narrow_t *clients = x->s.wide + l[L_CLIENT] * x->n.columns;
    const narrow_t *servers = x->s.wide + l[L_SERVER] * x->n.columns;
    if (l[L_COEFFICIENT] > 0)
        for (wide_t at = first; at < first + x->s.held[row][LENGTH]; at++) {
            const narrow_t *host = x->s.host[at];
            if (host[H_COUNT] > 0) {
                wide_t others = count(x, l[L_SERVER_ROW], host[H_NODE]);
                found -= l[L_COEFFICIENT] * kept_of(l, host[H_COUNT], others);
            }
        }
    for (int level = 1; level < LEVELS; level++)
        if (l[L_COEFFICIENT + level] > 0)
            for (wide_t cell = x->m.kept[level][1]; cell < x->m.kept[level][2]; cell++)
                found -= l[L_COEFFICIENT + level] * kept_of(l, clients[cell], servers[cell]);
    return found;
}
