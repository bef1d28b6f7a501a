#include "lite_net.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace reverie {
namespace {

constexpr size_t LINE = 64;  // bytes; of the cache
// What a block's ring may take of the second cache; wider maps are worked on in strips.
constexpr size_t RING_BYTES = 640 * 1024;
constexpr int NARROWEST_STRIP = 32;

int half(int size) { return (size + 1) / 2; }

// TensorFlow's "same" padding: the odd pixel goes behind.
int before(int size, int kernel, int stride) {
    const int out = (size + stride - 1) / stride;
    const int total = std::max((out - 1) * stride + kernel - size, 0);
    return total / 2;
}

int strip_for(const BlockWork& work, bool back) {
    const int width = back ? work.shape.width : work.shape.out_width;
    const int channels = padded(work.weights->wide);
    const int stride = back ? 1 : work.weights->stride;
    const size_t column = (size_t)(work.weights->kernel + stride - 1) * channels * stride * sizeof(float);
    const int fits = std::max<int>(NARROWEST_STRIP, RING_BYTES / column);
    if (fits >= width) return width;
    const int strips = (width + fits - 1) / fits;
    return round_up((width + strips - 1) / strips, 8);
}

}  // namespace

Bytes::Bytes(size_t count)
    : data((char*)::operator new((count + LINE - 1) / LINE * LINE + LINE, std::align_val_t(LINE))) {
    std::memset(data, 0, (count + LINE - 1) / LINE * LINE);
}
Bytes::~Bytes() { ::operator delete(data, std::align_val_t(LINE)); }

const Kernels* kernels_for(int math) {
    switch (math) {
        case FP32_AVX2: return kernels_avx2();
        case FP32_AVX512: return kernels_avx512();
        case BF16_AVX512: return kernels_bf16();
        case BF16_AMX: return kernels_amx();
        case SPLIT_AMX: return kernels_amx_split();
    }
    return nullptr;
}

Packed LiteNet::packed(const Kernels* kernels, const float* w, long k_step, long n_step, int k, int n) {
    memory_.push_back(std::make_unique<Bytes>(kernels->packed_bytes(k, n)));
    kernels->pack(w, k_step, n_step, k, n, memory_.back()->data);
    Packed result;
    result.k = k;
    result.n = n;
    result.data = memory_.back()->data;
    return result;
}

const float* LiteNet::copied(const float* values, int count) {
    memory_.push_back(std::make_unique<Bytes>(padded(count) * sizeof(float)));
    std::memcpy(memory_.back()->data, values, count * sizeof(float));
    return (const float*)memory_.back()->data;
}

