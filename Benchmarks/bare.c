/* The yardstick of signing: libsecp256k1 alone, doing the curve operations that the appliance does for `count`
 * inputs at distinct indices: derive the public children (to know the script), derive the private child, sign and
 * verify. Prints microseconds for each part and in all, and then for `count` checkpoints signed with Ed25519 and
 * for as many verified.
 *
 *   bare COUNT         wpkh: one public child, ECDSA with RFC 6979 until R is low
 *   bare COUNT KIND    the same for a kind, in time of the processor and without checkpoints: wpkh, pkh; multi (three
 *                      public children); tr (the output key and its private key, Schnorr); leaf (two public children,
 *                      the output key, Schnorr) */
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static clockid_t clock_id = CLOCK_MONOTONIC;

static double now(void) {
    struct timespec t;
    clock_gettime(clock_id, &t);
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

/* What a kind asks of the curve beside one private child. */
struct kind {
    const char *name;
    int public_children, has_output_key, is_tweaked;
};

static const struct kind kinds[] = {{"wpkh", 1, 0, 0}, {"pkh", 1, 0, 0}, {"multi", 3, 0, 0}, {"tr", 1, 1, 1}, {"leaf", 2, 1, 0}};

/* One input of a kind; the time for its three parts is added. */
static int spend(const struct kind *kind, unsigned index, const unsigned char parent[32], const unsigned char chain[32],
                 const unsigned char parent_bytes[33], const secp256k1_pubkey *parent_point, double took[3]) {
    unsigned char tweak[64], key[32], digest[32] = {0x33}, output[64];
    secp256k1_pubkey point;
    secp256k1_xonly_pubkey x_only;
    secp256k1_keypair pair;
    secp256k1_ecdsa_signature signature;
    digest[1] = index, digest[2] = index >> 8;
    double start = now();
    for (int child = 0; child < kind->public_children; child++) {
        point = *parent_point;
        child_tweak(tweak, chain, parent_bytes, index);
        if (!secp256k1_ec_pubkey_tweak_add(context, &point, tweak)) return 0;
    }
    if (!secp256k1_xonly_pubkey_from_pubkey(context, &x_only, NULL, &point)) return 0;
    if (kind->has_output_key) {
        secp256k1_pubkey tweaked;
        if (!secp256k1_xonly_pubkey_tweak_add(context, &tweaked, &x_only, digest)) return 0;
        if (kind->is_tweaked && !secp256k1_xonly_pubkey_from_pubkey(context, &x_only, NULL, &tweaked)) return 0;
    }
    child_tweak(tweak, chain, parent_bytes, index);
    memcpy(key, parent, 32);
    if (!secp256k1_ec_seckey_tweak_add(context, key, tweak)) return 0;
    if (kind->has_output_key) {
        if (!secp256k1_keypair_create(context, &pair, key)) return 0;
        if (kind->is_tweaked && !secp256k1_keypair_xonly_tweak_add(context, &pair, digest)) return 0;
    }
    double derived = now();
    int done = kind->has_output_key ? secp256k1_schnorrsig_sign32(context, output, digest, &pair, NULL) : sign_low_r(&signature, digest, key);
    double signed_at = now();
    int good = kind->has_output_key ? secp256k1_schnorrsig_verify(context, output, digest, 32, &x_only)
                                    : secp256k1_ecdsa_verify(context, &signature, digest, &point);
    took[0] += derived - start, took[1] += signed_at - derived, took[2] += now() - signed_at;
    return done && good;
}

static int spend_all(const char *name, unsigned count, const unsigned char parent[32], const unsigned char chain[32],
                     const unsigned char parent_bytes[33], const secp256k1_pubkey *parent_point) {
    double took[3] = {0};
    for (unsigned place = 0; place < sizeof kinds / sizeof kinds[0]; place++) {
        if (strcmp(name, kinds[place].name) != 0) continue;
        clock_id = CLOCK_PROCESS_CPUTIME_ID;
        for (unsigned index = 0; index < count; index++)
            if (!spend(&kinds[place], index, parent, chain, parent_bytes, parent_point, took)) return 1;
        printf("%.1f %.1f %.1f %.1f\n", took[0], took[1], took[2], took[0] + took[1] + took[2]);
        return 0;
    }
    return 1;
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
    if (argc > 2) return spend_all(argv[2], count, parent, chain, parent_bytes, &parent_point);
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
