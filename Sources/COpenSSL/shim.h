#pragma once
// OpenSSL 3.0, and its function-like macros (and macros made of them) that Swift cannot import.
// As in CKernel, so that both modules see the same libc.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// Why the file cannot be read; NULL when it can.
static inline const char *gh_unreadable(const char *file) {
    return access(file, R_OK) == 0 ? NULL : strerror(errno);
}

// Contexts

static inline void gh_ctx_set_versions(SSL_CTX *ctx, int lowest, int highest) {
    SSL_CTX_set_min_proto_version(ctx, lowest);
    SSL_CTX_set_max_proto_version(ctx, highest);
}

/// Our BIO takes every byte, so one SSL_write makes all its records with one record buffer (with
/// ENABLE_PARTIAL_WRITE it would be allocated anew for each of them); SSL_read returns after each
/// record that holds no data (no AUTO_RETRY), so that such records can be counted.
static inline void gh_ctx_set_modes(SSL_CTX *ctx) {
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
}

static inline void gh_ctx_set_options(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                 | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static inline int gh_ctx_set_groups(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, list);
}

static inline void gh_ctx_set_cache_off(SSL_CTX *ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static inline void gh_ctx_set_cache_client(SSL_CTX *ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

static inline void gh_ctx_set_max_cert_list(SSL_CTX *ctx, long bytes) {
    SSL_CTX_set_max_cert_list(ctx, bytes);
}

static inline void gh_ctx_set_app_data(SSL_CTX *ctx, void *data) {
    SSL_CTX_set_app_data(ctx, data);
}

static inline void *gh_ctx_get_app_data(const SSL_CTX *ctx) { return SSL_CTX_get_app_data(ctx); }

static inline void gh_ctx_set_servername_callback(SSL_CTX *ctx,
                                                  int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(ctx, callback);
}

static inline int gh_ctx_chain_count(SSL_CTX *ctx) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    return chain == NULL ? 0 : sk_X509_num(chain);
}

static inline X509 *gh_ctx_chain_at(SSL_CTX *ctx, int index) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    return chain == NULL ? NULL : sk_X509_value(chain, index);
}

/// Never ask a terminal for the pass phrase of an encrypted key: that would hang the start.
static inline int gh_no_passphrase(char *buffer, int size, int isWriting, void *data) {
    (void)buffer, (void)size, (void)isWriting, (void)data;
    return -1;
}

static inline void gh_ctx_refuse_passphrases(SSL_CTX *ctx) {
    SSL_CTX_set_default_passwd_cb(ctx, gh_no_passphrase);
}

/// Client certificates are checked against this file's authorities, which are also named to the
/// client.
static inline int gh_ctx_set_client_authorities(SSL_CTX *ctx, const char *file) {
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);
    if (names == NULL) return 0;
    SSL_CTX_set_client_CA_list(ctx, names);
    return SSL_CTX_load_verify_file(ctx, file);
}

// Certificates

typedef void gh_name_found(void *state, const unsigned char *name, int length);

/// The DNS names of the certificate, one after the other: calls `found` with each.
static inline void gh_x509_each_dns_name(X509 *certificate, void *state, gh_name_found *found) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (names == NULL) return;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        int kind = 0;
        void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &kind);
        if (kind != GEN_DNS) continue;
        found(state, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
    }
    GENERAL_NAMES_free(names);
}

/// Writes "YYYY-MM-DD HH:MM:SS GMT"; returns the length, 0 when the time cannot be read.
static inline int gh_asn1_time_text(const ASN1_TIME *time, char *text, size_t size) {
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return (int)strftime(text, size, "%Y-%m-%d %H:%M:%S GMT", &parts);
}

/// Seconds since 1970; −1 when the time cannot be read.
static inline int64_t gh_asn1_time_seconds(const ASN1_TIME *time) {
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : -1;
}

// Connections

static inline int gh_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void gh_bio_set_retry_read(BIO *bio) {
    BIO_clear_retry_flags(bio);
    BIO_set_retry_read(bio);
}

static inline void gh_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

/// The subject of a certificate as RFC 2253 writes it.
static inline int gh_x509_print_subject(BIO *bio, const X509 *certificate) {
    return X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
}

// Keys: a parameter points at its name, which only a literal of C outlives for certain.

/// The public key of that type and these parameters, if libcrypto finds it sound: a point on its
/// curve, a modulus that can be a product of primes.
static inline EVP_PKEY *gh_pkey_sound(const char *type, OSSL_PARAM *parameters) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1
        || EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(maker);
    EVP_PKEY_CTX *checker = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (checker == NULL || EVP_PKEY_public_check(checker) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(checker);
    return key;
}

/// Both numbers little-endian.
static inline EVP_PKEY *gh_pkey_rsa(unsigned char *modulus, size_t modulus_size,
                                    unsigned char *exponent, size_t exponent_size) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, modulus_size),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, exponent_size),
        OSSL_PARAM_construct_end(),
    };
    return gh_pkey_sound("RSA", parameters);
}

/// A point of P-256 or P-384, uncompressed.
static inline EVP_PKEY *gh_pkey_point(int is_p256, unsigned char *point, size_t size) {
    char p256[] = "P-256", p384[] = "P-384";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, is_p256 ? p256 : p384, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, size),
        OSSL_PARAM_construct_end(),
    };
    return gh_pkey_sound("EC", parameters);
}

/// Keys HMAC-SHA-256.
static inline int gh_hmac_start(EVP_MAC_CTX *context, const unsigned char *secret, size_t size) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(context, secret, size, parameters) == 1;
}

// Session tickets

/// Keys the two contexts of one session ticket: AES-256-CBC, then HMAC-SHA-256 over the result.
static inline int gh_ticket_keys(EVP_CIPHER_CTX *cipherContext, EVP_MAC_CTX *macContext,
                                 const EVP_CIPHER *cipher, const unsigned char *cipherKey,
                                 const unsigned char *macKey, const unsigned char *iv,
                                 int isEncrypting) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[2];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    return EVP_CipherInit_ex(cipherContext, cipher, NULL, cipherKey, iv, isEncrypting) == 1
        && EVP_MAC_init(macContext, macKey, 32, parameters) == 1;
}
