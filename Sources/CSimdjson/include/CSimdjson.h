#pragma once
// A check of whole JSON documents that also finds the few members a gateway decides by. Plain C, so
// that C++ stays out of everything that imports it.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Memory that is reused from document to document. One thread at a time.
typedef struct gh_json_parser gh_json_parser;

typedef enum {
    GH_JSON_VALID,
    /// Not JSON (RFC 8259), or not UTF-8.
    GH_JSON_INVALID,
    GH_JSON_TOO_DEEP,
    /// One of the members looked for occurs twice.
    GH_JSON_DUPLICATE,
    GH_JSON_OUT_OF_MEMORY
} gh_json_verdict;

typedef enum {
    GH_JSON_ABSENT,
    GH_JSON_OBJECT,
    GH_JSON_ARRAY,
    GH_JSON_STRING,
    GH_JSON_NUMBER,
    GH_JSON_TRUE,
    GH_JSON_FALSE,
    GH_JSON_NULL
} gh_json_type;

/// A value and where it stands: `start` at its first byte, `end` behind its last; a string's quotes
/// count.
typedef struct {
    gh_json_type type;
    uint32_t start;
    uint32_t end;
} gh_json_value;

typedef struct {
    gh_json_value root;
    /// Members of the root object.
    gh_json_value model;
    gh_json_value stream;
    gh_json_value stream_options;
    /// The three names for how long an answer may become, and how many answers are asked for.
    gh_json_value max_tokens;
    gh_json_value max_completion_tokens;
    gh_json_value max_output_tokens;
    gh_json_value n;
    /// Member of `stream_options`, where that is an object.
    gh_json_value include_usage;
} gh_json_summary;

/// A value on a way through a document, with its name where it is a member of an object.
typedef struct {
    gh_json_value value;
    /// With its quotes; absent for an element of an array and for the root.
    gh_json_value name;
    /// Where it begins and what comes behind it, counted in tokens.
    uint32_t token;
    uint32_t behind;
} gh_json_item;

gh_json_parser *gh_json_create(void);
void gh_json_destroy(gh_json_parser *parser);
/// Reads no byte outside of `text`. The summary is complete only for GH_JSON_VALID. Memory for
/// documents beyond `kept` bytes is given back before it returns.
gh_json_verdict gh_json_probe(
    gh_json_parser *parser, const uint8_t *text, size_t length, size_t kept,
    gh_json_summary *summary);

/// Checks a document as gh_json_probe does and keeps its tokens, for the two functions below, until
/// the next call of either or gh_json_close.
gh_json_verdict gh_json_open(
    gh_json_parser *parser, const uint8_t *text, size_t length, gh_json_item *root);
/// The first item of a container; 0 if there is none. `text` is the one that was opened.
int gh_json_first(
    const gh_json_parser *parser, const uint8_t *text, const gh_json_item *container,
    gh_json_item *item);
/// Moves to the next item of the same container; 0 if there is none.
int gh_json_next(const gh_json_parser *parser, const uint8_t *text, gh_json_item *item);
/// Gives memory for documents beyond `kept` bytes back.
void gh_json_close(gh_json_parser *parser, size_t kept);

#ifdef __cplusplus
}
#endif
