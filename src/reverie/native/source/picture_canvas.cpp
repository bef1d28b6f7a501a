// What a step does to a canvas: the detail moved, clipped and measured in one pass, and the picture made in another.
// The reference is canvas.py.
#include <vector>

#include "api.h"
#include "picture_kernels.h"
#include "threads.h"

namespace reverie {
namespace {

constexpr long CHUNK = 8192;  // pixels whose sums are taken together, whatever the number of threads

// Runs work(first pixel, place in the channel, count, number of the chunk) over all chunks.
template <class Work>
void over_chunks(long channels, long pixels, int threads, Work work) {
    const long each = (pixels + CHUNK - 1) / CHUNK;
    threads = threads_for(channels * pixels, threads);
    run_threads(threads, [&](int t) {
        const Share mine = share(channels * each, threads, t);
        for (long chunk = mine.first; chunk < mine.last; chunk++) {
            const long place = chunk % each * CHUNK;
            const long count = pixels - place < CHUNK ? pixels - place : CHUNK;
            work(chunk / each * pixels + place, place, count, chunk);
        }
    });
}

}  // namespace
}  // namespace reverie

using namespace reverie;

// detail = clip(scale * detail + factor * plane + offset), in place; `mask` and `plane` may be null. Returns the sum
// of squares of the change that the detail then makes, -1 if there is no memory.
REVERIE_API double reverie_picture_move(int isa, float* detail, const float* base, const float* mask,
                                        const float* plane, float scale, float factor, float offset, int clip,
                                        int soft, long channels, long pixels, int threads) {
    try {
        const PictureKernels& kernels = picture_kernels(isa);
        const Move move{detail, base, mask, plane, scale, factor, offset, clip != 0, soft != 0};
        std::vector<double> squares(channels * ((pixels + CHUNK - 1) / CHUNK));
        over_chunks(channels, pixels, threads, [&](long at, long place, long count, long chunk) {
            squares[chunk] = kernels.move(move, at, place, count);
        });
        double sum = 0;
        for (double s : squares) sum += s;
        return sum;
    } catch (...) {
        return -1;
    }
}

// The sum and the sum of squares of the change. Returns -1 if there is no memory.
REVERIE_API int reverie_picture_measure(int isa, const float* detail, const float* base, const float* mask, int soft,
                                        long channels, long pixels, double* moments, int threads) {
    try {
        const PictureKernels& kernels = picture_kernels(isa);
        const Layers layers{base, detail, mask, soft != 0};
        std::vector<double> sums(2 * channels * ((pixels + CHUNK - 1) / CHUNK));
        over_chunks(channels, pixels, threads, [&](long at, long place, long count, long chunk) {
            kernels.measure(layers, at, place, count, &sums[2 * chunk]);
        });
        moments[0] = moments[1] = 0;
        for (size_t i = 0; i < sums.size(); i += 2) moments[0] += sums[i], moments[1] += sums[i + 1];
        return 0;
    } catch (...) {
        return -1;
    }
}

// A rectangle of the picture into `out` (channels, rows, columns), planes and rows that far apart; it may be the
// detail if it is the whole. Returns -1 if there is no memory.
REVERIE_API int reverie_picture_show(int isa, const float* detail, const float* base, const float* mask, int soft,
                                     long channels, long height, long width, long top, long left, long rows,
                                     long columns, float* out, long out_plane, long out_row, int threads) {
    try {
        const PictureKernels& kernels = picture_kernels(isa);
        const Layers layers{base, detail, mask, soft != 0};
        threads = threads_for(channels * rows * columns, threads);
        run_threads(threads, [&](int t) {
            const Share mine = share(channels * rows, threads, t);
            for (long row = mine.first; row < mine.last; row++) {
                const long place = (top + row % rows) * width + left;
                float* const to = out + row / rows * out_plane + row % rows * out_row;
                kernels.picture(layers, row / rows * height * width + place, place, columns, to);
            }
        });
        return 0;
    } catch (...) {
        return -1;
    }
}
