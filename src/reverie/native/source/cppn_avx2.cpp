#define REVERIE_SET avx2
#include "cppn_set.inl"
