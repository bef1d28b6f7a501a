// Channels in one AVX-512 register.
typedef __m512 lane;
constexpr int LANES = 16;
typedef uint16_t Bits;  // a bit a channel
static inline lane load_lane(const float* p) { return _mm512_loadu_ps(p); }
// The first of them, 0 for the others.
static inline lane load_first(const float* p, int count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1 << count) - 1), p);
}
static inline void store_lane(float* p, lane v) { _mm512_storeu_ps(p, v); }
static inline void stream_lane(float* p, lane v) { _mm512_stream_ps(p, v); }
static inline void end_streams() { _mm_sfence(); }
static inline lane spread_lane(float v) { return _mm512_set1_ps(v); }
static inline lane subtract(lane x, lane y) { return _mm512_sub_ps(x, y); }
static inline lane multiply(lane x, lane y) { return _mm512_mul_ps(x, y); }
static inline lane larger(lane x, lane y) { return _mm512_max_ps(x, y); }
static inline lane smaller(lane x, lane y) { return _mm512_min_ps(x, y); }
static inline lane choose(Bits bits, lane yes, lane no) { return _mm512_mask_mov_ps(no, bits, yes); }
static inline Bits between(lane low, lane v, lane high) {
    return _mm512_cmp_ps_mask(v, low, _CMP_GT_OQ) & _mm512_cmp_ps_mask(v, high, _CMP_LT_OQ);
}

// A number from 0 to 255 for each channel.
typedef __m512i Places;
static inline Places no_places() { return _mm512_setzero_si512(); }
// Where v is larger than the best, or not a number, it becomes the best; at the first one it always does.
static inline void take_larger(lane v, int place, bool first, lane& best, Places& where) {
    const __mmask16 takes =
        first ? 0xffff : _mm512_cmp_ps_mask(v, best, _CMP_GT_OQ) | _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    best = _mm512_mask_mov_ps(best, takes, v);
    where = _mm512_mask_mov_epi32(where, takes, _mm512_set1_epi32(place));
}
static inline void store_places(uint8_t* to, Places where, int count) {
    const __m128i bytes = _mm512_cvtepi32_epi8(where);
    if (count >= LANES)
        _mm_storeu_si128((__m128i*)to, bytes);
    else
        std::memcpy(to, &bytes, count);
}
// v where that place was taken, else 0.
static inline lane keep_places(const uint8_t* at, int place, lane v, int count) {
    __m128i bytes = _mm_setzero_si128();
    if (count >= LANES)
        bytes = _mm_loadu_si128((const __m128i*)at);
    else
        std::memcpy(&bytes, at, count);
    return _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(_mm512_cvtepu8_epi32(bytes), _mm512_set1_epi32(place)), v);
}

// The same in bf16, rounded to the nearest, ties to even.
static inline lane load_lane(const uint16_t* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
static inline void store_lane(uint16_t* p, lane v) {
    const __m512i bits = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    _mm256_storeu_si256((__m256i*)p, _mm512_cvtepi32_epi16(_mm512_srli_epi32(up, 16)));
}
