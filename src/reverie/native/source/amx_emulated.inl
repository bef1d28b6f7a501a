// The AMX tile instructions in plain code, for tests on machines without them: same tiles, same order of k.
struct EmulatedTile {
    alignas(64) unsigned char bytes[16][64];
};
static thread_local EmulatedTile emulated[8];

static inline float half_of_pair(const unsigned char* at) {
    uint16_t half;
    std::memcpy(&half, at, 2);
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}
static void emulate_load(int tile, const void* from, long stride) {
    for (int r = 0; r < 16; r++) std::memcpy(emulated[tile].bytes[r], (const char*)from + r * stride, 64);
}
static void emulate_store(int tile, void* to, long stride) {
    for (int r = 0; r < 16; r++) std::memcpy((char*)to + r * stride, emulated[tile].bytes[r], 64);
}
static void emulate_dot(int sum, int a, int b) {
    for (int m = 0; m < 16; m++) {
        float row[16];
        std::memcpy(row, emulated[sum].bytes[m], 64);
        for (int k = 0; k < 16; k++)
            for (int n = 0; n < 16; n++)
                for (int p = 0; p < 2; p++)
                    row[n] += half_of_pair(emulated[a].bytes[m] + 4 * k + 2 * p) * half_of_pair(emulated[b].bytes[k] + 4 * n + 2 * p);
        std::memcpy(emulated[sum].bytes[m], row, 64);
    }
}
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#undef _tile_loadconfig
#undef _tile_release
#define _tile_zero(t) std::memset(&emulated[t], 0, sizeof(EmulatedTile))
#define _tile_loadd(t, from, stride) emulate_load(t, from, stride)
#define _tile_stored(t, to, stride) emulate_store(t, to, stride)
#define _tile_dpbf16ps(sum, a, b) emulate_dot(sum, a, b)
#define _tile_loadconfig(shape) ((void)(shape))
#define _tile_release() ((void)0)
