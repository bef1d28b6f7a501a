// Pictures as they are seen a little later, one fading into another, in bytes: what a live show shows between two
// pictures that were dreamt. All is counted in whole numbers, so bytes are the same for every instruction set.
//
// A picture is turned by little, so it can be looked at along its rows first and along its columns then: four pixels of
// one row make a cell, and four cells of one column make a pixel. In both passes neighbours lie beside each other.
#pragma once

#include <stdint.h>

namespace reverie {

// Channels of a cell; the fourth is nothing.
constexpr long CELL = 4;
// Bits of a place behind the point, and of those the ones that weights are made for.
constexpr int POINT = 32, FINE = 8;
// Bits of a weight of 1, and how many are left of a pixel that was looked at along its row.
constexpr int WEIGHT_BITS = 14, CELL_BITS = 6;

// The weights of four neighbours in pairs, as products of pairs are summed: those of the first two for each channel,
// then those of the others.
struct FourWeights {
    int16_t first[2 * CELL], last[2 * CELL];
};

// Places along a row of pixels: whole pixels and fractions.
struct Places {
    int64_t first, step;
    int64_t at(long x) const { return first + x * step; }
};
inline long whole(int64_t place) { return (long)(place >> POINT); }
inline int fine(int64_t place) { return (int)(place >> (POINT - FINE)) & ((1 << FINE) - 1); }

// One of the pictures of a frame: its cells, row by row in turn (`mask` is one less than a power of two), where a row of
// the frame looks at them, and by which weights.
struct Look {
    const int16_t* cells;
    long mask, row;
    Places down;
    const FourWeights* weights;
};

struct GlideKernels {
    // Cells [first, last) of a row of pixels, whose four neighbours all are in the row, and so are 16 bytes from the
    // first of them on.
    void (*across)(const uint8_t* pixels, Places places, const FourWeights* weights, long first, long last, int16_t* cells);
    // A row of a frame: the sum of its looks.
    void (*down)(const Look* looks, int count, long width, uint8_t* pixels);
};

const GlideKernels* glide_kernels_plain();
// Null where the compiler could not make them.
const GlideKernels* glide_kernels_avx2();

}  // namespace reverie
