// The EfficientNet-Lite kernels on AMX tiles: products in bf16, or of factors split in two for nearly fp32.
#define REVERIE_SET amx
#define REVERIE_VEC_BF16
#define REVERIE_TILES
#define LITE_FACTORS TileBf16
#define LITE_PRODUCT Tiles<TileBf16>
#include "lite_set.inl"
