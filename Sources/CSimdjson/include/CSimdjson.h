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
    /// Member of `stream_options`, where that is an object.
    gh_json_value include_usage;
} gh_json_summary;

gh_json_parser *gh_json_create(void);
void gh_json_destroy(gh_json_parser *parser);
/// Reads no byte outside of `text`. The summary is complete only for GH_JSON_VALID. Memory for
/// documents beyond `kept` bytes is given back before it returns.
gh_json_verdict gh_json_probe(
    gh_json_parser *parser, const uint8_t *text, size_t length, size_t kept,
    gh_json_summary *summary);

#ifdef __cplusplus
}
#endif
