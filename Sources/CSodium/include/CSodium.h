#ifndef PORTCULLIS_CSODIUM_H
#define PORTCULLIS_CSODIUM_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

/* One-shot forms of libsodium's keyed functions. What they keep on the stack is wiped before they
   return, so that no Swift value ever holds a state made from a key. A length of 0 permits a null
   pointer. Nothing here allocates. */

/* HMAC-SHA-256 (RFC 2104) of a followed by b. */
void pc_hmac_sha256(uint8_t out32[32], const uint8_t *key, size_t key_count, const uint8_t *a,
                    size_t a_count, const uint8_t *b, size_t b_count);

/* HMAC-SHA-512 of a followed by b and c. */
void pc_hmac_sha512(uint8_t out64[64], const uint8_t *key, size_t key_count, const uint8_t *a,
                    size_t a_count, const uint8_t *b, size_t b_count, const uint8_t *c,
                    size_t c_count);

/* PBKDF2 (RFC 8018, 5.2) with HMAC-SHA-512; the salt is a followed by b. */
void pc_pbkdf2_hmac_sha512(uint8_t *out, size_t out_count, const uint8_t *password,
                           size_t password_count, const uint8_t *a, size_t a_count,
                           const uint8_t *b, size_t b_count, uint32_t rounds);

/* The English words of BIP-39 in order, each ended by a zero. */
#define PC_WORD_COUNT 2048
extern const char pc_words[PC_WORD_COUNT][9];

/* The letter of a word, or 0 past its end; both places are bounded by the caller. */
static inline uint8_t pc_word_letter(size_t word, size_t place) {
    return (uint8_t)pc_words[word & 2047][place < 8 ? place : 8];
}

#endif
