#define REVERIE_SET avx512
#include "cppn_set.inl"
