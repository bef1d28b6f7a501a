// Vectors of floats of the processor's own width (the compiler takes wider ones to pieces badly), and how they sweep over
// a row. Included by one file for each instruction set.
#pragma once

#include <string.h>

#pragma GCC diagnostic ignored "-Wpsabi"  // everything that takes a vector is inlined

namespace reverie {
namespace {

#define ALWAYS __attribute__((always_inline))
#define INLINE inline ALWAYS

#if defined(__AVX512F__)
constexpr long LANES = 16;
#elif defined(__AVX2__)
constexpr long LANES = 8;
#else
constexpr long LANES = 4;
#endif
typedef float V __attribute__((vector_size(LANES * sizeof(float))));

INLINE V all(float x) { return V{} + x; }
INLINE V larger(const V& a, const V& b) { return a > b ? a : b; }
INLINE V smaller(const V& a, const V& b) { return a < b ? a : b; }
INLINE V root(const V& x) {
    V y;
    for (long i = 0; i < LANES; i++) y[i] = __builtin_sqrtf(x[i]);
    return y;
}
INLINE double total(const V& x) {
    double sum = 0;
    for (long i = 0; i < LANES; i++) sum += (double)x[i];
    return sum;
}

// A vector of numbers, or at the end of a row the few that are left; the rest of the vector is zero.
struct Whole {
    long at;
    INLINE V load(const float* p) const {
        V v;
        memcpy(&v, p + at, sizeof v);
        return v;
    }
    INLINE void store(float* p, const V& v) const { memcpy(p + at, &v, sizeof v); }
    INLINE V counted(const V& v) const { return v; }
};
struct Part {
    long at, count;
    INLINE V load(const float* p) const {
        V v = {};
        memcpy(&v, p + at, (size_t)count * sizeof(float));
        return v;
    }
    INLINE void store(float* p, const V& v) const { memcpy(p + at, &v, (size_t)count * sizeof(float)); }
    INLINE V counted(const V& v) const {
        V few = {};
        memcpy(&few, &v, (size_t)count * sizeof(float));
        return few;
    }
};

template <class Body>
INLINE void sweep(long count, Body body) {
    long x = 0;
    for (; x + LANES <= count; x += LANES) body(Whole{x});
    if (x < count) body(Part{x, count - x});
}

}  // namespace
}  // namespace reverie
