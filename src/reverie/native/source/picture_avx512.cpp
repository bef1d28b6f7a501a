#define REVERIE_SET avx512
#include "picture_set.inl"
