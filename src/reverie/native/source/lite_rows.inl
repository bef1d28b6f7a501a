// One block, row by row. A few rows of the expanded map live in a ring that stays in the second cache; from it the
// depthwise filter makes rows that the second product takes at once. So nothing expanded ever reaches memory.
// Forward and backward are the same pipeline: product, filter, product; backward with the transposed weights,
// the filter turned round, and masks applied where forward kept them.

constexpr int POSITIONS_AT_ONCE = 48;
constexpr int SEEN = 32;  // 3 x 3 pixels of 3, padded

// Counts bytes while `at` is null, hands them out otherwise.
struct Carver {
    char* at;
    size_t used;
    template <class T> T* take(size_t count) {
        T* here = at ? (T*)(at + used) : nullptr;
        used += (count * sizeof(T) + 63) / 64 * 64;
        return here;
    }
};

// Depthwise: target x = bias + sum over rows and TAPS of weight * source[x * S + tap], FILTER_TILE targets at once.
// Taps of a row of weights lie `step` floats apart.
template <int TAPS, int S, class Then>
static inline void filter_row(const float* const* rows, const float* const* weights, int count, long step, vec bias,
                              int targets, Then then) {
    constexpr int T = FILTER_TILE, SOURCES = (T - 1) * S + TAPS;
    for (int x = 0; x < targets; x += T) {
        vec sum[T];
#pragma GCC unroll 8
        for (int i = 0; i < T; i++) sum[i] = bias;
        for (int a = 0; a < count; a++) {
            const float* source = rows[a] + (long)x * S * CHUNK;
            vec w[TAPS];
#pragma GCC unroll 5
            for (int b = 0; b < TAPS; b++) w[b] = load(weights[a] + b * step);
#pragma GCC unroll 32
            for (int j = 0; j < SOURCES; j++) {
                const vec v = load(source + j * CHUNK);
#pragma GCC unroll 5
                for (int b = 0; b < TAPS; b++)
                    if (j >= b && (j - b) % S == 0 && (j - b) / S < T)
                        sum[(j - b) / S] = multiply_add(w[b], v, sum[(j - b) / S]);
            }
        }
        if (targets - x >= T) {
#pragma GCC unroll 8
            for (int i = 0; i < T; i++) then(x + i, sum[i]);
        } else {
            vec left[T];
            for (int i = 0; i < T; i++) left[i] = sum[i];
            for (int i = 0; i < targets - x; i++) then(x + i, left[i]);
        }
    }
}

static inline int floor_half(int value) { return value >= 0 ? value / 2 : -((1 - value) / 2); }

// Sources and targets of one strip: which columns the filter reads, where they lie in the ring.
struct Strip {
    int first, last;              // columns of the target
    int origin;                   // the source column at the ring's column 0
    int from, to;                 // source columns that exist
    int width;                    // columns of the ring
};

template <int K, int S, bool BACK> static Strip strip_at(const BlockWork& work, int first, int last) {
    const Shape& s = work.shape;
    const int sources = BACK ? s.out_width : s.width;
    Strip strip;
    strip.first = first;
    strip.last = last;
    if (!BACK || S == 1) {
        const int before = BACK ? K - 1 - s.left : s.left;
        strip.origin = first * S - before;
        strip.to = (last - 1) * S - before + K;
    } else {
        strip.origin = floor_half(first + s.left - K + 1);
        strip.to = floor_half(last - 1 + s.left) + 1;
    }
    strip.from = larger(0, strip.origin);
    strip.to = smaller(sources, strip.to);
    // One tile of the filter may read on behind the last column.
    strip.width = strip.to - strip.origin + (FILTER_TILE + 1) * S + K;
    return strip;
}

