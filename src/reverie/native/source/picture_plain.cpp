#include "picture_kernels.h"

#include "picture_kernels.inl"

namespace reverie {
const PictureKernels* picture_kernels_plain() { return &KERNELS; }
}  // namespace reverie
