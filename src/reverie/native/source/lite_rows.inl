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

// Pixels of one row as [column][3], normalised, zero outside; columns from `first` of the padded picture. Writes one
// float more.
static void fetch_pixels(const Pixels& p, int row, int first, int count, float* to) {
    std::memset(to, 0, sizeof(float) * 3 * count);
    const int y = row - p.top;
    if (y < 0 || y >= p.height) return;
    const int begin = larger(0, first - p.left), end = smaller(p.width, first + count - p.left);
    const float *r = p.data + y * p.row, *g = r + p.plane, *b = g + p.plane;
    float* out = to + 3L * (begin + p.left - first);
    int x = begin;
    const __m128 sr = _mm_set1_ps(p.scale[0]), sg = _mm_set1_ps(p.scale[1]), sb = _mm_set1_ps(p.scale[2]);
    const __m128 hr = _mm_set1_ps(p.shift[0]), hg = _mm_set1_ps(p.shift[1]), hb = _mm_set1_ps(p.shift[2]);
    for (; x + 4 <= end; x += 4, out += 12) {
        __m128 v0 = _mm_fmadd_ps(_mm_loadu_ps(r + x), sr, hr), v1 = _mm_fmadd_ps(_mm_loadu_ps(g + x), sg, hg);
        __m128 v2 = _mm_fmadd_ps(_mm_loadu_ps(b + x), sb, hb), v3 = _mm_setzero_ps();
        _MM_TRANSPOSE4_PS(v0, v1, v2, v3);
        _mm_storeu_ps(out, v0);
        _mm_storeu_ps(out + 3, v1);
        _mm_storeu_ps(out + 6, v2);
        _mm_storeu_ps(out + 9, v3);  // the fourth of each is zero, or overwritten by the next
    }
    for (; x < end; x++, out += 3) {
        out[0] = __builtin_fmaf(r[x], p.scale[0], p.shift[0]);
        out[1] = __builtin_fmaf(g[x], p.scale[1], p.shift[1]);
        out[2] = __builtin_fmaf(b[x], p.scale[2], p.shift[2]);
    }
}

// The other way round: a row of [column][4] of the padded picture, from column `first`, times scale, into the planes.
static void deliver_pixels(const Pixels& p, int row, int first, int count, const float* from) {
    const int y = row - p.top;
    if (y < 0 || y >= p.height) return;
    const int begin = larger(0, first - p.left), end = smaller(p.width, first + count - p.left);
    float *r = p.data + y * p.row, *g = r + p.plane, *b = g + p.plane;
    const float* in = from + 4L * (begin + p.left - first);
    int x = begin;
    const __m128 sr = _mm_set1_ps(p.scale[0]), sg = _mm_set1_ps(p.scale[1]), sb = _mm_set1_ps(p.scale[2]);
    for (; x + 4 <= end; x += 4, in += 16) {
        __m128 v0 = _mm_loadu_ps(in), v1 = _mm_loadu_ps(in + 4), v2 = _mm_loadu_ps(in + 8), v3 = _mm_loadu_ps(in + 12);
        _MM_TRANSPOSE4_PS(v0, v1, v2, v3);
        _mm_storeu_ps(r + x, _mm_mul_ps(v0, sr));
        _mm_storeu_ps(g + x, _mm_mul_ps(v1, sg));
        _mm_storeu_ps(b + x, _mm_mul_ps(v2, sb));
    }
    for (; x < end; x++, in += 4) {
        r[x] = in[0] * p.scale[0];
        g[x] = in[1] * p.scale[1];
        b[x] = in[2] * p.scale[2];
    }
}

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

// What happens to sums as they leave the registers, M positions of one chunk of outputs at a time. Most often the
// positions are neighbours, and their addresses are known from the first.

