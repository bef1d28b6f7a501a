// What is done to rows of a moving picture from frame to frame, once for each instruction set.
#pragma once

namespace reverie {

// Pixels that places are worked out for at a time.
constexpr long PLACES = 64;
// Channels that lie side by side in a cell of a spline; what there is fewer is zero.
constexpr long SIDE = 4;
// Rows that are resampled along themselves at a time.
constexpr long ROWS = 16;

// How brightness (the sum of `weights` times a pixel's channels) and the colour around it are multiplied.
struct Tint {
    const float* weights;  // of each channel, 1 in all
    float bright, colour;
};

struct FrameKernels {
    // out = the sum of weights[t] * rows[t].
    void (*mix)(const float* const* rows, const float* weights, long taps, float* out, long width);
    // out[i] = from + i * step.
    void (*line)(double from, double step, long count, double* out);
    // Of places (none below zero) the whole pixel before each, and the cubic B-spline's weights of the four around it.
    void (*spline_taps)(const double* places, long count, int* first, float* weights);
    // The same, and the share of the pixel after it.
    void (*linear_taps)(const double* places, long count, int* first, float* share);
    // out (count, SIDE): the spline of cells (rows of `row` floats) at places that begin at[i] floats after the first.
    void (*spline)(const float* cells, long row, const long* at, const float* across, const float* down, long count,
                   float* out);
    // ROWS rows at a time, (pixels, ROWS) in and out: out[x] is the sum of weights[x * taps + t] * in[index[x * taps + t]].
    void (*mix_columns)(const float* in, const int* index, const float* weights, long taps, long width, float* out);
    // sums += the squares of the brightness of rows - lows, and of the colour around it in all channels.
    void (*energies)(const float* const* rows, const float* const* lows, const float* weights, long channels, long count,
                     double sums[2]);
    // to = tinted(rows) + lows (nothing where it is null). Adds to `moments` the sum of each channel, then of the
    // brightness and of its square, if it is not null.
    void (*tint)(const float* const* rows, const float* const* lows, const Tint& tint, float* const* to, long channels,
                 long count, double* moments);
    // rows = bent(tinted(rows) + shifts); the bend towards black and white begins `knee` from them.
    void (*finish)(float* const* rows, const Tint& tint, const float* shifts, float knee, long channels, long count);
    // sums += the squares of a row, column by column.
    void (*squares)(const float* row, float* sums, long count);
    // The sum of squares of row * (gain between two).
    double (*gained_squares)(const float* row, const float* above, const float* below, float share, long count);
    // to = from + factor * row * (gain between two), within 0 and 1.
    void (*add_gained)(const float* row, const float* above, const float* below, float share, float factor,
                       const float* from, float* to, long count);
    // out[i] = the row in 0..255, rounded to the nearest, ties to even, `apart` bytes apart.
    void (*bytes)(const float* row, long count, unsigned char* out, long apart);
};

// Null where the compiler could not make them.
const FrameKernels* frame_kernels_plain();
const FrameKernels* frame_kernels_avx2();
const FrameKernels* frame_kernels_avx512();

// Those for an instruction set (an Isa of cpu.h) or the best below it that the compiler could make.
inline const FrameKernels& frame_kernels(int isa) {
    if (isa >= 2 && frame_kernels_avx512()) return *frame_kernels_avx512();
    if (isa >= 1 && frame_kernels_avx2()) return *frame_kernels_avx2();
    return *frame_kernels_plain();
}

}  // namespace reverie
