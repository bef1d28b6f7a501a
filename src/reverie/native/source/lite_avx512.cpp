// The EfficientNet-Lite kernels for AVX-512, in fp32.
#define REVERIE_SET avx512
#define LITE_FACTORS Fp32
#define LITE_PRODUCT Product<Fp32>
#include "lite_set.inl"
