#!/usr/bin/env bash
# Signing keys and tokens for trying conf/behest.yaml; not for production.
#
#   scripts/make-token.sh keys DIRECTORY                 signing.pem and jwks.json, unless they are there
#   scripts/make-token.sh token DIRECTORY NAME=VALUE…    a token with these claims, good for an hour
#
# `iss` and `aud` are Behest's unless they are given.
set -euo pipefail

fail() {
    printf 'make-token: %s\n' "$*" >&2
    exit 1
}

# Base64 for URLs, without padding (RFC 7515 section 2).
encode() { basenc --base64url -w 0 | tr -d =; }

make_keys() {
    local directory=$1 modulus
    umask 077
    mkdir -p "$directory"
    if [[ ! -s $directory/signing.pem ]]; then
        openssl genrsa -out "$directory/signing.pem" 2048 2>/dev/null
    fi
    modulus=$(openssl rsa -in "$directory/signing.pem" -noout -modulus | cut -d= -f2 |
        basenc --base16 -d | encode)
    printf '{"keys":[{"kty":"RSA","kid":"demo","use":"sig","alg":"RS256","n":"%s","e":"AQAB"}]}\n' \
        "$modulus" >"$directory/jwks.json"
}

make_token() {
    local directory=$1 now claims name value signed
    shift
    [[ -s $directory/signing.pem ]] || fail "$directory/signing.pem is missing: run keys first"
    now=$(date +%s)
    local -A set=([iss]=https://api.behest.app [aud]=behest)
    for pair in "$@"; do
        [[ $pair == *=* ]] || fail "expected NAME=VALUE, not \"$pair\""
        name=${pair%%=*} value=${pair#*=}
        [[ $name$value =~ ^[A-Za-z0-9._:/@-]*$ ]] || fail "\"$pair\" needs escaping"
        set[$name]=$value
    done
    claims="\"iat\":$now,\"nbf\":$now,\"exp\":$((now + 3600))"
    for name in "${!set[@]}"; do claims+=",\"$name\":\"${set[$name]}\""; done
    signed=$(printf '{"alg":"RS256","typ":"JWT","kid":"demo"}' | encode).$(printf '{%s}' "$claims" | encode)
    printf '%s.%s\n' "$signed" \
        "$(printf '%s' "$signed" | openssl dgst -sha256 -sign "$directory/signing.pem" | encode)"
}

[[ $# -ge 2 ]] || fail "usage: make-token.sh keys DIRECTORY | token DIRECTORY NAME=VALUE…"
case $1 in
    keys) make_keys "$2" ;;
    token) make_token "${@:2}" ;;
    *) fail "unknown command \"$1\"" ;;
esac
