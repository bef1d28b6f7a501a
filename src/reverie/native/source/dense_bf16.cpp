// Dense convolutions for AVX-512 with its bf16 products.
#define REVERIE_SET bf16
#define REVERIE_VEC_BF16
#define DENSE_FACTORS Bf16
#include "dense_set.inl"
