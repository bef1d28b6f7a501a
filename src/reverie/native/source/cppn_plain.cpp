#include "cppn.h"

#include "cppn_kernel.inl"

namespace reverie {
CppnTile cppn_tile_plain() { return tile; }
}  // namespace reverie
