/* The decoder's inner loops, one translation unit: the records of a set, and whole messages. */
#include <stdint.h>
#include <string.h>

#include "records.h"
#include "messages.h"

/* Reads one set, as `read_set` tells it, with plan and context as Python packs them. */
int64_t read_records(const uint8_t *packed_plan, const uint8_t *packed_context,
                     const uint8_t *data, int64_t size, int64_t most, Record *out,
                     int64_t *counts)
{
    Context c;
    memcpy(&c, packed_context, sizeof c);
    const uint32_t *samplers = (const uint32_t *)(packed_context + sizeof c);
    return read_set((const Plan *)packed_plan, steps_of(packed_plan), &c, samplers, data, size,
                    most, out, counts);
}

/* What the two sides have to agree on. */
int64_t layout(void)
{
    return sizeof(Record) << 32 | sizeof(Plan) << 24 | sizeof(Context) << 16 | REGISTERS << 8 |
           COUNTS;
}

int64_t lanes_layout(void)
{
    return sizeof(Lane) << 32 | sizeof(Marks) << 16 | sizeof(Table) << 8 | sizeof(Told);
}
