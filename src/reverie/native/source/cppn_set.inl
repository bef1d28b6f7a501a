// The CPPN kernel for the instruction set REVERIE_SET, or none where the compiler has it not.
#include "cppn.h"
#include "set_names.h"

#ifdef REVERIE_LEFT_OUT
namespace reverie {
CppnTile REVERIE_NAME(cppn_tile_)() { return nullptr; }
}  // namespace reverie
#else
#include "cppn_kernel.inl"

namespace reverie {
CppnTile REVERIE_NAME(cppn_tile_)() { return tile; }
}  // namespace reverie
#endif
