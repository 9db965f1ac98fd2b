/* Placements as counts: from pods to counts, and how two of them differ; no search is needed.
 *
 * A placement is three arrays: where each row begins, its nodes in order, and the pods on each.
 */

typedef struct {
    const wide_t *first, *node, *amount;
} Counts;

/* Sorts a few numbers, most often already in order (Shell, 1959). */
static void sort_nodes(narrow_t *nodes, wide_t number)
{
    wide_t sorted = 1;
    while (sorted < number && nodes[sorted - 1] <= nodes[sorted])
        sorted++;
    for (wide_t gap = sorted < number ? number / 2 : 0; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (wide_t i = gap; i < number; i++) {
            narrow_t node = nodes[i];
            wide_t at = i;
            for (; at >= gap && nodes[at - gap] > node; at -= gap)
                nodes[at] = nodes[at - gap];
            nodes[at] = node;
        }
}

/* Counts pods, row by row: `first` is where each row's pods begin in `places`, which is left sorted
 * in each row. Returns how many entries there are; `offsets` is one longer than there are rows. */
wide_t count_pods(wide_t rows, const wide_t *first, narrow_t *places, wide_t *offsets,
                  wide_t *nodes, wide_t *amounts)
{
    wide_t number = 0;
    offsets[0] = 0;
    for (wide_t row = 0; row < rows; row++) {
        sort_nodes(places + first[row], first[row + 1] - first[row]);
        for (wide_t pod = first[row]; pod < first[row + 1]; pod++) {
            if (number > offsets[row] && nodes[number - 1] == places[pod]) {
                amounts[number - 1]++;
                continue;
            }
            nodes[number] = places[pod];
            amounts[number++] = 1;
        }
        offsets[row + 1] = number;
    }
    return number;
}

PART int same_row(const Counts *a, const Counts *b, wide_t row)
{
    wide_t length = a->first[row + 1] - a->first[row];
    size_t bytes = (size_t)length * sizeof(wide_t);
    return length == b->first[row + 1] - b->first[row]
        && !memcmp(a->node + a->first[row], b->node + b->first[row], bytes)
        && !memcmp(a->amount + a->first[row], b->amount + b->first[row], bytes);
}

/* The fewest pods that have to move from one placement to another of as many pods in each row, and
 * where to: pods are numbered row by row in order of their node, of those on a node the last go.
 * Returns how many they are. */
wide_t apart(wide_t rows, const Counts *from, const Counts *to, narrow_t *pods, narrow_t *nodes)
{
    wide_t number = 0, arrived = 0, pod = 0;
    for (wide_t row = 0; row < rows; row++) {
        wide_t i = from->first[row], j = to->first[row];
        wide_t end = from->first[row + 1], last = to->first[row + 1];
        int same = same_row(from, to, row);
        for (; same && i < end; i++)
            pod += from->amount[i];
        while (!same && (i < end || j < last)) {
            int leave = j == last || (i < end && from->node[i] <= to->node[j]);
            int come = i == end || (j < last && to->node[j] <= from->node[i]);
            wide_t node = leave ? from->node[i] : to->node[j];
            wide_t before = leave ? from->amount[i++] : 0, after = come ? to->amount[j++] : 0;
            for (wide_t k = after; k < before; k++)
                pods[number++] = (narrow_t)(pod + k);
            for (wide_t k = before; k < after; k++)
                nodes[arrived++] = (narrow_t)node;
            pod += before;
        }
    }
    return number;
}
