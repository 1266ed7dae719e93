#include "Walker.hpp"

namespace gatehouse {

namespace {

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

int hex_value(uint8_t digit) {
    if (is_digit(digit)) return digit - '0';
    const uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Whether the inside of a string spells the ASCII `name`, however it is escaped. Escapes are
/// valid.
bool spells(const uint8_t *inside, size_t size, const char *name) {
    const uint8_t *const end = inside + size;
    for (; *name != 0; name++) {
        if (inside == end) return false;
        if (*inside != '\\') {
            if (*inside++ != static_cast<uint8_t>(*name)) return false;
            continue;
        }
        if (inside[1] != 'u') return false;
        int unit = 0;
        for (int digit = 2; digit < 6; digit++) unit = unit << 4 | hex_value(inside[digit]);
        if (unit != *name) return false;
        inside += 6;
    }
    return inside == end;
}

}  // namespace

gh_json_verdict Walker::run() {
    if (!value()) return verdict;
    while (depth > 0) {
        const uint8_t byte = peek();
        at++;
        if (byte == ',') {
            if (!in_array() && !key()) return verdict;
            if (!value()) return verdict;
        } else if (byte == (in_array() ? ']' : '}')) {
            close();
        } else {
            return GH_JSON_INVALID;
        }
    }
    return at == count ? GH_JSON_VALID : GH_JSON_INVALID;
}

/// One value, or the opening brackets of one up to its first scalar or empty container.
bool Walker::value() {
    for (;;) {
        const uint8_t byte = peek();
        if (byte == '{') {
            if (!open(false)) return false;
            if (peek() == '}') {
                at++;
                close();
                return true;
            }
            if (!key()) return false;
        } else if (byte == '[') {
            if (!open(true)) return false;
            if (peek() == ']') {
                at++;
                close();
                return true;
            }
        } else {
            if (at >= count) return fail(GH_JSON_INVALID);
            return scalar(positions[at++]);
        }
    }
}

bool Walker::open(bool is_array) {
    if (depth == max_depth) return fail(GH_JSON_TOO_DEEP);
    const uint32_t start = positions[at++];
    if (depth == 0) target = &found.root;
    if (depth == 1) in_options = !is_array && target == &found.stream_options;
    note(is_array ? GH_JSON_ARRAY : GH_JSON_OBJECT, start, 0);
    depth++;
    const uint64_t bit = uint64_t(1) << (depth & 63);
    if (is_array) {
        arrays[depth >> 6] |= bit;
    } else {
        arrays[depth >> 6] &= ~bit;
    }
    return true;
}

/// Called with `at` behind the closing bracket. A value that was begun at this depth and has no end
/// yet is the one that ends here.
void Walker::close() {
    const uint32_t end = positions[at - 1] + 1;
    const auto finish = [end](gh_json_value &value) {
        if (value.type != GH_JSON_ABSENT && value.end == 0) value.end = end;
    };
    depth--;
    if (depth == 0) {
        finish(found.root);
    } else if (depth == 1) {
        finish(found.model);
        finish(found.stream);
        finish(found.stream_options);
        finish(found.max_tokens);
        finish(found.max_completion_tokens);
        finish(found.max_output_tokens);
        finish(found.n);
    } else if (depth == 2 && in_options) {
        finish(found.include_usage);
    }
}

bool Walker::key() {
    if (peek() != '"') return fail(GH_JSON_INVALID);
    const uint32_t start = positions[at++];
    if (peek() != ':') return fail(GH_JSON_INVALID);
    if (depth == 1 || (depth == 2 && in_options)) {
        target = wanted(text + start + 1, string_end(start) - start - 2);
        if (target != nullptr && target->type != GH_JSON_ABSENT) return fail(GH_JSON_DUPLICATE);
    }
    at++;
    return true;
}

/// Where the value of the member `name` is to be noted; null where nobody asks for it.
gh_json_value *Walker::wanted(const uint8_t *name, size_t size) {
    // The longest name with each letter escaped.
    if (size > 21 * 6) return nullptr;
    if (depth == 2) return spells(name, size, "include_usage") ? &found.include_usage : nullptr;
    if (spells(name, size, "model")) return &found.model;
    if (spells(name, size, "stream")) return &found.stream;
    if (spells(name, size, "stream_options")) return &found.stream_options;
    if (spells(name, size, "max_tokens")) return &found.max_tokens;
    if (spells(name, size, "max_completion_tokens")) return &found.max_completion_tokens;
    if (spells(name, size, "max_output_tokens")) return &found.max_output_tokens;
    if (spells(name, size, "n")) return &found.n;
    return nullptr;
}

bool Walker::scalar(uint32_t start) {
    if (depth == 0) target = &found.root;
    gh_json_type type;
    uint32_t end;
    switch (text[start]) {
        case '"':
            if (target != nullptr) note(GH_JSON_STRING, start, string_end(start));
            return true;
        case 't':
            if (!literal(start, "true", 4)) return fail(GH_JSON_INVALID);
            type = GH_JSON_TRUE;
            end = start + 4;
            break;
        case 'f':
            if (!literal(start, "false", 5)) return fail(GH_JSON_INVALID);
            type = GH_JSON_FALSE;
            end = start + 5;
            break;
        case 'n':
            if (!literal(start, "null", 4)) return fail(GH_JSON_INVALID);
            type = GH_JSON_NULL;
            end = start + 4;
            break;
        default:
            end = number_end(start);
            if (end == 0 || !ends_token(end)) return fail(GH_JSON_INVALID);
            type = GH_JSON_NUMBER;
    }
    note(type, start, end);
    return true;
}

bool Walker::literal(uint32_t start, const char *word, uint32_t size) const {
    return length - start >= size && memcmp(text + start, word, size) == 0
        && ends_token(start + size);
}

/// Whether a literal or number may end before `place`. simdjson gives no position for a quote or
/// another letter that follows one directly.
bool Walker::ends_token(uint32_t place) const {
    if (place == length) return true;
    const uint8_t byte = text[place];
    return is_space(byte) || byte == ',' || byte == ']' || byte == '}' || byte == ':' || byte == '['
        || byte == '{';
}

/// Behind the number at `start`; 0 if there is none (RFC 8259 section 6).
uint32_t Walker::number_end(uint32_t start) const {
    uint32_t next = start;
    if (text[next] == '-') next++;
    if (next == length || !is_digit(text[next])) return 0;
    next = text[next] == '0' ? next + 1 : digits_end(next);
    if (next < length && text[next] == '.') {
        const uint32_t first = next + 1;
        next = digits_end(first);
        if (next == first) return 0;
    }
    if (next < length && (text[next] | 0x20) == 'e') {
        next++;
        if (next < length && (text[next] == '+' || text[next] == '-')) next++;
        const uint32_t first = next;
        next = digits_end(first);
        if (next == first) return 0;
    }
    return next;
}

uint32_t Walker::digits_end(uint32_t place) const {
    while (place < length && is_digit(text[place])) place++;
    return place;
}

/// Behind the closing quote of the string at `start`, whose position is the last one passed: only
/// white space stands between the two.
uint32_t Walker::string_end(uint32_t start) const {
    uint32_t end = positions[at];
    while (end > start + 2 && text[end - 1] != '"') end--;
    return end;
}

}  // namespace gatehouse
