/* Dealing vertices out to parts: for graphs too small for METIS (see partitions.py). */

/* Each vertex, in the order given, goes to the part that it talks to most of those with room for
 * half of it, among equals to the one with most room; where none has room, to the one with most.
 * `left` is the room of each part, `pull` scratch of as many. */
void deal(wide_t vertices, wide_t parts, const wide_t *order, const wide_t *sizes,
          const narrow_t *first, const narrow_t *neighbours, const narrow_t *weights,
          double *left, wide_t *pull, wide_t *found)
{
    for (wide_t i = 0; i < vertices; i++)
        found[i] = -1;
    for (wide_t i = 0; i < vertices; i++) {
        wide_t vertex = order[i], chosen = -1, roomiest = 0;
        memset(pull, 0, (size_t)parts * sizeof *pull);
        for (narrow_t at = first[vertex]; at < first[vertex + 1]; at++)
            if (found[neighbours[at]] >= 0)
                pull[found[neighbours[at]]] += weights[at];
        for (wide_t part = 0; part < parts; part++) {
            roomiest = left[part] > left[roomiest] ? part : roomiest;
            if (left[part] < (double)sizes[vertex] * 0.5)
                continue;
            if (chosen < 0 || pull[part] > pull[chosen]
                || (pull[part] == pull[chosen] && left[part] > left[chosen]))
                chosen = part;
        }
        found[vertex] = chosen < 0 ? roomiest : chosen;
        left[found[vertex]] -= (double)sizes[vertex];
    }
}
