#include "Walker.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gatehouse {

namespace {

bool is_hex(uint8_t digit) {
    const uint8_t lower = digit | 0x20;
    return (digit >= '0' && digit <= '9') || (lower >= 'a' && lower <= 'f');
}

/// The first backslash at or behind `next`, `end` if there is none.
const uint8_t *backslash(const uint8_t *next, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8('\\');
    while (end - next >= 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(next));
        const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted));
        if (hits != 0) return next + __builtin_ctz(hits);
        next += 16;
    }
#endif
    while (next < end && *next != '\\') next++;
    return next;
}

}  // namespace

bool escapes_are_valid(const uint8_t *text, size_t length) {
    const uint8_t *const end = text + length;
    for (const uint8_t *next = backslash(text, end); next < end; next = backslash(next, end)) {
        if (end - next < 2) return false;
        switch (next[1]) {
            case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
                next += 2;
                break;
            case 'u':
                if (end - next < 6) return false;
                for (int digit = 2; digit < 6; digit++) {
                    if (!is_hex(next[digit])) return false;
                }
                next += 6;
                break;
            default: return false;
        }
    }
    return true;
}

}  // namespace gatehouse
