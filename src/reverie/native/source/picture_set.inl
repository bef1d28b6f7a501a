// The picture kernels for the instruction set REVERIE_SET, or none where the compiler has it not.
#include "picture_kernels.h"
#include "set_names.h"

#ifdef REVERIE_LEFT_OUT
namespace reverie {
const PictureKernels* REVERIE_NAME(picture_kernels_)() { return nullptr; }
}  // namespace reverie
#else
#include "picture_kernels.inl"

namespace reverie {
const PictureKernels* REVERIE_NAME(picture_kernels_)() { return &KERNELS; }
}  // namespace reverie
#endif
