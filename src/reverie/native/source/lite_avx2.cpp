// The EfficientNet-Lite kernels for AVX2 and FMA, in fp32.
#include "lite.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <cstring>

#define REVERIE_VEC_AVX2
namespace reverie {
namespace {
#include "vec_avx2.inl"
#include "lite_gemm.inl"
#include "lite_pixels.inl"
#include "lite_ends.inl"
#include "lite_rows.inl"
#include "lite_offer.inl"
}  // namespace
const Kernels* kernels_avx2() { return &Offer<Product<Fp32>, Fp32>::kernels; }
}  // namespace reverie
#else
namespace reverie {
const Kernels* kernels_avx2() { return nullptr; }
}  // namespace reverie
#endif
