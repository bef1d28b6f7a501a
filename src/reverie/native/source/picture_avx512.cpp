#include "picture_kernels.h"

#ifdef REVERIE_LEFT_OUT
namespace reverie {
const PictureKernels* picture_kernels_avx512() { return nullptr; }
}  // namespace reverie
#else
#include "picture_kernels.inl"

namespace reverie {
const PictureKernels* picture_kernels_avx512() { return &KERNELS; }
}  // namespace reverie
#endif
