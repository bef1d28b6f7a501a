// The kernels of glide.h for any processor.
#include "glide.h"

namespace reverie {
namespace {

int weight(const FourWeights& four, int i) { return i < 2 ? four.first[i] : four.last[i - 2]; }

void across(const uint8_t* pixels, Places places, const FourWeights* weights, long first, long last, int16_t* cells) {
    constexpr int shift = WEIGHT_BITS - CELL_BITS;
    for (long x = first; x < last; x++) {
        const int64_t place = places.at(x);
        const FourWeights& four = weights[fine(place)];
        const uint8_t* from = pixels + 3 * (whole(place) - 1);
        for (long c = 0; c < 3; c++) {
            int sum = 1 << (shift - 1);
            for (int i = 0; i < 4; i++) sum += weight(four, i) * from[3 * i + c];
            cells[CELL * x + c] = (int16_t)(sum >> shift);
        }
        cells[CELL * x + 3] = 0;
    }
}

void down(const Look* looks, int count, long width, uint8_t* pixels) {
    constexpr int shift = WEIGHT_BITS + CELL_BITS;
    for (long x = 0; x < width; x++) {
        int sums[3] = {1 << (shift - 1), 1 << (shift - 1), 1 << (shift - 1)};
        for (int k = 0; k < count; k++) {
            const int64_t place = looks[k].down.at(x);
            const FourWeights& four = looks[k].weights[fine(place)];
            for (int i = 0; i < 4; i++) {
                const int16_t* from = looks[k].cells + ((whole(place) - 1 + i) & looks[k].mask) * looks[k].row + CELL * x;
                for (long c = 0; c < 3; c++) sums[c] += weight(four, i) * from[c];
            }
        }
        for (long c = 0; c < 3; c++) {
            const int made = sums[c] >> shift;
            pixels[3 * x + c] = (uint8_t)(made < 0 ? 0 : made > 255 ? 255 : made);
        }
    }
}

constexpr GlideKernels KERNELS = {across, down};

}  // namespace

const GlideKernels* glide_kernels_plain() { return &KERNELS; }

}  // namespace reverie
