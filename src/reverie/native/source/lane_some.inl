// The last channels of a map, where fewer than a register holds are left.
static inline lane load_some(const float* p, int count) {
    return count >= LANES ? load_lane(p) : load_first(p, count);
}
static inline void store_some(float* p, lane v, int count) {
    if (count >= LANES) return store_lane(p, v);
    float all[LANES];
    store_lane(all, v);
    for (int i = 0; i < count; i++) p[i] = all[i];
}
static inline lane load_some(const uint16_t* p, int count) {
    if (count >= LANES) return load_lane(p);
    uint16_t all[LANES] = {};
    for (int i = 0; i < count; i++) all[i] = p[i];
    return load_lane(all);
}
static inline void store_some(uint16_t* p, lane v, int count) {
    if (count >= LANES) return store_lane(p, v);
    uint16_t all[LANES];
    store_lane(all, v);
    for (int i = 0; i < count; i++) p[i] = all[i];
}
