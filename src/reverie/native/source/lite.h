// What the parts of the EfficientNet-Lite engine share: weights, shapes, and the work that is handed to the
// kernels of one instruction set.
//
// Maps lie as [row][column][channel] in fp32, with the channels padded to a multiple of 16 (zeros).
// Masks (where a ReLU6 let the gradient pass) are one bit a channel: [row][chunk of 16 channels][column].
#pragma once

#include <cstddef>
#include <cstdint>

namespace reverie {

constexpr int CHUNK = 16;
// Kernels work on several positions at once and may read (never write) this many behind the last one.
constexpr int SLACK = 32;

inline int round_up(int value, int step) { return (value + step - 1) / step * step; }
inline int chunks_of(int channels) { return (channels + CHUNK - 1) / CHUNK; }
inline int padded(int channels) { return chunks_of(channels) * CHUNK; }

// The weights of a 1 x 1 convolution from k to n channels, in the order and number format of some kernels.
struct Packed {
    int k = 0, n = 0;
    const void* data = nullptr;
};

// One inverted residual block, batch norms folded in: expand, filter each channel, project. The stem, a 3 x 3
// convolution of stride 2, stands in for the first block's missing expansion; its "input channels" are the
// 3 x 3 pixels that one output sees.
struct Weights {
    int in = 0, wide = 0, out = 0, kernel = 0, stride = 1;
    bool residual = false, stem = false;
    Packed expand, project;                // forward
    Packed expand_back, project_back;      // transposed, for the gradient
    const float *expand_bias = nullptr, *filter_bias = nullptr, *project_bias = nullptr;  // padded
    const float* filter = nullptr;         // [chunk][kernel * kernel][16]
};

// A block's input and output, and the "same" padding before them (TensorFlow's: what is odd goes behind).
struct Shape {
    int height = 0, width = 0, out_height = 0, out_width = 0, top = 0, left = 0;
};

// The picture under the stem: planes of fp32; the network sees value * scale + shift, and zero outside.
struct Pixels {
    float* data = nullptr;
    long plane = 0, row = 0;
    int height = 0, width = 0, top = 0, left = 0;
    float scale[3] = {1, 1, 1}, shift[3] = {0, 0, 0};
};

// One block forward or backward for a range of rows.
struct BlockWork {
    const Weights* weights = nullptr;
    Shape shape;
    const float* source = nullptr;     // forward: the input map; backward: the gradient at the output
    float* target = nullptr;           // forward: the output map; backward: the gradient at the input
    uint16_t* wide_mask = nullptr;     // [height][chunks][width], of the expansion; null: not kept
    uint16_t* filter_mask = nullptr;   // [out_height][chunks][out_width], of the filter
    int strip = 1 << 30;               // columns of the target that are worked on at a time
    Pixels pixels;                     // of the stem: where the picture is (forward) or its gradient goes
    float* stem = nullptr;             // of the stem: forward, its activations, if somebody wants them
    const float* stem_seed = nullptr;  // backward: what is added to the gradient at them
    bool stem_only = false;            // nothing behind the stem is wanted
};

// A 1 x 1 convolution by itself, for a range of positions: the head and the classifier.
struct PointWork {
    const Packed* weights = nullptr;
    const float* bias = nullptr;       // padded; null: none
    const float* source = nullptr;     // [position][padded k]
    float* target = nullptr;           // [position][padded n]
    const uint16_t* source_mask = nullptr;  // [position][chunks of k]; applied to the source
    uint16_t* target_mask = nullptr;        // [position][chunks of n]; kept of the ReLU6
    bool relu6 = false;
};

// The kernels of one instruction set in one number format.
struct Kernels {
    size_t (*packed_bytes)(int k, int n);
    // From w[k * k_step + n * n_step].
    void (*pack)(const float* w, long k_step, long n_step, int k, int n, void* to);
    size_t (*block_scratch)(const BlockWork& work, bool back);
    void (*forward)(const BlockWork& work, int first, int last, char* scratch);
    void (*backward)(const BlockWork& work, int first, int last, char* scratch);
    size_t (*point_scratch)(const PointWork& work);
    void (*point)(const PointWork& work, long first, long last, char* scratch);
};

// Null where the compiler left the instruction set out.
const Kernels* kernels_avx2();         // fp32
const Kernels* kernels_avx512();       // fp32
const Kernels* kernels_bf16();         // AVX-512, factors rounded to bf16, sums in fp32
const Kernels* kernels_amx();          // the same on tiles
const Kernels* kernels_amx_split();    // on tiles, each factor as the sum of two bf16: nearly fp32

}  // namespace reverie
