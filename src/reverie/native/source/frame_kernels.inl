// The kernels of frame_kernels.h. Included by one file for each instruction set.
#include "picture_vector.inl"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace reverie {
namespace {

constexpr long BUNCH = 4;  // vectors that are summed side by side, for a sum waits for itself

void mix(const float* const* rows, const float* weights, long taps, float* out, long width) {
    long x = 0;
    for (; x + BUNCH * LANES <= width; x += BUNCH * LANES) {
        V sums[BUNCH] = {};
        for (long t = 0; t < taps; t++) {
            const V weight = all(weights[t]);
            for (long i = 0; i < BUNCH; i++) sums[i] += weight * Whole{x + i * LANES}.load(rows[t]);
        }
        for (long i = 0; i < BUNCH; i++) Whole{x + i * LANES}.store(out, sums[i]);
    }
    const auto rest = [=](auto here) ALWAYS {
        V sum = {};
        for (long t = 0; t < taps; t++) sum += weights[t] * here.load(rows[t]);
        here.store(out, sum);
    };
    for (; x + LANES <= width; x += LANES) rest(Whole{x});
    if (x < width) rest(Part{x, width - x});
}

void line(double from, double step, long count, double* __restrict out) {
    for (int i = 0; i < (int)count; i++) out[i] = from + (double)i * step;
}

void linear_taps(const double* __restrict places, long count, int* __restrict first, float* __restrict share) {
    for (long i = 0; i < count; i++) {
        const int before = (int)places[i];
        first[i] = before;
        share[i] = (float)(places[i] - (double)before);
    }
}

void spline_taps(const double* places, long count, int* first, float* __restrict weights) {
    float share[PLACES];
    linear_taps(places, count, first, share);
    for (long i = 0; i < count; i++) {
        const float t = share[i], u = 1 - t, tt = t * t, uu = u * u;
        weights[4 * i] = uu * u * (1 / 6.0f);
        weights[4 * i + 1] = (4 - 6 * tt + 3 * tt * t) * (1 / 6.0f);
        weights[4 * i + 2] = (4 - 6 * uu + 3 * uu * u) * (1 / 6.0f);
        weights[4 * i + 3] = tt * t * (1 / 6.0f);
    }
}

// The cells of a place are four rows of four times SIDE floats. Rows are mixed first, then their four cells.
void spline(const float* cells, long row, const long* at, const float* across, const float* down, long count,
            float* out) {
#if defined(__AVX512F__)
    const __m512i each = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    for (long i = 0; i < count; i++) {
        const float *p = cells + at[i], *w = down + 4 * i;
        __m512 sum = _mm512_mul_ps(_mm512_set1_ps(w[0]), _mm512_loadu_ps(p));
        sum = _mm512_fmadd_ps(_mm512_set1_ps(w[1]), _mm512_loadu_ps(p + row), sum);
        sum = _mm512_fmadd_ps(_mm512_set1_ps(w[2]), _mm512_loadu_ps(p + 2 * row), sum);
        sum = _mm512_fmadd_ps(_mm512_set1_ps(w[3]), _mm512_loadu_ps(p + 3 * row), sum);
        const __m512 four = _mm512_castps128_ps512(_mm_loadu_ps(across + 4 * i));
        sum = _mm512_mul_ps(sum, _mm512_permutexvar_ps(each, four));
        const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
        _mm_storeu_ps(out + SIDE * i, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
    }
#elif defined(__AVX2__)
    for (long i = 0; i < count; i++) {
        const float *p = cells + at[i], *w = down + 4 * i;
        __m256 left = _mm256_setzero_ps(), right = _mm256_setzero_ps();
        for (long j = 0; j < 4; j++) {
            const __m256 weight = _mm256_set1_ps(w[j]);
            left = _mm256_fmadd_ps(weight, _mm256_loadu_ps(p + j * row), left);
            right = _mm256_fmadd_ps(weight, _mm256_loadu_ps(p + j * row + 2 * SIDE), right);
        }
        const __m128 four = _mm_loadu_ps(across + 4 * i);
        const __m256 near = _mm256_set_m128(_mm_permute_ps(four, 0x55), _mm_permute_ps(four, 0x00));
        const __m256 far = _mm256_set_m128(_mm_permute_ps(four, 0xff), _mm_permute_ps(four, 0xaa));
        const __m256 half = _mm256_fmadd_ps(left, near, _mm256_mul_ps(right, far));
        _mm_storeu_ps(out + SIDE * i, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
    }
#else
    for (long i = 0; i < count; i++) {
        const float *p = cells + at[i], *w = down + 4 * i;
        float sums[SIDE] = {};
        for (long k = 0; k < 4; k++)
            for (long c = 0; c < SIDE; c++) {
                float sum = 0;
                for (long j = 0; j < 4; j++) sum += w[j] * p[j * row + k * SIDE + c];
                sums[c] += across[4 * i + k] * sum;
            }
        for (long c = 0; c < SIDE; c++) out[SIDE * i + c] = sums[c];
    }
#endif
}

void mix_columns(const float* in, const int* index, const float* weights, long taps, long width, float* out) {
    for (long x = 0; x < width; x++) {
        const int* places = index + x * taps;
        const float* mine = weights + x * taps;
        V sums[ROWS / LANES] = {};
        for (long t = 0; t < taps; t++) {
            const V weight = all(mine[t]);
            const float* from = in + (long)places[t] * ROWS;
            for (long i = 0; i < ROWS / LANES; i++) sums[i] += weight * Whole{i * LANES}.load(from);
        }
        for (long i = 0; i < ROWS / LANES; i++) Whole{i * LANES}.store(out + x * ROWS, sums[i]);
    }
}

// Rows of all channels; three of them, which most pictures have, are counted on by the compiler.
template <long FIXED>
struct Rows {
    const float* const* rows;
    long channels;

    INLINE long count() const { return FIXED ? FIXED : channels; }
    // The sum of weights times a pixel's channels.
    template <class Here>
    INLINE V brightness(Here here, const float* weights) const {
        V bright = {};
        for (long c = 0; c < count(); c++) bright += weights[c] * here.load(rows[c]);
        return bright;
    }
};

template <long FIXED>
void energies_of(const Rows<FIXED> rows, const float* const* lows, const float* weights, long count, double sums[2]) {
    const Rows<FIXED> below{lows, rows.channels};
    V bright = {}, colour = {};
    sweep(count, [&](auto here) ALWAYS {
        const V middle = rows.brightness(here, weights) - below.brightness(here, weights);
        bright += middle * middle;
        for (long c = 0; c < rows.count(); c++) {
            const V around = here.load(rows.rows[c]) - here.load(lows[c]) - middle;
            colour += around * around;
        }
    });
    sums[0] += total(bright);
    sums[1] += total(colour);
}

void energies(const float* const* rows, const float* const* lows, const float* weights, long channels, long count,
              double sums[2]) {
    if (channels == 3) return energies_of<3>({rows, 3}, lows, weights, count, sums);
    energies_of<0>({rows, channels}, lows, weights, count, sums);
}

template <long FIXED, bool LOWS>
void tint_of(const Rows<FIXED> rows, const float* const* lows, const Tint& tint, float* const* to, long count,
             double* moments) {
    const float *weights = tint.weights, more = tint.bright - tint.colour, whole = tint.colour;
    V bright = {}, squares = {}, sums[FIXED ? FIXED : 1] = {};
    sweep(count, [&](auto here) ALWAYS {
        const V middle = more * rows.brightness(here, weights);
        V after = {};
        for (long c = 0; c < rows.count(); c++) {
            V made = whole * here.load(rows.rows[c]) + middle;
            if (LOWS) made += here.load(lows[c]);
            here.store(to[c], made);
            after += weights[c] * made;
            if (FIXED) sums[FIXED ? c : 0] += made;
        }
        bright += after;
        squares += after * after;
    });
    if (!moments) return;
    const long channels = rows.count();
    moments[channels] += total(bright);
    moments[channels + 1] += total(squares);
    for (long c = 0; c < channels; c++) {
        if (!FIXED) {
            const float* row = to[c];
            sums[0] = V{};
            sweep(count, [&](auto here) ALWAYS { sums[0] += here.load(row); });
        }
        moments[c] += total(sums[FIXED ? c : 0]);
    }
}

void tint(const float* const* rows, const float* const* lows, const Tint& tint, float* const* to, long channels,
          long count, double* moments) {
    if (channels == 3)
        return lows ? tint_of<3, true>({rows, 3}, lows, tint, to, count, moments)
                    : tint_of<3, false>({rows, 3}, lows, tint, to, count, moments);
    lows ? tint_of<0, true>({rows, channels}, lows, tint, to, count, moments)
         : tint_of<0, false>({rows, channels}, lows, tint, to, count, moments);
}

typedef int Whole32 __attribute__((vector_size(LANES * sizeof(int))));

// The exponential of numbers that are none above zero, to the last bit or two.
INLINE V exponential(const V& given) {
    const V x = larger(given, all(-87.0f));
    constexpr float round = 12582912.0f;  // 1.5 * 2^23: what does not fit behind the point is rounded off
    const V shifted = x * 1.44269504f + round, whole = shifted - round;
    const V r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    V p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    Whole32 bits, power;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&power, &p, sizeof power);
    power += bits << 23;
    memcpy(&p, &power, sizeof p);
    return p;
}

template <long FIXED>
void finish_of(const Rows<FIXED> rows, const Tint& tint, const float* shifts, float knee, float* const* to, long count) {
    const float *weights = tint.weights, more = tint.bright - tint.colour, whole = tint.colour, per_knee = 1 / knee;
    sweep(count, [&](auto here) ALWAYS {
        const V middle = more * rows.brightness(here, weights);
        for (long c = 0; c < rows.count(); c++) {
            const V v = whole * here.load(rows.rows[c]) + middle + shifts[c];
            // How far it is within either knee, in knees; what is beyond is bent back.
            const V low = (v - knee) * per_knee, high = (1 - knee - v) * per_knee;
            const V bent = knee * exponential(smaller(smaller(low, high), all(0)));
            here.store(to[c], low < 0 ? bent : high < 0 ? 1 - bent : v);
        }
    });
}

void finish(float* const* rows, const Tint& tint, const float* shifts, float knee, long channels, long count) {
    if (channels == 3) return finish_of<3>({rows, 3}, tint, shifts, knee, rows, count);
    finish_of<0>({rows, channels}, tint, shifts, knee, rows, count);
}

void squares(const float* row, float* sums, long count) {
    sweep(count, [&](auto here) ALWAYS {
        const V v = here.load(row);
        here.store(sums, here.load(sums) + v * v);
    });
}

double gained_squares(const float* row, const float* above, const float* below, float share, long count) {
    V sum = {};
    sweep(count, [&](auto here) ALWAYS {
        const V v = here.load(row) * ((1 - share) * here.load(above) + share * here.load(below));
        sum += v * v;
    });
    return total(sum);
}

void add_gained(const float* row, const float* above, const float* below, float share, float factor, const float* from,
                float* to, long count) {
    const float near = (1 - share) * factor, far = share * factor;
    sweep(count, [&](auto here) ALWAYS {
        const V v = here.load(from) + here.load(row) * (near * here.load(above) + far * here.load(below));
        here.store(to, smaller(larger(v, all(0)), all(1)));
    });
}

void bytes(const float* row, long count, unsigned char* out, long apart) {
    constexpr float round = 12582912.0f;
    for (long x = 0; x < count; x += PLACES) {
        const long some = count - x < PLACES ? count - x : PLACES;
        int whole[PLACES];
        for (long i = 0; i < some; i++) {
            float v = row[x + i] * 255.0f;
            v = v > 0.0f ? v : 0.0f;  // and what is no number
            v = v < 255.0f ? v : 255.0f;
            whole[i] = (int)(v + round - round);
        }
        for (long i = 0; i < some; i++) out[(x + i) * apart] = (unsigned char)whole[i];
    }
}

const FrameKernels KERNELS = {mix,      line, spline_taps, linear_taps, spline,         mix_columns, energies,
                              tint,     finish, squares,   gained_squares, add_gained,  bytes};

}  // namespace
}  // namespace reverie
