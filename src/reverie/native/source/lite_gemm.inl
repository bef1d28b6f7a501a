// Matrix products in registers: M positions by N chunks of 16 outputs stay in accumulators while k runs.
// `Format` says how factors are stored and multiplied.

// Where the k of one position lie: one run, or several runs of the same length (the stem's gradient).
struct Segments {
    int count, length;
    long at[4];
};

static inline int smaller(int a, int b) { return a < b ? a : b; }
static inline int larger(int a, int b) { return a > b ? a : b; }

struct Fp32 {
    typedef float Factor;
    static constexpr int PAIR = 1;  // factors multiplied by one instruction
    static int row(int k) { return padded(k); }
    static vec spread(const Factor* a) {
#ifdef REVERIE_VEC_AVX2
        const __m256 v = _mm256_broadcast_ss(a);
        return {v, v};
#else
        return _mm512_set1_ps(*a);
#endif
    }
    static vec weights(const Factor* b) { return load(b); }
    static vec dot(vec a, vec b, vec sum) { return multiply_add(a, b, sum); }
    static void put(Factor* to, vec v, int) { store(to, v); }
    static Factor factor(float value) { return value; }
};

#ifdef REVERIE_VEC_BF16
static inline uint16_t rounded(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
static inline void put_bf16(uint16_t* to, vec v) { _mm256_storeu_si256((__m256i*)to, (__m256i)_mm512_cvtneps_pbh(v)); }

struct Bf16 {
    typedef uint16_t Factor;
    static constexpr int PAIR = 2;
    static int row(int k) { return padded(k); }
    static __m512bh spread(const Factor* a) {
        int both;
        std::memcpy(&both, a, 4);
        return (__m512bh)_mm512_set1_epi32(both);
    }
    static __m512bh weights(const Factor* b) { return (__m512bh)_mm512_loadu_si512(b); }
    static vec dot(__m512bh a, __m512bh b, vec sum) { return _mm512_dpbf16_ps(sum, a, b); }
    static void put(Factor* to, vec v, int) { put_bf16(to, v); }
    static Factor factor(float value) { return rounded(value); }
};
#endif

// Positions in registers at once, for one chunk of outputs and for more; what is left over is done with FEW.
#ifdef REVERIE_VEC_AVX2
constexpr int ALONE_POSITIONS = 6, MOST_POSITIONS = 6, FEW_POSITIONS = 2, MOST_CHUNKS = 1;
#else
constexpr int ALONE_POSITIONS = 16, MOST_POSITIONS = 8, FEW_POSITIONS = 4, MOST_CHUNKS = 3;
#endif

template <class Format> struct Product {
    typedef typename Format::Factor Factor;
    static constexpr int PAIR = Format::PAIR, STEP = CHUNK * PAIR;
    static constexpr int GRAIN = FEW_POSITIONS;  // positions are done in multiples of it

    // Chunks of outputs that are done together: threes, and no single one where two pairs would do.
    static int group(int left) { return MOST_CHUNKS == 1 || left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3; }

    static int steps(int k) { return (k + Format::PAIR - 1) / Format::PAIR; }

    static size_t packed_bytes(int k, int n) { return (size_t)chunks_of(n) * steps(k) * STEP * sizeof(Factor); }

    // [group][step][chunk of the group][16 outputs][pair]
    static void pack(const float* w, long k_step, long n_step, int k, int n, void* to) {
        Factor* out = (Factor*)to;
        for (int first = 0; first < chunks_of(n);) {
            const int wide = group(chunks_of(n) - first);
            for (int s = 0; s < steps(k); s++)
                for (int c = first * CHUNK; c < (first + wide) * CHUNK; c++)
                    for (int p = 0; p < Format::PAIR; p++) {
                        const int at = s * Format::PAIR + p;
                        *out++ = Format::factor(at < k && c < n ? w[at * k_step + c * n_step] : 0.f);
                    }
            first += wide;
        }
    }

    template <int M, int N, class Then>
    static inline void tile(const Factor* a, long row, const Segments& runs, const Factor* b, const float* bias,
                            int position, int count, int chunk, const Then& then) {
        vec sum[M][N];
#pragma GCC unroll 3
        for (int j = 0; j < N; j++) {
            const vec start = bias ? load(bias + (chunk + j) * CHUNK) : zero();
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) sum[i][j] = start;
        }
        const int length = steps(runs.length);
        for (int run = 0; run < runs.count; run++) {
            const Factor* ak = a + runs.at[run];
            for (int s = 0; s < length; s++, ak += Format::PAIR, b += N * STEP) {
                decltype(Format::weights(b)) weights[N];
#pragma GCC unroll 3
                for (int j = 0; j < N; j++) weights[j] = Format::weights(b + j * STEP);
#pragma GCC unroll 16
                for (int i = 0; i < M; i++) {
                    const auto factor = Format::spread(ak + i * row);
#pragma GCC unroll 3
                    for (int j = 0; j < N; j++) sum[i][j] = Format::dot(factor, weights[j], sum[i][j]);
                }
            }
        }
#pragma GCC unroll 3
        for (int j = 0; j < N; j++) {
            vec column[M];
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) column[i] = sum[i][j];
            then.template put<M>(position, count, chunk + j, column);
        }
    }

    template <int M, class Then>
    static inline void tiles(int wide, const Factor* a, long row, const Segments& runs, const Factor* b,
                             const float* bias, int position, int count, int chunk, const Then& then) {
        if (wide == 1) tile<M, 1>(a, row, runs, b, bias, position, count, chunk, then);
        if constexpr (MOST_CHUNKS > 1) {
            if (wide == 2) tile<M, 2>(a, row, runs, b, bias, position, count, chunk, then);
            if (wide == 3) tile<M, 3>(a, row, runs, b, bias, position, count, chunk, then);
        }
    }

    // then.put<M>(position, count, chunk of outputs, vec[M]) for `positions` rows of factors. A group of weights of up
    // to `near` bytes is kept close while all positions go by.
    template <class Then>
    static void run(const Factor* a, long row, const Segments& runs, int positions, const Packed& weights,
                    const float* bias, const Then& then, size_t near = 24 * 1024) {
        const int chunks = chunks_of(weights.n);
        const long chunk_size = (long)steps(weights.k) * STEP;
        const Factor* b = (const Factor*)weights.data;
        auto few = [&](int position, int most, int chunk, int wide) {
            for (int p = position; p < position + most; p += FEW_POSITIONS)
                tiles<FEW_POSITIONS>(wide, a + p * row, row, runs, b + chunk * chunk_size, bias, p,
                                     smaller(FEW_POSITIONS, position + most - p), chunk, then);
        };
        auto many = [&](int position, int chunk, int wide) {
            const int left = positions - position, half = MOST_POSITIONS / 2;
            if (left > half)
                tiles<MOST_POSITIONS>(wide, a + position * row, row, runs, b + chunk * chunk_size, bias, position,
                                      smaller(MOST_POSITIONS, left), chunk, then);
            else
                few(position, left, chunk, wide);
        };
        if (chunks == 1) {
            int p = 0;
            for (; ALONE_POSITIONS > MOST_POSITIONS && positions - p >= ALONE_POSITIONS; p += ALONE_POSITIONS)
                tile<ALONE_POSITIONS, 1>(a + p * row, row, runs, b, bias, p, ALONE_POSITIONS, 0, then);
            for (; p < positions; p += MOST_POSITIONS) many(p, 0, 1);
            return;
        }
        // What is used again and again should stay in the first cache: a group of weights, or a few positions.
        if (weights.k * MOST_CHUNKS * CHUNK * sizeof(Factor) <= near) {
            for (int chunk = 0, wide; chunk < chunks; chunk += wide) {
                wide = group(chunks - chunk);
                for (int p = 0; p < positions; p += MOST_POSITIONS) many(p, chunk, wide);
            }
        } else {
            for (int p = 0; p < positions; p += MOST_POSITIONS)
                for (int chunk = 0, wide; chunk < chunks; chunk += wide) {
                    wide = group(chunks - chunk);
                    many(p, chunk, wide);
                }
        }
    }

    static void begin() {}
    static void end() {}
};
