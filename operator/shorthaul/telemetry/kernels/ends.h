/* The ends of a flow as numbers: known again by their whole text, or by what counts of it. */

typedef struct { Span identity, cluster, namespace, pod, labels, workloads; } End;

/* Notes a field as come; false where it was there before. */
static int once(uint32_t *seen, int field)
{
    uint32_t bit = 1u << field;
    if (*seen & bit)
        return 0;
    *seen |= bit;
    return 1;
}

static Place skip_span(Place p, Place end, int depth, Span *found)
{
    Place after = skip_value(p, end, depth);
    if (after)
        *found = (Span){p, (int32_t)(after - p)};
    return after;
}

static Place read_end(Place p, Place end, End *found)
{
    uint32_t seen = 0;
    Span key;
    int64_t number;
    *found = (End){{0}, {0}, {0}, {0}, {0}, {0}};
    if (*p++ != '{')
        return NULL;
    for (int first = 1;; first = 0) {
        int field = -1;
        p = member(p, end, first, &key);
        if (!p || !key.at)
            return p;
        Place value = p;
        if (IS(key, "identity")) {
            field = 0;
            p = whole(p, &number);
            found->identity = (Span){value, (int32_t)(p ? p - value : 0)};
        } else if (IS(key, "cluster_name")) {
            field = 1;
            p = string(p, end, &found->cluster);
        } else if (IS(key, "namespace")) {
            field = 2;
            p = string(p, end, &found->namespace);
        } else if (IS(key, "labels")) {
            field = 3;
            p = skip_span(p, end, 3, &found->labels);
        } else if (IS(key, "pod_name")) {
            field = 4;
            p = string(p, end, &found->pod);
        } else if (IS(key, "workloads")) {
            field = 5;
            p = *p == '[' ? skip_span(p, end, 3, &found->workloads) : NULL;
        } else {
            p = skip_value(p, end, 3);
        }
        if (!p || (field >= 0 && !once(&seen, field)))
            return NULL;
    }
}

/* Puts one field behind the others of a part; the length of all, or NO_NUMBER. */
static int32_t put(uint8_t *key, int32_t length, Span field)
{
    if (length < 0 || length + field.length + 4 > LONGEST_PART)
        return NO_NUMBER;
    memcpy(key + length, &field.length, 4);
    if (field.length)
        memcpy(key + length + 4, field.at, (size_t)field.length);
    return length + 4 + field.length;
}

/* An end that is a pod is known without its identity and labels. */
static int32_t end_number(Tables *tables, const End *end)
{
    uint8_t *key = tables->arena + tables->arena_used;
    key[0] = 'e';
    int32_t length = put(key, 1, end->namespace);
    length = put(key, length, end->pod);
    length = put(key, length, end->cluster);
    length = put(key, length, end->workloads);
    if (!end->namespace.length || !end->pod.length) {
        length = put(key, length, end->identity);
        length = put(key, length, end->labels);
    }
    return length < 0 ? NO_NUMBER : part_number(tables, length);
}

static int32_t no_end_number(Tables *tables)
{
    tables->arena[tables->arena_used] = '-';
    return part_number(tables, 1);
}

/* Where an object like an end's seems to stop: behind its first brace, or the one after a list. */
static Place likely_end(Place p, Place end)
{
    Place line = p;
    for (int lists = 0; lists < 2; lists++) {
#ifdef __SSE2__
        const __m128i brace = _mm_set1_epi8('}');
        int found = 0;
        while (end - p >= 16) {
            __m128i some = _mm_loadu_si128((const __m128i *)p);
            found = _mm_movemask_epi8(_mm_cmpeq_epi8(some, brace));
            if (found) {
                p += __builtin_ctz((unsigned)found);
                break;
            }
            p += 16;
        }
#endif
        while (p < end && *p != '}')
            p++;
        if (p == end || p - line >= LONGEST_PART)
            return NULL;
        p++;
        if (*p != ']')
            return p;
    }
    return NULL;
}

/* An end's number, NO_NUMBER where it has none. A text that is known and whole ends where it did
 * before, so a wrong guess at its length can only fail to find it.
 */
static Place numbered_end(Tables *tables, Place p, Place end, int32_t *number)
{
    Place guess = likely_end(p, end), after;
    if (guess) {
        Span text = {p, (int32_t)(guess - p)};
        *number = part_of_text(tables, text, hash_of(tables->seed, p, text.length));
        if (*number != NO_NUMBER)
            return guess;
    }
    End found;
    after = read_end(p, end, &found);
    if (!after)
        return NULL;
    *number = end_number(tables, &found);
    if (*number != NO_NUMBER && after == guess)
        keep_text(tables, (Span){p, (int32_t)(after - p)}, *number);
    return after;
}
