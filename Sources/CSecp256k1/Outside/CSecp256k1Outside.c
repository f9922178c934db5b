#include "CSecp256k1.h"
#include <string.h>

/* The library would also take the hybrid forms, which begin with 6 or 7. */
static int parse(const secp256k1_context *ctx, secp256k1_pubkey *key, const uint8_t *bytes,
                 size_t count) {
    if (count != 33 && !(count == 65 && bytes[0] == 4)) {
        return 0;
    }
    return secp256k1_ec_pubkey_parse(ctx, key, bytes, count);
}

int pc_compress(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t *key,
                size_t key_count) {
    secp256k1_pubkey parsed;
    size_t count = 33;
    return parse(ctx, &parsed, key, key_count) &&
           secp256k1_ec_pubkey_serialize(ctx, out33, &count, &parsed, SECP256K1_EC_COMPRESSED);
}

int pc_uncompress(const secp256k1_context *ctx, uint8_t out65[65], const uint8_t key33[33]) {
    secp256k1_pubkey parsed;
    size_t count = 65;
    return parse(ctx, &parsed, key33, 33) &&
           secp256k1_ec_pubkey_serialize(ctx, out65, &count, &parsed, SECP256K1_EC_UNCOMPRESSED);
}

int pc_ecdsa_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                    const uint8_t digest32[32], const uint8_t *key, size_t key_count) {
    secp256k1_pubkey parsed;
    secp256k1_ecdsa_signature signature;
    return parse(ctx, &parsed, key, key_count) &&
           secp256k1_ecdsa_signature_parse_compact(ctx, &signature, sig64) &&
           secp256k1_ecdsa_verify(ctx, &signature, digest32, &parsed);
}

int pc_der_to_compact(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *der,
                      size_t der_count) {
    secp256k1_ecdsa_signature signature;
    return secp256k1_ecdsa_signature_parse_der(ctx, &signature, der, der_count) &&
           secp256k1_ecdsa_signature_serialize_compact(ctx, sig64, &signature);
}

int pc_compact_to_der(const secp256k1_context *ctx, uint8_t out72[72], size_t *out_count,
                      const uint8_t sig64[64]) {
    secp256k1_ecdsa_signature signature;
    *out_count = 72;
    return secp256k1_ecdsa_signature_parse_compact(ctx, &signature, sig64) &&
           secp256k1_ecdsa_signature_serialize_der(ctx, out72, out_count, &signature);
}

int pc_schnorr_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                    size_t message_count, const uint8_t secret32[32], const uint8_t aux32[32]) {
    secp256k1_keypair pair;
    return secp256k1_keypair_create(ctx, &pair, secret32) &&
           pc_sign_with_pair(ctx, sig64, message, message_count, &pair, aux32, NULL);
}

int pc_schnorr_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                      const uint8_t *message, size_t message_count, const uint8_t xonly32[32]) {
    static const uint8_t none[1];
    secp256k1_xonly_pubkey key;
    return secp256k1_xonly_pubkey_parse(ctx, &key, xonly32) &&
           secp256k1_schnorrsig_verify(ctx, sig64, message_count ? message : none, message_count,
                                       &key);
}

int pc_ecdsa_recover(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t sig64[64],
                     int number, const uint8_t digest32[32]) {
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    size_t count = 33;

    memset(out33, 0, 33);
    if (number < 0 || number > 3 ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(ctx, &signature, sig64, number) ||
        !secp256k1_ecdsa_recover(ctx, &key, &signature, digest32)) return 0;
    return secp256k1_ec_pubkey_serialize(ctx, out33, &count, &key, SECP256K1_EC_COMPRESSED);
}
