// The network forward and backward, for a batch of pictures of one size, behind the plain C interface.
#include <algorithm>
#include <cstring>
#include <new>

#include "api.h"
#include "cpu.h"
#include "lite_net.h"
#include "threads.h"

using namespace reverie;

extern "C" {
// Pictures: planes of fp32, `image`, `plane` and `row` floats apart, neighbours side by side. The network sees
// value * scale + shift.
struct reverie_pictures {
    float* data;
    long image, plane, row;
    float scale[3], shift[3];
};

// A gradient at a stage's activations, with strides in floats; data is null where there is none.
struct reverie_seed {
    const float* data;
    long image, channel, row, column;
};

struct reverie_lite_work {
    int count, height, width;  // pictures
    int stages;                // stages computed: 1 the stem, 2 the first block too, ... the head, the classifier
    int keep;                  // whether backward will follow
    int threads;
    char* memory;              // reverie_lite_bytes(...) of it; kept between forward and backward
};
}

namespace {

struct Handle {
    LiteNet net;
};

struct Run {
    const LiteNet& net;
    const reverie_lite_work& work;
    const Layout& layout;
    int blocks, head, classifier;  // stages

    Run(const LiteNet& n, const reverie_lite_work& w, const Layout& l)
        : net(n), work(w), layout(l), blocks((int)n.blocks.size()), head(blocks + 1), classifier(blocks + 2) {}

    char* image(int i) const { return work.memory + (size_t)i * layout.image_bytes; }
    char* scratch(int t) const { return work.memory + (size_t)work.count * layout.image_bytes + (size_t)t * layout.scratch_bytes; }
    float* means() const { return (float*)scratch(work.threads); }  // [count][padded head], then the same again

    float* map(int i, int which) const { return (float*)(image(i) + layout.map[which]); }
    int channels(int stage) const {
        if (stage == 0) return net.blocks[0].wide;
        if (stage <= blocks) return net.blocks[stage - 1].out;
        return stage == head ? net.head.n : net.classes;
    }
    long positions(int stage) const { return (long)layout.rows(stage) * layout.columns(stage); }

    Pixels pixels(const reverie_pictures& p, int i, bool back) const {
        Pixels x;
        x.data = p.data + i * p.image;
        x.plane = p.plane, x.row = p.row;
        x.height = work.height, x.width = work.width;
        x.top = work.height % 2, x.left = work.width % 2;
        for (int c = 0; c < 3; c++) x.scale[c] = p.scale[c], x.shift[c] = back ? 0 : p.shift[c];
        return x;
    }

    BlockWork block(int i, int stage) const {
        BlockWork b;
        b.weights = &net.blocks[stage - 1];
        b.shape = layout.shapes[stage - 1];
        if (work.keep) {
            b.wide_mask = (uint16_t*)(image(i) + layout.wide_mask[stage - 1]);
            b.filter_mask = (uint16_t*)(image(i) + layout.filter_mask[stage - 1]);
        }
        return b;
    }
};

// Rows shared out to threads; inside a thread that has a picture to itself there is one.
template <class Each> void by_rows(const Run& run, int threads, int only, int rows, Each each) {
    if (threads == 1) {
        each(0, rows, run.scratch(only));
        return;
    }
    const int used = std::min(threads, rows);
    run_threads(used, [&](int t) {
        const Share s = share(rows, used, t);
        each((int)s.first, (int)s.last, run.scratch(t));
    });
}

// Pictures shared out to threads when there are enough of them, else each by all threads.
template <class Each> void by_images(const Run& run, Each each) {
    const int threads = run.work.threads, count = run.work.count;
    if (count < threads || threads == 1) {
        for (int i = 0; i < count; i++) each(i, threads, 0);
        return;
    }
    run_pieces(count, 1, threads, [&](long first, long last, int t) {
        for (long i = first; i < last; i++) each((int)i, 1, t);
    });
}

void points(const Run& run, const Kernels* kernels, const PointWork& work, int threads, int only, long count) {
    by_rows(run, threads, only, (int)count, [&](int first, int last, char* scratch) { kernels->point(work, first, last, scratch); });
}

void forward_image(const Run& run, const reverie_pictures& pictures, float* const* maps, bool mean, int i, int threads, int only) {
    const LiteNet& net = run.net;
    const int stages = run.work.stages;
    auto wanted = [&](int stage) {
        const long size = run.positions(stage) * padded(run.channels(stage));
        return maps[stage] ? maps[stage] + i * size : nullptr;
    };
    float* at = nullptr;
    int which = 0;
    for (int stage = 1; stage <= std::max(1, std::min(stages - 1, run.blocks)); stage++) {
        BlockWork work = run.block(i, stage);
        work.strip = run.layout.strips[stage - 1];
        work.source = at;
        if (stage == 1) {
            work.pixels = run.pixels(pictures, i, false);
            work.stem = wanted(0);
            work.stem_only = stages == 1;
        }
        // A map that is handed out is read again by the next stage, and kernels read a little behind its end.
        float* copy = wanted(stage);
        work.target = run.map(i, which);
        by_rows(run, threads, only, work.shape.out_height,
                [&](int first, int last, char* scratch) { net.forward->forward(work, first, last, scratch); });
        if (copy && stages > 1)
            by_rows(run, threads, only, work.shape.out_height, [&](int first, int last, char*) {
                const long row = (long)work.shape.out_width * padded(work.weights->out);
                std::memcpy(copy + first * row, work.target + first * row, (last - first) * row * sizeof(float));
            });
        at = work.target;
        which = 1 - which;
    }
    if (stages <= run.head) return;
    PointWork work;
    work.weights = &net.head;
    work.bias = net.head_bias;
    work.source = at;
    work.target = wanted(run.head) ? wanted(run.head) : run.map(i, which);
    work.target_mask = run.work.keep ? (uint16_t*)(run.image(i) + run.layout.head_mask) : nullptr;
    work.relu6 = true;
    const long positions = run.positions(run.head);
    points(run, net.forward, work, threads, only, positions);
    if (mean) {
        const int channels = padded(net.head.n);
        float* to = run.means() + (long)i * channels;
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (long p = 0; p < positions; p++) sum += work.target[p * channels + c];
            to[c] = (float)(sum / positions);
        }
    }
    if (float* to = wanted(run.classifier)) {
        work.weights = &net.classifier;
        work.bias = net.classifier_bias;
        work.source = work.target;
        work.target = to;
        work.target_mask = nullptr;
        work.relu6 = false;
        points(run, net.forward, work, threads, only, positions);
    }
}

