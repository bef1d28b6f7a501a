// EfficientNet-Lite whole: weights in the kernels' formats, and where everything lies for one size of picture.
#pragma once

#include <memory>
#include <vector>

#include "lite.h"

namespace reverie {

// Which kernels; the numbers are part of the C interface.
enum Math { FP32_AVX2 = 0, FP32_AVX512 = 1, BF16_AVX512 = 2, BF16_AMX = 3, SPLIT_AMX = 4 };
const Kernels* kernels_for(int math);

struct Bytes {
    explicit Bytes(size_t count);
    ~Bytes();
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;
    char* data;
};

struct LitePlan {
    int blocks = 0, head = 0, classes = 0;
    const int* block = nullptr;  // a block: in, wide, out, kernel, stride, residual
};

class LiteNet {
public:
    // `weights`: stem [32][3][3][3] and bias; a block: expansion [wide][in] and bias (not the first's), filter
    // [wide][kernel][kernel] and bias, projection [out][wide] and bias; head [head][out] and bias; classifier
    // [classes][head] and bias. Batch norms are folded in.
    LiteNet(const LitePlan& plan, const float* weights, const Kernels* forward, const Kernels* backward);

    std::vector<Weights> blocks;
    Packed head, head_back, classifier, classifier_back;
    const float *head_bias, *classifier_bias;
    const Kernels *forward, *backward;
    int classes;

private:
    Packed packed(const Kernels* kernels, const float* w, long k_step, long n_step, int k, int n);
    const float* copied(const float* values, int count);
    std::vector<std::unique_ptr<Bytes>> memory_;
};

// Stages: 0 is the stem, 1 to blocks.size() the blocks, then the head, then the classifier.
struct Layout {
    Layout(const LiteNet& net, int height, int width, int stages, bool keep);

    int height, width, stages;       // stages: how many are computed, from the stem on
    std::vector<Shape> shapes;       // of the blocks
    std::vector<size_t> wide_mask, filter_mask;
    size_t head_mask = 0;
    size_t map[2] = {0, 0};          // what flows from block to block, there and back
    size_t image_bytes = 0;          // of one picture of the batch
    size_t scratch_bytes = 0;        // of one thread
    std::vector<int> strips, strips_back;

    int rows(int stage) const { return stage == 0 ? (height + 1) / 2 : shapes[block(stage)].out_height; }
    int columns(int stage) const { return stage == 0 ? (width + 1) / 2 : shapes[block(stage)].out_width; }

private:
    int block(int stage) const { return stage - 1 < (int)shapes.size() ? stage - 1 : (int)shapes.size() - 1; }
};

}  // namespace reverie
