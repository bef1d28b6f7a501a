// The EfficientNet-Lite kernels on AMX tiles: products in bf16, or of factors split in two for nearly fp32.
#include "lite.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <cstring>

#define REVERIE_VEC_BF16
namespace reverie {
namespace {
#include "vec_avx512.inl"
#include "lite_gemm.inl"
#include "lite_gemm_amx.inl"
#include "lite_pixels.inl"
#include "lite_ends.inl"
#include "lite_rows.inl"
#include "lite_offer.inl"
}  // namespace
const Kernels* kernels_amx() { return &Offer<Tiles<TileBf16>, TileBf16>::kernels; }
const Kernels* kernels_amx_split() { return &Offer<Tiles<TileSplit>, TileSplit>::kernels; }
}  // namespace reverie
#else
namespace reverie {
const Kernels* kernels_amx() { return nullptr; }
const Kernels* kernels_amx_split() { return nullptr; }
}  // namespace reverie
#endif
