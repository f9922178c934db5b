#include "CSecp256k1.h"

#include <string.h>

/* A store that the compiler may not leave out, although nothing reads it. */
static void wipe(void *memory, size_t count) {
    memset(memory, 0, count);
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}

static int serialize(const secp256k1_context *ctx, uint8_t out33[33], const secp256k1_pubkey *key) {
    size_t count = 33;
    return secp256k1_ec_pubkey_serialize(ctx, out33, &count, key, SECP256K1_EC_COMPRESSED);
}

int pc_public_key(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t secret32[32]) {
    secp256k1_pubkey key;
    return secp256k1_ec_pubkey_create(ctx, &key, secret32) && serialize(ctx, out33, &key);
}

int pc_add_to_public(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t key33[33],
                     const uint8_t tweak32[32]) {
    secp256k1_pubkey key;
    return secp256k1_ec_pubkey_parse(ctx, &key, key33, 33) && secp256k1_ec_pubkey_tweak_add(ctx, &key, tweak32) &&
           serialize(ctx, out33, &key);
}

int pc_add_secret(const secp256k1_context *ctx, uint8_t tweak32[32], const uint8_t secret32[32]) {
    uint8_t sum[32];
    memcpy(sum, secret32, sizeof sum);
    const int good = secp256k1_ec_seckey_tweak_add(ctx, sum, tweak32);
    memcpy(tweak32, sum, sizeof sum); /* zero if it failed */
    wipe(sum, sizeof sum);
    return good;
}

int pc_ecdsa_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t digest32[32],
                  const uint8_t secret32[32], const uint8_t *key33) {
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    uint8_t extra[32] = {0};
    uint32_t counter = 0;
    if (key33 ? !secp256k1_ec_pubkey_parse(ctx, &key, key33, 33) : !secp256k1_ec_pubkey_create(ctx, &key, secret32)) {
        return 0;
    }
    do {
        /* The first try takes no extra data; the n-th after it takes n, little-endian. */
        if (!secp256k1_ecdsa_sign(ctx, &signature, digest32, secret32, NULL,
                                  counter ? extra : NULL)) {
            return 0;
        }
        secp256k1_ecdsa_signature_serialize_compact(ctx, sig64, &signature);
        counter++;
        for (int i = 0; i < 4; i++) {
            extra[i] = (uint8_t)(counter >> (8 * i));
        }
    } while (sig64[0] >= 0x80);
    if (!secp256k1_ecdsa_verify(ctx, &signature, digest32, &key)) {
        memset(sig64, 0, 64); /* a signature gone wrong can give the key away */
        return 0;
    }
    return 1;
}

/* Signs with a pair, which it wipes, and verifies. With xonly32 the pair must be of that key. */
static int sign_with_pair(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                          size_t message_count, secp256k1_keypair *pair,
                          secp256k1_schnorrsig_extraparams *extra, const uint8_t *xonly32) {
    static const uint8_t none[1];
    secp256k1_xonly_pubkey key;
    uint8_t found[32];
    const uint8_t *text = message_count ? message : none;
    const int good =
        secp256k1_keypair_xonly_pub(ctx, &key, NULL, pair) &&
        secp256k1_xonly_pubkey_serialize(ctx, found, &key) &&
        (!xonly32 || memcmp(found, xonly32, sizeof found) == 0) &&
        secp256k1_schnorrsig_sign_custom(ctx, sig64, text, message_count, pair, extra) &&
        secp256k1_schnorrsig_verify(ctx, sig64, text, message_count, &key);
    wipe(pair, sizeof *pair);
    if (!good) {
        memset(sig64, 0, 64);
    }
    return good;
}

int pc_sign_with_pair(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                      size_t message_count, secp256k1_keypair *pair, const uint8_t aux32[32],
                      const uint8_t *xonly32) {
    secp256k1_schnorrsig_extraparams extra = SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT;
    extra.ndata = (void *)(uintptr_t)aux32;
    return sign_with_pair(ctx, sig64, message, message_count, pair, &extra, xonly32);
}