// Adds (or lays) a seed into a map of padded channels.
void lay(const Run& run, const reverie_seed& seed, int i, int stage, float* map, bool first, int threads, int only) {
    const int channels = run.channels(stage), wide = padded(channels), columns = run.layout.columns(stage);
    by_rows(run, threads, only, run.layout.rows(stage), [&](int from, int to, char*) {
        for (int y = from; y < to; y++)
            for (int x = 0; x < columns; x++) {
                const float* s = seed.data + i * seed.image + y * seed.row + x * seed.column;
                float* m = map + ((long)y * columns + x) * wide;
                if (first) {
                    if (seed.channel == 1) std::memcpy(m, s, channels * sizeof(float));
                    else for (int c = 0; c < channels; c++) m[c] = s[c * seed.channel];
                    for (int c = channels; c < wide; c++) m[c] = 0;
                } else {
                    if (seed.channel == 1) for (int c = 0; c < channels; c++) m[c] += s[c];
                    else for (int c = 0; c < channels; c++) m[c] += s[c * seed.channel];
                }
            }
    });
}

void backward_image(const Run& run, const reverie_seed* seeds, bool mean, const reverie_pictures& gradient, int i, int threads, int only) {
    const LiteNet& net = run.net;
    float* at = nullptr;  // the gradient at the stage behind
    int which = 0;
    const long positions = run.positions(run.head);
    auto point_back = [&](const Packed& weights, const uint16_t* mask) {
        PointWork work;
        work.weights = &weights;
        work.source = at;
        work.source_mask = mask;
        work.target = run.map(i, which);
        points(run, net.backward, work, threads, only, positions);
        at = work.target;
        which = 1 - which;
    };
    if (seeds[run.classifier].data) {
        lay(run, seeds[run.classifier], i, run.classifier, run.map(i, which), true, threads, only);
        at = run.map(i, which);
        which = 1 - which;
        point_back(net.classifier_back, nullptr);
    }
    if (mean) {
        const int channels = padded(net.head.n);
        const float* from = run.means() + (long)(run.work.count + i) * channels;
        const float share = 1.f / positions;
        float* to = at ? at : run.map(i, which);
        for (long p = 0; p < positions; p++)
            for (int c = 0; c < channels; c++) to[p * channels + c] = (at ? to[p * channels + c] : 0.f) + from[c] * share;
        if (!at) which = 1 - which;
        at = to;
    }
    auto add_seed = [&](int stage) {
        if (!seeds[stage].data) return;
        float* to = at ? at : run.map(i, which);
        lay(run, seeds[stage], i, stage, to, !at, threads, only);
        if (!at) which = 1 - which;
        at = to;
    };
    add_seed(run.head);
    if (at) point_back(net.head_back, (const uint16_t*)(run.image(i) + run.layout.head_mask));
    for (int stage = std::min(run.work.stages - 1, run.blocks); stage >= 1; stage--) {
        add_seed(stage);
        if (!at) continue;
        BlockWork work = run.block(i, stage);
        work.strip = run.layout.strips_back[stage - 1];
        work.source = at;
        work.target = run.map(i, which);
        if (stage == 1) break;
        by_rows(run, threads, only, work.shape.height,
                [&](int first, int last, char* scratch) { net.backward->backward(work, first, last, scratch); });
        at = work.target;
        which = 1 - which;
    }
    BlockWork work = run.block(i, 1);
    work.strip = run.layout.strips_back[0];
    work.source = at;
    work.stem_only = !at;
    work.stem_seed = seeds[0].data ? seeds[0].data + i * seeds[0].image : nullptr;
    work.pixels = run.pixels(gradient, i, true);
    by_rows(run, threads, only, work.shape.height,
            [&](int first, int last, char* scratch) { net.backward->backward(work, first, last, scratch); });
}

