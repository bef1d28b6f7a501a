// What happens to sums as they leave the registers, M positions of one chunk of outputs at a time. Most often the
// positions are neighbours, and their addresses are known from the first.

// Into the ring: forward through the ReLU6, whose mask is kept; backward through the mask that was kept.
template <bool BACK> struct ToRing {
    float* ring;
    long chunk_size;
    const int* ring_at;
    uint16_t* kept;
    long kept_chunk;
    const long* kept_at;  // negative: somebody else keeps it

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
        if (count == M && ring_at[p + M - 1] - ring_at[p] == (M - 1) * CHUNK && (BACK || kept_at[p] >= 0)) {
            float* to = ring + ring_at[p] + chunk * chunk_size;
            uint16_t* mask = kept + kept_at[p] + chunk * kept_chunk;
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) {
                if constexpr (BACK) store(to + i * CHUNK, keep(mask[i], v[i]));
                else store(to + i * CHUNK, relu6(v[i]));
            }
            if constexpr (!BACK)
                if (kept)
#pragma GCC unroll 16
                    for (int i = 0; i < M; i++) mask[i] = passes(v[i]);
            return;
        }
        vec left[M];
        for (int i = 0; i < M; i++) left[i] = v[i];
        for (int i = 0; i < count; i++) {
            float* to = ring + ring_at[p + i] + chunk * chunk_size;
            const long bit = kept_at[p + i] + chunk * kept_chunk;
            if constexpr (BACK) {
                store(to, keep(kept[bit], left[i]));
            } else {
                store(to, relu6(left[i]));
                if (kept && kept_at[p + i] >= 0) kept[bit] = passes(left[i]);
            }
        }
    }
};

// Into the block's output, or the gradient at its input; what went round the block is added.
struct ToMap {
    float* map;
    const long* at;
    const float* residual;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
        vec left[M];
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) left[i] = v[i];
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            const long here = at[p + i] + chunk * CHUNK;
            store(map + here, residual ? add(left[i], load(residual + here)) : left[i]);
        }
    }
};

// The gradient of 2 x 2 pixels: the upper two, the lower two.
struct ToCells {
    float *upper, *lower;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int, const vec (&v)[M]) const {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            store_halves(upper + 8 * (p + i), lower + 8 * (p + i), v[i]);
        }
    }
};

struct ToPoints {
    float* map;
    long channels;
    uint16_t* mask;
    long chunks;
    bool activate;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            if (mask) mask[(p + i) * chunks + chunk] = passes(v[i]);
            store(map + (p + i) * channels + chunk * CHUNK, activate ? relu6(v[i]) : v[i]);
        }
    }
};