int pc_taproot_secret(const secp256k1_context *ctx, uint8_t secret32[32], const uint8_t key33[33],
                      const uint8_t tweak32[32]) {
    /* BIP-341 tweaks the key whose y is even: the secret, or its negative where the y is odd. */
    return (key33[0] != 3 || secp256k1_ec_seckey_negate(ctx, secret32)) &&
           secp256k1_ec_seckey_tweak_add(ctx, secret32, tweak32);
}

int pc_taproot_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t digest32[32],
                    const uint8_t secret32[32], const uint8_t key33[33],
                    const uint8_t tweak32[32], const uint8_t xonly32[32]) {
    static const uint8_t aux32[32];
    secp256k1_keypair pair;
    uint8_t tweaked[32];
    memcpy(tweaked, secret32, sizeof tweaked);
    const int good = (!tweak32 || pc_taproot_secret(ctx, tweaked, key33, tweak32)) &&
                     secp256k1_keypair_create(ctx, &pair, tweaked) &&
                     pc_sign_with_pair(ctx, sig64, digest32, 32, &pair, aux32, xonly32);
    wipe(tweaked, sizeof tweaked);
    return good;
}

int pc_secret_is_valid(const secp256k1_context *ctx, const uint8_t secret32[32]) {
    return secp256k1_ec_seckey_verify(ctx, secret32);
}

int pc_xonly_add(const secp256k1_context *ctx, uint8_t out32[32], int *parity,
                 const uint8_t xonly32[32], const uint8_t tweak32[32]) {
    secp256k1_xonly_pubkey inner, outer;
    secp256k1_pubkey sum;
    return secp256k1_xonly_pubkey_parse(ctx, &inner, xonly32) &&
           secp256k1_xonly_pubkey_tweak_add(ctx, &sum, &inner, tweak32) &&
           secp256k1_xonly_pubkey_from_pubkey(ctx, &outer, parity, &sum) &&
           secp256k1_xonly_pubkey_serialize(ctx, out32, &outer);
}

int pc_sum_public(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t *keys33,
                  const uint8_t *scalars32, size_t count) {
    secp256k1_pubkey parsed[PC_SUM_COUNT_MAX];
    const secp256k1_pubkey *terms[PC_SUM_COUNT_MAX];
    secp256k1_pubkey sum;
    if (count < 1 || count > PC_SUM_COUNT_MAX) {
        return 0;
    }
    for (size_t index = 0; index < count; index++) {
        if (!secp256k1_ec_pubkey_parse(ctx, &parsed[index], keys33 + 33 * index, 33) ||
            !secp256k1_ec_pubkey_tweak_mul(ctx, &parsed[index], scalars32 + 32 * index)) {
            return 0;
        }
        terms[index] = &parsed[index];
    }
    return secp256k1_ec_pubkey_combine(ctx, &sum, terms, count) && serialize(ctx, out33, &sum);
}

/* k0 into nonce32. For ECDSA it is what libsecp256k1-zkp makes; a scheme of its own for BIP-340. */
static int s2c_nonce(const secp256k1_context *ctx, uint8_t opening33[33], uint8_t nonce32[32],
                     const uint8_t secret32[32], const uint8_t digest32[32],
                     const uint8_t commitment32[32], int schnorr) {
    static const uint8_t algorithm[16] = "s2c/schnorr/k0";
    secp256k1_pubkey point;
    return secp256k1_nonce_function_rfc6979(nonce32, digest32, secret32, schnorr ? algorithm : NULL,
                                            (void *)(uintptr_t)commitment32, 0) &&
           secp256k1_ec_pubkey_create(ctx, &point, nonce32) && serialize(ctx, opening33, &point);
}

static int s2c_tweak(const secp256k1_context *ctx, uint8_t tweak32[32],
                     const uint8_t opening33[33], const uint8_t host32[32], int schnorr) {
    const char *tag = schnorr ? "s2c/schnorr/point" : "s2c/ecdsa/point";
    uint8_t text[65];
    memcpy(text, opening33, 33);
    memcpy(text + 33, host32, 32);
    return secp256k1_tagged_sha256(ctx, tweak32, (const uint8_t *)tag, strlen(tag), text, sizeof text);
}

