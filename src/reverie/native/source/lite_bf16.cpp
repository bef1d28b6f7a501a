// The EfficientNet-Lite kernels for AVX-512 with its bf16 products.
#include "lite.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <cstring>

#define REVERIE_VEC_BF16
namespace reverie {
namespace {
#include "vec_avx512.inl"
#include "lite_gemm.inl"
#include "lite_pixels.inl"
#include "lite_ends.inl"
#include "lite_rows.inl"
#include "lite_offer.inl"
}  // namespace
const Kernels* kernels_bf16() { return &Offer<Product<Bf16>, Bf16>::kernels; }
}  // namespace reverie
#else
namespace reverie {
const Kernels* kernels_bf16() { return nullptr; }
}  // namespace reverie
#endif
