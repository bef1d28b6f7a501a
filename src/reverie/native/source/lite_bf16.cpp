// The EfficientNet-Lite kernels for AVX-512 with its bf16 products.
#define REVERIE_SET bf16
#define REVERIE_VEC_BF16
#define LITE_FACTORS Bf16
#define LITE_PRODUCT Product<Bf16>
#include "lite_set.inl"
