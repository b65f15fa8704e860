// SHA256_Init and its like: the states of a prepared key are copied, which EVP makes twice as slow.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Variadic functions and macros that Swift does not import.
static inline EVP_PKEY *chot_new_p256_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

static inline int chot_add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (ext == NULL) return 0;
    int ok = X509_add_ext(cert, ext, -1);
    X509_EXTENSION_free(ext);
    return ok;
}

static inline long chot_bio_bytes(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

// HMAC-SHA-256 (RFC 2104) under a key that is prepared once: two blocks a short message instead of four.
typedef struct {
    SHA256_CTX inner, outer;
} chot_hmac;

static inline void chot_hmac_prepare(chot_hmac *hmac, const unsigned char *key, size_t count) {
    unsigned char block[64] = {0};
    if (count > 64) {
        EVP_Digest(key, count, block, NULL, EVP_sha256(), NULL);
    } else {
        for (size_t i = 0; i < count; i++) block[i] = key[i];
    }
    for (int i = 0; i < 64; i++) block[i] ^= 0x36;
    SHA256_Init(&hmac->inner);
    SHA256_Update(&hmac->inner, block, 64);
    for (int i = 0; i < 64; i++) block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&hmac->outer);
    SHA256_Update(&hmac->outer, block, 64);
    OPENSSL_cleanse(block, sizeof block);
}

// The first eight bytes of the HMAC over one byte and a message, as a big-endian number.
static inline unsigned long long chot_hmac_short(
    const chot_hmac *hmac, unsigned char label, const void *message, size_t count) {
    unsigned char digest[32];
    SHA256_CTX state = hmac->inner;
    SHA256_Update(&state, &label, 1);
    SHA256_Update(&state, message, count);
    SHA256_Final(digest, &state);
    state = hmac->outer;
    SHA256_Update(&state, digest, 32);
    SHA256_Final(digest, &state);
    unsigned long long number = 0;
    for (int i = 0; i < 8; i++) number = number << 8 | digest[i];
    return number;
}

static inline void chot_hmac_forget(chot_hmac *hmac) { OPENSSL_cleanse(hmac, sizeof *hmac); }
