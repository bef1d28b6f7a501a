// The Laplacian pyramid of a gradient (Burt & Adelson 1983), each band over its RMS, added up again: two passes over
// each level. The reference is laplacian_normalised in filters.py.
//
// With G_k the level k of the Gaussian pyramid, up() the bilinear enlargement and s_k the scale of band
// B_k = G_k - up(G_k+1), the sum of the scaled bands is
//     s_0 G_0 + up(t_1),  t_k = (s_k - s_k-1) G_k + up(t_k+1),  t_K = -s_K-1 G_K,
// so that no band is ever stored.
#include <math.h>

#include <vector>

#include "api.h"
#include "picture_kernels.h"
#include "picture_pyramid.h"
#include "threads.h"

namespace reverie {
namespace {

constexpr double LEAST_RMS = 1e-30;

class Pyramid {
public:
    Pyramid(const PictureKernels& kernels, float* gradient, long channels, long height, long width, int levels,
            bool circular, float* room, int threads)
        : kernels_(kernels), channels_(channels), circular_(circular), threads_(threads) {
        levels_.push_back({gradient, height, width});
        while ((int)levels_.size() <= levels && height >= LEAST_SIDE && width >= LEAST_SIDE) {
            down_.emplace_back(height, (height + 1) / 2, circular);
            across_.emplace_back(width, (width + 1) / 2, circular);
            height = (height + 1) / 2, width = (width + 1) / 2;
            levels_.push_back({room, height, width});
            room += channels * height * width;
        }
        const Level& fine = levels_[0];
        sums_.resize(2 * channels * fine.height);
        const long scratch = 3 * (fine.width / 2 + 4) + 2 * (fine.width + 8);
        scratch_.resize(threads, std::vector<float>(scratch));
    }

    int bands() const { return (int)levels_.size() - 1; }

    void normalise(double tilt, double moments[2]) {
        const int bands = this->bands();
        std::vector<double> scale(bands);
        for (int k = 0; k < bands; k++) {
            const double rms = shrink(k);
            scale[k] = rms > 0 ? exp2(tilt * k) / fmax(rms, LEAST_RMS) : 0;
        }
        for (int k = bands; k >= 0; k--)
            combine(k, (k < bands ? scale[k] : 0) - (k > 0 ? scale[k - 1] : 0), moments);
    }

private:
    // Makes level k + 1 and returns the RMS of band k.
    double shrink(int k) {
        const Level &fine = levels_[k], &small = levels_[k + 1];
        const long rows = channels_ * small.height;
        const int threads = threads_for(channels_ * fine.height * fine.width, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(rows, threads, t);
            for (long from = mine.first; from < mine.last;) {  // a stretch of one channel at a time
                const long channel = from / small.height, start = from % small.height;
                const long length = mine.last - from < small.height - start ? mine.last - from : small.height - start;
                shrink_rows(k, channel, start, start + length, scratch_[t].data());
                from += length;
            }
        });
        double squares = 0;
        for (long row = 0; row < rows; row++) squares += sums_[row];
        return sqrt(squares / ((double)channels_ * fine.height * fine.width));
    }

    // Rows [start, end) of level k + 1, and the energy of the rows of band k that lie on them. The rows before the
    // first and after the last are another thread's: they are made again and not stored.
    void shrink_rows(int k, long channel, long start, long end, float* scratch) {
        const Level &fine = levels_[k], &small = levels_[k + 1];
        const float* plane = fine.plane + channel * fine.height * fine.width;
        float* out = small.plane + channel * small.height * small.width;
        float* ring[3];
        for (float*& row : ring) row = scratch, scratch += small.width + 1;
        float* padded = scratch;
        float* row = padded + fine.width + 6;
        for (long j = start - 1; j <= end; j++) {
            const long cell = cell_at(j, small.height, circular_);
            float* const low = ring[(j - start + 1) % 3];
            const float* around[5];
            rows_around(fine, channel, cell, circular_, around);
            kernels_.shrink(around, padded, low, fine.width, small.width, circular_);
            if (j >= start && j < end)
                for (long x = 0; x < small.width; x++) out[j * small.width + x] = low[x];
            if (j <= start) continue;
            const long middle = j - 1;
            double& energy = sums_[channel * small.height + middle];
            energy = 0;
            for (long y = 2 * middle; y < 2 * middle + 2 && y < fine.height; y++) {
                const long above = down_[k].first[y];
                kernels_.enlarge(ring[(above - start + 1) % 3], ring[(above - start + 2) % 3], down_[k].share[y],
                                 across_[k].taps(), padded, row, circular_);
                energy += kernels_.band(plane + y * fine.width, row, fine.width);
            }
        }
    }

    // t_k in place of G_k, from t_k+1.
    void combine(int k, double scale, double moments[2]) {
        const Level& level = levels_[k];
        const long rows = channels_ * level.height;
        const int threads = threads_for(rows * level.width, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(rows, threads, t);
            for (long y = mine.first; y < mine.last; y++) combine_row(k, y, (float)scale, scratch_[t].data());
        });
        moments[0] = moments[1] = 0;
        for (long y = 0; y < rows; y++) moments[0] += sums_[2 * y], moments[1] += sums_[2 * y + 1];
    }

    void combine_row(int k, long y, float scale, float* scratch) {
        const Level& level = levels_[k];
        const float* low = nullptr;
        if (k < bands()) {
            const Level& small = levels_[k + 1];
            const float* plane = small.plane + y / level.height * small.height * small.width;
            const long above = down_[k].first[y % level.height];
            float* row = scratch + small.width + 2;
            kernels_.enlarge(plane + cell_at(above, small.height, circular_) * small.width,
                             plane + cell_at(above + 1, small.height, circular_) * small.width,
                             down_[k].share[y % level.height], across_[k].taps(), scratch, row, circular_);
            low = row;
        }
        sums_[2 * y] = sums_[2 * y + 1] = 0;
        kernels_.combine(level.plane + y * level.width, low, scale, level.width, &sums_[2 * y]);
    }

    const PictureKernels& kernels_;
    const long channels_;
    const bool circular_;
    const int threads_;
    std::vector<Level> levels_;
    std::vector<Axis> down_, across_;
    std::vector<double> sums_;
    std::vector<std::vector<float>> scratch_;  // one for each thread
};

}  // namespace
}  // namespace reverie

// The gradient (channels, height, width) with its bands made equal, in place; `room` holds the smaller levels,
// `moments` receives the sum and the sum of squares of the result. Returns the number of bands, 0 if the picture is
// too small for one (nothing is done then), -1 if there is no memory.
REVERIE_API int reverie_picture_laplacian(int isa, float* gradient, long channels, long height, long width, int levels,
                                          double tilt, int circular, float* room, double* moments, int threads) {
    try {
        reverie::Pyramid pyramid(reverie::picture_kernels(isa), gradient, channels, height, width, levels,
                                 circular != 0, room, threads < 1 ? 1 : threads);
        if (pyramid.bands() > 0) pyramid.normalise(tilt, moments);
        return pyramid.bands();
    } catch (...) {
        return -1;
    }
}
