// The products of lite_gemm.inl on AMX tiles of 16 positions x 32 factors. `Split` factors are the sum of two bf16,
// and three of the four products of their halves are added up: an error of some 2^-16 instead of 2^-8.
#ifdef REVERIE_EMULATE_AMX
#include "amx_emulated.inl"
#endif

constexpr int DEEP = 32;

struct TileBf16 {
    typedef uint16_t Factor;
    static constexpr bool SPLIT = false;
    static int row(int k) { return round_up(k, DEEP); }
    static void put(Factor* to, vec v, int) { put_bf16(to, v); }
};

struct TileSplit {
    typedef uint16_t Factor;
    static constexpr bool SPLIT = true;
    static int row(int k) { return 2 * round_up(k, DEEP); }  // the leading halves, then what they leave
    static void put(Factor* to, vec v, int row) {
        const __m256bh lead = _mm512_cvtneps_pbh(v);
        const vec left = _mm512_sub_ps(v, _mm512_cvtpbh_ps(lead));
        _mm256_storeu_si256((__m256i*)to, (__m256i)lead);
        put_bf16(to + row / 2, left);
    }
};

template <class Format> struct Tiles {
    typedef uint16_t Factor;
    static constexpr int TILE = 16 * DEEP;
    static constexpr int GRAIN = 16;

    static int depth(int k) { return round_up(k, DEEP) / DEEP; }
    static size_t packed_bytes(int k, int n) { return (size_t)chunks_of(n) * depth(k) * TILE * 2 * (Format::SPLIT ? 2 : 1); }

    // [half][chunk][depth][16 pairs of k][16 outputs][pair]
    static void pack(const float* w, long k_step, long n_step, int k, int n, void* to) {
        Factor* lead = (Factor*)to;
        Factor* left = lead + (size_t)chunks_of(n) * depth(k) * TILE;
        for (int c = 0; c < chunks_of(n) * CHUNK; c++)
            for (int at = 0; at < depth(k) * DEEP; at++) {
                const float value = at < k && c < n ? w[at * k_step + c * n_step] : 0.f;
                const size_t here = ((size_t)(c / CHUNK) * depth(k) + at / DEEP) * TILE + (at % DEEP) / 2 * 32 + c % CHUNK * 2 + at % 2;
                lead[here] = rounded(value);
                if (!Format::SPLIT) continue;
                const uint32_t bits = (uint32_t)lead[here] << 16;
                float back;
                std::memcpy(&back, &bits, 4);
                left[here] = rounded(value - back);
            }
    }

    // Up to 32 positions by two chunks of outputs.
    template <int M, int N>
    static inline void square(const Factor* a, long row, const Segments& runs, const Factor* b, long chunk_size, long half,
                              float* sums) {
        _tile_zero(0);
        if (N > 1) _tile_zero(1);
        if (M > 1) _tile_zero(2);
        if (M > 1 && N > 1) _tile_zero(3);
        for (int pass = 0; pass < (Format::SPLIT ? 3 : 1); pass++) {
            const Factor* factors = a + (pass == 1 ? row / 2 : 0);
            const Factor* weights = b + (pass == 2 ? half : 0);
            for (int run = 0; run < runs.count; run++)
                for (int k = 0; k < runs.length; k += DEEP, weights += TILE) {
                    const Factor* here = factors + runs.at[run] + k;
                    _tile_loadd(4, here, row * 2);
                    _tile_loadd(6, weights, 64);
                    _tile_dpbf16ps(0, 4, 6);
                    if (N > 1) {
                        _tile_loadd(7, weights + chunk_size, 64);
                        _tile_dpbf16ps(1, 4, 7);
                    }
                    if (M > 1) {
                        _tile_loadd(5, here + 16 * row, row * 2);
                        _tile_dpbf16ps(2, 5, 6);
                        if (N > 1) _tile_dpbf16ps(3, 5, 7);
                    }
                }
        }
        _tile_stored(0, sums, 64);
        if (N > 1) _tile_stored(1, sums + 256, 64);
        if (M > 1) _tile_stored(2, sums + 512, 64);
        if (M > 1 && N > 1) _tile_stored(3, sums + 768, 64);
    }

    template <class Then>
    static void run(const Factor* a, long row, const Segments& runs, int positions, const Packed& packed, const float* bias,
                    const Then& then) {
        alignas(64) float sums[1024];
        const int chunks = chunks_of(packed.n);
        const long chunk_size = (long)depth(packed.k) * TILE, half = chunk_size * chunks;
        for (int chunk = 0; chunk < chunks; chunk += 2) {
            const int wide = smaller(2, chunks - chunk);
            const Factor* b = (const Factor*)packed.data + chunk * chunk_size;
            for (int p = 0; p < positions; p += 32) {
                const int high = positions - p > 16 ? 2 : 1;
                const Factor* from = a + p * row;
                if (high == 2 && wide == 2) square<2, 2>(from, row, runs, b, chunk_size, half, sums);
                else if (high == 2) square<2, 1>(from, row, runs, b, chunk_size, half, sums);
                else if (wide == 2) square<1, 2>(from, row, runs, b, chunk_size, half, sums);
                else square<1, 1>(from, row, runs, b, chunk_size, half, sums);
                for (int i = 0; i < high; i++)
                    for (int j = 0; j < wide; j++) {
                        const vec start = bias ? load(bias + (chunk + j) * CHUNK) : zero();
                        const float* sum = sums + i * 512 + j * 256;
                        const int count = smaller(16, positions - p - 16 * i);
                        for (int r = 0; r < count; r += 8) {
                            vec column[8];
#pragma GCC unroll 8
                            for (int q = 0; q < 8; q++) column[q] = add(start, load(sum + (r + q) * 16));
                            then.template put<8>(p + 16 * i + r, smaller(8, count - r), chunk + j, column);
                        }
                    }
            }
        }
    }

    static void begin() {
        struct {
            uint8_t palette, start, reserved[14];
            uint16_t bytes[16];
            uint8_t rows[16];
        } shape;
        std::memset(&shape, 0, sizeof shape);
        shape.palette = 1;
        for (int i = 0; i < 8; i++) {
            shape.bytes[i] = 64;
            shape.rows[i] = 16;
        }
        _tile_loadconfig(&shape);
    }
    static void end() { _tile_release(); }
};
