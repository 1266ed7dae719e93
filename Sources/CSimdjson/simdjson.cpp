#include "Items.hpp"
#include "Walker.hpp"

#include <memory>
#include <new>
#include <simdjson.h>

namespace {

using Stage = simdjson::internal::dom_parser_implementation;

/// Documents up to here share one allocation.
constexpr size_t smallest_capacity = 16 * 1024;

gh_json_verdict verdict_of(simdjson::error_code error) {
    switch (error) {
        case simdjson::SUCCESS: return GH_JSON_VALID;
        case simdjson::MEMALLOC:
        case simdjson::CAPACITY: return GH_JSON_OUT_OF_MEMORY;
        default: return GH_JSON_INVALID;
    }
}

}  // namespace

/// The first stage of the best implementation for this processor. Its second stage, and the tape
/// and string memory that needs, are never used, so what it owns is four bytes per byte of the
/// largest document, of which it touches four per token.
struct gh_json_parser {
    std::unique_ptr<Stage> stage;

    simdjson::error_code reserve(size_t length) {
        if (stage != nullptr && stage->capacity() >= length) return simdjson::SUCCESS;
        size_t capacity = smallest_capacity;
        while (capacity < length) capacity *= 2;
        if (stage != nullptr) return stage->set_capacity(capacity);
        return simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, 1, stage);
    }

    gh_json_verdict probe(const uint8_t *text, size_t length, gh_json_summary &summary) {
        simdjson::error_code error = reserve(length);
        if (!error) error = stage->stage1(text, length, simdjson::stage1_mode::regular);
        if (error) return verdict_of(error);
        if (!gatehouse::escapes_are_valid(text, length)) return GH_JSON_INVALID;
        gatehouse::Walker walker(
            text, uint32_t(length), stage->structural_indexes.get(), stage->n_structural_indexes,
            summary);
        return walker.run();
    }

    void release(size_t kept) {
        if (stage != nullptr && stage->capacity() > kept) stage.reset();
    }

    gatehouse::Items items(const uint8_t *text) const {
        return gatehouse::Items(
            text, stage->structural_indexes.get(), stage->n_structural_indexes);
    }
};

gh_json_parser *gh_json_create(void) { return new (std::nothrow) gh_json_parser(); }

void gh_json_destroy(gh_json_parser *parser) { delete parser; }

gh_json_verdict gh_json_probe(
    gh_json_parser *parser, const uint8_t *text, size_t length, size_t kept,
    gh_json_summary *summary
) {
    *summary = gh_json_summary{};
    if (length > UINT32_MAX / 2) return GH_JSON_OUT_OF_MEMORY;
    const gh_json_verdict verdict = parser->probe(text, length, *summary);
    parser->release(kept);
    return verdict;
}

gh_json_verdict gh_json_open(
    gh_json_parser *parser, const uint8_t *text, size_t length, gh_json_item *root
) {
    *root = gh_json_item{};
    gh_json_summary summary = {};
    if (length > UINT32_MAX / 2) return GH_JSON_OUT_OF_MEMORY;
    const gh_json_verdict verdict = parser->probe(text, length, summary);
    if (verdict == GH_JSON_VALID) *root = parser->items(text).root();
    return verdict;
}

int gh_json_first(
    const gh_json_parser *parser, const uint8_t *text, const gh_json_item *container,
    gh_json_item *item
) {
    return parser->items(text).first(*container, *item);
}

int gh_json_next(const gh_json_parser *parser, const uint8_t *text, gh_json_item *item) {
    return parser->items(text).next(*item);
}

void gh_json_close(gh_json_parser *parser, size_t kept) { parser->release(kept); }