// Into the ring: forward through the ReLU6, whose mask is kept; backward through the mask that was kept.
template <bool BACK> struct ToRing {
    float* ring;
    long chunk_size;
    const int* ring_at;
    uint16_t* kept;
    long kept_chunk;
    const long* kept_at;  // negative: somebody else keeps it

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
        if (count == M && ring_at[p + M - 1] - ring_at[p] == (M - 1) * CHUNK && (BACK || kept_at[p] >= 0)) {
            float* to = ring + ring_at[p] + chunk * chunk_size;
            uint16_t* mask = kept + kept_at[p] + chunk * kept_chunk;
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) {
                if constexpr (BACK) store(to + i * CHUNK, keep(mask[i], v[i]));
                else store(to + i * CHUNK, relu6(v[i]));
            }
            if constexpr (!BACK)
                if (kept)
#pragma GCC unroll 16
                    for (int i = 0; i < M; i++) mask[i] = passes(v[i]);
            return;
        }
        vec left[M];
        for (int i = 0; i < M; i++) left[i] = v[i];
        for (int i = 0; i < count; i++) {
            float* to = ring + ring_at[p + i] + chunk * chunk_size;
            const long bit = kept_at[p + i] + chunk * kept_chunk;
            if constexpr (BACK) {
                store(to, keep(kept[bit], left[i]));
            } else {
                store(to, relu6(left[i]));
                if (kept && kept_at[p + i] >= 0) kept[bit] = passes(left[i]);
            }
        }
    }
};

// Into the block's output, or the gradient at its input; what went round the block is added.
struct ToMap {
    float* map;
    const long* at;
    const float* residual;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
        vec left[M];
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) left[i] = v[i];
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            const long here = at[p + i] + chunk * CHUNK;
            store(map + here, residual ? add(left[i], load(residual + here)) : left[i]);
        }
    }
};

// The gradient of 2 x 2 pixels: the upper two, the lower two.
struct ToCells {
    float *upper, *lower;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int, const vec (&v)[M]) const {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            store_halves(upper + 8 * (p + i), lower + 8 * (p + i), v[i]);
        }
    }
};

struct ToPoints {
    float* map;
    long channels;
    uint16_t* mask;
    long chunks;
    bool activate;

    template <int M> __attribute__((always_inline)) inline void put(int p, int count, int chunk, const vec (&v)[M]) const {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            if (i >= count) break;
            if (mask) mask[(p + i) * chunks + chunk] = passes(v[i]);
            store(map + (p + i) * channels + chunk * CHUNK, activate ? relu6(v[i]) : v[i]);
        }
    }
};

