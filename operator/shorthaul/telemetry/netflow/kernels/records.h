/* Reads the records of one data set: bytes to flat records, by a template's plan.
 *
 * The twin of readers.py and assembling.py, field by field and branch by branch; a test holds the
 * two equal on any template and any bytes. Nothing is read outside `data`, nothing is allocated.
 */

enum {
    SOURCE4 = 0, DESTINATION4 = 1, SOURCE6 = 2, DESTINATION6 = 4, SOURCE_MAC = 6,
    DESTINATION_MAC = 7, POST_SOURCE4 = 8, POST_DESTINATION4 = 9, POST_SOURCE6 = 10,
    POST_DESTINATION6 = 12, SOURCE_PORT = 14, DESTINATION_PORT = 15, POST_SOURCE_PORT = 16,
    POST_DESTINATION_PORT = 17, PROTOCOL = 18, DIRECTION = 19, INGRESS = 20, EGRESS = 21,
    BYTES = 22, PACKETS = 23, REVERSE_BYTES = 24, REVERSE_PACKETS = 25, OUT_BYTES = 26,
    OUT_PACKETS = 27, START = 28, END = 29, DURATION = 30, BOOT = 31, EVENT = 32,
    FORWARDING = 33, END_REASON = 34, CONNECTION = 35, SAMPLER = 36, RATE = 37, INTERVAL = 38,
    SPACE = 39, SIZE = 40, POPULATION = 41, INTERFACE_NAME = 42, REGISTERS = 43
};
enum { NONE, UPTIME, SECONDS, MILLISECONDS, NTP, BEFORE };
enum { RECORDS, PARTIAL, CUT, MANY, NOTHING, NO_ADDRESSES, DENIED, ALERT, DROPPED, RUNNING, COUNTS };

#define LONG 0xFFFF
#define UNWANTED 0xFFFF
#define WORD ((uint64_t)1 << 32)
#define LATEST ((int64_t)1 << 48)
#define NTP_EPOCH 2208988800u
#define REVERSE 1
#define EGRESS_SEEN 1
#define NAME_BYTES 64

typedef struct {
    uint32_t skip;
    uint16_t width, target;
} Step;

/* As plans.py packs it; the steps follow. */
typedef struct {
    uint64_t has;
    uint32_t number, tail, least;
    uint8_t variable, total, start, end, flags, spare[7];
} Plan;

/* As contexts.py packs it; pairs of sampler and rate follow. */
typedef struct {
    int64_t exported, boot, received;
    uint32_t exporter, domain, sampling, samplers;
} Context;

/* As records.py has it. */
typedef struct {
    uint8_t source[16], destination[16], post_source[16], post_destination[16];
    uint64_t bytes, packets, start, end, received;
    uint32_t exporter, domain, ingress, egress, sampling;
    uint16_t source_port, destination_port, post_source_port, post_destination_port;
    uint8_t protocol, family, direction, flags;
} Record;

static inline uint64_t number2(const uint8_t *at)
{
    return (uint64_t)at[0] << 8 | at[1];
}

