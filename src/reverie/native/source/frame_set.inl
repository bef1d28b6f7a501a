// The frame kernels for the instruction set REVERIE_SET, or none where the compiler has it not.
#include "frame_kernels.h"
#include "set_names.h"

#ifdef REVERIE_LEFT_OUT
namespace reverie {
const FrameKernels* REVERIE_NAME(frame_kernels_)() { return nullptr; }
}  // namespace reverie
#else
#include "frame_kernels.inl"

namespace reverie {
const FrameKernels* REVERIE_NAME(frame_kernels_)() { return &KERNELS; }
}  // namespace reverie
#endif
