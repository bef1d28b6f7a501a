// Dense convolutions for AVX-512 with its bf16 products.
#include "dense.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#define REVERIE_VEC_BF16
namespace reverie {
namespace {
#include "vec_avx512.inl"
#include "lane_avx512.inl"
#include "lane_some.inl"
#include "lite_gemm.inl"
#include "winograd.inl"
typedef Product<Bf16> Matrix;
#include "dense_kernel.inl"
}  // namespace
const DenseKernels* dense_bf16() { return &OFFERED; }
}  // namespace reverie
#else
namespace reverie {
const DenseKernels* dense_bf16() { return nullptr; }
}  // namespace reverie
#endif
