// Pictures whose genes are knots of smooth surfaces, and how rough pictures are: reverie.evolve.natural, whose NumPy
// gives the same bytes. Every sum of floats is in one fixed order, without fused multiply-adds; every other sum is of
// whole numbers. The compiler makes vectors of the rows; no instruction set of its own is needed.
#include <stdint.h>

#include <algorithm>
#include <vector>

#include "api.h"
#include "threads.h"

namespace reverie {
namespace {

// Places of knots, from `side` of them to `size`: pixel i is the sum of weights[t * size + i] * knot[first[i] + t].
struct Enlarging {
    long side, size, taps;
    const int* first;
    const float* weights;
};

// Rows of `side` knots into rows of `size`, each of its knots in the order of their places.
void widen(const Enlarging& e, const float* knots, long rows, float* wide) {
    for (long y = 0; y < rows; y++) {
        const float* row = knots + y * e.side;
        float* out = wide + y * e.size;
        for (long x = 0; x < e.size; x++) {
            const float* from = row + e.first[x];
            float sum = e.weights[x] * from[0];
            for (long t = 1; t < e.taps; t++) sum += e.weights[t * e.size + x] * from[t];
            out[x] = sum;
        }
    }
}

// One row of the enlarged surface out of rows that are wide already.
void row_of(const Enlarging& e, const float* wide, long y, float* __restrict out) {
    const float* from = wide + e.first[y] * e.size;
    const float weight = e.weights[y];
    for (long x = 0; x < e.size; x++) out[x] = weight * from[x];
    for (long t = 1; t < e.taps; t++) {
        const float next = e.weights[t * e.size + y];
        const float* below = from + t * e.size;
        for (long x = 0; x < e.size; x++) out[x] += next * below[x];
    }
}

// Nearest whole number of one not far from 0, halves to even: what does not fit behind the point is rounded off.
inline float nearest(float x) {
    constexpr float round = 12582912.0f;  // 1.5 * 2^23
    return x + round - round;
}

void shown(float* row, long count, int levels) {
    for (long x = 0; x < count; x++) row[x] = std::min(std::max(row[x] + 0.5f, 0.0f), 1.0f);
    if (!levels) return;
    const float whole = (float)levels;
    for (long x = 0; x < count; x++) row[x] = nearest(row[x] * whole) / whole;
}

struct Room {
    std::vector<float> surface, wide;
};

// The channel of one picture: `genes` begins with the coarsest surface; the last of `steps` leads to pixels.
void draw(const std::vector<Enlarging>& steps, const float* strengths, const uint8_t* genes, int levels, Room& room,
          float* out) {
    const long coarsest = steps[0].side * steps[0].side;
    for (long i = 0; i < coarsest; i++) room.surface[i] = strengths[genes[i]];
    genes += coarsest;
    for (size_t i = 0; i < steps.size(); i++) {
        const Enlarging& e = steps[i];
        const bool last = i + 1 == steps.size();
        widen(e, room.surface.data(), e.side, room.wide.data());
        for (long y = 0; y < e.size; y++) {
            float* row = (last ? out : room.surface.data()) + y * e.size;
            row_of(e, room.wide.data(), y, row);
            if (last) {
                shown(row, e.size, levels);
            } else {
                for (long x = 0; x < e.size; x++) row[x] += strengths[genes[y * e.size + x]];
            }
        }
        if (!last) genes += e.size * e.size;
    }
}

// Whole 255ths of every pixel's sum over channels.
void greys(const float* picture, int channels, long plane, long count, int16_t* grey) {
    for (long x = 0; x < count; x++) grey[x] = (int16_t)(picture[x] * 255.0f + 0.5f);
    for (int c = 1; c < channels; c++) {
        const float* more = picture + c * plane;
        for (long x = 0; x < count; x++) grey[x] = (int16_t)(grey[x] + (int16_t)(more[x] * 255.0f + 0.5f));
    }
}

// The sum of (a - b)^2, in parts that fit into 32 bits.
int64_t squares(const int16_t* a, const int16_t* b, long count, long part) {
    int64_t sum = 0;
    for (long at = 0; at < count; at += part) {
        const long end = std::min(at + part, count);
        int32_t few = 0;
        for (long x = at; x < end; x++) {
            const int16_t d = (int16_t)(a[x] - b[x]);
            few += (int32_t)d * d;
        }
        sum += few;
    }
    return sum;
}

int64_t total(const int16_t* a, long count) {
    int64_t sum = 0;
    for (long x = 0; x < count; x++) sum += a[x];
    return sum;
}

void measure(const float* picture, int channels, long height, long width, int16_t* room, int64_t* sums) {
    const long most = 255L * channels, part = std::max(1L, 2147483647L / (most * most));
    const int16_t* nothing = room + 2 * width;
    std::fill(room + 2 * width, room + 3 * width, (int16_t)0);
    for (long y = 0; y < height; y++) {
        int16_t *grey = room + (y & 1) * width, *above = room + (~y & 1) * width;
        greys(picture + y * width, channels, height * width, width, grey);
        sums[0] += total(grey, width);
        sums[1] += squares(grey, nothing, width, part);
        if (y) sums[2] += squares(grey, above, width, part);
        sums[3] += squares(grey + 1, grey, width - 1, part);
    }
}

}  // namespace
}  // namespace reverie

