/* What of an export line decides what it says.
 *
 * A field that comes twice, has another type than expected or is null leaves the line to Python.
 */

enum { ABSENT = -1 };

typedef struct {
    Span time, uuid, verdict, kind, node, point;
    int32_t source, destination;
    int8_t reply, is_reply, ascending, aggregated;
    int64_t count;
} Flow;

/* Two whole numbers of an object by their names, 0 where they are not there. */
static Place read_numbers(Place p, Place end, const char *const names[2], int64_t numbers[2])
{
    uint32_t seen = 0;
    Span key;
    numbers[0] = numbers[1] = 0;
    if (*p++ != '{')
        return NULL;
    for (int first = 1;; first = 0) {
        p = member(p, end, first, &key);
        if (!p || !key.at)
            return p;
        int field = 1;
        while (field >= 0 && !is(key, names[field], strlen(names[field])))
            field--;
        p = field < 0 ? skip_value(p, end, 4) : whole(p, numbers + field);
        if (!p || (field >= 0 && !once(&seen, field)))
            return NULL;
    }
}

static Place read_ports(Place p, Place end, int8_t *ascending)
{
    static const char *const names[] = {"source_port", "destination_port"};
    int64_t ports[2];
    p = read_numbers(p, end, names, ports);
    *ascending = 0 < ports[0] && ports[0] < ports[1];
    return p;
}

static Place read_aggregate(Place p, Place end, int64_t *count)
{
    static const char *const names[] = {"ingress_flow_count", "egress_flow_count"};
    int64_t counts[2];
    p = read_numbers(p, end, names, counts);
    *count = counts[0];
    return p;
}

static Place read_layer4(Place p, Place end, int8_t *ascending)
{
    uint32_t seen = 0;
    Span key;
    if (*p++ != '{')
        return NULL;
    for (int first = 1;; first = 0) {
        p = member(p, end, first, &key);
        if (!p || !key.at)
            return p;
        int ported = IS(key, "TCP") || IS(key, "UDP") || IS(key, "SCTP");
        p = ported ? read_ports(p, end, ascending) : skip_value(p, end, 3);
        if (!p || (ported && !once(&seen, 0)))
            return NULL;
    }
}

enum {
    NONE = -1, TIME, UUID, VERDICT, TYPE, NODE, POINT, SOURCE, DESTINATION, LAYER4, REPLY, IS_REPLY,
    AGGREGATE
};

static int field_of(Span key)
{
    switch (key.length) {
    case 2: return IS(key, "l4") ? LAYER4 : NONE;
    case 4: return IS(key, "time") ? TIME : IS(key, "uuid") ? UUID : IS(key, "Type") ? TYPE : NONE;
    case 5: return IS(key, "reply") ? REPLY : NONE;
    case 6: return IS(key, "source") ? SOURCE : NONE;
    case 7: return IS(key, "verdict") ? VERDICT : NONE;
    case 8: return IS(key, "is_reply") ? IS_REPLY : NONE;
    case 9: return IS(key, "node_name") ? NODE : IS(key, "aggregate") ? AGGREGATE : NONE;
    case 11: return IS(key, "destination") ? DESTINATION : NONE;
    case 23: return IS(key, "trace_observation_point") ? POINT : NONE;
    default: return NONE;
    }
}

static Place read_field(Tables *tables, Place p, Place end, int field, Flow *found)
{
    switch (field) {
    case TIME: return string(p, end, &found->time);
    case UUID: return string(p, end, &found->uuid);
    case VERDICT: return string(p, end, &found->verdict);
    case TYPE: return string(p, end, &found->kind);
    case NODE: return string(p, end, &found->node);
    case POINT: return string(p, end, &found->point);
    case SOURCE: return numbered_end(tables, p, end, &found->source);
    case DESTINATION: return numbered_end(tables, p, end, &found->destination);
    case LAYER4: return read_layer4(p, end, &found->ascending);
    case REPLY: return truth(p, &found->reply);
    case IS_REPLY: return truth(p, &found->is_reply);
    case AGGREGATE: found->aggregated = 1; return read_aggregate(p, end, &found->count);
    default: return skip_value(p, end, 2);
    }
}

static Place read_flow(Tables *tables, Place p, Place end, Flow *found)
{
    uint32_t seen = 0;
    Span key;
    memset(found, 0, sizeof *found);
    found->reply = found->is_reply = ABSENT;
    found->count = 1;
    if (*p++ != '{')
        return NULL;
    for (int first = 1;; first = 0) {
        p = member(p, end, first, &key);
        if (!p)
            return NULL;
        if (!key.at)
            break;
        int field = field_of(key);
        p = read_field(tables, p, end, field, found);
        if (!p || (field != NONE && !once(&seen, field)))
            return NULL;
    }
    if (!(seen & 1u << SOURCE))
        found->source = no_end_number(tables);
    if (!(seen & 1u << DESTINATION))
        found->destination = no_end_number(tables);
    return p;
}

/* A line with a flow: where it ended, before its line feed. Node and time may be the line's own. */
static Place read_line(Tables *tables, Place p, Place end, Flow *found)
{
    uint32_t seen = 0;
    Span key, node = {0}, time = {0};
    if (*p++ != '{')
        return NULL;
    for (int first = 1;; first = 0) {
        int field = NONE;
        p = member(p, end, first, &key);
        if (!p)
            return NULL;
        if (!key.at)
            break;
        if (IS(key, "flow")) {
            field = 0;
            p = read_flow(tables, p, end, found);
        } else if (IS(key, "node_name")) {
            field = 1;
            p = string(p, end, &node);
        } else if (IS(key, "time")) {
            field = 2;
            p = string(p, end, &time);
        } else {
            p = IS(key, "lost_events") ? NULL : skip_value(p, end, 1);
        }
        if (!p || (field != NONE && !once(&seen, field)))
            return NULL;
    }
    if (!(seen & 1))
        return NULL;
    if (node.length)
        found->node = node;
    if (!found->time.length)
        found->time = time;
    p = after_space(p);
    p += *p == '\r';
    return *p == '\n' ? p : NULL;
}
