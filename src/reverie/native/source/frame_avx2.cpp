#define REVERIE_SET avx2
#include "frame_set.inl"
