#include "assertions.h"

#include <string.h>

#include "jensen/random.h"

/* Random123 1.14, tests/kat_vectors, philox4x32 10 */
static void test_published_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        jn_philox4x32_10(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].want, sizeof out);
    }
}

static const jn_stream odd_stream = { .seed = 0x0123456789abcdefU,
                                      .observation = 0xfedcba98U,
                                      .replicate = 0xabcdef,
                                      .purpose = JN_FOR_SIMULATION };
enum { COORDINATE = 0x765432 };

/* The layout that jensen/random.h fixes, spelt out a sample at a time. */
static uint64_t word_of(const jn_stream *s, uint32_t coordinate, uint64_t i)
{
    const uint64_t pair = i / 16 * 8 + i % 8;
    const uint32_t counter[4] = { (uint32_t)pair, (uint32_t)(pair >> 32) | coordinate << 8,
                                  s->observation, s->replicate | (uint32_t)s->purpose << 24 };
    const uint32_t key[2] = { (uint32_t)s->seed, (uint32_t)(s->seed >> 32) };
    uint32_t w[4];
    jn_philox4x32_10(counter, key, w);
    return i % 16 < 8 ? (uint64_t)w[0] << 32 | w[1] : (uint64_t)w[2] << 32 | w[3];
}

static void test_words_follow_the_layout(void **state)
{
    (void)state;
    enum { N = 700 };
    /* the start, the middle, where the pair index passes 2^32, and the end of a stream */
    const uint64_t starts[] = { 0, 5, 123456789, ((uint64_t)1 << 33) - 300, JN_INDEX_MAX - N };
    for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++) {
        uint64_t w[N];
        jn_word_fill(&odd_stream, starts[k], N, COORDINATE, w);
        for (size_t i = 0; i < N; i++) {
            assert_true(w[i] == word_of(&odd_stream, COORDINATE, starts[k] + i));
        }
    }
}

static void test_uniforms_are_the_words(void **state)
{
    (void)state;
    enum { N = 400 };
    uint64_t w[N];
    double u[N];
    jn_word_fill(&odd_stream, 3, N, COORDINATE, w);
    jn_uniform_fill(&odd_stream, 3, N, COORDINATE, u);
    for (size_t i = 0; i < N; i++) {
        assert_true(u[i] > 0.0 && u[i] < 1.0);
        assert_true(fabs(u[i] - (double)w[i] * 0x1p-64) <= 0x1p-53);
    }
}

/* Any part of a stream, filled alone, has the bytes of the whole, and nothing else is written. */
static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    enum { N = 1300 };
    static double whole[N], part[N + 2];
    const uint64_t start = ((uint64_t)1 << 33) - 640;
    jn_normal_fill(&odd_stream, start, N, COORDINATE, whole);
    for (size_t from = 0; from < N; from += from < 40 ? 1 : 97) {
        for (size_t n = 0; n <= N - from; n += n < 40 ? 1 : 119) {
            part[0] = part[n + 1] = 42.0;
            jn_normal_fill(&odd_stream, start + from, n, COORDINATE, part + 1);
            assert_true(memcmp(part + 1, whole + from, n * sizeof *part) == 0);
            assert_true(part[0] == 42.0 && part[n + 1] == 42.0);
        }
    }
}

/* Any other seed, observation, replicate, purpose or coordinate gives other numbers. */
static void test_every_part_of_the_name_counts(void **state)
{
    (void)state;
    jn_stream other[6];
    uint64_t want, got;
    for (int i = 0; i < 6; i++) {
        other[i] = odd_stream;
    }
    other[0].seed ^= 1;
    other[1].seed ^= (uint64_t)1 << 63;
    other[2].observation ^= (uint32_t)1 << 31;
    other[3].replicate ^= 1 << 23;
    other[4].purpose = JN_FOR_PROPOSAL;
    jn_word_fill(&odd_stream, 7, 1, COORDINATE, &want);
    for (int i = 0; i < 6; i++) {
        jn_word_fill(&other[i], 7, 1, i == 5 ? COORDINATE ^ 1 << 23 : COORDINATE, &got);
        assert_true(got != want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_known_answers),
        cmocka_unit_test(test_words_follow_the_layout),
        cmocka_unit_test(test_uniforms_are_the_words),
        cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_every_part_of_the_name_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
