// A picture seen from elsewhere: resampled by cubic B-splines, or linearly. The reference is warp.py.
//
// Splines: coefficients (a symmetric filter along both axes) are laid side by side, SIDE channels to a cell, with a rim
// of cells around the picture. A pixel is then four rows of four cells, of all channels at once.
#include <math.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "api.h"
#include "frame_kernels.h"
#include "picture_kernels.h"
#include "threads.h"

namespace reverie {

// The layout is part of the C interface.
struct WarpJob {
    const float* picture;  // (channels, height, width)
    long channels, height, width;
    float* out;  // (channels, rows, columns)
    long rows, columns;
    const float* field;    // (rows, columns, 2), x and y in pixels of the picture; or null for
    double similarity[4];  // factor and offset, real and imaginary, about the centres
    const float* filter;   // of the coefficients, 2 * reach + 1; null looks linearly
    int reach;
    int wrap;   // opposite edges meet; else pictures are mirrored about the outermost pixels' centres
    int clamp;  // to 0 and 1
    float* room;  // (height + RIM, width + RIM, SIDE) for splines
};

namespace {

constexpr long RIM = 4;  // cells around a picture: one before it, three behind

// A place on an axis of so many pixels, folded into [0, size - 1], or [0, size) where it wraps.
double folded(double place, long size, bool wrap) {
    if (!(fabs(place) < 1e15)) return 0;  // and what is no number
    if (wrap) {
        place = fmod(place, (double)size);
        if (place < 0) place += (double)size;
        return place < (double)size ? place : 0;
    }
    const double last = (double)(size - 1);
    if (size == 1) return 0;
    place = fmod(fabs(place), 2 * last);
    return place > last ? 2 * last - place : place;
}

long folded_index(long i, long size, bool wrap) {
    if (wrap) return (i % size + size) % size;
    if (size == 1) return 0;
    const long period = 2 * (size - 1);
    i = (i % period + period) % period;
    return i < size ? i : period - i;
}

void fold(double* places, long count, long size, bool wrap) {
    double low = 0, high = 0;
    bool sound = true;
    for (long i = 0; i < count; i++) {
        low = std::min(low, places[i]), high = std::max(high, places[i]);
        sound = sound && places[i] == places[i];
    }
    if (sound && low >= 0 && high <= (double)(size - 1)) return;
    for (long i = 0; i < count; i++) places[i] = folded(places[i], size, wrap);
}

class Warp {
public:
    Warp(const FrameKernels& kernels, const WarpJob& job, int threads)
        : kernels_(kernels), job_(job), wrap_(job.wrap != 0), threads_(threads), stride_((job.width + RIM) * SIDE) {}

    void run() {
        if (!job_.filter) return look(0, job_.channels, false);
        for (long first = 0; first < job_.channels; first += SIDE) {
            const long count = std::min(SIDE, job_.channels - first);
            prepare(first, count);
            look(first, count, true);
        }
    }

private:
    // Coefficients of some channels into cells.
    void prepare(long first, long count) {
        const long height = job_.height, width = job_.width, taps = 2 * job_.reach + 1, line = width + 2 * job_.reach;
        const int threads = threads_for(SIDE * height * width, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(height, threads, t);
            std::vector<float> room((size_t)(line + 2 * SIDE * width), 0.0f);
            std::vector<const float*> rows((size_t)taps);
            float *const padded = room.data(), *const mixed = padded + line, *const made = mixed + SIDE * width;
            for (long y = mine.first; y < mine.last; y++) {
                for (long c = 0; c < count; c++) {
                    const float* plane = job_.picture + (first + c) * height * width;
                    for (long i = 0; i < taps; i++)
                        rows[i] = plane + folded_index(y + i - job_.reach, height, wrap_) * width;
                    kernels_.mix(rows.data(), job_.filter, taps, padded + job_.reach, width);
                    for (long i = 1; i <= job_.reach; i++) {
                        padded[job_.reach - i] = padded[job_.reach + folded_index(-i, width, wrap_)];
                        padded[job_.reach + width - 1 + i] =
                            padded[job_.reach + folded_index(width - 1 + i, width, wrap_)];
                    }
                    for (long i = 0; i < taps; i++) rows[i] = padded + i;
                    kernels_.mix(rows.data(), job_.filter, taps, made + c * width, width);
                }
                float* const cells = job_.room + (y + 1) * stride_;
                lay(made, width, cells + SIDE);
                for (long i : {-1L, width, width + 1, width + 2})
                    for (long c = 0; c < SIDE; c++)
                        cells[(i + 1) * SIDE + c] = cells[(folded_index(i, width, wrap_) + 1) * SIDE + c];
            }
        });
        for (long y : {-1L, height, height + 1, height + 2})
            std::copy_n(job_.room + (folded_index(y, height, wrap_) + 1) * stride_, stride_,
                        job_.room + (y + 1) * stride_);
    }

