#ifndef PORTCULLIS_CSECP256K1_OUTSIDE_H
#define PORTCULLIS_CSECP256K1_OUTSIDE_H

/* What only wallets and tests ask of the curve. The rules are those of CSecp256k1.h, which includes this. */

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stddef.h>
#include <stdint.h>

/* The compressed form of a key of 33 bytes, or of 65 bytes beginning with 4. */
int pc_compress(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t *key,
                size_t key_count);

/* The form of 65 bytes of a compressed key. */
int pc_uncompress(const secp256k1_context *ctx, uint8_t out65[65], const uint8_t key33[33]);

/* Whether a signature with low s is good for the key. */
int pc_ecdsa_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                    const uint8_t digest32[32], const uint8_t *key, size_t key_count);

/* The compressed key that a signature is good for, of the four that it may be (0 to 3). */
int pc_ecdsa_recover(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t sig64[64],
                     int number, const uint8_t digest32[32]);

/* Strict DER to r and s, and back; room for the latter is 72 bytes. */
int pc_der_to_compact(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *der,
                      size_t der_count);
int pc_compact_to_der(const secp256k1_context *ctx, uint8_t out72[72], size_t *out_count,
                      const uint8_t sig64[64]);

/* BIP-340 over a message of any length, verified. */
int pc_schnorr_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                    size_t message_count, const uint8_t secret32[32], const uint8_t aux32[32]);

/* Whether a BIP-340 signature is good for the x-only key. */
int pc_schnorr_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                      const uint8_t *message, size_t message_count, const uint8_t xonly32[32]);

#endif
