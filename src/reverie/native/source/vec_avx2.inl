// Sixteen floats in two AVX2 registers.
struct vec {
    __m256 a, b;
};
static inline vec zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
static inline vec load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
static inline void store(float* p, vec v) {
    _mm256_storeu_ps(p, v.a);
    _mm256_storeu_ps(p + 8, v.b);
}
static inline vec add(vec x, vec y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
static inline vec multiply_add(vec x, vec y, vec sum) {
    return {_mm256_fmadd_ps(x.a, y.a, sum.a), _mm256_fmadd_ps(x.b, y.b, sum.b)};
}
static inline __m256 relu6_half(__m256 v) {
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(6.f));
}
static inline vec relu6(vec v) { return {relu6_half(v.a), relu6_half(v.b)}; }
static inline int passes_half(__m256 v) {
    return _mm256_movemask_ps(_mm256_and_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ),
                                            _mm256_cmp_ps(v, _mm256_set1_ps(6.f), _CMP_LT_OQ)));
}
static inline uint16_t passes(vec v) { return (uint16_t)(passes_half(v.a) | passes_half(v.b) << 8); }
static inline __m256 keep_half(int mask, __m256 v) {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i on = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(mask), bits), bits);
    return _mm256_and_ps(_mm256_castsi256_ps(on), v);
}
static inline vec keep(uint16_t mask, vec v) { return {keep_half(mask & 255, v.a), keep_half(mask >> 8, v.b)}; }
static inline void store_halves(float* low, float* high, vec v) {
    _mm256_storeu_ps(low, v.a);
    _mm256_storeu_ps(high, v.b);
}
constexpr int FILTER_TILE = 4;
