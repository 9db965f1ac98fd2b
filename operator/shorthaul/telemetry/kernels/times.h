/* RFC 3339 times in UTC, as Go writes them, to nanoseconds; anything else is left to Python. */

enum { FIRST_YEAR = 2000, LAST_YEAR = 2099 };

static int pair(Place p)
{
    int tens = p[0] - '0', ones = p[1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : 10 * tens + ones;
}

static int days_of(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year % 4 == 0);  /* 2000 is a leap year too */
}

/* Seconds since 1970 of `2026-03-26T02:35:29`, or -1. */
static int64_t seconds_of(Place p)
{
    int century = pair(p), rest = pair(p + 2), month = pair(p + 5), day = pair(p + 8);
    int hour = pair(p + 11), minute = pair(p + 14), second = pair(p + 17);
    int year = 100 * century + rest;
    if (century < 0 || rest < 0 || year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12)
        return -1;
    if (p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':')
        return -1;
    if (day < 1 || day > days_of(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return -1;
    if (second < 0 || second > 59)
        return -1;
    int64_t days = 10957 + 365 * (int64_t)(year - 2000) + (year - 2000 + 3) / 4 + day - 1;
    for (int before = 1; before < month; before++)
        days += days_of(year, before);
    return 86400 * days + 3600 * hour + 60 * minute + second;
}

/* Nanoseconds since 1970, or -1. */
static int64_t nanoseconds_of(Span text)
{
    Place p = text.at + 19, last = text.at + text.length - 1;
    if (text.length < 20 || text.length > 30 || *last != 'Z')
        return -1;
    int64_t seconds = seconds_of(text.at), fraction = 0;
    int digits = 0;
    if (p != last) {
        if (*p++ != '.' || p == last)
            return -1;
        for (; p < last; p++, digits++) {
            if (*p < '0' || *p > '9')
                return -1;
            fraction = 10 * fraction + (*p - '0');
        }
    }
    for (; digits < 9; digits++)
        fraction *= 10;
    return seconds < 0 ? -1 : seconds * 1000000000 + fraction;
}
