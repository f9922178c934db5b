#include "CSodium.h"

#include <string.h>

void pc_hmac_sha256(uint8_t out32[32], const uint8_t *key, size_t key_count, const uint8_t *a,
                    size_t a_count, const uint8_t *b, size_t b_count) {
    static const uint8_t none[1];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key_count ? key : none, key_count);
    crypto_auth_hmacsha256_update(&state, a, a_count);
    crypto_auth_hmacsha256_update(&state, b, b_count);
    crypto_auth_hmacsha256_final(&state, out32);
    sodium_memzero(&state, sizeof state);
}

void pc_hmac_sha512(uint8_t out64[64], const uint8_t *key, size_t key_count, const uint8_t *a,
                    size_t a_count, const uint8_t *b, size_t b_count, const uint8_t *c,
                    size_t c_count) {
    static const uint8_t none[1];
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, key_count ? key : none, key_count);
    crypto_auth_hmacsha512_update(&state, a, a_count);
    crypto_auth_hmacsha512_update(&state, b, b_count);
    crypto_auth_hmacsha512_update(&state, c, c_count);
    crypto_auth_hmacsha512_final(&state, out64);
    sodium_memzero(&state, sizeof state);
}

void pc_pbkdf2_hmac_sha512(uint8_t *out, size_t out_count, const uint8_t *password,
                           size_t password_count, const uint8_t *a, size_t a_count,
                           const uint8_t *b, size_t b_count, uint32_t rounds) {
    static const uint8_t none[1];
    /* The key enters HMAC once: every round starts from a copy of this state. */
    crypto_auth_hmacsha512_state keyed, state;
    uint8_t sum[64], u[64];
    crypto_auth_hmacsha512_init(&keyed, password_count ? password : none, password_count);
    for (uint32_t block = 1; out_count > 0; block++) {
        const uint8_t number[4] = {(uint8_t)(block >> 24), (uint8_t)(block >> 16),
                                   (uint8_t)(block >> 8), (uint8_t)block};
        state = keyed;
        crypto_auth_hmacsha512_update(&state, a, a_count);
        crypto_auth_hmacsha512_update(&state, b, b_count);
        crypto_auth_hmacsha512_update(&state, number, sizeof number);
        crypto_auth_hmacsha512_final(&state, u);
        memcpy(sum, u, sizeof sum);
        for (uint32_t round = 1; round < rounds; round++) {
            state = keyed;
            crypto_auth_hmacsha512_update(&state, u, sizeof u);
            crypto_auth_hmacsha512_final(&state, u);
            for (size_t i = 0; i < sizeof sum; i++) {
                sum[i] ^= u[i];
            }
        }
        const size_t taken = out_count < sizeof sum ? out_count : sizeof sum;
        memcpy(out, sum, taken);
        out += taken;
        out_count -= taken;
    }
    sodium_memzero(&keyed, sizeof keyed);
    sodium_memzero(&state, sizeof state);
    sodium_memzero(sum, sizeof sum);
    sodium_memzero(u, sizeof u);
}
