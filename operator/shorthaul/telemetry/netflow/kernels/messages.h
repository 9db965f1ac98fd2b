/* Decodes whole messages of exporters that are known, many in one call.
 *
 * A lane is what is known of one observation domain: what number its next message has, by which
 * plans its data is read. Only plain messages are taken: all of them data, of known templates, the
 * next in number. At the first that is anything else nothing of it is counted and the call ends:
 * decoders.py is the one place where everything is said. A test holds that it makes no difference.
 */

enum { KEY = 28, PLANS = 16, REMEMBERED = 16, MARKED = 64, SETS = 512, MOST5 = 30, WIDTH5 = 48 };
enum { MOST_RECORDS = 2048, BOOT_TOLERANCE = 10000 };
enum { TAKEN_BYTES, TAKEN5, TAKEN9, TAKEN10, TAKEN_RECORDS, TAKEN_FLOWS, TAKEN };

/* The marks of the last messages of a domain, by which one that comes twice is known. */
typedef struct {
    uint64_t marks[MARKED];
    uint32_t number, next;
} Marks;

typedef struct {
    const uint8_t *plan;
    int64_t until;
    uint64_t id;
} Known;

typedef struct {
    uint32_t number, records;
} Numbered;

/* As lanes.py has it. `boot` is that of the last message; `told_boot` what options told. */
typedef struct {
    Marks *marks;
    const uint32_t *samplers;
    int64_t boot, told_boot;
    uint32_t exporter, domain, sampling, sampler_number, next, plans;
    uint32_t units, messages;
    uint64_t call, touched;
    int32_t after;
    uint16_t version;
    uint8_t ends, spare;
    uint8_t key[KEY];
    uint8_t spare2[4];
    Known known[PLANS];
    Numbered last[REMEMBERED];
} Lane;

/* All lanes, in chains by what their key comes to. */
typedef struct {
    Lane *lanes;
    int32_t *heads;
    uint64_t mask, call, moment;
} Table;

/* What came: messages by their place and length in `data`, and their senders' keys. */
typedef struct {
    const uint8_t *data;
    const int64_t *places;
    const int32_t *lengths;
    const uint8_t *keys;
} Arrived;

/* What came of it: counts as TAKEN and then those of sets, and the lanes that had messages. */
typedef struct {
    int64_t counts[TAKEN + COUNTS];
    int64_t lanes_touched;
    int32_t *touched;
} Told;

/* One message while it is walked. */
typedef struct {
    const uint8_t *data;
    int64_t begin, end;
    uint32_t version, domain, number;
    int64_t exported, boot;
    int64_t counts[COUNTS];
    int64_t flows;
} Walk;

static const Step *steps_of(const uint8_t *packed_plan)
{
    return (const Step *)(packed_plan + sizeof(Plan));
}

/* A message's mark: equal for equal bytes, and by chance for one in 2^64 of others. */
static uint64_t mark_of(const uint8_t *data, int64_t size)
{
    uint64_t mark = 0x9E3779B97F4A7C15u ^ (uint64_t)size, word;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        mark = (mark ^ word) * 0xD6E8FEB86659FD93u;
        mark ^= mark >> 32;
    }
    word = 0;
    memcpy(&word, data, (size_t)size);
    mark = (mark ^ word) * 0xD6E8FEB86659FD93u;
    return mark ^ mark >> 32;
}

static int is_marked(const Marks *m, uint64_t mark)
{
    int found = 0;
    for (uint32_t i = 0; i < m->number; i++)
        found |= m->marks[i] == mark;
    return found;
}

static void keep_mark(Marks *m, uint64_t mark)
{
    m->marks[m->next] = mark;
    m->next = (m->next + 1) % MARKED;
    m->number += m->number < MARKED;
}

/* Whether this very message came a short while ago; if not, it is remembered. */
int64_t repeated(Marks *m, const uint8_t *data, int64_t size)
{
    uint64_t mark = mark_of(data, size);
    if (is_marked(m, mark))
        return 1;
    keep_mark(m, mark);
    return 0;
}

