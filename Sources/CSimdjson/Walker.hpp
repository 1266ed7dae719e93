#pragma once
#include "include/CSimdjson.h"

#include <cstring>

namespace gatehouse {

/// Checks the grammar over the positions simdjson's first stage found.
///
/// That stage has made sure of UTF-8, of closed strings and of no control character within them,
/// and gives the position of every bracket, colon, comma, opening quote and first byte of anything
/// else outside of strings. Behind a closing quote nothing but white space stands before the next
/// position. `positions` has one more entry than `count`: the length of the text.
///
/// What is left is here: the order of tokens, literals, numbers, and, apart, escapes. simdjson's
/// own second stages are not used: the DOM unescapes everything, for which it refuses lone
/// surrogates and takes twelve times the document's memory; On-Demand does not look at what it
/// skips.
class Walker {
public:
    static constexpr uint32_t max_depth = 1024;

    Walker(const uint8_t *text, uint32_t length, const uint32_t *positions, uint32_t count,
           gh_json_summary &found)
        : text(text), length(length), positions(positions), count(count), found(found) {}

    gh_json_verdict run();

private:
    bool open(bool is_array);
    void close();
    bool value();
    bool key();
    bool scalar(uint32_t start);
    bool literal(uint32_t start, const char *word, uint32_t size) const;
    uint32_t number_end(uint32_t start) const;
    uint32_t digits_end(uint32_t place) const;
    uint32_t string_end(uint32_t start) const;
    bool ends_token(uint32_t place) const;
    gh_json_value *wanted(const uint8_t *name, size_t size);

    bool fail(gh_json_verdict reason) {
        verdict = reason;
        return false;
    }
    /// The byte at the next position; 0, which begins no token, behind the last.
    uint8_t peek() const { return at < count ? text[positions[at]] : 0; }
    bool in_array() const { return arrays[depth >> 6] >> (depth & 63) & 1; }
    void note(gh_json_type type, uint32_t start, uint32_t end) {
        if (target != nullptr) {
            *target = {type, start, end};
            target = nullptr;
        }
    }

    const uint8_t *const text;
    const uint32_t length;
    const uint32_t *const positions;
    const uint32_t count;
    gh_json_summary &found;

    uint32_t at = 0;
    uint32_t depth = 0;
    /// One bit per depth.
    uint64_t arrays[max_depth / 64 + 1] = {};
    /// Where the next value is to be noted.
    gh_json_value *target = nullptr;
    /// Whether the object at depth 2 is the root's `stream_options`.
    bool in_options = false;
    gh_json_verdict verdict = GH_JSON_VALID;
};

/// Whether every backslash begins an escape of RFC 8259 section 7. Where backslashes stand outside
/// of strings the walk refuses them, so this needs no idea of strings. Lone surrogates pass.
bool escapes_are_valid(const uint8_t *text, size_t length);

}  // namespace gatehouse
