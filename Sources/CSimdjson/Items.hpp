#pragma once
#include "include/CSimdjson.h"

namespace gatehouse {

/// A way through a document that `Walker` has found valid: from container to container, item by
/// item. Nothing is built, so a document costs no more memory than its tokens, however many items
/// it has.
class Items {
public:
    Items(const uint8_t *text, const uint32_t *positions, uint32_t count)
        : text(text), positions(positions), count(count) {}

    gh_json_item root() const { return item(0, false); }
    bool first(const gh_json_item &container, gh_json_item &child) const;
    bool next(gh_json_item &child) const;

private:
    gh_json_item item(uint32_t token, bool is_member) const;
    gh_json_value scalar(uint32_t token) const;
    uint32_t closing(uint32_t token) const;

    /// The first byte of a token; 0 behind the last.
    uint8_t byte(uint32_t token) const { return token < count ? text[positions[token]] : 0; }

    const uint8_t *const text;
    const uint32_t *const positions;
    const uint32_t count;
};

}  // namespace gatehouse
