#include "frame_kernels.h"

#include "frame_kernels.inl"

namespace reverie {
const FrameKernels* frame_kernels_plain() { return &KERNELS; }
}  // namespace reverie