static uint32_t place_of(const Table *t, const uint8_t *key, uint32_t version, uint32_t domain)
{
    uint64_t found = (uint64_t)version << 32 | domain, word;
    for (int i = 0; i < KEY; i += 7) {
        word = 0;
        memcpy(&word, key + i, 7);
        found = (found ^ word) * 0xD6E8FEB86659FD93u;
        found ^= found >> 32;
    }
    return (uint32_t)(found & t->mask);
}

static Lane *lane_of(const Table *t, const uint8_t *key, uint32_t version, uint32_t domain)
{
    int32_t at = t->heads[place_of(t, key, version, domain)];
    for (; at >= 0; at = t->lanes[at].after) {
        Lane *lane = t->lanes + at;
        if (lane->version == version && lane->domain == domain && !memcmp(lane->key, key, KEY))
            return lane;
    }
    return 0;
}

/* Puts a lane into its chain. */
void enter_lane(Table *t, int64_t number)
{
    Lane *lane = t->lanes + number;
    int32_t *head = t->heads + place_of(t, lane->key, lane->version, lane->domain);
    lane->after = *head;
    *head = (int32_t)number;
}

/* Takes a lane out of its chain. */
void leave_lane(Table *t, int64_t number)
{
    Lane *lane = t->lanes + number;
    int32_t *at = t->heads + place_of(t, lane->key, lane->version, lane->domain);
    while (*at >= 0 && *at != number)
        at = &t->lanes[*at].after;
    if (*at >= 0)
        *at = lane->after;
}

/* Reads a header as messages.py does; 0 where there is more to say of it. */
static int open_message(Walk *w, const uint8_t *data, int64_t size)
{
    if (size < 16)
        return 0;
    w->data = data;
    w->version = (uint32_t)number2(data);
    w->end = size;
    w->boot = 0;
    w->flows = 0;
    memset(w->counts, 0, sizeof w->counts);
    if (w->version == 10) {
        w->begin = 16;
        w->exported = (int64_t)number4(data + 4) * 1000;
        w->number = (uint32_t)number4(data + 8);
        w->domain = (uint32_t)number4(data + 12);
        return (int64_t)number2(data + 2) == size;
    }
    if (w->version == 9 && size >= 20) {
        w->begin = 20;
        w->exported = (int64_t)number4(data + 8) * 1000;
        w->boot = w->exported - (int64_t)number4(data + 4);
        w->number = (uint32_t)number4(data + 12);
        w->domain = (uint32_t)number4(data + 16);
        return 1;
    }
    if (w->version == 5 && size >= 24) {
        int64_t count = (int64_t)number2(data + 2);
        w->begin = 24;
        w->exported = (int64_t)number4(data + 8) * 1000 +
                      (int64_t)least(number4(data + 12), 999999999) / 1000000;
        w->boot = w->exported - (int64_t)number4(data + 4);
        w->number = (uint32_t)number4(data + 16);
        w->domain = (uint32_t)number2(data + 20);
        return 0 < count && count <= MOST5 && size == 24 + count * WIDTH5;
    }
    return 0;
}

static const uint8_t *plan_of(const Lane *lane, uint64_t id, int64_t now)
{
    for (uint32_t i = 0; i < lane->plans; i++)
        if (lane->known[i].id == id)
            return now <= lane->known[i].until ? lane->known[i].plan : 0;
    return 0;
}

/* Reads the data of one set behind the records that are there; 0 where it is not plain. */
static int walk_set(Walk *w, const Lane *lane, const uint8_t *plan, const Context *c,
                    const uint8_t *data, int64_t size, Record *out)
{
    int64_t counts[COUNTS], left = MOST_RECORDS - w->counts[RECORDS];
    int64_t told = read_set((const Plan *)plan, steps_of(plan), c, lane->samplers, data, size,
                            left, out + w->flows, counts);
    if (told < 0) {
        if (counts[PARTIAL] || counts[MANY])
            return 0;
        for (int i = NOTHING; i < COUNTS; i++)
            w->counts[i] += counts[i];
        told = -1 - told;
    }
    w->counts[RECORDS] += counts[RECORDS];
    w->flows += told;
    return 1;
}

