// Max pooling of maps [picture][row][column][channel] in fp32 or bf16, and its gradient.
#pragma once

#include <cstdint>

namespace reverie {

// The layout is part of the C interface.
struct PoolJob {
    int count, channels, height, width, out_height, out_width;
    int kernel_y, kernel_x, step_y, step_x, top, left;
    int threads;
    int half;                 // maps in bf16; sums are in fp32 all the same
    const void* source;       // forward: the input; backward: the gradient at the results
    long source_pixel;        // numbers from one pixel of it to the next
    void* target;             // forward: the results; backward: the gradient at the input
    uint8_t* where;           // [result][channel]: which tap of the window the largest value was, counted row by row
};

struct PoolKernels {
    // Rows of results.
    void (*forward)(const PoolJob&, long first, long last);
    // Rows of the input.
    void (*backward)(const PoolJob&, long first, long last);
};

const PoolKernels* pool_avx2();
const PoolKernels* pool_avx512();

}  // namespace reverie
