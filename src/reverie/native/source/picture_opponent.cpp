// The bands of a gradient along axes of colour, each of unit strength, even and gated, added up again. The reference
// is opponent_normalised in opponent.py, and its are all the numbers.
//
// Each level of the pyramid gives way to its band, as soon as the next level is made of it, and the band to the sum
// of what came out of it and of all coarser ones: beside the pyramid nothing of a picture's size is stored. Energies,
// and the factors that they come to, live on cells of 4 x 4 pixels. The factor of a pixel is two fields of cells,
// enlarged, times a gain for each channel: one where nothing is seen, one where something is.
#include <math.h>

#include <algorithm>
#include <vector>

#include "api.h"
#include "picture_kernels.h"
#include "picture_pyramid.h"
#include "threads.h"

namespace reverie {

// The layout is part of the C interface; what each is stands in opponent.py.
struct OpponentNumbers {
    const float* axes;        // (3, 3); null: channels as they are, each of them as lightness
    const float* ground;      // (bands, channels)
    const float* form;        // (bands, channels)
    const float* local_taps;  // 2 * radius + 1
    const float* gate_taps;
    int local_radius, gate_radius;
    float local, gate, passed, quiet, faint, tiny;
};

namespace {

constexpr long CELL = 4;  // as in opponent.py

// Cells over a level: planes of (rows, columns).
struct Grid {
    long rows, columns;
    float* energy;  // of each channel
    float* seen;    // the attention's mean; or null
    float* gate;    // what lets the next finer band pass

