#define REVERIE_SET avx512
#include "frame_set.inl"