// Rows of the source, [first, last), that rows [top, bottom) of the target need.
template <int K, int S, bool BACK> static void source_rows(const Shape& s, int top, int bottom, int* first, int* last) {
    const int rows = BACK ? s.out_height : s.height;
    if (!BACK || S == 1) {
        const int before = BACK ? K - 1 - s.top : s.top;
        *first = top * S - before;
        *last = (bottom - 1) * S - before + K;
    } else {
        *first = -floor_half(-(top + s.top - K + 1));
        *last = floor_half(bottom - 1 + s.top) + 1;
    }
    *first = larger(0, *first);
    *last = smaller(rows, *last);
}

// Rows of targets done at once: products like some dozens of positions, in whole tiles, and deep maps are narrow.
static int rows_at_once(int columns, int grain) {
    int best = larger(1, smaller(16, (POSITIONS_AT_ONCE + columns / 2) / larger(1, columns)));
    auto waste = [&](int rows) { return (float)round_up(rows * columns, grain) / (rows * columns); };
    for (int rows = best + 1, most = smaller(16, 2 * best); rows <= most; rows++)
        if (waste(rows) < waste(best) - 0.04f) best = rows;
    return best;
}

// One direction of one block. Where nothing else is said, sources and targets are those of this direction: backward, the
// source is the gradient at the block's output.
template <class Math, class Format, int K, int S, bool BACK> struct Pipeline {
    typedef typename Format::Factor Factor;
    static constexpr bool DIRECT = sizeof(Factor) == sizeof(float);  // products can read a map of floats as it lies

    const BlockWork& work;
    const Weights& w = *work.weights;
    const Shape& s = work.shape;
    const int first, last;  // rows of the target
    const bool pixels_in = w.stem && !BACK, pixels_out = w.stem && BACK;

    const int chunks = chunks_of(w.wide);
    const int source_channels = padded(BACK ? w.out : w.in), target_channels = padded(BACK ? w.in : w.out);
    const int source_height = BACK ? s.out_height : s.height;
    const int source_width = BACK ? s.out_width : s.width, target_width = BACK ? s.width : s.out_width;
    const Packed& before = BACK ? w.project_back : w.expand;
    const Packed& behind = BACK ? w.expand_back : w.project;
    const int source_row = Format::row(before.k), product_row = Format::row(w.wide);

    // The stem's gradient at a pixel comes from two columns of the stem: a strip reaches one further left.
    const int widest = smaller(work.strip, target_width), targets = widest + pixels_out;
    const int most_rows = pixels_out ? 1 : rows_at_once(widest, Math::GRAIN);
    const int slots = BACK && S == 2 ? (most_rows + K) / 2 + 1 : (most_rows - 1) * S + K;
    const int batch = larger(1, BACK && S == 2 ? (most_rows + 1) / 2 : most_rows * S);  // sources made at a time
    const int ring_columns = strip_at<K, S, BACK>(work, 0, smaller(target_width, targets)).width + K + S;
    const long chunk_size = (long)ring_columns * CHUNK, slot_size = chunk_size * chunks;
    const long stem_row = (targets + SLACK) * (long)product_row;  // the stem's gradient keeps two rows of factors
    const long product_count = pixels_out ? 2 * stem_row : (most_rows * targets + SLACK) * (long)product_row;
    const long source_count = DIRECT && !pixels_in ? 0 : ((long)batch * ring_columns + SLACK) * source_row;
    const int pixel_columns = 2 * (ring_columns + 2) + 4 + 2 * targets;
    const long pixel_count = w.stem ? (BACK ? 2L : 4L) * 4 * pixel_columns : 0;

    float *ring, *pixel_rows, *seen;
    Factor *products, *sources;
    int* ring_at;
    long *mask_at, *target_at;

    Strip strip;
    int columns = 0, width = 0, reach = 0;  // sources and targets of the strip; of those, what lies left of it
    int next = 0, pixels_next = 0;          // the rows to be made next

    Pipeline(const BlockWork& block, int from, int to) : work(block), first(from), last(to) {}

    // Lays everything out; returns the bytes it takes. Without memory it only counts.
    size_t carve(char* scratch) {
        Carver carver{scratch, 0};
        ring = carver.template take<float>(slots * slot_size);
        products = carver.template take<Factor>(product_count);
        sources = carver.template take<Factor>(source_count);
        ring_at = carver.template take<int>((long)batch * ring_columns + SLACK);
        mask_at = carver.template take<long>((long)batch * ring_columns + SLACK);
        target_at = carver.template take<long>((long)most_rows * targets + SLACK);
        pixel_rows = carver.template take<float>(pixel_count);
        seen = carver.template take<float>(pixels_in ? (long)SEEN * (ring_columns + 1) : 0);
        return carver.used;
    }

    void run() {
        // Factors behind the last channel meet weights of zero; they must be numbers all the same.
        if (product_row != w.wide) std::memset(products, 0, product_count * sizeof(Factor));
        std::memset(sources, 0, source_count * sizeof(Factor));
        std::memset(pixel_rows, 0, pixel_count * sizeof(float));
        Math::begin();
        for (int x = 0; x < target_width; x += widest) run_strip(x, smaller(target_width, x + widest));
        Math::end();
    }

    void run_strip(int left, int right) {
        begin_strip(left, right);
        for (int target = pixels_out ? larger(0, first - 1) : first; target < last; target += most_rows) {
            const int rows = smaller(most_rows, last - target);
            if (!(BACK && work.stem_only)) make_sources(target, rows);
            if (!BACK && work.stem_only) continue;
            for (int r = 0; r < rows; r++)
                for (int c = 0; c < chunks; c++) filter(target + r, r, c);
            if (!pixels_out) finish(target, rows);
            else if (target >= first) finish_pixels(target, left);
        }
    }

    void begin_strip(int left, int right) {
        reach = pixels_out && left > 0 ? 1 : 0;
        strip = strip_at<K, S, BACK>(work, left - reach, right);
        columns = strip.to - strip.from;
        width = strip.last - strip.first;
        const int start = strip.from - strip.origin, end = strip.to - strip.origin;
        for (long r = 0; r < (long)slots * chunks; r++) {  // zeros left and right of the picture
            std::memset(ring + r * chunk_size, 0, sizeof(float) * CHUNK * start);
            std::memset(ring + r * chunk_size + end * CHUNK, 0, sizeof(float) * CHUNK * (ring_columns - end));
        }
        if (pixels_out) std::memset(products, 0, product_count * sizeof(Factor));
        int unused;
        const int from = pixels_out ? larger(0, first - 1) : first;
        source_rows<K, S, BACK>(s, from, from + 1, &next, &unused);
        pixels_next = -1;
    }

    float* in_ring(int row, int chunk) const { return ring + (row % slots) * slot_size + chunk * chunk_size; }
    const float* source(int row) const { return work.source + ((long)row * source_width + strip.from) * source_channels; }

    // The first product, for every source row that some targets need and that is not in the ring yet.
    void make_sources(int target, int rows) {
        int needed, until;
        source_rows<K, S, BACK>(s, target, target + rows, &needed, &until);
        while (next < until) {
            const int count = smaller(batch, until - next);
            find_places(count);
            const float* bias = BACK ? nullptr : w.expand_bias;
            const Segments whole{1, before.k, {0}};
            uint16_t* kept = BACK ? work.filter_mask : work.wide_mask;
            auto product = [&](const Factor* factors, int skipped, int positions) {
                const ToRing<BACK> ends{ring, chunk_size, ring_at + skipped, kept, source_width, mask_at + skipped};
                Math::run(factors, source_row, whole, positions, before, bias, ends);
            };
            if (!DIRECT || pixels_in) {
                for (int r = 0; r < count; r++) {
                    Factor* to = sources + (long)r * columns * source_row;
                    if (pixels_in) see_pixels(next + r, to);
                    else convert(source(next + r), source_channels, to);
                }
                product(sources, 0, count * columns);
            } else if (columns == source_width) {
                product((const Factor*)source(next), 0, count * columns);
            } else {
                for (int r = 0; r < count; r++) product((const Factor*)source(next + r), r * columns, columns);
            }
            if (!BACK && work.stem) hand_out_stem(count);
            next += count;
        }
    }

    // Where each position of some source rows goes in the ring, and where its mask is.
    void find_places(int count) {
        for (int r = 0; r < count; r++) {
            const int row = next + r;
            const int at = (int)(in_ring(row, 0) - ring) + (strip.from - strip.origin) * CHUNK;
            // Rows near a border between two threads are made by both; one of them keeps the mask.
            const bool mine = BACK || (row >= first * S && (last == s.out_height || row < last * S));
            const long mask = (long)row * chunks * source_width + strip.from;
            for (int x = 0; x < columns; x++) {
                ring_at[r * columns + x] = at + x * CHUNK;
                mask_at[r * columns + x] = mine ? mask + x : -1;
            }
        }
    }

    void convert(const float* from, int channels, Factor* to) const {
        for (int x = 0; x < columns; x++)
            for (int c = 0; c < channels; c += CHUNK)
                Format::put(to + (long)x * source_row + c, load(from + (long)x * channels + c), source_row);
    }

    // The 3 x 3 pixels that each output of a row of the stem sees.
    void see_pixels(int row, Factor* to) {
        auto line = [&](int q) { return pixel_rows + (q & 3) * 4L * pixel_columns; };
        for (int q = larger(pixels_next, 2 * row); q < 2 * row + 3; q++)
            fetch_pixels(work.pixels, q, 2 * strip.from, 2 * columns + 5, line(q));
        pixels_next = 2 * row + 3;
        // Each store runs on into what the next one writes; behind the 27 only zeros multiply.
        float* all = DIRECT ? (float*)to : seen;
        for (int x = 0; x < columns; x++)
            for (int k = 0; k < 3; k++) store(all + SEEN * x + 9 * k, load(line(2 * row + k) + 6 * x));
        if (!DIRECT) convert(all, SEEN, to);
    }

    void hand_out_stem(int count) const {
        for (int row = larger(first, next); row < smaller(last, next + count); row++)
            for (int x = larger(strip.first, strip.from); x < smaller(strip.last, strip.to); x++)
                for (int c = 0; c < chunks; c++)
                    store(work.stem + (((long)row * source_width + x) * chunks + c) * CHUNK,
                          load(in_ring(row, c) + (x - strip.origin) * CHUNK));
    }

    // One chunk of channels of one target row, through the depthwise filter into the factors of the second product.
    void filter(int row, int r, int c) {
        Factor* to = products + (pixels_out ? (row & 1) * stem_row + product_row : (long)r * width * product_row) + c * CHUNK;
        const long bits = ((long)row * chunks + c) * target_width + strip.first;
        if constexpr (!BACK) {
            uint16_t* mask = work.filter_mask;
            const vec bias = load(w.filter_bias + c * CHUNK);
            filter_forward(row, c, bias, [&](int x, vec v) {
                if (mask) mask[bits + x] = passes(v);
                Format::put(to + (long)x * product_row, relu6(v), product_row);
            });
        } else {
            const uint16_t* mask = work.wide_mask + bits;
            const float* seed = nullptr;
            if (pixels_out && work.stem_seed)
                seed = work.stem_seed + (((long)row * target_width + strip.first) * chunks + c) * CHUNK;
            auto pass = [&](int x, vec v) {
                if (seed) v = add(v, load(seed + (long)x * chunks * CHUNK));
                Format::put(to + (long)x * product_row, keep(mask[x], v), product_row);
            };
            if (work.stem_only)
                for (int x = 0; x < width; x++) pass(x, zero());
            else
                filter_back(row, c, pass);
        }
    }

    template <class Then> void filter_forward(int row, int c, vec bias, Then then) const {
        const float *lines[K], *weights[K];
        int count = 0;
        for (int a = 0; a < K; a++) {
            const int from = row * S - s.top + a;
            if (from < 0 || from >= source_height) continue;
            lines[count] = in_ring(from, c);
            weights[count++] = w.filter + ((long)c * K + a) * K * CHUNK;
        }
        filter_row<K, S>(lines, weights, count, CHUNK, bias, width, then);
    }

    // The transpose: taps in reverse order; at stride 2 every other tap, for every other column.
    template <class Then> void filter_back(int row, int c, Then then) const {
        for (int odd = 0; odd < S; odd++) {
            const int start = S == 1 ? 0 : (strip.first + s.left + odd) & 1, count = (width - start + S - 1) / S;
            if (start >= width) continue;
            const int taps = S == 1 ? K : odd ? K / 2 : K - K / 2, furthest = odd + S * (taps - 1);
            const int column = (strip.first + start + s.left - furthest) / S - strip.origin;
            const float *lines[K], *weights[K];
            int rows = 0;
            for (int a = K - 1; a >= 0; a--) {
                if (S == 2 && ((row + s.top - a) & 1)) continue;
                const int from = S == 1 ? row + s.top - a : floor_half(row + s.top - a);
                if (from < 0 || from >= source_height) continue;
                lines[rows] = in_ring(from, c) + (long)column * CHUNK;
                weights[rows++] = w.filter + (((long)c * K + a) * K + furthest) * CHUNK;
            }
            auto spread = [&](int m, vec v) { then(start + S * m, v); };
            if (S == 1) filter_row<K, 1>(lines, weights, rows, -CHUNK, zero(), count, spread);
            else if (odd) filter_row<K / 2, 1>(lines, weights, rows, -2 * CHUNK, zero(), count, spread);
            else filter_row<K - K / 2, 1>(lines, weights, rows, -2 * CHUNK, zero(), count, spread);
        }
    }

    // The second product, into the map.
    void finish(int target, int rows) const {
        for (int r = 0; r < rows; r++)
            for (int x = 0; x < width; x++)
                target_at[r * width + x] = ((long)(target + r) * target_width + strip.first + x) * target_channels;
        const Segments whole{1, behind.k, {0}};
        const ToMap ends{work.target, target_at, w.residual ? work.source : nullptr};
        Math::run(products, product_row, whole, rows * width, behind, BACK ? nullptr : w.project_bias, ends);
    }

    // The second product of the stem's gradient: a cell of 2 x 2 pixels takes from four outputs of the stem, that at its
    // place, the left one, the upper one, and the upper left one.
    void finish_pixels(int target, int left) const {
        const long here = (target & 1) * stem_row + reach * product_row, above = stem_row * (1 - (target & 1)) + reach * product_row;
        const Segments four{4, w.wide, {here + product_row, here, above + product_row, above}};
        float *upper = pixel_rows, *lower = pixel_rows + 4L * pixel_columns;
        const int cells = strip.last - left;
        Math::run(products, product_row, four, cells, behind, nullptr, ToCells{upper, lower});
        deliver_pixels(work.pixels, 2 * target, 2 * left, 2 * cells, upper);
        deliver_pixels(work.pixels, 2 * target + 1, 2 * left, 2 * cells, lower);
    }
};

template <class Math, class Format, int K, int S, bool BACK>
static size_t pipeline(const BlockWork& work, int first, int last, char* scratch) {
    Pipeline<Math, Format, K, S, BACK> pipeline(work, first, last);
    const size_t bytes = pipeline.carve(scratch);
    if (scratch) pipeline.run();
    return bytes;
}

template <class Math, class Format, bool BACK>
static size_t any_pipeline(const BlockWork& work, int first, int last, char* scratch) {
    const Weights& w = *work.weights;
    if (w.kernel == 3)
        return w.stride == 1 ? pipeline<Math, Format, 3, 1, BACK>(work, first, last, scratch)
                             : pipeline<Math, Format, 3, 2, BACK>(work, first, last, scratch);
    return w.stride == 1 ? pipeline<Math, Format, 5, 1, BACK>(work, first, last, scratch)
                         : pipeline<Math, Format, 5, 2, BACK>(work, first, last, scratch);
}