    static void lay(const float* __restrict made, long width, float* __restrict cells) {
        for (long x = 0; x < width; x++)
            for (long c = 0; c < SIDE; c++) cells[x * SIDE + c] = made[c * width + x];
    }

    void look(long first, long count, bool spline) {
        const int threads = threads_for(count * job_.rows * job_.columns, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(job_.rows, threads, t);
            for (long y = mine.first; y < mine.last; y++)
                for (long x = 0; x < job_.columns; x += PLACES) {
                    const long some = std::min(PLACES, job_.columns - x);
                    double across[PLACES], down[PLACES];
                    places(y, x, some, across, down);
                    fold(across, some, job_.width, wrap_), fold(down, some, job_.height, wrap_);
                    if (spline)
                        splines(first, count, y, x, some, across, down);
                    else
                        linear(y, x, some, across, down);
                }
        });
    }

    void places(long y, long x, long count, double* across, double* down) const {
        if (job_.field) {
            const float* at = job_.field + (y * job_.columns + x) * 2;
            for (long i = 0; i < count; i++) across[i] = (double)at[2 * i], down[i] = (double)at[2 * i + 1];
            return;
        }
        const double *s = job_.similarity, middle = (double)(job_.width - 1) / 2, centre = (double)(job_.height - 1) / 2;
        const double right = (double)x - middle, below = (double)y - centre;
        kernels_.line(right * s[0] - below * s[1] + (s[2] + middle), s[0], count, across);
        kernels_.line(right * s[1] + below * s[0] + (s[3] + centre), s[1], count, down);
    }

    void splines(long first, long count, long y, long x, long some, const double* across, const double* down) const {
        int left[PLACES], top[PLACES];
        float right_weights[4 * PLACES], down_weights[4 * PLACES], made[SIDE * PLACES];
        long at[PLACES];
        kernels_.spline_taps(across, some, left, right_weights);
        kernels_.spline_taps(down, some, top, down_weights);
        for (long i = 0; i < some; i++) at[i] = top[i] * stride_ + left[i] * SIDE;
        kernels_.spline(job_.room, stride_, at, right_weights, down_weights, some, made);
        for (long c = 0; c < count; c++) {
            float* __restrict to = row(first + c, y) + x;
            for (long i = 0; i < some; i++) to[i] = made[SIDE * i + c];
            if (job_.clamp)
                for (long i = 0; i < some; i++) to[i] = within(to[i]);
        }
    }

    void linear(long y, long x, long some, const double* across, const double* down) const {
        const long height = job_.height, width = job_.width;
        int left[PLACES], top[PLACES];
        float right[PLACES], below[PLACES];
        kernels_.linear_taps(across, some, left, right);
        kernels_.linear_taps(down, some, top, below);
        for (long c = 0; c < job_.channels; c++) {
            const float* plane = job_.picture + c * height * width;
            float* to = row(c, y) + x;
            for (long i = 0; i < some; i++) {
                // The next one of the last is the first where edges meet; else it counts nothing.
                const long next = left[i] + 1 < width ? left[i] + 1 : wrap_ ? 0 : left[i];
                const long under = top[i] + 1 < height ? top[i] + 1 : wrap_ ? 0 : top[i];
                const float *a = plane + top[i] * width, *b = plane + under * width;
                const float high = a[left[i]] + right[i] * (a[next] - a[left[i]]);
                const float low = b[left[i]] + right[i] * (b[next] - b[left[i]]);
                to[i] = high + below[i] * (low - high);
                if (job_.clamp) to[i] = within(to[i]);
            }
        }
    }

    static float within(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

    float* row(long channel, long y) const { return job_.out + (channel * job_.rows + y) * job_.columns; }

    const FrameKernels& kernels_;
    const WarpJob& job_;
    const bool wrap_;
    const int threads_;
    const long stride_;
};

}  // namespace
}  // namespace reverie

// Returns -1 if there is no memory. The caller has checked sizes and that `out` is none of the other planes.
REVERIE_API int reverie_frame_warp(int isa, const reverie::WarpJob* job, int threads) {
    try {
        reverie::Warp(reverie::frame_kernels(isa), *job, threads < 1 ? 1 : threads).run();
        return 0;
    } catch (...) {
        return -1;
    }
}
