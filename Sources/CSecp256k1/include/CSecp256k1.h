#ifndef PORTCULLIS_CSECP256K1_H
#define PORTCULLIS_CSECP256K1_H

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <stddef.h>
#include <stdint.h>

/* libsecp256k1 over serialized keys. Parsed keys and key pairs live on the stack of one call and
   those that are secret are wiped before it returns. Every function returns 1 for success and 0
   for an input that the curve does not admit; on 0 what was to be written is zero or unspecified.
   Nothing here allocates. This
   header has what the signer calls; CSecp256k1Outside.h has what only the others call. */

/* The compressed public key of a secret. */
int pc_public_key(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t secret32[32]);

/* out = key + tweak * G, compressed. */
int pc_add_to_public(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t key33[33],
                     const uint8_t tweak32[32]);

/* tweak = secret + tweak modulo the group order, in place. */
int pc_add_secret(const secp256k1_context *ctx, uint8_t tweak32[32], const uint8_t secret32[32]);

/* r and s, each 32 bytes, big-endian: RFC 6979, with r ground below 2^255 as Bitcoin Core does,
   s low, checked against the public key, which is computed when key33 is null. */
int pc_ecdsa_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t digest32[32],
                  const uint8_t secret32[32], const uint8_t *key33);

/* BIP-340 with the key of BIP-341's key path and zero auxiliary data, verified: the secret's key is
   key33, and with the tweak it must give the output key xonly32. Without a tweak (null) the secret's
   own key signs, which must be xonly32. */
int pc_taproot_sign(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t digest32[32],
                    const uint8_t secret32[32], const uint8_t key33[33],
                    const uint8_t tweak32[32], const uint8_t xonly32[32]);

/* The x-only output key of BIP-341 and the parity of its y. */
int pc_xonly_add(const secp256k1_context *ctx, uint8_t out32[32], int *parity,
                 const uint8_t xonly32[32], const uint8_t tweak32[32]);

/* Tweaks a secret, whose key is key33, in place as BIP-341 says. */
int pc_taproot_secret(const secp256k1_context *ctx, uint8_t secret32[32], const uint8_t key33[33],
                      const uint8_t tweak32[32]);

/* BIP-340 with a key pair, verified; the pair is wiped. The key must be xonly32 if that is not null. */
int pc_sign_with_pair(const secp256k1_context *ctx, uint8_t sig64[64], const uint8_t *message,
                      size_t message_count, secp256k1_keypair *pair, const uint8_t aux32[32],
                      const uint8_t *xonly32);

/* Sign to contract (docs/protocol.md, section 3): the nonce k0 is that of RFC 6979 with `commitment32`
   as additional data, and R0 = k0 * G its point. The signature is made with k0 + T(R0 | host32), where
   T is the tagged hash for ECDSA or, if schnorr is not 0, for BIP-340. room64 holds the secret in front
   of 32 bytes for the nonce; both are for the caller to wipe. */

/* R0, compressed. */
int pc_s2c_open(const secp256k1_context *ctx, uint8_t opening33[33], uint8_t room64[64],
                const uint8_t digest32[32], const uint8_t commitment32[32], int schnorr);

/* The signature, verified; key33 is the secret's key, of whose y BIP-340 knows nothing. No low R. */
int pc_s2c_sign(const secp256k1_context *ctx, uint8_t sig64[64], uint8_t room64[64],
                const uint8_t digest32[32], const uint8_t key33[33],
                const uint8_t commitment32[32], const uint8_t host32[32], int schnorr);

/* Whether x(R0 + T(R0 | host32) * G) is what a signature begins with. Public values only. */
int pc_s2c_verify(const secp256k1_context *ctx, const uint8_t sig64[64],
                  const uint8_t opening33[33], const uint8_t host32[32], int schnorr);

/* Whether a secret is between 1 and the group order less 1. */
int pc_secret_is_valid(const secp256k1_context *ctx, const uint8_t secret32[32]);

/* The sum of `count` compressed keys, each times its scalar; 0 also where that is infinity, or where
   count is not 1 to PC_SUM_COUNT_MAX. Variable time: for public values only. */
#define PC_SUM_COUNT_MAX 64
int pc_sum_public(const secp256k1_context *ctx, uint8_t out33[33], const uint8_t *keys33,
                  const uint8_t *scalars32, size_t count);

#include "CSecp256k1Outside.h"

#endif
