// Draws the frames of a glide; see glide.h. The reference is tests/native/test_glide.py.
#include <math.h>

#include <algorithm>
#include <vector>

#include "api.h"
#include "glide.h"

namespace reverie {

// The layout is part of the C interface.
struct GlidePart {
    const uint8_t* pixels;  // (height, width, 3)
    double similarity[4];   // factor and offset, real and imaginary, about the centres
    int share;              // of 1 << WEIGHT_BITS
};
struct GlideJob {
    long height, width;
    uint8_t* out;  // (height, width, 3)
    int parts;     // one or two, whose shares are 1 << WEIGHT_BITS together
    GlidePart part[2];
};

namespace {

constexpr int FINES = 1 << FINE;
// Keys' kernel, as OpenCV has it.
constexpr double CUBIC = -0.75;

double keys(double x) {
    x = fabs(x);
    if (x <= 1) return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
    return x < 2 ? ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC : 0;
}

// The weights at every fraction of a pixel, `whole` in all. What rounding leaves goes to the nearest pixel, so that an
// even picture stays as it is.
std::vector<FourWeights> all_weights(int whole) {
    std::vector<FourWeights> made(FINES);
    for (int f = 0; f < FINES; f++) {
        int four[4], left = whole;
        for (int i = 0; i < 4; i++) {
            four[i] = (int)floor(keys((double)f / FINES + 1 - i) * whole + 0.5);
            left -= four[i];
        }
        four[f < FINES / 2 ? 1 : 2] += left;
        for (int c = 0; c < 2 * CELL; c++) made[f].first[c] = (int16_t)four[c & 1], made[f].last[c] = (int16_t)four[2 + (c & 1)];
    }
    return made;
}

int64_t pointed(double place) { return (int64_t)floor(place * (double)(1LL << POINT) + 0.5); }

// Rounds to the fractions that there are weights for.
constexpr int64_t HALF = 1LL << (POINT - FINE - 1);

long mirrored(long i, long size) {
    if (size == 1) return 0;
    const long period = 2 * (size - 1);
    i = (i % period + period) % period;
    return i < size ? i : period - i;
}

// A picture looked at along its rows: as many of them at a time as a row of the frame needs.
class Rows {
public:
    Rows(const GlideJob& job, const GlidePart& part, const GlideKernels& kernels, const std::vector<FourWeights>& weights)
        : job_(job), part_(part), kernels_(kernels), weights_(weights), own_(all_weights(part.share)) {
        const double c = part.similarity[0], s = part.similarity[1];
        const double middle = (double)(job.width - 1) / 2, centre = (double)(job.height - 1) / 2;
        right_ = part.similarity[2] + middle - c * middle + s * centre;
        below_ = part.similarity[3] + centre - s * middle - c * centre;
        long count = 16;
        while (count < (long)(fabs(s) * (double)job.width) + 8) count *= 2;
        mask_ = count - 1;
        cells_.resize((size_t)(count * job.width * CELL));
    }

    // What row y of the frame sees; rows are asked for from the first to the last.
    Look look(long y) {
        const double c = part_.similarity[0], s = part_.similarity[1];
        const Places down = {pointed(c * (double)y + below_) + HALF, pointed(s)};
        const int64_t ends[2] = {down.at(0), down.at(job_.width - 1)};
        const long low = whole(std::min(ends[0], ends[1])) - 1, high = whole(std::max(ends[0], ends[1])) + 2;
        for (long v = begun_ ? std::max(next_, low) : low; v <= high; v++) make(v);
        begun_ = true, next_ = high + 1;
        return {cells_.data(), mask_, CELL * job_.width, down, own_.data()};
    }

private:
    void make(long v) {
        const double c = part_.similarity[0], s = part_.similarity[1];
        const Places places = {pointed(right_ - s / c * ((double)v - below_)) + HALF, pointed(c + s * s / c)};
        const uint8_t* pixels = part_.pixels + mirrored(v, job_.height) * 3 * job_.width;
        int16_t* cells = cells_.data() + (v & mask_) * CELL * job_.width;
        // Places grow with x: those in the middle are one stretch.
        const auto inside = [&](long x) {
            const long i = whole(places.at(x));
            return i >= 1 && i <= job_.width - 5;
        };
        long first = 0, last = job_.width;
        while (first < last && !inside(first)) edge(pixels, places, first++, cells);
        while (last > first && !inside(last - 1)) edge(pixels, places, --last, cells);
        if (first < last) kernels_.across(pixels, places, weights_.data(), first, last, cells);
    }

    // A cell with neighbours beyond the edge, where the picture is mirrored.
    void edge(const uint8_t* pixels, Places places, long x, int16_t* cells) const {
        uint8_t four[16];
        const int64_t place = places.at(x);
        for (long i = 0; i < 4; i++)
            std::copy_n(pixels + 3 * mirrored(whole(place) - 1 + i, job_.width), 3, four + 3 * i);
        const int64_t same = (1LL << POINT) + (place & ((1LL << POINT) - 1));
        glide_kernels_plain()->across(four, {same, 0}, weights_.data(), 0, 1, cells + CELL * x);
    }

    const GlideJob& job_;
    const GlidePart& part_;
    const GlideKernels& kernels_;
    const std::vector<FourWeights>&weights_, own_;
    std::vector<int16_t> cells_;
    double right_, below_;
    long mask_, next_ = 0;
    bool begun_ = false;
};

void draw(const GlideKernels& kernels, const GlideJob& job) {
    const std::vector<FourWeights> weights = all_weights(1 << WEIGHT_BITS);
    std::vector<Rows> rows;
    for (int k = 0; k < job.parts; k++) rows.emplace_back(job, job.part[k], kernels, weights);
    for (long y = 0; y < job.height; y++) {
        Look looks[2] = {};
        for (int k = 0; k < job.parts; k++) looks[k] = rows[(size_t)k].look(y);
        kernels.down(looks, job.parts, job.width, job.out + y * 3 * job.width);
    }
}

}  // namespace
}  // namespace reverie

// Returns -1 if there is no memory. The caller has checked that turns are small, and that `out` is no other picture.
REVERIE_API int reverie_glide(int isa, const reverie::GlideJob* job) {
    try {
        const reverie::GlideKernels* fast = isa >= 1 ? reverie::glide_kernels_avx2() : nullptr;
        reverie::draw(fast ? *fast : *reverie::glide_kernels_plain(), *job);
        return 0;
    } catch (...) {
        return -1;
    }
}
