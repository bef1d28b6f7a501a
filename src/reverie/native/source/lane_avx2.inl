// Channels in one AVX2 register.
typedef __m256 lane;
constexpr int LANES = 8;
typedef uint8_t Bits;  // a bit a channel
static inline lane load_lane(const float* p) { return _mm256_loadu_ps(p); }
// The first of them, 0 for the others.
static inline lane load_first(const float* p, int count) {
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), places));
}
static inline void store_lane(float* p, lane v) { _mm256_storeu_ps(p, v); }
static inline void stream_lane(float* p, lane v) { _mm256_stream_ps(p, v); }
static inline void end_streams() { _mm_sfence(); }
static inline lane spread_lane(float v) { return _mm256_set1_ps(v); }
static inline lane add(lane x, lane y) { return _mm256_add_ps(x, y); }
static inline lane subtract(lane x, lane y) { return _mm256_sub_ps(x, y); }
static inline lane multiply(lane x, lane y) { return _mm256_mul_ps(x, y); }
static inline lane multiply_add(lane x, lane y, lane sum) { return _mm256_fmadd_ps(x, y, sum); }
static inline lane larger(lane x, lane y) { return _mm256_max_ps(x, y); }
static inline lane smaller(lane x, lane y) { return _mm256_min_ps(x, y); }
static inline lane chosen(Bits bits) {
    const __m256i places = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits), places), places));
}
static inline lane keep(Bits bits, lane v) { return _mm256_and_ps(chosen(bits), v); }
static inline lane choose(Bits bits, lane yes, lane no) { return _mm256_blendv_ps(no, yes, chosen(bits)); }
static inline Bits between(lane low, lane v, lane high) {
    return (Bits)_mm256_movemask_ps(_mm256_and_ps(_mm256_cmp_ps(v, low, _CMP_GT_OQ), _mm256_cmp_ps(v, high, _CMP_LT_OQ)));
}

// A number from 0 to 255 for each channel.
typedef __m256i Places;
static inline Places no_places() { return _mm256_setzero_si256(); }
// Where v is larger than the best, or not a number, it becomes the best; at the first one it always does.
static inline void take_larger(lane v, int place, bool first, lane& best, Places& where) {
    lane takes = _mm256_or_ps(_mm256_cmp_ps(v, best, _CMP_GT_OQ), _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    if (first) takes = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    best = _mm256_blendv_ps(best, v, takes);
    where = _mm256_blendv_epi8(where, _mm256_set1_epi32(place), _mm256_castps_si256(takes));
}
static inline void store_places(uint8_t* to, Places where, int count) {
    const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(where), _mm256_extracti128_si256(where, 1));
    const __m128i bytes = _mm_packus_epi16(halves, halves);
    if (count >= LANES)
        _mm_storel_epi64((__m128i*)to, bytes);
    else
        std::memcpy(to, &bytes, count);
}
// v where that place was taken, else 0.
static inline lane keep_places(const uint8_t* at, int place, lane v, int count) {
    __m128i bytes = _mm_setzero_si128();
    if (count >= LANES)
        bytes = _mm_loadl_epi64((const __m128i*)at);
    else
        std::memcpy(&bytes, at, count);
    const __m256i taken = _mm256_cmpeq_epi32(_mm256_cvtepu8_epi32(bytes), _mm256_set1_epi32(place));
    return _mm256_and_ps(_mm256_castsi256_ps(taken), v);
}

// The same in bf16, rounded to the nearest, ties to even.
static inline lane load_lane(const uint16_t* p) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
static inline void store_lane(uint16_t* p, lane v) {
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
    const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(up), _mm256_extracti128_si256(up, 1));
    _mm_storeu_si128((__m128i*)p, halves);
}
