// A picture whose bands are brought to a reference, for brightness and for the colour around it apart. The reference is
// hold in steady.py. And a change that is made as strong in dull places as in exciting ones, see evened there.
//
// Brightness is a weighted sum of a pixel's channels, and so is that of a band: one pyramid of the picture serves both.
// With G_k the level k of the Gaussian pyramid, up() the bilinear enlargement and M_k what multiplies brightness and
// colour of band B_k = G_k - up(G_k+1), the sum of the bands is
//     M_0 G_0 + up(t_1),  t_k = (M_k - M_k-1) G_k + up(t_k+1),
// and the coarsest t_K = M_K G_K + (1 - M_K) mean - M_K-1 G_K: no band is ever stored.
#include <math.h>

#include <algorithm>
#include <vector>

#include "api.h"
#include "frame_kernels.h"
#include "picture_kernels.h"
#include "picture_pyramid.h"
#include "threads.h"

namespace reverie {

// The layout is part of the C interface; what each is stands in steady.py.
struct HoldJob {
    const float* picture;  // (channels, height, width)
    float* out;            // the same; not the picture
    long channels, height, width;
    int most_bands, circular;
    long least_side;
    float* room;               // the levels but the finest
    const float* weights;      // (channels): what brightness is of them
    const double* mean;        // (channels)
    const double *bright, *colour;  // (bands + 1), the finest first
    double deviation, most_gain, nothing, knee;
};

namespace {

class Hold {
public:
    Hold(const PictureKernels& kernels, const FrameKernels& frames, const HoldJob& job, int threads)
        : kernels_(kernels), frames_(frames), job_(job), channels_(job.channels), circular_(job.circular != 0),
          threads_(threads) {
        long height = job.height, width = job.width;
        levels_.push_back({const_cast<float*>(job.picture), height, width});
        float* room = job.room;
        while (bands() < job.most_bands && height >= job.least_side && width >= job.least_side) {
            down_.emplace_back(height, (height + 1) / 2, circular_);
            across_.emplace_back(width, (width + 1) / 2, circular_);
            height = (height + 1) / 2, width = (width + 1) / 2;
            levels_.push_back({room, height, width});
            room += channels_ * height * width;
        }
        scratch_.resize((size_t)threads);
        const long row = job.width + 8;
        for (Scratch& mine : scratch_) {
            mine.numbers.resize((size_t)((channels_ + 1) * row));
            mine.rows.resize((size_t)channels_), mine.lows.resize((size_t)channels_), mine.to.resize((size_t)channels_);
            for (long c = 0; c < channels_; c++) mine.lows[(size_t)c] = mine.numbers.data() + c * row;
            mine.padded = mine.numbers.data() + channels_ * row;
        }
        sums_.resize((size_t)((channels_ + 2) * job.height));
        bright_.resize((size_t)bands() + 1), colour_.resize((size_t)bands() + 1);
    }

    int bands() const { return (int)levels_.size() - 1; }

    void run() {
        for (int k = 0; k < bands(); k++) {
            shrink(k);
            gain(k, energies(k));
        }
        coarsest();
        for (int k = bands() - 1; k >= 0; k--) combine(k);
        finish();
    }

private:
    struct Scratch {
        std::vector<float> numbers;
        std::vector<float*> rows, lows, to;  // of each channel
        float* padded;
    };
    struct Energies {
        double bright, colour;
    };

    // Calls work(row, scratch) for all rows, of so many numbers in all.
    template <class Work>
    void over_rows(long rows, long numbers, Work work) {
        const int threads = threads_for(numbers, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(rows, threads, t);
            for (long y = mine.first; y < mine.last; y++) work(y, scratch_[(size_t)t]);
        });
    }

    long numbers_of(const Level& level) const { return channels_ * level.height * level.width; }

    // Makes level k + 1.
    void shrink(int k) {
        const Level& fine = levels_[(size_t)k];
        Level& small = levels_[(size_t)k + 1];
        over_rows(channels_ * small.height, numbers_of(fine), [&](long i, Scratch& scratch) {
            const long channel = i / small.height, j = i % small.height;
            const float* around[5];
            rows_around(fine, channel, j, circular_, around);
            kernels_.shrink(around, scratch.padded, small.row(channel, j), fine.width, small.width, circular_);
        });
    }

    // Row y of level k made of level k + 1, in all channels, into scratch.lows.
    void enlarge(int k, long y, Scratch& scratch) {
        const Level& small = levels_[(size_t)k + 1];
        const Axis& down = down_[(size_t)k];
        const long above = down.first[(size_t)y];
        for (long c = 0; c < channels_; c++)
            kernels_.enlarge(small.row(c, cell_at(above, small.height, circular_)),
                             small.row(c, cell_at(above + 1, small.height, circular_)), down.share[(size_t)y],
                             across_[(size_t)k].taps(), scratch.padded, scratch.lows[(size_t)c], circular_);
    }

