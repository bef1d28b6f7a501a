#include "cppn.h"

#ifdef REVERIE_LEFT_OUT
namespace reverie {
CppnTile cppn_tile_avx2() { return nullptr; }
}  // namespace reverie
#else
#include "cppn_kernel.inl"

namespace reverie {
CppnTile cppn_tile_avx2() { return tile; }
}  // namespace reverie
#endif
