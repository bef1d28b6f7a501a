// Dense convolutions and max pooling for the vectors of REVERIE_SET, or none where the compiler has it not.
#include "dense.h"
#include "pool.h"
#include "set_names.h"

#ifndef REVERIE_LEFT_OUT
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace reverie {
namespace {
#ifdef REVERIE_VEC_AVX2
#include "vec_avx2.inl"
#include "lane_avx2.inl"
#else
#include "vec_avx512.inl"
#include "lane_avx512.inl"
#endif
#include "lane_some.inl"
#include "lite_gemm.inl"
#include "winograd.inl"
typedef Product<DENSE_FACTORS> Matrix;
#include "dense_kernel.inl"
#ifndef REVERIE_VEC_BF16
#include "pool_kernel.inl"
#endif
}  // namespace
const DenseKernels* REVERIE_NAME(dense_)() { return &OFFERED; }
#ifndef REVERIE_VEC_BF16
const PoolKernels* REVERIE_NAME(pool_)() { return &POOLS; }
#endif
}  // namespace reverie
#else
namespace reverie {
const DenseKernels* REVERIE_NAME(dense_)() { return nullptr; }
#ifndef REVERIE_VEC_BF16
const PoolKernels* REVERIE_NAME(pool_)() { return nullptr; }
#endif
}  // namespace reverie
#endif
