#define REVERIE_SET avx2
#include "picture_set.inl"