static inline uint64_t number4(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Most fields have a width that is one load. */
static inline uint64_t number(const uint8_t *at, int64_t width)
{
    uint64_t value = 0;
    switch (width) {
    case 1:
        return at[0];
    case 2:
        return number2(at);
    case 4:
        return number4(at);
    case 8:
        return number4(at) << 32 | number4(at + 4);
    }
    for (int64_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

/* A number that stands for a name, as readers.py makes it. */
static uint32_t number_of(const uint8_t *name, int64_t width)
{
    uint32_t value = width ? 0x811C9DC5u : 0;
    for (int64_t i = 0; i < width && i < NAME_BYTES; i++)
        value = (value ^ name[i]) * 0x01000193u;
    return value;
}

static void write8(uint8_t *to, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        to[i] = (uint8_t)value;
}

/* Fills the registers from one record; where it ends, or -1 when that is beyond the data. */
static int64_t fill(const Plan *plan, const Step *steps, const uint8_t *data, int64_t at,
                    int64_t size, uint64_t *r)
{
    for (uint32_t i = 0; i < plan->number; i++) {
        int64_t length = steps[i].width;
        uint32_t target = steps[i].target;
        at += steps[i].skip;
        if (length == LONG) {
            if (at >= size)
                return -1;
            if (data[at] < 255) {
                length = data[at++];
            } else {
                if (at + 3 > size)
                    return -1;
                length = data[at + 1] << 8 | data[at + 2];
                at += 3;
            }
        }
        if (at + length > size)
            return -1;
        if (target != UNWANTED) {
            int wide = target == SOURCE6 || target == DESTINATION6 || target == POST_SOURCE6 ||
                       target == POST_DESTINATION6;
            if (wide) {
                r[target] = length == 16 ? number(data + at, 8) : 0;
                r[target + 1] = length == 16 ? number(data + at + 8, 8) : 0;
            } else if (target == INTERFACE_NAME) {
                r[target] = number_of(data + at, length);
            } else {
                r[target] = length <= 8 ? number(data + at, length) : 0;
            }
        }
        at += length;
    }
    at += plan->tail;
    return at > size ? -1 : at;
}

static void mapped(uint8_t *to, uint64_t address)
{
    memset(to, 0, 10);
    to[10] = to[11] = 0xFF;
    for (int i = 0; i < 4; i++)
        to[12 + i] = (uint8_t)(address >> (24 - 8 * i));
}

static void wide(uint8_t *to, const uint64_t *r)
{
    write8(to, r[0]);
    write8(to + 8, r[1]);
}

static void post(uint8_t *to, const uint64_t *r, int narrow, int full)
{
    if (r[narrow])
        mapped(to, r[narrow]);
    else
        wide(to, r + full);
}

/* A time field as Unix milliseconds; 0 where it says none that can be. */
static int64_t milliseconds(uint64_t value, int clock, int64_t exported, int64_t boot)
{
    int64_t found = 0;
    if (clock == MILLISECONDS) {
        found = value < (uint64_t)LATEST ? (int64_t)value : 0;
    } else if (clock == SECONDS) {
        found = value < (uint64_t)LATEST ? (int64_t)value * 1000 : 0;
    } else if (clock == UPTIME && boot) {
        uint32_t before = (uint32_t)((uint64_t)exported - (uint64_t)boot - value);
        found = exported - (before < WORD / 2 ? (int64_t)before : (int64_t)before - (int64_t)WORD);
    } else if (clock == NTP && value) {
        uint64_t seconds = value >> 32;
        seconds += seconds < NTP_EPOCH ? WORD : 0;
        found = (int64_t)(seconds - NTP_EPOCH) * 1000 + (int64_t)((value % WORD) * 1000 >> 32);
    } else if (clock == BEFORE) {
        uint64_t before = value / 1000;
        found = before < (uint64_t)LATEST ? exported - (int64_t)before : 0;
    }
    return 0 < found && found < LATEST ? found : 0;
}

static void times(const uint64_t *r, const Plan *plan, const Context *c, Record *out)
{
    int64_t boot = r[BOOT] && r[BOOT] < (uint64_t)LATEST ? (int64_t)r[BOOT] : c->boot;
    int64_t end = milliseconds(r[END], plan->end, c->exported, boot);
    int64_t start = milliseconds(r[START], plan->start, c->exported, boot);
    if (!end)
        end = start ? start : c->exported;
    if (!start)
        start = r[DURATION] < (uint64_t)end ? end - (int64_t)r[DURATION] : end;
    out->start = (uint64_t)(start < end ? start : end);
    out->end = (uint64_t)end;
}

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint32_t quotient(uint64_t part, uint64_t whole)
{
    uint64_t found = (whole + part / 2) / part;
    return (uint32_t)least(found ? found : 1, WORD - 1);
}

static uint32_t sampling(const uint64_t *r, const Plan *plan, const Context *c,
                         const uint32_t *samplers)
{
    if (r[RATE])
        return (uint32_t)least(r[RATE], WORD - 1);
    if (r[INTERVAL]) {
        uint64_t interval = least(r[INTERVAL], WORD);
        return quotient(interval, interval + least(r[SPACE], WORD));
    }
    if (r[SIZE])
        return quotient(least(r[SIZE], WORD), least(r[POPULATION], WORD));
    if (plan->has >> SAMPLER & 1)
        for (uint32_t i = 0; i < c->samplers; i++)
            if (samplers[2 * i] == (uint32_t)r[SAMPLER])
                return samplers[2 * i + 1] ? samplers[2 * i + 1] : c->sampling;
    return c->sampling;
}

static int unwanted(const uint64_t *r, const Plan *plan)
{
    if (r[EVENT] == 3)
        return DENIED;
    if (r[EVENT] == 4)
        return ALERT;
    if ((r[FORWARDING] >> 6 & 3) == 2)
        return DROPPED;
    if (plan->total && (r[END_REASON] == 2 || r[EVENT] == 1 || r[EVENT] == 5))
        return RUNNING;
    return 0;
}

/* The addresses of the first family that has any; 0 where none has. */
static uint8_t ends(const uint64_t *r, uint64_t has, Record *out)
{
    if (has >> SOURCE4 & has >> DESTINATION4 & 1 && (r[SOURCE4] || r[DESTINATION4])) {
        mapped(out->source, r[SOURCE4]);
        mapped(out->destination, r[DESTINATION4]);
        return 4;
    }
    if (has >> SOURCE6 & has >> DESTINATION6 & 1 &&
        (r[SOURCE6] || r[SOURCE6 + 1] || r[DESTINATION6] || r[DESTINATION6 + 1])) {
        wide(out->source, r + SOURCE6);
        wide(out->destination, r + DESTINATION6);
        return 6;
    }
    if (has >> SOURCE_MAC & has >> DESTINATION_MAC & 1 && (r[SOURCE_MAC] || r[DESTINATION_MAC])) {
        memset(out->source, 0, 8);
        write8(out->source + 8, r[SOURCE_MAC]);
        memset(out->destination, 0, 8);
        write8(out->destination + 8, r[DESTINATION_MAC]);
        return 2;
    }
    return 0;
}

static void turn(const Record *forward, Record *back)
{
    *back = *forward;
    memcpy(back->source, forward->destination, 16);
    memcpy(back->destination, forward->source, 16);
    memcpy(back->post_source, forward->post_destination, 16);
    memcpy(back->post_destination, forward->post_source, 16);
    back->ingress = forward->egress;
    back->egress = forward->ingress;
    back->source_port = forward->destination_port;
    back->destination_port = forward->source_port;
    back->post_source_port = forward->post_destination_port;
    back->post_destination_port = forward->post_source_port;
    back->flags |= REVERSE;
}

/* Writes what the registers of one record say: how many records, or minus the reason for none. */
static int assemble(const uint64_t *r, const Plan *plan, const Context *c,
                    const uint32_t *samplers, Record *out)
{
    int reason = unwanted(r, plan);
    if (reason)
        return -reason;
    uint64_t bytes = r[BYTES], packets = r[PACKETS];
    if (!bytes && !packets) {
        bytes = r[OUT_BYTES];
        packets = r[OUT_PACKETS];
    }
    int forward = bytes || packets, back = r[REVERSE_BYTES] || r[REVERSE_PACKETS];
    if (!forward && !back)
        return -NOTHING;
    out->family = ends(r, plan->has, out);
    if (!out->family)
        return -NO_ADDRESSES;
    post(out->post_source, r, POST_SOURCE4, POST_SOURCE6);
    post(out->post_destination, r, POST_DESTINATION4, POST_DESTINATION6);
    times(r, plan, c, out);
    out->bytes = bytes;
    out->packets = packets;
    out->received = (uint64_t)c->received;
    out->exporter = c->exporter;
    out->domain = c->domain;
    out->ingress = (uint32_t)r[INGRESS];
    out->egress = (uint32_t)r[EGRESS];
    out->sampling = sampling(r, plan, c, samplers);
    out->source_port = (uint16_t)r[SOURCE_PORT];
    out->destination_port = (uint16_t)r[DESTINATION_PORT];
    out->post_source_port = (uint16_t)r[POST_SOURCE_PORT];
    out->post_destination_port = (uint16_t)r[POST_DESTINATION_PORT];
    out->protocol = (uint8_t)r[PROTOCOL];
    out->direction = plan->has >> DIRECTION & 1 && r[DIRECTION] < 2 ? (uint8_t)r[DIRECTION] : 255;
    if (!out->ingress && !out->egress) {
        if (out->direction == EGRESS_SEEN)
            out->egress = (uint32_t)r[INTERFACE_NAME];
        else
            out->ingress = (uint32_t)r[INTERFACE_NAME];
    }
    out->flags = plan->flags;
    if (!back)
        return 1;
    Record turned;
    turn(out, &turned);
    turned.bytes = r[REVERSE_BYTES];
    turned.packets = r[REVERSE_PACKETS];
    out[forward] = turned;
    return forward + 1;
}

/* Reads at most `most` records; `out` has room for two from each, `counts` for COUNTS.
 *
 * Gives the number of flows f, or -1 - f when more than the count of records is to be looked at.
 */
static int64_t read_set(const Plan *plan, const Step *steps, const Context *c,
                        const uint32_t *samplers, const uint8_t *data, int64_t size, int64_t most,
                        Record *out, int64_t *counts)
{
    uint64_t r[REGISTERS] = {0};
    int64_t at = 0, flows = 0;
    int odd = 0;
    memset(counts, 0, COUNTS * sizeof *counts);
    while (size - at >= (int64_t)plan->least) {
        if (counts[RECORDS] == most) {
            counts[MANY] = plan->variable ? 1 : (size - at) / (int64_t)plan->least;
            counts[PARTIAL] = plan->variable;
            counts[RECORDS] += counts[MANY];
            odd = 1;
            break;
        }
        at = fill(plan, steps, data, at, size, r);
        counts[RECORDS]++;
        if (at < 0) {
            counts[CUT] = counts[PARTIAL] = 1;
            odd = 1;
            break;
        }
        int made = assemble(r, plan, c, samplers, out + flows);
        if (made < 0) {
            counts[-made]++;
            odd = 1;
        } else {
            flows += made;
        }
    }
    return odd ? -1 - flows : flows;
}
