#!/usr/bin/env bash
# Development certificates: scripts/make-certificates.sh DIRECTORY
#
#   ca.pem, ca.key                 an authority of our own, 10 years
#   localhost.pem, localhost.key   for localhost, 127.0.0.1, ::1; 825 days (Apple's limit)
#   bundle.pem                     the system's authorities and ours, in one file
#
# Run it as often as you like, also at the same time: what is good for another 7 days stays, the
# rest is made anew and moved into place whole. Keys are readable by their owner only. Never for
# production.
set -euo pipefail

if [[ $# -ne 1 ]]; then
    echo "usage: $0 DIRECTORY" >&2
    exit 2
fi
directory=$1
renewal_seconds=$((7 * 24 * 3600))
system_roots=/etc/ssl/certs/ca-certificates.crt

mkdir -p "$directory"
umask 077
# One run at a time; the next one finds everything done.
exec 9>"$directory/.lock"
flock 9
work=$(mktemp -d "$directory/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

is_current() {
    [[ -s $1 && -s $2 ]] \
        && openssl x509 -in "$1" -noout -checkend "$renewal_seconds" >/dev/null 2>&1 \
        && [[ $(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) == \
              "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]]
}

# The key is moved first and the lock keeps other runs out; certificates may be read by anyone.
install_pair() {
    chmod 0600 "$work/$1.key"
    chmod 0644 "$work/$1.pem"
    mv -f "$work/$1.key" "$directory/$1.key"
    mv -f "$work/$1.pem" "$directory/$1.pem"
}

make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
        -keyout "$work/ca.key" -out "$work/ca.pem" -config /dev/stdin 2>/dev/null <<CONFIG
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
O = Gatehouse development
CN = Gatehouse development authority $(openssl rand -hex 4)
[extensions]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
CONFIG
    install_pair ca
}

make_leaf() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
        -subj "/O=Gatehouse development/CN=localhost" \
        -keyout "$work/localhost.key" -out "$work/localhost.csr" 2>/dev/null
    openssl x509 -req -in "$work/localhost.csr" -sha256 -days 825 \
        -CA "$directory/ca.pem" -CAkey "$directory/ca.key" \
        -set_serial "0x$(openssl rand -hex 15)" -out "$work/localhost.pem" \
        -extfile /dev/stdin 2>/dev/null <<CONFIG
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
CONFIG
    install_pair localhost
}

make_bundle() {
    {
        if [[ -r $system_roots ]]; then cat "$system_roots"; fi
        cat "$directory/ca.pem"
    } >"$work/bundle.pem"
    chmod 0644 "$work/bundle.pem"
    if ! cmp -s "$work/bundle.pem" "$directory/bundle.pem"; then
        mv -f "$work/bundle.pem" "$directory/bundle.pem"
    fi
}

is_current "$directory/ca.pem" "$directory/ca.key" || make_authority
if ! is_current "$directory/localhost.pem" "$directory/localhost.key" \
    || ! openssl verify -CAfile "$directory/ca.pem" "$directory/localhost.pem" >/dev/null 2>&1; then
    make_leaf
fi
make_bundle
chmod 0600 "$directory/ca.key" "$directory/localhost.key"
