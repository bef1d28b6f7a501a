// The kernels of glide.h for AVX2: two cells of a register's halves, a pair of neighbours to each sum.
#include "glide.h"

#if defined(REVERIE_LEFT_OUT) || !defined(__AVX2__)
namespace reverie {
const GlideKernels* glide_kernels_avx2() { return nullptr; }
}  // namespace reverie
#else
#include <immintrin.h>

#include <cstring>

namespace reverie {
namespace {

__m256i four_of(const FourWeights& weights) { return _mm256_loadu_si256((const __m256i*)&weights); }

// Of four pixels side by side the sums of the first two and of the last two, one in each half.
__m256i products(const uint8_t* pixels, int64_t place, const FourWeights* weights) {
    const __m128i pairs = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 6, 9, 7, 10, 8, 11, -1, -1);
    const __m128i some = _mm_loadu_si128((const __m128i*)(pixels + 3 * (whole(place) - 1)));
    return _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_shuffle_epi8(some, pairs)), four_of(weights[fine(place)]));
}

// Two cells, one in each half.
__m256i summed(__m256i one, __m256i other) {
    return _mm256_add_epi32(_mm256_permute2x128_si256(one, other, 0x20), _mm256_permute2x128_si256(one, other, 0x31));
}

void across(const uint8_t* pixels, Places places, const FourWeights* weights, long first, long last, int16_t* cells) {
    constexpr int shift = WEIGHT_BITS - CELL_BITS;
    const __m256i half = _mm256_set1_epi32(1 << (shift - 1));
    int64_t at = places.at(first);
    long x = first;
    for (; x + 4 <= last; x += 4, at += 4 * places.step) {
        __m256i made[2];
        for (int i = 0; i < 2; i++) {
            const int64_t here = at + 2 * i * places.step;
            const __m256i sums = summed(products(pixels, here, weights), products(pixels, here + places.step, weights));
            made[i] = _mm256_srai_epi32(_mm256_add_epi32(sums, half), shift);
        }
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(made[0], made[1]), 0xd8);
        _mm256_storeu_si256((__m256i*)(cells + CELL * x), packed);
    }
    if (x < last) glide_kernels_plain()->across(pixels, places, weights, x, last, cells);
}

// What four pixels see: the first and the third in `even`, the others in `odd`.
struct Sums {
    __m256i even, odd;
};

void add(Sums& sums, const Look& look, const int64_t* places, long x) {
    const int16_t* rows[4];
    for (int i = 0; i < 4; i++) rows[i] = look.cells + ((whole(places[0]) - 1 + i) & look.mask) * look.row + CELL * x;
    __m256i four[4], cells[4];
    for (int i = 0; i < 4; i++) cells[i] = _mm256_loadu_si256((const __m256i*)rows[i]);
    for (int i = 0; i < 4; i++) four[i] = four_of(look.weights[fine(places[i])]);
    const auto weighted = [&](__m256i pair, int one, int other, int which) {
        const __m256i weights = which ? _mm256_permute2x128_si256(four[one], four[other], 0x31)
                                      : _mm256_permute2x128_si256(four[one], four[other], 0x20);
        return _mm256_madd_epi16(pair, weights);
    };
    for (int which = 0; which < 2; which++) {
        const __m256i a = cells[2 * which], b = cells[2 * which + 1];
        sums.even = _mm256_add_epi32(sums.even, weighted(_mm256_unpacklo_epi16(a, b), 0, 2, which));
        sums.odd = _mm256_add_epi32(sums.odd, weighted(_mm256_unpackhi_epi16(a, b), 1, 3, which));
    }
}

// The same where the four do not look at the same rows.
void add_apart(Sums& sums, const Look& look, const int64_t* places, long x) {
    alignas(32) int32_t made[4][CELL] = {};
    for (int k = 0; k < 4; k++) {
        const FourWeights& four = look.weights[fine(places[k])];
        for (int i = 0; i < 4; i++) {
            const int16_t* from = look.cells + ((whole(places[k]) - 1 + i) & look.mask) * look.row + CELL * (x + k);
            for (long c = 0; c < CELL; c++) made[k][c] += (i < 2 ? four.first[i] : four.last[i - 2]) * from[c];
        }
    }
    const __m256i low = _mm256_load_si256((const __m256i*)made[0]), high = _mm256_load_si256((const __m256i*)made[2]);
    sums.even = _mm256_add_epi32(sums.even, _mm256_permute2x128_si256(low, high, 0x20));
    sums.odd = _mm256_add_epi32(sums.odd, _mm256_permute2x128_si256(low, high, 0x31));
}

void store(const Sums& sums, uint8_t* pixels) {
    constexpr int shift = WEIGHT_BITS + CELL_BITS;
    const __m128i close = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i words = _mm256_packs_epi32(_mm256_srai_epi32(sums.even, shift), _mm256_srai_epi32(sums.odd, shift));
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
    const __m128i made = _mm_shuffle_epi8(_mm256_castsi256_si128(bytes), close);
    const int last = _mm_extract_epi32(made, 2);
    _mm_storel_epi64((__m128i*)pixels, made);
    std::memcpy(pixels + 8, &last, 4);
}

void down(const Look* looks, int count, long width, uint8_t* pixels) {
    const __m256i half = _mm256_set1_epi32(1 << (WEIGHT_BITS + CELL_BITS - 1));
    long x = 0;
    for (; x + 4 <= width; x += 4) {
        Sums sums = {half, half};
        for (int k = 0; k < count; k++) {
            const Look& look = looks[k];
            const int64_t at = look.down.at(x), step = look.down.step;
            const int64_t places[4] = {at, at + step, at + 2 * step, at + 3 * step};
            if (whole(places[0]) == whole(places[3]))
                add(sums, look, places, x);
            else
                add_apart(sums, look, places, x);
        }
        store(sums, pixels + 3 * x);
    }
    if (x == width) return;
    Look rest[2];
    for (int k = 0; k < count; k++) {
        rest[k] = looks[k];
        rest[k].cells += CELL * x;
        rest[k].down.first = looks[k].down.at(x);
    }
    glide_kernels_plain()->down(rest, count, width - x, pixels + 3 * x);
}

constexpr GlideKernels KERNELS = {across, down};

}  // namespace

const GlideKernels* glide_kernels_avx2() { return &KERNELS; }

}  // namespace reverie
#endif
