/* The yardstick of signing: libsecp256k1 alone, doing the curve operations that the appliance does for `count`
 * wpkh inputs at distinct indices: derive the public child (to know the script), derive the private child, sign
 * with RFC 6979 until R is low, and verify. Prints microseconds for each part and in all, and then for `count`
 * checkpoints signed with Ed25519 and for as many verified.
 *
 *   bare COUNT */
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static secp256k1_context *context;

/* The left half of HMAC-SHA512(chain code, parent's public key || index). */
static void child_tweak(unsigned char tweak[64], const unsigned char chain[32], const unsigned char parent[33], unsigned index) {
    unsigned char message[37];
    crypto_auth_hmacsha512_state state;
    memcpy(message, parent, 33);
    for (int i = 0; i < 4; i++) message[33 + i] = index >> (24 - 8 * i);
    crypto_auth_hmacsha512_init(&state, chain, 32);
    crypto_auth_hmacsha512_update(&state, message, sizeof message);
    crypto_auth_hmacsha512_final(&state, tweak);
}

static int sign_low_r(secp256k1_ecdsa_signature *signature, const unsigned char *digest, const unsigned char *key) {
    unsigned char extra[32] = {0}, compact[64];
    for (unsigned counter = 0;; counter++) {
        for (int i = 0; i < 4; i++) extra[i] = counter >> (8 * i);
        if (!secp256k1_ecdsa_sign(context, signature, digest, key, secp256k1_nonce_function_rfc6979, counter ? extra : NULL)) return 0;
        secp256k1_ecdsa_signature_serialize_compact(context, compact, signature);
        if (compact[0] < 0x80) return 1;
    }
}

int main(int argc, char **argv) {
    unsigned count = argc > 1 ? atoi(argv[1]) : 1000;
    unsigned char parent[32], chain[32], parent_bytes[33], digest[32];
    size_t length = sizeof parent_bytes;
    secp256k1_pubkey parent_point;
    if (sodium_init() < 0) return 1;
    context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    memset(parent, 0x11, sizeof parent);
    memset(chain, 0x22, sizeof chain);
    memset(digest, 0x33, sizeof digest);
    if (!secp256k1_ec_pubkey_create(context, &parent_point, parent)) return 1;
    secp256k1_ec_pubkey_serialize(context, parent_bytes, &length, &parent_point, SECP256K1_EC_COMPRESSED);
    double derive = 0, sign = 0, verify = 0;
    for (unsigned index = 0; index < count; index++) {
        unsigned char tweak[64], key[32];
        secp256k1_pubkey point = parent_point;
        secp256k1_ecdsa_signature signature;
        double start = now();
        child_tweak(tweak, chain, parent_bytes, index);
        if (!secp256k1_ec_pubkey_tweak_add(context, &point, tweak)) return 1;
        child_tweak(tweak, chain, parent_bytes, index);
        memcpy(key, parent, 32);
        if (!secp256k1_ec_seckey_tweak_add(context, key, tweak)) return 1;
        double derived = now();
        digest[0] = index, digest[1] = index >> 8;
        if (!sign_low_r(&signature, digest, key)) return 1;
        double signed_at = now();
        if (!secp256k1_ecdsa_verify(context, &signature, digest, &point)) return 1;
        double verified = now();
        derive += derived - start, sign += signed_at - derived, verify += verified - signed_at;
    }
    unsigned char text[160] = {0}, head[64], audit_public[32], audit_secret[64];
    crypto_sign_seed_keypair(audit_public, audit_secret, parent);
    double started = now();
    for (unsigned index = 0; index < count; index++) {
        text[0] = index, text[1] = index >> 8;
        crypto_sign_detached(head, NULL, text, sizeof text, audit_secret);
    }
    double checkpoints = now();
    for (unsigned index = 0; index < count; index++)
        if (crypto_sign_verify_detached(head, text, sizeof text, audit_public) != 0) return 1;
    printf("%.1f %.1f %.1f %.1f %.1f %.1f\n", derive, sign, verify, derive + sign + verify, checkpoints - started,
           now() - checkpoints);
    return 0;
}