static int walk_sets(Walk *w, const Lane *lane, const Context *c, int64_t now, Record *out)
{
    int64_t at = w->begin;
    for (int i = 0; w->end - at >= 4; i++) {
        uint64_t id = number2(w->data + at);
        int64_t length = (int64_t)number2(w->data + at + 2);
        const uint8_t *plan = id < 256 ? 0 : plan_of(lane, id, now);
        if (i == SETS || length < 4 || at + length > w->end || !plan)
            return 0;
        if (!walk_set(w, lane, plan, c, w->data + at + 4, length - 4, out))
            return 0;
        at += length;
    }
    return 1;
}

/* Whether the number is the one that is due, by the version's rule. */
static int is_due(const Walk *w, const Lane *lane)
{
    if (w->version != 10)
        return w->number == lane->next &&
               !(w->boot && lane->boot && w->boot - lane->boot > BOOT_TOLERANCE);
    return w->number - (lane->ends ? (uint32_t)w->counts[RECORDS] : 0) == lane->next;
}

static void count(const Walk *w, Lane *lane, Table *t, Told *told)
{
    uint32_t records = (uint32_t)w->counts[RECORDS], units = w->version == 9 ? 1 : records;
    if (lane->call != t->call) {
        lane->call = t->call;
        lane->units = lane->messages = 0;
        told->touched[told->lanes_touched++] = (int32_t)(lane - t->lanes);
    }
    lane->touched = ++t->moment;
    lane->last[lane->messages++ % REMEMBERED] = (Numbered){w->number, records};
    lane->units += units;
    lane->next += units;
    lane->boot = w->boot ? w->boot : lane->boot;
    told->counts[TAKEN_BYTES] += w->end;
    told->counts[w->version == 5 ? TAKEN5 : w->version == 9 ? TAKEN9 : TAKEN10]++;
    told->counts[TAKEN_RECORDS] += records;
    told->counts[TAKEN_FLOWS] += w->flows;
    for (int i = 0; i < COUNTS; i++)
        told->counts[TAKEN + i] += w->counts[i];
}

/* Takes one message; 0 where it is not plain, and then nothing has changed. */
static int take(const uint8_t *data, int64_t size, const uint8_t *key, int64_t now, Table *t,
                Record *out, Told *told)
{
    Walk w;
    if (!open_message(&w, data, size))
        return 0;
    Lane *lane = lane_of(t, key, w.version, w.domain);
    if (!lane)
        return 0;
    uint32_t sampling = w.version == 5 ? (uint32_t)number2(data + 22) & 0x3FFF : lane->sampling;
    Context c = {w.exported, w.boot ? w.boot : lane->told_boot, now, lane->exporter, w.domain,
                 sampling, lane->sampler_number};
    if (w.version == 5) {
        if (!walk_set(&w, lane, lane->known[0].plan, &c, data + 24, size - 24, out))
            return 0;
    } else if (!walk_sets(&w, lane, &c, now, out)) {
        return 0;
    }
    uint64_t mark = mark_of(data, size);
    if (!w.counts[RECORDS] || !is_due(&w, lane) || is_marked(lane->marks, mark))
        return 0;
    keep_mark(lane->marks, mark);
    lane->sampling = sampling;
    count(&w, lane, t, told);
    return 1;
}

/* Takes the messages from one to another, up to the first that is not plain or has no room;
 * where it stopped. `out` has room for `room` records. */
int64_t read_messages(Table *t, const Arrived *a, int64_t from, int64_t to, int64_t now,
                      Record *out, int64_t room, Told *told)
{
    memset(told->counts, 0, sizeof told->counts);
    told->lanes_touched = 0;
    t->call++;
    for (; from < to; from++) {
        int64_t flows = told->counts[TAKEN_FLOWS];
        if (room - flows < 2 * MOST_RECORDS ||
            !take(a->data + a->places[from], a->lengths[from], a->keys + KEY * from, now, t,
                  out + flows, told))
            break;
    }
    return from;
}
