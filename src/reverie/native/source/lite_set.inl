// The EfficientNet-Lite kernels for the vectors of REVERIE_SET, or none where the compiler has it not.
#include "lite.h"
#include "set_names.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <cstring>

namespace reverie {
namespace {
#ifdef REVERIE_VEC_AVX2
#include "vec_avx2.inl"
#else
#include "vec_avx512.inl"
#endif
#include "lite_gemm.inl"
#ifdef REVERIE_TILES
#include "lite_gemm_amx.inl"
#endif
#include "lite_pixels.inl"
#include "lite_ends.inl"
#include "lite_rows.inl"
#include "lite_offer.inl"
}  // namespace
const Kernels* REVERIE_NAME(kernels_)() { return &Offer<LITE_PRODUCT, LITE_FACTORS>::kernels; }
#ifdef REVERIE_TILES
const Kernels* kernels_amx_split() { return &Offer<Tiles<TileSplit>, TileSplit>::kernels; }
#endif
}  // namespace reverie
#else
namespace reverie {
const Kernels* REVERIE_NAME(kernels_)() { return nullptr; }
#ifdef REVERIE_TILES
const Kernels* kernels_amx_split() { return nullptr; }
#endif
}  // namespace reverie
#endif
