// Dense convolutions and max pooling for AVX-512.
#include "dense.h"
#include "pool.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace reverie {
namespace {
#include "vec_avx512.inl"
#include "lane_avx512.inl"
#include "lane_some.inl"
#include "lite_gemm.inl"
#include "winograd.inl"
typedef Product<Fp32> Matrix;
#include "dense_kernel.inl"
#include "pool_kernel.inl"
}  // namespace
const DenseKernels* dense_avx512() { return &OFFERED; }
const PoolKernels* pool_avx512() { return &POOLS; }
}  // namespace reverie
#else
namespace reverie {
const DenseKernels* dense_avx512() { return nullptr; }
const PoolKernels* pool_avx512() { return nullptr; }
}  // namespace reverie
#endif
