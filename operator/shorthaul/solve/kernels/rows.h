/* Which nodes a row has pods on, and how many: found and changed in a few steps.
 *
 * A node stays listed while the row has pods there, or had some at the start.
 */
#include <stdlib.h>

PART wide_t find(const Search *x, wide_t row, wide_t node)
{
    wide_t first = x->m.row[row][R_OFFSET], dense = x->m.row[row][R_DENSE];
    if (dense >= 0) {
        wide_t at = x->s.dense[dense + node];
        return at > 0 ? first + at - 1 : -1;
    }
    wide_t end = first + x->s.held[row][LENGTH];
    for (wide_t at = first; at < end; at++)
        if (x->s.host[at][H_NODE] == node)
            return at;
    return -1;
}

PART wide_t count(const Search *x, wide_t row, wide_t node)
{
    wide_t at = find(x, row, node);
    return at >= 0 ? x->s.host[at][H_COUNT] : 0;
}

/* Takes a node off a row's list; the last one takes its place. */
PART void drop(Search *x, wide_t row, wide_t at)
{
    wide_t dense = x->m.row[row][R_DENSE], first = x->m.row[row][R_OFFSET];
    wide_t last = first + --x->s.held[row][LENGTH];
    if (dense >= 0)
        x->s.dense[dense + x->s.host[at][H_NODE]] = 0;
    if (last == at)
        return;
    memcpy(x->s.host[at], x->s.host[last], sizeof x->s.host[at]);
    if (dense >= 0)
        x->s.dense[dense + x->s.host[at][H_NODE]] = (narrow_t)(at - first + 1);
}

/* Adds or takes one pod; whether that is beyond the start (1) or short of it (-1). */
PART int bump(Search *x, wide_t row, wide_t node, int sign)
{
    wide_t at = find(x, row, node);
    x->s.held[row][PODS] += sign;
    if (at < 0) {
        wide_t first = x->m.row[row][R_OFFSET];
        at = first + x->s.held[row][LENGTH]++;
        x->s.held[row][POSITIVE]++;
        x->s.host[at][H_NODE] = (narrow_t)node;
        x->s.host[at][H_COUNT] = sign;
        x->s.host[at][H_START] = x->s.host[at][H_EXCUSED] = 0;
        if (x->m.row[row][R_DENSE] >= 0)
            x->s.dense[x->m.row[row][R_DENSE] + node] = (narrow_t)(at - first + 1);
        return 1;
    }
    narrow_t before = x->s.host[at][H_COUNT], start = x->s.host[at][H_START];
    x->s.host[at][H_COUNT] = before + sign;
    if (before == 0) {
        x->s.held[row][POSITIVE]++;
    } else if (before + sign == 0) {
        x->s.held[row][POSITIVE]--;
        if (start == 0)
            drop(x, row, at);
    }
    if (sign > 0)
        return before >= start ? 1 : -1;
    return before > start ? 1 : -1;
}

static int by_node(const void *one, const void *other)
{
    const narrow_t *a = one, *b = other;
    return (a[H_NODE] > b[H_NODE]) - (a[H_NODE] < b[H_NODE]);
}

/* Orders every row's list by node. Lists are shuffled as pods come and go, and their order decides
 * between equals, so a search that goes on in old lists would not be as one that makes new ones. */
static void order_rows(Search *x)
{
    for (wide_t row = 0; row < x->n.rows; row++) {
        wide_t first = x->m.row[row][R_OFFSET], end = first + x->s.held[row][LENGTH], at = first + 1;
        while (at < end && x->s.host[at - 1][H_NODE] < x->s.host[at][H_NODE])
            at++;
        if (at >= end)
            continue;
        qsort(x->s.host[first], (size_t)(end - first), sizeof *x->s.host, by_node);
        wide_t dense = x->m.row[row][R_DENSE];
        for (at = first; dense >= 0 && at < end; at++)
            x->s.dense[dense + x->s.host[at][H_NODE]] = (narrow_t)(at - first + 1);
    }
}