LiteNet::LiteNet(const LitePlan& plan, const float* w, const Kernels* f, const Kernels* b)
    : forward(f), backward(b), classes(plan.classes) {
    const int stem = plan.block[0], taps = 27;
    // One output of the stem sees 3 x 3 pixels. A cell of 2 x 2 pixels (of 4 values, the last unused) is seen by four
    // outputs.
    std::vector<float> seen(taps * (size_t)stem, 0.f), cell(4 * (size_t)stem * 16, 0.f);
    for (int o = 0; o < stem; o++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++)
                for (int c = 0; c < 3; c++) {
                    const float value = w[o * taps + (y * 3 + x) * 3 + c];
                    seen[(size_t)(9 * y + 3 * x + c) * stem + o] = value;
                    const int from = 2 * (y / 2) + x / 2, at = (y % 2) * 8 + (x % 2) * 4 + c;
                    cell[((size_t)from * stem + o) * 16 + at] = value;
                }
    const Packed stem_forward = packed(f, seen.data(), stem, 1, taps, stem);
    const Packed stem_back = packed(b, cell.data(), 16, 1, 4 * stem, 16);
    w += (size_t)stem * taps;
    const float* stem_bias = copied(w, stem);
    w += stem;
    int out = 0;
    for (int i = 0; i < plan.blocks; i++) {
        const int* p = plan.block + 6 * i;
        Weights block;
        block.in = p[0], block.wide = p[1], block.out = p[2], block.kernel = p[3], block.stride = p[4], block.residual = p[5];
        block.stem = i == 0;
        if (block.stem) {
            block.in = taps;
            block.expand = stem_forward;
            block.expand_back = stem_back;
            block.expand_bias = stem_bias;
        } else {
            block.expand = packed(f, w, 1, block.in, block.in, block.wide);
            block.expand_back = packed(b, w, block.in, 1, block.wide, block.in);
            w += (size_t)block.wide * block.in;
            block.expand_bias = copied(w, block.wide);
            w += block.wide;
        }
        const int area = block.kernel * block.kernel;
        memory_.push_back(std::make_unique<Bytes>((size_t)padded(block.wide) * area * sizeof(float)));
        float* filter = (float*)memory_.back()->data;
        for (int c = 0; c < block.wide; c++)
            for (int t = 0; t < area; t++) filter[((size_t)(c / CHUNK) * area + t) * CHUNK + c % CHUNK] = w[(size_t)c * area + t];
        block.filter = filter;
        w += (size_t)block.wide * area;
        block.filter_bias = copied(w, block.wide);
        w += block.wide;
        block.project = packed(f, w, 1, block.wide, block.wide, block.out);
        block.project_back = packed(b, w, block.wide, 1, block.out, block.wide);
        w += (size_t)block.out * block.wide;
        block.project_bias = copied(w, block.out);
        w += block.out;
        out = block.out;
        blocks.push_back(block);
    }
    head = packed(f, w, 1, out, out, plan.head);
    head_back = packed(b, w, out, 1, plan.head, out);
    w += (size_t)plan.head * out;
    head_bias = copied(w, plan.head);
    w += plan.head;
    classifier = packed(f, w, 1, plan.head, plan.head, plan.classes);
    classifier_back = packed(b, w, plan.head, 1, plan.classes, plan.head);
    w += (size_t)plan.classes * plan.head;
    classifier_bias = copied(w, plan.classes);
}

Layout::Layout(const LiteNet& net, int h, int w, int count, bool keep) : height(h), width(w), stages(count) {
    auto take = [this](size_t bytes) {
        const size_t here = image_bytes;
        image_bytes += (bytes + LINE - 1) / LINE * LINE;
        return here;
    };
    int rows = half(h), columns = half(w);
    size_t largest = 0;
    const int used = std::max(1, std::min<int>(stages - 1, net.blocks.size()));
    for (int i = 0; i < (int)net.blocks.size(); i++) {
        const Weights& block = net.blocks[i];
        Shape s;
        s.height = rows, s.width = columns;
        s.out_height = (rows + block.stride - 1) / block.stride, s.out_width = (columns + block.stride - 1) / block.stride;
        s.top = before(rows, block.kernel, block.stride), s.left = before(columns, block.kernel, block.stride);
        shapes.push_back(s);
        rows = s.out_height, columns = s.out_width;
        if (i >= used) continue;
        const size_t chunks = chunks_of(block.wide);
        wide_mask.push_back(keep ? take(chunks * s.height * s.width * 2) : 0);
        filter_mask.push_back(keep ? take(chunks * s.out_height * s.out_width * 2) : 0);
        largest = std::max(largest, ((size_t)rows * columns + SLACK) * padded(block.out));
        BlockWork work;
        work.weights = &block;
        work.shape = s;
        strips.push_back(strip_for(work, false));
        strips_back.push_back(strip_for(work, true));
        work.strip = strips.back();
        scratch_bytes = std::max(scratch_bytes, net.forward->block_scratch(work, false));
        work.strip = strips_back.back();
        if (keep) scratch_bytes = std::max(scratch_bytes, net.backward->block_scratch(work, true));
    }
    const size_t positions = (size_t)rows * columns + SLACK;
    if (stages > (int)net.blocks.size() + 1) {
        largest = std::max(largest, positions * padded(std::max(net.head.n, net.classes)));
        if (keep) head_mask = take(positions * chunks_of(net.head.n) * 2);
    }
    for (const Packed* p : {&net.head, &net.head_back, &net.classifier, &net.classifier_back}) {
        PointWork work;
        work.weights = p;
        scratch_bytes = std::max(scratch_bytes, net.forward->point_scratch(work));
        scratch_bytes = std::max(scratch_bytes, net.backward->point_scratch(work));
    }
    for (size_t& m : map) m = take(largest * sizeof(float));
}

}  // namespace reverie
