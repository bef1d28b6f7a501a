// Dense convolutions and max pooling for AVX2 and FMA.
#define REVERIE_SET avx2
#define REVERIE_VEC_AVX2
#define DENSE_FACTORS Fp32
#include "dense_set.inl"