/* The nonce that was made before, once: nothing else is ever tried. */
static int given_nonce(uint8_t *nonce32, const uint8_t *message, const uint8_t *key,
                       const uint8_t *algorithm, void *data, unsigned int attempt) {
    (void)message, (void)key, (void)algorithm;
    memcpy(nonce32, data, 32);
    return attempt == 0;
}

static int given_schnorr_nonce(uint8_t *nonce32, const uint8_t *message, size_t message_count,
                               const uint8_t *key, const uint8_t *xonly, const uint8_t *algorithm,
                               size_t algorithm_count, void *data) {
    (void)message, (void)message_count, (void)key, (void)xonly, (void)algorithm, (void)algorithm_count;
    memcpy(nonce32, data, 32);
    return 1;
}

int pc_s2c_open(const secp256k1_context *ctx, uint8_t opening33[33], uint8_t room64[64],
                const uint8_t digest32[32], const uint8_t commitment32[32], int schnorr) {
    const int good =
        s2c_nonce(ctx, opening33, room64 + 32, room64, digest32, commitment32, schnorr);
    wipe(room64 + 32, 32);
    return good;
}

static int s2c_sign_ecdsa(const secp256k1_context *ctx, uint8_t sig64[64], uint8_t room64[64],
                          const uint8_t digest32[32], const uint8_t key33[33]) {
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    return secp256k1_ec_pubkey_parse(ctx, &key, key33, 33) &&
           secp256k1_ecdsa_sign(ctx, &signature, digest32, room64, given_nonce, room64 + 32) &&
           secp256k1_ecdsa_signature_serialize_compact(ctx, sig64, &signature) &&
           secp256k1_ecdsa_verify(ctx, &signature, digest32, &key);
}

static int s2c_sign_schnorr(const secp256k1_context *ctx, uint8_t sig64[64], uint8_t room64[64],
                            const uint8_t digest32[32], const uint8_t key33[33]) {
    secp256k1_keypair pair;
    secp256k1_schnorrsig_extraparams extra = SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT;
    extra.noncefp = given_schnorr_nonce;
    extra.ndata = room64 + 32;
    return secp256k1_keypair_create(ctx, &pair, room64) &&
           sign_with_pair(ctx, sig64, digest32, 32, &pair, &extra, key33 + 1);
}

int pc_s2c_sign(const secp256k1_context *ctx, uint8_t sig64[64], uint8_t room64[64],
                const uint8_t digest32[32], const uint8_t key33[33],
                const uint8_t commitment32[32], const uint8_t host32[32], int schnorr) {
    uint8_t opening[33], tweak[32];
    const int good =
        s2c_nonce(ctx, opening, room64 + 32, room64, digest32, commitment32, schnorr) &&
        s2c_tweak(ctx, tweak, opening, host32, schnorr) &&
        secp256k1_ec_seckey_tweak_add(ctx, room64 + 32, tweak) &&
        (schnorr ? s2c_sign_schnorr(ctx, sig64, room64, digest32, key33)
                 : s2c_sign_ecdsa(ctx, sig64, room64, digest32, key33)) &&
        pc_s2c_verify(ctx, sig64, opening, host32, schnorr);
    wipe(room64 + 32, 32);
    if (!good) {
        memset(sig64, 0, 64); /* a signature gone wrong can give the key away */
    }
    return good;
}

int pc_s2c_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                  const uint8_t opening33[33], const uint8_t host32[32], int schnorr) {
    uint8_t tweak[32], found[33];
    /* One point in 2^127 has an x over the group order, which ECDSA reduces: it counts as wrong. */
    return s2c_tweak(ctx, tweak, opening33, host32, schnorr) &&
           pc_add_to_public(ctx, found, opening33, tweak) && memcmp(found + 1, sig64, 32) == 0;
}
