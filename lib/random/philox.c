#include "jensen/random.h"
#include "kernel/kernels.h"

void jn_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53U * c0, p1 = (uint64_t)0xCD9E8D57U * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static jn_counter counter_of(const jn_stream *s, uint32_t coordinate)
{
    const uint32_t replicate_mask = ((uint32_t)1 << JN_REPLICATE_BITS) - 1;
    return (jn_counter){ .key = { (uint32_t)s->seed, (uint32_t)(s->seed >> 32) },
                         .coordinate = coordinate,
                         .word2 = s->observation,
                         .word3 = (s->replicate & replicate_mask) | (uint32_t)s->purpose << 24 };
}

void jn_normal_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate, double *out)
{
    const jn_counter c = counter_of(s, coordinate);
    jn_kernels_get()->normals(&c, index0, n, out);
}

void jn_uniform_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate,
                     double *out)
{
    const jn_counter c = counter_of(s, coordinate);
    jn_kernels_get()->uniforms(&c, index0, n, out);
}

void jn_word_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate, uint64_t *out)
{
    const jn_counter c = counter_of(s, coordinate);
    jn_kernels_get()->words(&c, index0, n, out);
}