template <class Math, class Format, int K, int S, bool BACK>
static size_t pipeline(const BlockWork& work, int first, int last, char* scratch) {
    typedef typename Format::Factor Factor;
    const Weights& w = *work.weights;
    const Shape& s = work.shape;
    const bool stem = w.stem;
    const int chunks = chunks_of(w.wide);
    const int source_channels = padded(BACK ? w.out : w.in), target_channels = padded(BACK ? w.in : w.out);
    const int target_width = BACK ? s.width : s.out_width, source_width = BACK ? s.out_width : s.width;
    const Packed& before = BACK ? w.project_back : w.expand;
    const Packed& behind = BACK ? w.expand_back : w.project;
    uint16_t* kept = BACK ? work.filter_mask : work.wide_mask;
    const int source_row = Format::row(before.k);
    const int product_row = Format::row(w.wide);
    const int widest = smaller(work.strip, target_width);
    const int most_rows = BACK && stem ? 1 : rows_at_once(widest, Math::GRAIN);
    const Strip sizes = strip_at<K, S, BACK>(work, 0, smaller(target_width, widest + (BACK && stem)));
    const int ring_columns = sizes.width + K + S;
    const int slots = BACK && S == 2 ? (most_rows + K) / 2 + 1 : (most_rows - 1) * S + K;
    const int batch = larger(1, BACK && S == 2 ? (most_rows + 1) / 2 : most_rows * S);
    const bool direct = sizeof(Factor) == 4 && !(stem && !BACK);  // products read the map itself

    Carver carver{scratch, 0};
    const long chunk_size = (long)ring_columns * CHUNK, slot_size = chunk_size * chunks;
    const int source_columns = ring_columns;
    float* ring = carver.take<float>(slots * slot_size);
    const int targets = widest + (BACK && stem);
    const long stem_row = (targets + SLACK) * (long)product_row;
    Factor* products = carver.take<Factor>(BACK && stem ? 2 * stem_row : (most_rows * targets + SLACK) * (long)product_row);
    Factor* sources = carver.take<Factor>(direct ? 0 : ((long)batch * source_columns + SLACK) * source_row);
    int* ring_at = carver.take<int>((long)batch * source_columns + SLACK);
    long* mask_at = carver.take<long>((long)batch * source_columns + SLACK);
    long* target_at = carver.take<long>((long)most_rows * targets + SLACK);
    const int pixel_columns = 2 * (source_columns + 2) + 4;
    float* pixel_rows = carver.take<float>(stem ? (BACK ? 2L : 4L) * 4 * (pixel_columns + 2 * targets) : 0);
    float* seen = carver.take<float>(stem && !BACK ? (long)SEEN * (source_columns + 1) : 0);
    if (!scratch) return carver.used;

    // Factors behind the last channel meet weights of zero; they must be numbers all the same.
    if (product_row != w.wide || (BACK && stem))
        std::memset(products, 0, (BACK && stem ? 2 * stem_row : (most_rows * targets + SLACK) * (long)product_row) * sizeof(Factor));
    if (!direct) std::memset(sources, 0, ((long)batch * source_columns + SLACK) * source_row * sizeof(Factor));
    if (stem) std::memset(pixel_rows, 0, (BACK ? 2L : 4L) * 4 * (pixel_columns + 2 * targets) * sizeof(float));

    Math::begin();
    for (int x0 = 0; x0 < target_width; x0 += widest) {
        // The stem's gradient at a pixel comes from two columns of the stem: the strip reaches one further left.
        const int reach = BACK && stem && x0 > 0 ? 1 : 0;
        const Strip strip = strip_at<K, S, BACK>(work, x0 - reach, smaller(target_width, x0 + widest));
        const int columns = strip.to - strip.from, n = strip.last - strip.first;
        for (long r = 0; r < (long)slots * chunks; r++) {
            float* row = ring + r * chunk_size;
            std::memset(row, 0, sizeof(float) * CHUNK * (strip.from - strip.origin));
            const int end = strip.to - strip.origin;
            std::memset(row + end * CHUNK, 0, sizeof(float) * CHUNK * (ring_columns - end));
        }
        const int start = BACK && stem ? larger(0, first - 1) : first;
        int next, unused, pixels_next = -1;
        source_rows<K, S, BACK>(s, start, start + 1, &next, &unused);
        if (BACK && stem) std::memset(products, 0, 2 * stem_row * sizeof(Factor));
        for (int target = start; target < last; target += most_rows) {
            const int rows = smaller(most_rows, last - target);
            int needed, until;
            source_rows<K, S, BACK>(s, target, target + rows, &needed, &until);
            while (!(BACK && work.stem_only) && next < until) {
                const int count = smaller(batch, until - next);
                for (int r = 0; r < count; r++) {
                    const int row = next + r, slot = row % slots;
                    // Rows near a border between two threads are made by both; one of them keeps the mask.
                    const bool mine = BACK || (row >= first * S && (last == s.out_height || row < last * S));
                    for (int x = 0; x < columns; x++) {
                        ring_at[r * columns + x] = (int)(slot * slot_size + (strip.from - strip.origin + x) * CHUNK);
                        mask_at[r * columns + x] = mine ? (long)row * chunks * source_width + strip.from + x : -1;
                    }
                }
                const float* map = work.source + ((long)next * source_width + strip.from) * source_channels;
                ToRing<BACK> ends{ring, chunk_size, ring_at, kept, source_width, mask_at};
                const float* bias = BACK ? nullptr : w.expand_bias;
                const Segments whole{1, before.k, {0}};
                if (direct) {
                    if (columns == source_width)
                        Math::run((const Factor*)map, source_row, whole, count * columns, before, bias, ends);
                    else
                        for (int r = 0; r < count; r++) {
                            const ToRing<BACK> row_ends{ring, chunk_size, ring_at + r * columns, kept, source_width, mask_at + r * columns};
                            Math::run((const Factor*)(map + (long)r * source_width * source_channels), source_row, whole,
                                      columns, before, bias, row_ends);
                        }
                } else {
                    for (int r = 0; r < count; r++) {
                        Factor* to = sources + (long)r * columns * source_row;
                        if (stem && !BACK) {  // the 3 x 3 pixels that each output of this row sees
                            const int q0 = 2 * strip.from, pixels = 2 * columns + 1, row = next + r;
                            for (int q = larger(pixels_next, 2 * row); q < 2 * row + 3; q++)
                                fetch_pixels(work.pixels, q, q0, pixels + 4, pixel_rows + (q & 3) * 4L * pixel_columns);
                            pixels_next = 2 * row + 3;
                            const float* lines[3];
                            for (int k = 0; k < 3; k++) lines[k] = pixel_rows + ((2 * row + k) & 3) * 4L * pixel_columns;
                            // Each store runs on into what the next one writes; behind the 27 only zeros multiply.
                            float* pixels_seen = std::is_same_v<Factor, float> ? (float*)to : seen;
                            for (int x = 0; x < columns; x++)
                                for (int k = 0; k < 3; k++) store(pixels_seen + SEEN * x + 9 * k, load(lines[k] + 6 * x));
                            if (!std::is_same_v<Factor, float>)
                                for (int x = 0; x < columns; x++)
                                    for (int c = 0; c < SEEN; c += CHUNK)
                                        Format::put(to + (long)x * source_row + c, load(seen + SEEN * x + c), source_row);
                            continue;
                        }
                        const float* from = map + (long)r * source_width * source_channels;
                        for (int x = 0; x < columns; x++)
                            for (int c = 0; c < source_channels; c += CHUNK)
                                Format::put(to + (long)x * source_row + c, load(from + (long)x * source_channels + c), source_row);
                    }
                    Math::run(sources, source_row, whole, count * columns, before, bias, ends);
                }
                if (work.stem && !BACK)
                    for (int r = 0; r < count; r++) {
                        if (next + r < first || next + r >= last) continue;
                        for (int x = larger(strip.first, strip.from); x < smaller(strip.last, strip.to); x++)
                            for (int c = 0; c < chunks; c++)
                                store(work.stem + (((long)(next + r) * source_width + x) * chunks + c) * CHUNK,
                                      load(ring + ((next + r) % slots) * slot_size + c * chunk_size + (x - strip.origin) * CHUNK));
                    }
                next += count;
            }
            if (work.stem_only && !BACK) continue;

            for (int r = 0; r < rows; r++) {
                const int row = target + r;
                for (int c = 0; c < chunks; c++) {
                    const float* taps = w.filter + (long)c * K * K * CHUNK;
                    Factor* product = products + (BACK && stem ? (row & 1) * stem_row + product_row : (long)r * n * product_row) + c * CHUNK;
                    const long bits = ((long)row * chunks + c) * target_width + strip.first;
                    if (!BACK) {
                        const float *lines[K], *weights[K];
                        int count = 0;
                        for (int a = 0; a < K; a++) {
                            const int from = row * S - s.top + a;
                            if (from < 0 || from >= s.height) continue;
                            lines[count] = ring + (from % slots) * slot_size + c * chunk_size;
                            weights[count++] = taps + a * K * CHUNK;
                        }
                        uint16_t* mask = work.filter_mask;
                        filter_row<K, S>(lines, weights, count, CHUNK, load(w.filter_bias + c * CHUNK), n, [&](int x, vec v) {
                            if (mask) mask[bits + x] = passes(v);
                            Format::put(product + (long)x * product_row, relu6(v), product_row);
                        });
                        continue;
                    }
                    const uint16_t* mask = work.wide_mask + bits;
                    const float* seed = stem && work.stem_seed ? work.stem_seed + (((long)row * target_width + strip.first) * chunks + c) * CHUNK : nullptr;
                    auto pass = [&](int x, vec v) {
                        if (seed) v = add(v, load(seed + (long)x * chunks * CHUNK));
                        Format::put(product + (long)x * product_row, keep(mask[x], v), product_row);
                    };
                    if (stem && work.stem_only) {
                        for (int x = 0; x < n; x++) pass(x, zero());
                    } else if (S == 1) {
                        const float *lines[K], *weights[K];
                        int count = 0;
                        for (int a = K - 1; a >= 0; a--) {
                            const int from = row + s.top - a;
                            if (from < 0 || from >= s.out_height) continue;
                            lines[count] = ring + (from % slots) * slot_size + c * chunk_size;
                            weights[count++] = taps + (a * K + K - 1) * CHUNK;
                        }
                        filter_row<K, 1>(lines, weights, count, -CHUNK, zero(), n, pass);
                    } else {
                        // Every other tap, every other column: two filters of stride 1 whose outputs alternate.
                        for (int odd = 0; odd < 2; odd++) {
                            const int x = (strip.first + s.left + odd) & 1, every = (n - x + 1) / 2;
                            if (x >= n) continue;
                            const float *lines[K], *weights[K];
                            int count = 0;
                            const int taps_here = odd ? K / 2 : K - K / 2, furthest = odd + 2 * (taps_here - 1);
                            const int from_column = (strip.first + x + s.left - furthest) / 2 - strip.origin;
                            for (int a = (row + s.top) & 1; a < K; a += 2) {
                                const int from = floor_half(row + s.top - a);
                                if (from < 0 || from >= s.out_height) continue;
                                lines[count] = ring + (from % slots) * slot_size + c * chunk_size + (long)from_column * CHUNK;
                                weights[count++] = taps + (a * K + furthest) * CHUNK;
                            }
                            auto spread = [&](int m, vec v) { pass(x + 2 * m, v); };
                            if (odd) filter_row<K / 2, 1>(lines, weights, count, -2 * CHUNK, zero(), every, spread);
                            else filter_row<K - K / 2, 1>(lines, weights, count, -2 * CHUNK, zero(), every, spread);
                        }
                    }
                }
            }

            if (BACK && stem) {
                if (target < first) continue;
                // A cell of 2 x 2 pixels takes from four outputs of the stem: here, left, above, above left.
                const long here = (target & 1) * stem_row, above = (1 - (target & 1)) * stem_row, skip = reach * (long)product_row;
                const Segments four{4, w.wide, {here + product_row + skip, here + skip, above + product_row + skip, above + skip}};
                float *upper = pixel_rows, *lower = pixel_rows + 4L * (pixel_columns + 2 * targets);
                const int cells = strip.last - x0;
                Math::run(products, product_row, four, cells, behind, nullptr, ToCells{upper, lower});
                deliver_pixels(work.pixels, 2 * target, 2 * x0, 2 * cells, upper);
                deliver_pixels(work.pixels, 2 * target + 1, 2 * x0, 2 * cells, lower);
                continue;
            }
            for (int r = 0; r < rows; r++)
                for (int x = 0; x < n; x++) target_at[r * n + x] = ((long)(target + r) * target_width + strip.first + x) * target_channels;
            const Segments whole{1, behind.k, {0}};
            const float* residual = w.residual ? work.source : nullptr;
            Math::run(products, product_row, whole, rows * n, behind, BACK ? nullptr : w.project_bias,
                      ToMap{work.target, target_at, residual});
        }
    }
    Math::end();
    return carver.used;
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

constexpr int POINTS = 32;  // positions of the head and the classifier done at once

template <class Math, class Format> static size_t points(const PointWork& work, long first, long last, char* scratch) {
    typedef typename Format::Factor Factor;
    const Packed& w = *work.weights;
    const int source_channels = padded(w.k), target_channels = padded(w.n), row = Format::row(w.k);
    Carver carver{scratch, 0};
    Factor* factors = carver.take<Factor>((POINTS + SLACK) * (long)row);
    if (!scratch) return carver.used;
    std::memset(factors, 0, (POINTS + SLACK) * (long)row * sizeof(Factor));
    Math::begin();
    for (long p0 = first; p0 < last; p0 += POINTS) {
        const int count = (int)(last - p0 < POINTS ? last - p0 : POINTS);
        for (int p = 0; p < count; p++)
            for (int c = 0; c < source_channels; c += CHUNK) {
                vec v = load(work.source + (p0 + p) * source_channels + c);
                if (work.source_mask) v = keep(work.source_mask[(p0 + p) * chunks_of(w.k) + c / CHUNK], v);
                Format::put(factors + (long)p * row + c, v, row);
            }
        const Segments whole{1, w.k, {0}};
        uint16_t* mask = work.target_mask ? work.target_mask + p0 * chunks_of(w.n) : nullptr;
        Math::run(factors, row, whole, count, w, work.bias,
                  ToPoints{work.target + p0 * target_channels, target_channels, mask, chunks_of(w.n), work.relu6});
    }
    Math::end();
    return carver.used;
}

template <class Math, class Format> struct Offer {
    static size_t block_scratch(const BlockWork& work, bool back) {
        return back ? any_pipeline<Math, Format, true>(work, 0, 0, nullptr) : any_pipeline<Math, Format, false>(work, 0, 0, nullptr);
    }
    static void forward(const BlockWork& work, int first, int last, char* scratch) {
        any_pipeline<Math, Format, false>(work, first, last, scratch);
    }
    static void backward(const BlockWork& work, int first, int last, char* scratch) {
        any_pipeline<Math, Format, true>(work, first, last, scratch);
    }
    static size_t point_scratch(const PointWork& work) { return points<Math, Format>(work, 0, 0, nullptr); }
    static void point(const PointWork& work, long first, long last, char* scratch) { points<Math, Format>(work, first, last, scratch); }
    static constexpr Kernels kernels{Math::packed_bytes, Math::pack, block_scratch, forward, backward, point_scratch, point};
};