size_t bytes_of(const LiteNet& net, const reverie_lite_work& work, const Layout& layout) {
    return (size_t)work.count * layout.image_bytes + (size_t)work.threads * layout.scratch_bytes +
           2 * (size_t)work.count * padded(net.head.n) * sizeof(float) + 64;
}

}  // namespace

// Whether the processor offers an instruction set and the compiler knew it.
REVERIE_API int reverie_offers(int isa) {
    static const int maths[][2] = {
        {FP32_AVX2, FP32_AVX2}, {FP32_AVX512, FP32_AVX512}, {FP32_AVX512, BF16_AVX512}, {SPLIT_AMX, BF16_AMX}};
    if (isa < AVX2 || isa > AMX || !offers((Isa)isa)) return 0;
    return kernels_for(maths[isa - 1][0]) && kernels_for(maths[isa - 1][1]);
}

// Null when this processor or the compiler lacks what the kernels need, or memory ran out.
REVERIE_API void* reverie_lite_new(const int* plan, int blocks, int head, int classes, const float* weights, int forward, int backward) {
    static const Isa needs[] = {AVX2, AVX512, AVX512_BF16, AMX, AMX};
    for (const int math : {forward, backward})
        if (math < 0 || math > SPLIT_AMX || !kernels_for(math) || !offers(needs[math])) return nullptr;
    try {
        LitePlan p;
        p.blocks = blocks, p.head = head, p.classes = classes, p.block = plan;
        return new Handle{LiteNet(p, weights, kernels_for(forward), kernels_for(backward))};
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

REVERIE_API void reverie_lite_free(void* handle) { delete (Handle*)handle; }

// Bytes of `memory` that a piece of work needs.
REVERIE_API size_t reverie_lite_bytes(void* handle, const reverie_lite_work* work) {
    const LiteNet& net = ((Handle*)handle)->net;
    return bytes_of(net, *work, Layout(net, work->height, work->width, work->stages, work->keep));
}

// Activations go to maps[stage] as [picture][row][column][channels padded to 16], or nowhere where it is null;
// the last stage, the classifier at every position, likewise. logits: [picture][padded classes], or null.
REVERIE_API void reverie_lite_forward(void* handle, const reverie_lite_work* work, const reverie_pictures* pictures, float* const* maps, float* logits) {
    const LiteNet& net = ((Handle*)handle)->net;
    const Layout layout(net, work->height, work->width, work->stages, work->keep);
    const Run run(net, *work, layout);
    by_images(run, [&](int i, int threads, int only) { forward_image(run, *pictures, maps, logits, i, threads, only); });
    if (!logits) return;
    PointWork last;
    last.weights = &net.classifier;
    last.bias = net.classifier_bias;
    last.source = run.means();
    last.target = logits;
    points(run, net.forward, last, work->threads, 0, work->count);
}

// d(sum of seed * activation)/d(picture), for the seeds of every stage (data null: none) and of the logits
// [picture][padded classes]; may be called again for the same forward. A seed at the stem lies as a map does.
REVERIE_API void reverie_lite_backward(void* handle, const reverie_lite_work* work, const reverie_seed* seeds, const float* logits, const reverie_pictures* gradient) {
    const LiteNet& net = ((Handle*)handle)->net;
    const Layout layout(net, work->height, work->width, work->stages, work->keep);
    const Run run(net, *work, layout);
    if (logits) {
        PointWork last;
        last.weights = &net.classifier_back;
        last.source = logits;
        last.target = run.means() + (long)work->count * padded(net.head.n);
        points(run, net.backward, last, work->threads, 0, work->count);
    }
    by_images(run, [&](int i, int threads, int only) { backward_image(run, seeds, logits, *gradient, i, threads, only); });
}
