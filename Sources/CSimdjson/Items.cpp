#include "Items.hpp"

namespace gatehouse {

namespace {

gh_json_type type_of(uint8_t byte) {
    switch (byte) {
        case '{': return GH_JSON_OBJECT;
        case '[': return GH_JSON_ARRAY;
        case '"': return GH_JSON_STRING;
        case 't': return GH_JSON_TRUE;
        case 'f': return GH_JSON_FALSE;
        case 'n': return GH_JSON_NULL;
        default: return GH_JSON_NUMBER;
    }
}

}  // namespace

bool Items::first(const gh_json_item &container, gh_json_item &child) const {
    const gh_json_type type = container.value.type;
    if (type != GH_JSON_OBJECT && type != GH_JSON_ARRAY) return false;
    const uint8_t byte = this->byte(container.token + 1);
    if (byte == '}' || byte == ']' || byte == 0) return false;
    child = item(container.token + 1, type == GH_JSON_OBJECT);
    return true;
}

bool Items::next(gh_json_item &child) const {
    if (byte(child.behind) != ',') return false;
    child = item(child.behind + 1, child.name.type != GH_JSON_ABSENT);
    return true;
}

gh_json_item Items::item(uint32_t token, bool is_member) const {
    gh_json_item item = {};
    if (is_member) {
        item.name = scalar(token);
        token += 2;
    }
    if (token >= count) return item;
    item.token = token;
    item.value.type = type_of(byte(token));
    if (item.value.type == GH_JSON_OBJECT || item.value.type == GH_JSON_ARRAY) {
        const uint32_t last = closing(token);
        item.value.start = positions[token];
        item.value.end = positions[last] + 1;
        item.behind = last + 1;
    } else {
        item.value = scalar(token);
        item.behind = token + 1;
    }
    return item;
}

/// Between a scalar and the next token stands nothing but white space.
gh_json_value Items::scalar(uint32_t token) const {
    if (token >= count) return {};
    const uint32_t start = positions[token];
    uint32_t end = positions[token + 1];
    while (end > start + 1 && text[end - 1] <= ' ') end--;
    return {type_of(text[start]), start, end};
}

/// The token that ends the container which `token` begins.
uint32_t Items::closing(uint32_t token) const {
    uint32_t depth = 0;
    for (; token + 1 < count; token++) {
        const uint8_t byte = text[positions[token]];
        if (byte == '{' || byte == '[') depth++;
        if ((byte == '}' || byte == ']') && --depth == 0) break;
    }
    return token;
}

}  // namespace gatehouse
