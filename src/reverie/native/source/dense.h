// Convolutions that mix all channels, prepared once for frozen weights: by Winograd's transforms where the filter
// allows it, else as a matrix product of gathered pixels. Maps lie as [picture][row][column][channel] in fp32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lite.h"

namespace reverie {

// How a convolution is computed; the numbers are part of the C interface. Names: results by axis, taps by axis.
enum DenseKind { GATHERED = 0, W6X6_3X3 = 1, W4X4_3X3 = 2, W2X2_3X3 = 3, W4X4_5X5 = 4, W2X2_5X5 = 5, W1X4_1X7 = 6,
                 W4X1_7X1 = 7, W1X6_1X3 = 8, W6X1_3X1 = 9, W5X5_4X4 = 10, W5X5_2X2 = 11,
                 W5X1_2X1 = 12, W1X5_1X2 = 13,
                 // The mean of each channel by itself over a window, with zeros around the input: no weights.
                 BOX = 14, DENSE_KINDS = 15 };

enum DenseActivation { LINEAR = 0, CLAMPED = 1, LEAKY = 2 };

// Where a tap of a gathered convolution reads, in pixels of the input from output position * stride.
struct Tap {
    int y, x;
};

struct DenseWeights {
    int kind = GATHERED, in = 0, out = 0, taps = 0;
    int step_y = 1, step_x = 1;  // of a gathered convolution
    const Tap* tap = nullptr;
    const char* data = nullptr;  // [product][block of the inputs], each as the matrix product wants it
};

// Where values come from; strides in floats from one pixel to the next. Several stand for their channels side by
// side, of a gathered convolution only.
struct DenseSource {
    const float* data;
    long pixel;
    int channels;
    float slope;            // what a closed gate lets through
    const uint16_t* gate;   // [pixel][chunks of the channels]: where the source counts; null: everywhere
};

// Where results go. Each target's channels begin with a new chunk of the outputs.
struct DenseTarget {
    float* data;
    long pixel;
    int channels;
    uint16_t* open;         // [pixel][chunks of the channels]: where the activation has slope 1; or null
    const float* other;     // added before the activation, or null
    long other_pixel;
    int linear;             // no activation, whatever the others have
};

// One convolution. The layout is part of the C interface.
struct DenseJob {
    int count, height, width;          // the input
    int source_height, source_width;   // the map it is part of: pixel (i, j) of it is at (i * step + y, j * step + x)
    int source_step_y, source_step_x, source_y, source_x;
    int out_height, out_width;         // results that are computed
    int top, left;                     // where the first result's window begins: that many pixels before the input
    int target_height, target_width;   // the map they are written to: result (i, j) at (i * step + y, j * step + x)
    int target_step_y, target_step_x, target_y, target_x;
    int activation;
    int threads;
    int sources, targets;
    int past_caches;                   // whether results are written to memory at once; targets begin at cache lines
    float low, high;                   // of a clamped activation; low is the slope of a leaky one
    const DenseSource* source;
    const DenseTarget* target;
    const float* bias;                 // [out padded], or null
};

struct DenseKernels {
    size_t (*packed_bytes)(const DenseWeights&);
    // From taps [ky][kx][in][out] (or [tap][in][out]) in double precision.
    void (*pack)(const DenseWeights&, const double* taps, char* to);
    size_t (*scratch)(const DenseWeights&, const DenseJob&);
    long (*tiles)(const DenseWeights&, const DenseJob&);
    // How many tiles are computed at once, at most.
    long (*block)(const DenseWeights&, const DenseJob&);
    void (*run)(const DenseWeights&, const DenseJob&, long first, long last, char* scratch);
};

const DenseKernels* dense_avx2();    // fp32
const DenseKernels* dense_avx512();  // fp32
const DenseKernels* dense_bf16();    // AVX-512, factors of the matrix product rounded to bf16, all else in fp32

}  // namespace reverie
