/* Reads many of Hubble's export lines in one call.
 *
 * A line's kind is all that decides what it says: its two ends, its node, and in what manner it was
 * seen. What a kind means is decided in Python, once for each, by the code that reads single lines;
 * here lines of kinds that were seen before are only recognised, with their time and count. Lines
 * that are not plain have no kind, and Python reads them.
 */
#include "scanning.h"
#include "times.h"
#include "interning.h"
#include "ends.h"
#include "events.h"

enum { LONGEST_LINE = 1 << 20 };

typedef struct {
    int64_t time, count;
    int32_t kind, begin, length, key, key_length, spare;
} Row;

/* Sizes that Python compares with its own. */
int64_t lines_layout(void)
{
    return (int64_t)sizeof(Row) << 32 | sizeof(Part) << 24 | sizeof(Text) << 16 | sizeof(Kind) << 8
        | sizeof(Tables);
}

/* How many numbers and bytes the tables have to have room for. */
int64_t lines_room(int64_t which)
{
    static const int64_t rooms[] = {PARTS, KINDS, TEXTS, ARENA, STORE, LONGEST_LINE};
    return rooms[which];
}

static int32_t manner_number(Tables *tables, const Flow *flow)
{
    uint8_t *key = tables->arena + tables->arena_used;
    key[0] = 'm';
    key[1] = (uint8_t)flow->reply;
    key[2] = (uint8_t)flow->is_reply;
    key[3] = flow->reply == ABSENT && flow->is_reply == ABSENT && flow->ascending;
    key[4] = (uint8_t)(2 * flow->aggregated + (flow->count > 0));
    int32_t length = put(key, 5, flow->verdict);
    length = put(key, length, flow->kind);
    length = put(key, length, flow->point);
    return length < 0 ? NO_NUMBER : part_number(tables, length);
}

static int32_t node_number(Tables *tables, Span node)
{
    uint8_t *key = tables->arena + tables->arena_used;
    key[0] = 'n';
    int32_t length = put(key, 1, node);
    return length < 0 ? NO_NUMBER : part_number(tables, length);
}

static int32_t kind_of(Tables *tables, const Flow *flow, int32_t row)
{
    int32_t parts[4] = {flow->source, flow->destination, manner_number(tables, flow),
                        node_number(tables, flow->node)};
    for (int i = 0; i < 4; i++)
        if (parts[i] == NO_NUMBER)
            return NO_NUMBER;
    return kind_number(tables, parts, row);
}

/* Reads from a place on; the number of rows. `tables->next` is where it stopped, before the end
 * where there is no more room. The text ends with a line feed; empty lines are passed over.
 */
int64_t read_lines(Tables *tables, Place text, int64_t begin, int64_t size, Row *rows, int64_t room)
{
    Place end = text + size, p = text + begin;
    int64_t number = 0;
    while (p < end && number < room && has_room(tables)) {
        if (*p == '\n') {
            p++;
            continue;
        }
        Row *row = rows + number;
        Flow flow;
        Place after = read_line(tables, p, end, &flow);
        *row = (Row){0, 0, NO_NUMBER, (int32_t)(p - text), 0, 0, 0, 0};
        if (after && after - p <= LONGEST_LINE && (row->time = nanoseconds_of(flow.time)) >= 0) {
            row->kind = kind_of(tables, &flow, (int32_t)number);
            row->count = flow.count;
            row->key = (int32_t)(flow.uuid.at ? flow.uuid.at - text : 0);
            row->key_length = flow.uuid.length;
        }
        if (!after)
            after = memchr(p, '\n', (size_t)(end - p));
        row->length = (int32_t)(after - p);
        number++;
        p = after + 1;
    }
    tables->next = p - text;
    return number;
}
