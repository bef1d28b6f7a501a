// The EfficientNet-Lite kernels for AVX2 and FMA, in fp32.
#define REVERIE_SET avx2
#define REVERIE_VEC_AVX2
#define LITE_FACTORS Fp32
#define LITE_PRODUCT Product<Fp32>
#include "lite_set.inl"