    // The root mean squares of band k.
    Energies energies(int k) {
        Level& level = levels_[(size_t)k];
        over_rows(level.height, numbers_of(level), [&](long y, Scratch& scratch) {
            enlarge(k, y, scratch);
            for (long c = 0; c < channels_; c++) scratch.rows[(size_t)c] = level.row(c, y);
            double* sums = &sums_[(size_t)(2 * y)];
            sums[0] = sums[1] = 0;
            frames_.energies(scratch.rows.data(), scratch.lows.data(), job_.weights, channels_, level.width, sums);
        });
        Energies found = {0, 0};
        for (long y = 0; y < level.height; y++)
            found.bright += sums_[(size_t)(2 * y)], found.colour += sums_[(size_t)(2 * y + 1)];
        const double pixels = (double)(level.height * level.width);
        return {sqrt(found.bright / pixels), sqrt(found.colour / (pixels * (double)channels_))};
    }

    double bounded(double now, double aim) const {
        if (!(now > job_.nothing)) return 1;
        return std::min(job_.most_gain, std::max(1 / job_.most_gain, aim / now));
    }

    void gain(int k, const Energies& now) {
        bright_[(size_t)k] = bounded(now.bright, job_.bright[k]);
        colour_[(size_t)k] = bounded(now.colour, job_.colour[k]);
    }

    // What remains, its means kept.
    void coarsest() {
        const int k = bands();
        Level& level = levels_[(size_t)k];
        const long pixels = level.height * level.width;
        std::vector<double> means((size_t)channels_);
        double middle = 0;
        for (long c = 0; c < channels_; c++) {
            double sum = 0;
            for (long i = 0; i < pixels; i++) sum += (double)level.row(c, 0)[i];
            means[(size_t)c] = sum / (double)pixels;
            middle += (double)job_.weights[c] * means[(size_t)c];
        }
        Energies now = {0, 0};
        for (long i = 0; i < pixels; i++) {
            double bright = -middle;
            for (long c = 0; c < channels_; c++) bright += (double)job_.weights[c] * (double)level.row(c, 0)[i];
            now.bright += bright * bright;
            for (long c = 0; c < channels_; c++) {
                const double colour = (double)level.row(c, 0)[i] - means[(size_t)c] - bright;
                now.colour += colour * colour;
            }
        }
        gain(k, {sqrt(now.bright / (double)pixels), sqrt(now.colour / (double)(pixels * channels_))});
        const double bright = bright_[(size_t)k], colour = colour_[(size_t)k];
        const double less_bright = bright - (k ? bright_[(size_t)k - 1] : 0);
        const double less_colour = colour - (k ? colour_[(size_t)k - 1] : 0);
        float* const out = k ? level.plane : job_.out;
        std::vector<double> pixel((size_t)channels_);
        for (long i = 0; i < pixels; i++) {
            double lightness = 0;
            for (long c = 0; c < channels_; c++) {
                pixel[(size_t)c] = (double)level.row(c, 0)[i];
                lightness += (double)job_.weights[c] * pixel[(size_t)c];
            }
            for (long c = 0; c < channels_; c++) {
                const double mean = (1 - colour) * (means[(size_t)c] - middle) + (1 - bright) * middle;
                out[c * pixels + i] =
                    (float)(less_colour * (pixel[(size_t)c] - lightness) + less_bright * lightness + mean);
            }
        }
    }

    // t_k in place of G_k, or the held picture, from t_k+1.
    void combine(int k) {
        Level& level = levels_[(size_t)k];
        const Tint tint = {job_.weights, (float)(bright_[(size_t)k] - (k ? bright_[(size_t)k - 1] : 0)),
                           (float)(colour_[(size_t)k] - (k ? colour_[(size_t)k - 1] : 0))};
        float* const out = k ? level.plane : job_.out;
        over_rows(level.height, numbers_of(level), [&](long y, Scratch& scratch) {
            enlarge(k, y, scratch);
            for (long c = 0; c < channels_; c++) {
                scratch.rows[(size_t)c] = level.row(c, y);
                scratch.to[(size_t)c] = out + (c * level.height + y) * level.width;
            }
            double* sums = k ? nullptr : &sums_[(size_t)((channels_ + 2) * y)];
            if (sums) std::fill_n(sums, channels_ + 2, 0.0);
            frames_.tint(scratch.rows.data(), scratch.lows.data(), tint, scratch.to.data(), channels_, level.width,
                         sums);
        });
    }

