// Dense convolutions and max pooling for AVX-512.
#define REVERIE_SET avx512
#define DENSE_FACTORS Fp32
#include "dense_set.inl"
