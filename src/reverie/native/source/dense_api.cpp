// The C interface of the dense convolutions and of max pooling.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "api.h"
#include "cpu.h"
#include "dense.h"
#include "pool.h"
#include "threads.h"

using namespace reverie;

namespace {

constexpr size_t ALIGNED = 64;

struct Freed {
    void operator()(char* p) const { ::operator delete(p, std::align_val_t(ALIGNED)); }
};
typedef std::unique_ptr<char, Freed> Memory;

// Null where there is none.
Memory memory(size_t bytes) {
    return Memory((char*)::operator new(bytes, std::align_val_t(ALIGNED), std::nothrow));
}

const DenseKernels* kernels_for(int isa) {
    if (!offers((Isa)isa)) return nullptr;
    switch (isa) {
        case AVX2: return dense_avx2();
        case AVX512: return dense_avx512();
        case AVX512_BF16: return dense_bf16();
    }
    return nullptr;
}

const PoolKernels* pools_for(int isa) {
    if (!offers((Isa)isa)) return nullptr;
    if (isa == AVX2) return pool_avx2();
    return isa >= AVX512 ? pool_avx512() : nullptr;
}

struct Convolution {
    DenseWeights weights;
    std::vector<Tap> taps;
    Memory packed;
    const DenseKernels* kernels = nullptr;
};

}  // namespace

// Null where the processor has not the instruction set, or there is no memory. `places` are the taps' y and x, only
// of a gathered convolution and of a box (row by row); `weights` lie as [tap][in][out], a box has none.
REVERIE_API void* reverie_dense_new(int isa, int kind, int in, int out, int taps, const int* places, int step_y,
                                    int step_x, const double* weights) {
    const DenseKernels* kernels = kernels_for(isa);
    if (!kernels || kind < 0 || kind >= DENSE_KINDS) return nullptr;
    try {
        auto made = std::make_unique<Convolution>();
        made->kernels = kernels;
        for (int t = 0; t < taps && places; t++) made->taps.push_back({places[2 * t], places[2 * t + 1]});
        DenseWeights& w = made->weights;
        w.kind = kind, w.in = in, w.out = out, w.taps = taps, w.step_y = step_y, w.step_x = step_x;
        w.tap = made->taps.data();
        made->packed = memory(kernels->packed_bytes(w) + 1);  // of none there may be no address
        if (!made->packed) return nullptr;
        kernels->pack(w, weights, made->packed.get());
        w.data = made->packed.get();
        return made.release();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

REVERIE_API void reverie_dense_free(void* convolution) { delete (Convolution*)convolution; }

// Bytes of the packed weights.
REVERIE_API size_t reverie_dense_bytes(const void* convolution) {
    const Convolution& c = *(const Convolution*)convolution;
    return c.kernels->packed_bytes(c.weights);
}

// 0, or -1 where there is no memory to work in.
REVERIE_API int reverie_dense_run(const void* convolution, const DenseJob* job) {
    const Convolution& c = *(const Convolution*)convolution;
    const long tiles = c.kernels->tiles(c.weights, *job);
    const int threads = (int)(tiles < job->threads ? tiles : job->threads);
    if (tiles == 0) return 0;
    const size_t each = (c.kernels->scratch(c.weights, *job) + ALIGNED - 1) / ALIGNED * ALIGNED;
    const Memory scratch = memory(each * threads);
    if (!scratch) return -1;
    run_pieces(tiles, c.kernels->block(c.weights, *job), threads, [&](long first, long last, int t) {
        c.kernels->run(c.weights, *job, first, last, scratch.get() + each * t);
    });
    return 0;
}

// 0, or -1 where the processor has not the instruction set.
REVERIE_API int reverie_pool(int isa, int back, const PoolJob* job) {
    const PoolKernels* kernels = pools_for(isa);
    if (!kernels) return -1;
    const long rows = (long)job->count * (back ? job->height : job->out_height);
    // A few pieces for each thread.
    const long most = std::max(1L, rows / job->threads / 4);
    run_pieces(rows, most, job->threads, [&](long first, long last, int) {
        (back ? kernels->backward : kernels->forward)(*job, first, last);
    });
    return 0;
}