using namespace reverie;

// Pictures (count, channels, sides[surfaces], sides[surfaces]) of genes (count, channels, sum of the squares of the
// first `surfaces` sides), coarsest first. Gene g stands for strengths[g], of 256. `first` and `weights` have, for each
// surface behind the other, what enlarges it to the next side: `taps[i]` rows of weights. Rounds to multiples of
// 1 / levels; 0 leaves them as they are. Returns -1 if there is no memory. The caller has checked that all knots exist.
REVERIE_API int reverie_surfaces_draw(long count, int channels, const uint8_t* genes, const float* strengths,
                                      int surfaces, const long* sides, const long* taps, const int* first,
                                      const float* weights, int levels, float* out, int threads) {
    try {
        std::vector<Enlarging> steps;
        long genome = 0, largest = 1, widest = 1;
        for (int i = 0; i < surfaces; i++) {
            steps.push_back({sides[i], sides[i + 1], taps[i], first, weights});
            first += sides[i + 1];
            weights += taps[i] * sides[i + 1];
            genome += sides[i] * sides[i];
            largest = std::max(largest, sides[i] * sides[i]);
            widest = std::max(widest, sides[i] * sides[i + 1]);
        }
        const long planes = count * channels, pixels = sides[surfaces] * sides[surfaces];
        threads = (int)std::min<long>(threads, std::max(planes, 1L));
        std::vector<Room> rooms(threads);
        for (Room& room : rooms) {
            room.surface.resize((size_t)largest);
            room.wide.resize((size_t)widest);
        }
        run_threads(threads, [&](int t) {
            const Share mine = share(planes, threads, t);
            for (long i = mine.first; i < mine.last; i++)
                draw(steps, strengths, genes + i * genome, levels, rooms[t], out + i * pixels);
        });
        return 0;
    } catch (...) {
        return -1;
    }
}

// Of pictures (count, channels, height, width) in [0, 1] into sums (count, 4): with g the sum over the channels of a
// pixel's whole 255ths, those of g, of g^2, and of the squares of the differences of g from the pixel above and the
// pixel on the left. Channels are at most 64. Returns -1 if there is no memory.
REVERIE_API int reverie_surfaces_measure(long count, int channels, long height, long width, const float* pictures,
                                         int64_t* sums, int threads) {
    try {
        threads = (int)std::min<long>(threads, std::max(count, 1L));
        std::vector<std::vector<int16_t>> rooms(threads, std::vector<int16_t>((size_t)(3 * width)));
        run_threads(threads, [&](int t) {
            const Share mine = share(count, threads, t);
            for (long i = mine.first; i < mine.last; i++) {
                std::fill(sums + 4 * i, sums + 4 * i + 4, (int64_t)0);
                measure(pictures + i * channels * height * width, channels, height, width, rooms[t].data(),
                        sums + 4 * i);
            }
        });
        return 0;
    } catch (...) {
        return -1;
    }
}
