/* JSON as Hubble's exporter writes it, one step at a time.
 *
 * A step takes where it begins and gives where it ended, or NULL where it will not decide: whatever
 * is unusual (bytes beyond ASCII, exponents, deep nesting, what is no JSON) is left to Python, which
 * decides alone what is right. So a step that succeeds has seen plain, valid JSON. A text ends with a
 * line feed, which no step passes; only strings look ahead, and not beyond `end`.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef const uint8_t *Place;
typedef struct { Place at; int32_t length; } Span;

enum { DEEPEST = 16 };

static Place after_space(Place p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

/* Where a string has something else than plain characters: its closing quote, or what is unusual. */
static Place plain_end(Place p, Place end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    while (end - p >= 16) {
        __m128i some = _mm_loadu_si128((const __m128i *)p);
        /* Compared as signed numbers, bytes beyond ASCII are below a space too. */
        __m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(some, quote),
                                                _mm_cmpeq_epi8(some, slash)),
                                   _mm_cmplt_epi8(some, space));
        int found = _mm_movemask_epi8(odd);
        if (found)
            return p + __builtin_ctz((unsigned)found);
        p += 16;
    }
#endif
    while (*p != '"' && *p != '\\' && *p >= ' ' && *p < 0x80)
        p++;
    return p;
}

/* A string without escapes; `found` is what is between its quotes. */
static Place string(Place p, Place end, Span *found)
{
    if (*p != '"')
        return NULL;
    Place closing = plain_end(++p, end);
    *found = (Span){p, (int32_t)(closing - p)};
    return *closing == '"' ? closing + 1 : NULL;
}

/* An escape of one character, or of one below U+0080. */
static Place after_escape(Place p)
{
    if (p[1] != 'u')
        return p[1] && strchr("\"\\/bfnrt", p[1]) ? p + 2 : NULL;
    if (p[2] != '0' || p[3] != '0' || p[4] < '0' || p[4] > '7')
        return NULL;
    return p[5] && strchr("0123456789abcdefABCDEF", p[5]) ? p + 6 : NULL;
}

static Place skip_string(Place p, Place end)
{
    p = plain_end(p + 1, end);
    while (*p == '\\') {
        p = after_escape(p);
        if (!p)
            return NULL;
        p = plain_end(p, end);
    }
    return *p == '"' ? p + 1 : NULL;
}

static Place skip_digits(Place p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

static Place skip_number(Place p)
{
    p += *p == '-';
    Place digits = p;
    p = *p == '0' ? p + 1 : skip_digits(p);
    if (p == digits)
        return NULL;
    if (*p != '.')
        return p;
    digits = ++p;
    p = skip_digits(p);
    return p == digits ? NULL : p;
}

static Place word(Place p, const char *text)
{
    for (; *text; p++, text++)
        if (*p != (uint8_t)*text)
            return NULL;
    return p;
}

/* A whole number that is not negative and has at most ten digits. */
static Place whole(Place p, int64_t *number)
{
    Place digits = p;
    *number = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (p - digits == 10)
            return NULL;
        *number = *number * 10 + (*p - '0');
    }
    return p == digits || (*digits == '0' && p != digits + 1) ? NULL : p;
}

static Place truth(Place p, int8_t *found)
{
    *found = *p == 't';
    return word(p, *found ? "true" : "false");
}

/* The next member of an object, from after its brace or a value on: where its value begins.
 *
 * After the last one, `key.at` is NULL and the place is behind the object.
 */
static Place member(Place p, Place end, int first, Span *key)
{
    p = after_space(p);
    if (*p == '}') {
        *key = (Span){NULL, 0};
        return p + 1;
    }
    if (!first) {
        if (*p != ',')
            return NULL;
        p = after_space(p + 1);
    }
    p = string(p, end, key);
    if (!p)
        return NULL;
    p = after_space(p);
    return *p == ':' ? after_space(p + 1) : NULL;
}

static Place skip_value(Place p, Place end, int depth);

static Place skip_object(Place p, Place end, int depth)
{
    Span key;
    p++;
    for (int first = 1;; first = 0) {
        p = member(p, end, first, &key);
        if (!p || !key.at)
            return p;
        p = skip_value(p, end, depth);
        if (!p)
            return NULL;
    }
}

static Place skip_array(Place p, Place end, int depth)
{
    p = after_space(p + 1);
    if (*p == ']')
        return p + 1;
    for (;;) {
        p = skip_value(p, end, depth);
        if (!p)
            return NULL;
        p = after_space(p);
        if (*p == ']')
            return p + 1;
        if (*p != ',')
            return NULL;
        p = after_space(p + 1);
    }
}

static Place skip_value(Place p, Place end, int depth)
{
    switch (*p) {
    case '"': return skip_string(p, end);
    case '{': return depth == DEEPEST ? NULL : skip_object(p, end, depth + 1);
    case '[': return depth == DEEPEST ? NULL : skip_array(p, end, depth + 1);
    case 't': return word(p, "true");
    case 'f': return word(p, "false");
    case 'n': return word(p, "null");
    default: return skip_number(p);
    }
}

static int is(Span span, const char *text, size_t length)
{
    return span.length == (int32_t)length && !memcmp(span.at, text, length);
}

#define IS(span, text) is(span, text, sizeof(text) - 1)
