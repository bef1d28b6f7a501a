// What the pyramids of a picture have in common: their levels, and where pixels lie among cells.
#pragma once

#include <math.h>

#include <vector>

#include "picture_kernels.h"

namespace reverie {

constexpr long LEAST_SIDE = 8;  // a smaller level has no band, as in opponent.py and filters.py

// A level of a pyramid. The next one has half as many rows and columns, rounded up.
struct Level {
    float* plane;  // (channels, height, width)
    long height, width;

    const float* row(long channel, long y) const { return plane + (channel * height + y) * width; }
    float* row(long channel, long y) { return plane + (channel * height + y) * width; }
};

// Where the pixels of one axis lie among fewer cells, cell centres at half-integers.
struct Places {
    std::vector<long> first;   // the cell before each pixel, from -1
    std::vector<float> share;  // of the cell after it

    Places(long size, long cells, bool circular) : first(size), share(size) {
        for (long i = 0; i < size; i++) {
            double place = (i + 0.5) * cells / size - 0.5;
            if (!circular && place < 0) place = 0;
            const double before = floor(place);
            first[i] = (long)before;
            share[i] = (float)(place - before);
        }
    }
};

// The same where there are half as many cells, and the weights of each.
struct Axis : Places {
    std::vector<float> a, b, c, d, e;

    Axis(long size, long cells, bool circular)
        : Places(size, cells, circular), a(cells), b(cells), c(cells), d(cells), e(cells) {
        for (long i = 0; i < size; i++) {
            const long j = i / 2;
            const float right = share[i], left = 1 - right;
            if (i % 2) {
                d[j] = left, e[j] = right;  // always between cell j and the next
            } else if (first[i] < j) {
                a[j] = left, b[j] = right, c[j] = 0;
            } else {
                a[j] = 0, b[j] = left, c[j] = right;
            }
        }
    }

    Taps taps() const { return {a.data(), b.data(), c.data(), d.data(), e.data(), (long)a.size()}; }
};

// An index beyond the ends: wrapped, or mirrored without repeating the edge.
inline long pixel_at(long i, long size, bool circular) {
    if (circular) return (i % size + size) % size;
    i = i < 0 ? -i : i;
    return i >= size ? 2 * (size - 1) - i : i;
}

// The same for cells: wrapped, or the edge repeated.
inline long cell_at(long i, long size, bool circular) {
    if (circular) return (i % size + size) % size;
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

// The five rows of a channel that a row of the next level is made of.
inline void rows_around(const Level& level, long channel, long cell, bool circular, const float* around[5]) {
    for (long i = 0; i < 5; i++) around[i] = level.row(channel, pixel_at(2 * cell + i - 2, level.height, circular));
}

}  // namespace reverie