    long cells() const { return rows * columns; }
};

// What a thread works in.
struct Scratch {
    std::vector<float> padded;
    std::vector<float> numbers;
    std::vector<float*> rows, lows, sums;  // of each channel
    float* fields;                         // four rows
    long row;                              // how long a row is
};

double total(const float* numbers, long count) {
    double sums[8] = {};
    long i = 0;
    for (; i + 8 <= count; i += 8)
        for (long j = 0; j < 8; j++) sums[j] += (double)numbers[i + j];
    for (; i < count; i++) sums[0] += (double)numbers[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// The means of sums over so many rows: of each CELL columns, and of what is left of them at the end.
void mean_columns(const float* sums, long width, long rows, float* means) {
    const long whole = width / CELL;
    const float each = 1.0f / (float)(rows * CELL);
    for (long j = 0; j < whole; j++)
        means[j] = ((sums[4 * j] + sums[4 * j + 1]) + (sums[4 * j + 2] + sums[4 * j + 3])) * each;
    if (whole * CELL == width) return;
    float sum = 0;
    for (long x = whole * CELL; x < width; x++) sum += sums[x];
    means[whole] = sum / (float)(rows * (width - whole * CELL));
}

class Opponent {
public:
    Opponent(const PictureKernels& kernels, const OpponentNumbers& numbers, float* gradient, long channels, long height,
             long width, int levels, const float* attention, bool on_cells, bool circular, float* room, int threads)
        : kernels_(kernels), numbers_(numbers), channels_(channels), attention_(attention), on_cells_(on_cells),
          circular_(circular),
          threads_(threads) {
        const auto take = [&room](long count) {
            float* const taken = room;
            room += count;
            return taken;
        };
        levels_.push_back({gradient, height, width});
        while ((int)grids_.size() < levels && height >= LEAST_SIDE && width >= LEAST_SIDE) {
            Grid grid = {(height + CELL - 1) / CELL, (width + CELL - 1) / CELL, nullptr, nullptr, nullptr};
            grid.energy = take(channels * grid.cells());
            grid.seen = attention ? take(grid.cells()) : nullptr;
            grid.gate = take(grid.cells());
            grids_.push_back(grid);
            grid_down_.emplace_back(height, grid.rows, circular);
            grid_across_.emplace_back(width, grid.columns, circular);
            down_.emplace_back(height, (height + 1) / 2, circular);
            across_.emplace_back(width, (width + 1) / 2, circular);
            height = (height + 1) / 2, width = (width + 1) / 2;
            levels_.push_back({take(channels * height * width), height, width});
        }
        if (grids_.empty()) return;
        first_ = take(grids_[0].cells());
        second_ = take(grids_[0].cells());
        const long row = levels_[0].width + 8;
        scratch_.resize(threads);
        for (Scratch& mine : scratch_) {
            // Room for a blurred row of cells and its taps, too.
            mine.padded.resize(row + 2 * std::max(numbers.local_radius, numbers.gate_radius));
            mine.numbers.resize(row * (channels + std::max(channels, 4L)));
            mine.rows.resize(channels), mine.lows.resize(channels), mine.sums.resize(channels);
            for (long c = 0; c < channels; c++) mine.lows[c] = mine.numbers.data() + c * row;
            mine.fields = mine.numbers.data() + channels * row;  // never wanted beside the sums
            for (long c = 0; c < channels; c++) mine.sums[c] = mine.fields + c * row;
            mine.row = row;
        }
        sums_.resize(2 * levels_[0].height);
        ground_.resize(channels), form_.resize(channels), squares_.resize(channels);
    }

    int bands() const { return (int)grids_.size(); }

    void normalise(double moments[2]) {
        if (attention_) see();
        for (int k = 0; k < bands(); k++) shrink(k), split(k);
        for (int k = bands() - 1; k >= 0; k--) judge(k), weigh(k);
        moments[0] = moments[1] = 0;
        for (long y = 0; y < levels_[0].height; y++) moments[0] += sums_[2 * y], moments[1] += sums_[2 * y + 1];
    }

private:
    // Calls work(first, last, scratch) for shares of so many things that hold so many numbers in all.
    template <class Work>
    void shared(long things, long numbers, Work work) {
        const int threads = threads_for(numbers, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(things, threads, t);
            work(mine.first, mine.last, scratch_[t]);
        });
    }

    long numbers_of(const Level& level) const { return channels_ * level.height * level.width; }

    // The attention on the cells of every level.
    void see() {
        const Level& level = levels_[0];
        const Grid& fine = grids_[0];
        if (on_cells_) std::copy_n(attention_, fine.cells(), fine.seen);
        shared(on_cells_ ? 0 : fine.rows, level.height * level.width, [&](long first, long last, Scratch& scratch) {
            float* __restrict sums = scratch.padded.data();
            for (long i = first; i < last; i++) {
                const long top = i * CELL, rows = std::min(CELL, level.height - top);
                const float* __restrict row = attention_ + top * level.width;
                for (long x = 0; x < level.width; x++) sums[x] = row[x];
                for (long y = 1; y < rows; y++)
                    for (long x = 0; x < level.width; x++) sums[x] += row[y * level.width + x];
                mean_columns(sums, level.width, rows, fine.seen + i * fine.columns);
            }
        });
        for (int k = 1; k < bands(); k++) {
            const Grid &from = grids_[k - 1], &to = grids_[k];
            for (long i = 0; i < to.rows; i++)
                for (long j = 0; j < to.columns; j++) {
                    const long last_row = std::min(2 * i + 2, from.rows), last = std::min(2 * j + 2, from.columns);
                    float sum = 0;
                    for (long y = 2 * i; y < last_row; y++)
                        for (long x = 2 * j; x < last; x++) sum += from.seen[y * from.columns + x];
                    to.seen[i * to.columns + j] = sum / (float)((last_row - 2 * i) * (last - 2 * j));
                }
        }
    }

    // Makes level k + 1.
    void shrink(int k) {
        const Level& fine = levels_[k];
        Level& small = levels_[k + 1];
        shared(channels_ * small.height, numbers_of(fine), [&](long first, long last, Scratch& scratch) {
            for (long i = first; i < last; i++) {
                const long channel = i / small.height, j = i % small.height;
                const float* around[5];
                rows_around(fine, channel, j, circular_, around);
                kernels_.shrink(around, scratch.padded.data(), small.row(channel, j), fine.width, small.width,
                                circular_);
            }
        });
    }

    // Row y of level k made of level k + 1, in all channels, into scratch.lows.
    void enlarge(int k, long y, Scratch& scratch) {
        const Level& small = levels_[k + 1];
        const long above = down_[k].first[y];
        for (long c = 0; c < channels_; c++)
            kernels_.enlarge(small.row(c, cell_at(above, small.height, circular_)),
                             small.row(c, cell_at(above + 1, small.height, circular_)), down_[k].share[y],
                             across_[k].taps(), scratch.padded.data(), scratch.lows[c], circular_);
    }

    // Band k along the axes in place of level k, and its energy on cells.
    void split(int k) {
        Level& level = levels_[k];
        const Grid& grid = grids_[k];
        shared(grid.rows, numbers_of(level), [&](long first, long last, Scratch& scratch) {
            for (long i = first; i < last; i++) {
                const long top = i * CELL, rows = std::min(CELL, level.height - top);
                for (long y = top; y < top + rows; y++) {
                    enlarge(k, y, scratch);
                    for (long c = 0; c < channels_; c++) scratch.rows[c] = level.row(c, y);
                    kernels_.split(scratch.rows.data(), scratch.lows.data(), channels_, numbers_.axes,
                                   scratch.sums.data(), y == top, level.width);
                }
                for (long c = 0; c < channels_; c++)
                    mean_columns(scratch.sums[c], level.width, rows,
                                 grid.energy + c * grid.cells() + i * grid.columns);
            }
        });
    }

    // The mean energy of each channel.
    void measure(const Grid& grid) {
        for (long c = 0; c < channels_; c++)
            squares_[c] = total(grid.energy + c * grid.cells(), grid.cells()) / (double)grid.cells();
    }

    // The energy of lightness; of channels that are no axes the mean, each over its mean energy.
    void lightness(const Grid& grid, float* out) const {
        const long cells = grid.cells(), count = numbers_.axes ? 1 : channels_;
        for (long c = 0; c < count; c++) {
            const float each =
                numbers_.axes ? 1.0f : (float)(1 / (std::max(squares_[c], (double)numbers_.tiny) * channels_));
            const float* __restrict from = grid.energy + c * cells;
            float* __restrict to = out;
            if (c == 0)
                for (long i = 0; i < cells; i++) to[i] = each * from[i];
            else
                for (long i = 0; i < cells; i++) to[i] += each * from[i];
        }
    }

    // A blur of cells along both axes.
    void blur(const Grid& grid, const float* from, const float* taps, int radius, float* to) {
        const long columns = grid.columns;
        shared(grid.rows, grid.cells() * (2 * radius + 1), [&](long first, long last, Scratch& scratch) {
            float* __restrict line = scratch.padded.data() + radius;
            for (long y = first; y < last; y++) {
                for (long x = 0; x < columns; x++) line[x] = 0;
                for (int t = 0; t <= 2 * radius; t++) {
                    const float* __restrict row = from + cell_at(y + t - radius, grid.rows, circular_) * columns;
                    for (long x = 0; x < columns; x++) line[x] += taps[t] * row[x];
                }
                for (long i = 1; i <= radius; i++) {
                    line[-i] = line[cell_at(-i, columns, circular_)];
                    line[columns - 1 + i] = line[cell_at(columns - 1 + i, columns, circular_)];
                }
                float* __restrict out = to + y * columns;
                for (long x = 0; x < columns; x++) out[x] = 0;
                for (int t = 0; t <= 2 * radius; t++)
                    for (long x = 0; x < columns; x++) out[x] += taps[t] * line[x + t - radius];
            }
        });
    }

    // What band k is to be multiplied by: fields of cells in first_ and second_, gains in ground_ and form_.
    void judge(int k) {
        const Grid& grid = grids_[k];
        const long cells = grid.cells();
        const double tiny = numbers_.tiny;
        float* __restrict ground = first_;
        float* __restrict even = second_;
        if (!numbers_.axes) measure(grid);
        lightness(grid, ground);
        blur(grid, ground, numbers_.local_taps, numbers_.local_radius, even);
        const float steep = (float)(numbers_.local / std::max(total(even, cells) / (double)cells, tiny));
        const float flat = 1 - numbers_.local;
        for (long i = 0; i < cells; i++) even[i] = 1 / (steep * even[i] + flat);
        for (long c = 0; c < channels_; c++) {
            float* __restrict energy = grid.energy + c * cells;
            for (long i = 0; i < cells; i++) energy[i] *= even[i];
        }
        measure(grid);
        const double strongest = *std::max_element(squares_.begin(), squares_.end());
        const double least = std::max(strongest * numbers_.faint * numbers_.faint, tiny);
        for (long c = 0; c < channels_; c++) {
            const double strength = sqrt(std::max(squares_[c], least));
            ground_[c] = (float)(numbers_.ground[k * channels_ + c] / strength);
            form_[c] = (float)(numbers_.form[k * channels_ + c] / strength);
        }
        lightness(grid, ground);
        blur(grid, ground, numbers_.gate_taps, numbers_.gate_radius, grid.gate);
        if (numbers_.axes) {
            const float each = (float)(1 / std::max(squares_[0], least));
            for (long i = 0; i < cells; i++) grid.gate[i] *= each;
        }
        const float quiet = attention_ ? numbers_.quiet : 1.0f;
        if (k == bands() - 1) {
            for (long i = 0; i < cells; i++) ground[i] = quiet;
        } else {
            gate(k, quiet, ground);
        }
        const float* __restrict seen = grid.seen;
        if (!seen) {
            for (long i = 0; i < cells; i++) ground[i] *= sqrtf(even[i]);
            return;
        }
        for (long i = 0; i < cells; i++) {
            const float root = sqrtf(even[i]);
            ground[i] *= (1 - seen[i]) * root;
            even[i] = seen[i] * root;
        }
    }

    // What of band k passes, where what is coarser is strong; the gate of the next finer band.
    void gate(int k, float quiet, float* __restrict ground) {
        const Grid &grid = grids_[k], &coarse = grids_[k + 1];
        const Axis down(grid.rows, coarse.rows, circular_), across(grid.columns, coarse.columns, circular_);
        float* const row = scratch_[0].numbers.data();
        for (long y = 0; y < grid.rows; y++) {
            const long above = down.first[y];
            kernels_.enlarge(coarse.gate + cell_at(above, coarse.rows, circular_) * coarse.columns,
                             coarse.gate + cell_at(above + 1, coarse.rows, circular_) * coarse.columns, down.share[y],
                             across.taps(), scratch_[0].padded.data(), row, circular_);
            std::copy(row, row + grid.columns, ground + y * grid.columns);
        }
        const long cells = grid.cells();
        const float half = (float)(numbers_.gate * (total(ground, cells) / (double)cells));
        const float passed = quiet * numbers_.passed, tiny = numbers_.tiny;
        float* __restrict here = grid.gate;
        for (long i = 0; i < cells; i++) {
            here[i] = (ground[i] + here[i]) * 0.5f;
            const float sum = ground[i] + half;
            ground[i] = passed * ground[i] / (sum < tiny ? tiny : sum);
        }
    }

    // A row of cells at the pixels of a row of level k.
    void spread(int k, const float* field, long row, float* __restrict padded, float* __restrict out) const {
        const Grid& grid = grids_[k];
        const Places& across = grid_across_[k];
        const float* const from = field + cell_at(row, grid.rows, circular_) * grid.columns;
        for (long x = -1; x <= grid.columns; x++) padded[x + 1] = from[cell_at(x, grid.columns, circular_)];
        for (long x = 0; x < levels_[k].width; x++) {
            const float* const pair = padded + across.first[x] + 1;
            out[x] = (1 - across.share[x]) * pair[0] + across.share[x] * pair[1];
        }
    }

    // Band k times its factors, and what came out of coarser ones, in place; in the finest the channels again.
    void weigh(int k) {
        Level& level = levels_[k];
        shared(level.height, numbers_of(level), [&](long first, long last, Scratch& scratch) {
            long spread_to = -2;  // the row of cells that the lower fields are those of
            float *above[2], *below[2];
            for (long i = 0; i < 2; i++)
                above[i] = scratch.fields + 2 * i * scratch.row, below[i] = above[i] + scratch.row;
            for (long y = first; y < last; y++) {
                const long cell = grid_down_[k].first[y];
                for (spread_to = std::max(spread_to, cell - 1); spread_to <= cell;) {
                    spread_to++;
                    for (long i = 0; i < (attention_ ? 2 : 1); i++) {
                        std::swap(above[i], below[i]);
                        spread(k, i ? second_ : first_, spread_to, scratch.padded.data(), below[i]);
                    }
                }
                for (long c = 0; c < channels_; c++) scratch.rows[c] = level.row(c, y);
                const bool coarsest = k == bands() - 1;
                if (!coarsest) enlarge(k, y, scratch);
                double* const moments = &sums_[2 * y];
                moments[0] = moments[1] = 0;
                kernels_.weigh({scratch.rows.data(), coarsest ? nullptr : scratch.lows.data(), channels_,
                                k ? nullptr : numbers_.axes, ground_.data(), form_.data(), above[0], below[0],
                                attention_ ? above[1] : nullptr, below[1], grid_down_[k].share[y]},
                               level.width, moments);
            }
        });
    }

    const PictureKernels& kernels_;
    const OpponentNumbers& numbers_;
    const long channels_;
    const float* const attention_;  // (height, width), or its means over cells, or null
    const bool on_cells_, circular_;
    const int threads_;
    std::vector<Level> levels_;
    std::vector<Grid> grids_;                         // of each band
    std::vector<Axis> down_, across_;                 // the next level under each
    std::vector<Places> grid_down_, grid_across_;     // the grid over each
    float *first_ = nullptr, *second_ = nullptr;      // fields of cells
    std::vector<float> ground_, form_;                // gains of the channels
    std::vector<double> squares_;
    std::vector<double> sums_;
    std::vector<Scratch> scratch_;  // one for each thread
};

}  // namespace
}  // namespace reverie

// The gradient (channels, height, width) with its bands along the axes of colour made equal, in place, under the
// attention, (height, width) or, `on_cells`, its means over cells, or null; `room` holds what opponent_room of step.py says, `moments` receives the sum and
// the sum of squares of the result. Returns the number of bands, at most `levels`, 0 if the picture is too small for
// one (nothing is done then), -1 if there is no memory.
REVERIE_API int reverie_picture_opponent(int isa, const reverie::OpponentNumbers* numbers, float* gradient,
                                         long channels, long height, long width, int levels, const float* attention,
                                         int on_cells, int circular, float* room, double* moments, int threads) {
    try {
        reverie::Opponent opponent(reverie::picture_kernels(isa), *numbers, gradient, channels, height, width, levels,
                                   attention, on_cells != 0, circular != 0, room, threads < 1 ? 1 : threads);
        if (opponent.bands() > 0) opponent.normalise(moments);
        return opponent.bands();
    } catch (...) {
        return -1;
    }
}
