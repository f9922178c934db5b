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
int pc_sign_with_pair(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                          size_t message_count, secp256k1_keypair *pair, const uint8_t aux32[32],
                          const uint8_t *xonly32) {
    static const uint8_t none[1];
    secp256k1_xonly_pubkey key;
    uint8_t found[32];
    secp256k1_schnorrsig_extraparams extra = SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT;
    extra.ndata = (void *)(uintptr_t)aux32;
    const uint8_t *text = message_count ? message : none;
    const int good =
        secp256k1_keypair_xonly_pub(ctx, &key, NULL, pair) &&
        secp256k1_xonly_pubkey_serialize(ctx, found, &key) &&
        (!xonly32 || memcmp(found, xonly32, sizeof found) == 0) &&
        secp256k1_schnorrsig_sign_custom(ctx, sig64, text, message_count, pair, &extra) &&
        secp256k1_schnorrsig_verify(ctx, sig64, text, message_count, &key);
    wipe(pair, sizeof *pair);
    if (!good) {
        memset(sig64, 0, 64);
    }
    return good;
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
