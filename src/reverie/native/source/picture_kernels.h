// What is done to rows of a picture in a step of a dream, once for each instruction set. All of it is bound by
// memory or by one division a pixel; the work is in doing it in few passes.
#pragma once

namespace reverie {

// A canvas: the picture is base + bend(mask * detail), planes of (channels, pixels), the mask of (pixels).
struct Layers {
    const float* base;
    const float* detail;
    const float* mask;  // or null
    bool soft;          // bend: change / sqrt(1 + (change / room)^2), with the room left to black or white
};

// detail = clip(scale * detail + factor * plane + offset)
struct Move {
    float* detail;
    const float* base;
    const float* mask;   // or null
    const float* plane;  // or null
    float scale, factor, offset;
    bool clip, soft;
};

// Where each pair of pixels of an enlarged row lies among the cells of the small one: pixel 2 j is
// a[j] * cell[j - 1] + b[j] * cell[j] + c[j] * cell[j + 1], pixel 2 j + 1 is d[j] * cell[j] + e[j] * cell[j + 1].
struct Taps {
    const float *a, *b, *c, *d, *e;
    long cells;
};

// A row of a band times factors, in all channels: those of a pixel are a field at the pixels of rows of cells, which
// is mixed of the one above and the one below, times a gain for each channel; two fields, each with gains of its own.
struct Weighing {
    float* const* rows;        // of the band; overwritten
    const float* const* lows;  // what is added, or null
    long channels;
    const float* axes;  // (3, 3): what the rows are turned back along in the end, or null
    const float *ground, *form;
    const float *ground_above, *ground_below;
    const float *form_above, *form_below;  // or null
    float share;                           // of the one below
};

struct PictureKernels {
    // One row of the half-size picture from five rows; `padded` has room for width + 4.
    void (*shrink)(const float* const rows[5], float* padded, float* low, long width, long cells, bool circular);
    // The row between two rows of cells, enlarged to 2 * cells pixels; `padded` has room for cells + 2.
    void (*enlarge)(const float* above, const float* below, float share, const Taps& taps, float* padded, float* row,
                    bool circular);
    // The sum of squares of row - low.
    double (*band)(const float* row, const float* low, long count);
    // row = scale * row + low (nothing where it is null); adds up the sum and the sum of squares.
    void (*combine)(float* row, const float* low, float scale, long count, double moments[2]);
    // rows = rows - lows in all channels, along the axes (3, 3) if there are some; adds their squares to sums, or begins.
    void (*split)(float* const* rows, const float* const* lows, long channels, const float* axes, float* const* sums,
                  bool begin, long count);
    // Adds up the sum and the sum of squares of what it made.
    void (*weigh)(const Weighing& weighing, long count, double moments[2]);
    // The sum of squares of the change after the move; `at` in the planes, `mask_at` in the mask.
    double (*move)(const Move& move, long at, long mask_at, long count);
    // Sum and sum of squares of the change.
    void (*measure)(const Layers& layers, long at, long mask_at, long count, double moments[2]);
    // The picture.
    void (*picture)(const Layers& layers, long at, long mask_at, long count, float* out);
};

// Null where the compiler could not make them.
const PictureKernels* picture_kernels_plain();
const PictureKernels* picture_kernels_avx2();
const PictureKernels* picture_kernels_avx512();

// Those for an instruction set (an Isa of cpu.h) or the best below it that the compiler could make.
inline const PictureKernels& picture_kernels(int isa) {
    if (isa >= 2 && picture_kernels_avx512()) return *picture_kernels_avx512();
    if (isa >= 1 && picture_kernels_avx2()) return *picture_kernels_avx2();
    return *picture_kernels_plain();
}

// Threads that are worth waking for so many numbers.
inline int threads_for(long numbers, int threads) {
    const long most = numbers / 65536;
    return most < 1 ? 1 : most < threads ? (int)most : threads;
}

}  // namespace reverie
