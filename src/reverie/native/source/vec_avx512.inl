// Sixteen floats in one AVX-512 register.
typedef __m512 vec;
static inline vec zero() { return _mm512_setzero_ps(); }
static inline vec load(const float* p) { return _mm512_loadu_ps(p); }
static inline void store(float* p, vec v) { _mm512_storeu_ps(p, v); }
static inline vec add(vec a, vec b) { return _mm512_add_ps(a, b); }
static inline vec multiply_add(vec a, vec b, vec sum) { return _mm512_fmadd_ps(a, b, sum); }
static inline vec relu6(vec v) { return _mm512_min_ps(_mm512_max_ps(v, zero()), _mm512_set1_ps(6.f)); }
// 0 < v < 6: as integers without a sign, positive floats are in order and everything else is larger.
static inline uint16_t passes(vec v) {
    const __m512i less_one = _mm512_sub_epi32(_mm512_castps_si512(v), _mm512_set1_epi32(1));
    return _mm512_cmplt_epu32_mask(less_one, _mm512_set1_epi32(0x40c00000 - 1));
}
static inline vec keep(uint16_t mask, vec v) { return _mm512_maskz_mov_ps(mask, v); }
static inline void store_halves(float* low, float* high, vec v) {
    _mm256_storeu_ps(low, _mm512_castps512_ps256(v));
    _mm256_storeu_ps(high, _mm512_extractf32x8_ps(v, 1));
}
constexpr int FILTER_TILE = 8;  // outputs of a depthwise filter held in registers