    // The whole contrast, the means, and the bend towards black and white.
    void finish() {
        const long height = job_.height, width = job_.width;
        if (!bands()) measure();
        std::vector<double> means((size_t)channels_ + 2, 0.0);
        for (long y = 0; y < height; y++)
            for (long i = 0; i < channels_ + 2; i++) means[(size_t)i] += sums_[(size_t)((channels_ + 2) * y + i)];
        for (double& mean : means) mean /= (double)(height * width);
        const double middle = means[(size_t)channels_];
        const double variance = means[(size_t)channels_ + 1] - middle * middle;
        const double gain = bounded(sqrt(std::max(variance, 0.0)), job_.deviation);
        std::vector<float> shifts((size_t)channels_);
        // What the brightness is brought to has no mean, and then every channel has the one that is wanted.
        for (long c = 0; c < channels_; c++)
            shifts[(size_t)c] = (float)(job_.mean[c] - (means[(size_t)c] - middle) - gain * middle);
        const Tint tint = {job_.weights, (float)gain, 1.0f};
        over_rows(height, channels_ * height * width, [&](long y, Scratch& scratch) {
            for (long c = 0; c < channels_; c++) scratch.to[(size_t)c] = job_.out + (c * height + y) * width;
            frames_.finish(scratch.to.data(), tint, shifts.data(), (float)job_.knee, channels_, width);
        });
    }

    // The sums of what ``coarsest`` made, where a picture is too small for bands.
    void measure() {
        const Tint same = {job_.weights, 1.0f, 1.0f};
        over_rows(job_.height, channels_ * job_.height * job_.width, [&](long y, Scratch& scratch) {
            for (long c = 0; c < channels_; c++)
                scratch.to[(size_t)c] = job_.out + (c * job_.height + y) * job_.width;
            double* sums = &sums_[(size_t)((channels_ + 2) * y)];
            std::fill_n(sums, channels_ + 2, 0.0);
            frames_.tint(scratch.to.data(), nullptr, same, scratch.to.data(), channels_, job_.width, sums);
        });
    }

    const PictureKernels& kernels_;
    const FrameKernels& frames_;
    const HoldJob& job_;
    const long channels_;
    const bool circular_;
    const int threads_;
    std::vector<Level> levels_;
    std::vector<Axis> down_, across_;
    std::vector<Scratch> scratch_;  // one for each thread
    std::vector<double> sums_, bright_, colour_;
};

}  // namespace
}  // namespace reverie

using namespace reverie;

// Returns -1 if there is no memory. The caller has checked sizes, and that there are as many aims as bands, and one.
REVERIE_API int reverie_frame_hold(int isa, const HoldJob* job, int threads) {
    try {
        Hold(picture_kernels(isa), frame_kernels(isa), *job, threads < 1 ? 1 : threads).run();
        return 0;
    } catch (...) {
        return -1;
    }
}

// The mean squares of planes (channels, height, width), over all of them and over pixels that cells (rows, columns)
// lie on. Returns -1 if there is no memory.
REVERIE_API int reverie_frame_cell_squares(int isa, const float* planes, long channels, long height, long width,
                                           float* cells, long rows, long columns, int threads) {
    try {
        const FrameKernels& kernels = frame_kernels(isa);
        threads = std::max(1, threads_for(channels * height * width, threads));
        run_threads(threads, [&](int t) {
            const Share mine = share(rows, threads, t);
            std::vector<float> sums((size_t)width);
            for (long j = mine.first; j < mine.last; j++) {
                const long top = j * height / rows, end = ((j + 1) * height + rows - 1) / rows;
                std::fill(sums.begin(), sums.end(), 0.0f);
                for (long c = 0; c < channels; c++)
                    for (long y = top; y < end; y++)
                        kernels.squares(planes + (c * height + y) * width, sums.data(), width);
                for (long i = 0; i < columns; i++) {
                    const long left = i * width / columns, right = ((i + 1) * width + columns - 1) / columns;
                    double sum = 0;
                    for (long x = left; x < right; x++) sum += (double)sums[(size_t)x];
                    cells[j * columns + i] = (float)(sum / (double)(channels * (end - top) * (right - left)));
                }
            }
        });
        return 0;
    } catch (...) {
        return -1;
    }
}

// out = from + factor * planes * gain, within 0 and 1; the gain is that of rows (of `width` numbers each) that are mixed
// of the one at first[y] and the one at second[y], by share[y]. With `factor` 0 nothing is made but the sum of the squares
// of planes * gain, which is returned. Returns -1 if there is no memory.
REVERIE_API double reverie_frame_add_gained(int isa, const float* planes, long channels, long height, long width,
                                            const float* gains, const int* first, const int* second,
                                            const float* share_of, float factor, const float* from, float* out,
                                            int threads) {
    try {
        const FrameKernels& kernels = frame_kernels(isa);
        std::vector<double> sums((size_t)(channels * height), 0.0);
        threads = threads_for(channels * height * width, threads);
        run_threads(threads, [&](int t) {
            const Share mine = share(channels * height, threads, t);
            for (long row = mine.first; row < mine.last; row++) {
                const long y = row % height, at = row * width;
                const float *above = gains + first[y] * width, *below = gains + second[y] * width;
                if (factor == 0)
                    sums[(size_t)row] = kernels.gained_squares(planes + at, above, below, share_of[y], width);
                else
                    kernels.add_gained(planes + at, above, below, share_of[y], factor, from + at, out + at, width);
            }
        });
        double sum = 0;
        for (double one : sums) sum += one;
        return sum;
    } catch (...) {
        return -1;
    }
}
