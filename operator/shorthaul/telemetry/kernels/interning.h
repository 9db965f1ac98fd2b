/* Numbers for what comes again and again: the same number for the same bytes, in order of coming.
 *
 * All tables have open addressing and are half empty at the most. A row of slots that is all taken
 * by others gives no number, so that nobody's choice of names makes a line expensive.
 */

enum {
    PARTS = 1 << 17, KINDS = 1 << 19, TEXTS = 1 << 16, ARENA = 1 << 24, STORE = 1 << 24,
    LONGEST_PART = 1 << 15, TRIES = 64
};
enum { NO_NUMBER = -1 };

typedef struct { uint64_t hash; int32_t at, length; } Part;
typedef struct { uint64_t hash; int32_t at, length, part, spare; } Text;
typedef struct { int32_t parts[4], row; } Kind;

typedef struct {
    uint64_t seed;
    int64_t parts_used, kinds_used, texts_used, arena_used, store_used, next;
    int32_t *part_slots, *kind_slots, *text_slots;    /* a number and one, 0 where there is none */
    Part *parts;
    Kind *kinds;
    Text *texts;
    uint8_t *arena, *store;
} Tables;

static uint64_t mixed(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(uint64_t seed, Place p, int32_t length)
{
    uint64_t lanes[4] = {seed, ~seed, seed << 1, seed >> 1}, words[4];
    uint64_t hash = mixed(seed, (uint64_t)length);
    for (; length >= 32; p += 32, length -= 32) {
        memcpy(words, p, 32);
        for (int i = 0; i < 4; i++)
            lanes[i] = mixed(lanes[i], words[i]);
    }
    memset(words, 0, sizeof words);
    memcpy(words, p, (size_t)length);
    for (int i = 0; i < 4; i++)
        hash = mixed(hash, mixed(lanes[i], words[i]));
    return mixed(hash, seed);
}

/* Whether any line may be read: it has at most two flows of four ends before it is given up. */
static int has_room(const Tables *tables)
{
    return tables->parts_used + 8 <= PARTS && tables->kinds_used < KINDS
        && tables->arena_used + 8 * LONGEST_PART <= ARENA;
}

/* The number of some bytes that were put behind what the arena holds. */
static int32_t part_number(Tables *tables, int32_t length)
{
    Place fresh = tables->arena + tables->arena_used;
    uint64_t hash = hash_of(tables->seed, fresh, length);
    for (uint64_t at = hash, tries = 0; tries < TRIES; at++, tries++) {
        int32_t *slot = tables->part_slots + (at & (2 * PARTS - 1));
        if (!*slot) {
            int32_t number = (int32_t)tables->parts_used++;
            tables->parts[number] = (Part){hash, (int32_t)tables->arena_used, length};
            tables->arena_used += length;
            *slot = number + 1;
            return number;
        }
        const Part *known = tables->parts + *slot - 1;
        if (known->hash == hash && known->length == length
            && !memcmp(tables->arena + known->at, fresh, (size_t)length))
            return *slot - 1;
    }
    return NO_NUMBER;
}

static int32_t kind_number(Tables *tables, const int32_t parts[4], int32_t row)
{
    uint64_t words[2];
    memcpy(words, parts, sizeof words);
    uint64_t hash = mixed(mixed(mixed(tables->seed, words[0]), words[1]), tables->seed);
    for (uint64_t at = hash, tries = 0; tries < TRIES; at++, tries++) {
        int32_t *slot = tables->kind_slots + (at & (2 * KINDS - 1));
        if (!*slot) {
            int32_t number = (int32_t)tables->kinds_used++;
            memcpy(tables->kinds[number].parts, parts, sizeof tables->kinds[number].parts);
            tables->kinds[number].row = row;
            *slot = number + 1;
            return number;
        }
        if (!memcmp(tables->kinds[*slot - 1].parts, parts, sizeof tables->kinds[0].parts))
            return *slot - 1;
    }
    return NO_NUMBER;
}

/* The part that a whole text stood for before, or NO_NUMBER. */
static int32_t part_of_text(const Tables *tables, Span text, uint64_t hash)
{
    for (uint64_t at = hash, tries = 0; tries < TRIES; at++, tries++) {
        int32_t slot = tables->text_slots[at & (2 * TEXTS - 1)];
        if (!slot)
            return NO_NUMBER;
        const Text *known = tables->texts + slot - 1;
        if (known->hash == hash && known->length == text.length
            && !memcmp(tables->store + known->at, text.at, (size_t)text.length))
            return known->part;
    }
    return NO_NUMBER;
}

/* Keeps what a text stands for; where there is no room for it, it is read again each time. */
static void keep_text(Tables *tables, Span text, int32_t part)
{
    if (tables->texts_used == TEXTS || text.length > STORE - tables->store_used)
        return;
    uint64_t hash = hash_of(tables->seed, text.at, text.length);
    for (uint64_t at = hash, tries = 0; tries < TRIES; at++, tries++) {
        int32_t *slot = tables->text_slots + (at & (2 * TEXTS - 1));
        if (*slot)
            continue;
        int32_t place = (int32_t)tables->store_used, number = (int32_t)tables->texts_used++;
        memcpy(tables->store + place, text.at, (size_t)text.length);
        tables->texts[number] = (Text){hash, place, text.length, part, 0};
        tables->store_used += text.length;
        *slot = number + 1;
        return;
    }
}
