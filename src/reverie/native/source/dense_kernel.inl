// The convolutions of dense.h for one instruction set. A block of tiles is transformed, multiplied and
// transformed back while it stays in the caches; a gathered convolution is the same with tiles of one pixel. `Matrix`
// multiplies, in its own number format; everything else is in fp32.

typedef Matrix::Factor Factor;
static inline void put_factors(float* to, lane v) { store_lane(to, v); }
static inline void put_some(float* to, lane v, int count) { store_some(to, v, count); }
#ifdef REVERIE_VEC_BF16
static inline void put_factors(uint16_t* to, lane v) { put_bf16(to, v); }
static inline void put_some(uint16_t* to, lane v, int count) {
    _mm256_mask_storeu_epi16(to, (__mmask16)((1 << smaller(count, LANES)) - 1), (__m256i)_mm512_cvtneps_pbh(v));
}
#endif

// What one matrix product takes at a time, so that its weights stay in the first cache, or, where several chunks
// share what is read of the positions, in the second.
constexpr int NEAR = (MOST_CHUNKS == 1 ? 24 : 96) * 1024;
constexpr int DEPTH = NEAR / (MOST_CHUNKS * CHUNK * (int)sizeof(Factor)) / 16 * 16;
constexpr long BLOCK_BYTES = 1 << 19;  // of products and sums of a block of tiles
constexpr int LEAST_TILES = MOST_POSITIONS == 8 ? 16 : 24, MOST_TILES = 240;
constexpr long SHORT_ROW = 600;  // numbers
constexpr long POINTS_BYTES = 3 << 17;  // the same where a tile is one pixel
// Weights that fit in no cache are read for every block: for those, blocks are larger.
constexpr size_t LARGE_WEIGHTS = 8 << 20;
constexpr int LARGE_BLOCK = 72;

// From one row to the next: an odd number of cache lines, lest rows fall into the same sets of a cache. Short ones
// take room from others instead if they lie further apart than they have to.
template <class T> static inline long apart(long numbers) {
    constexpr long LINE = 64 / sizeof(T);
    return ((numbers + LINE - 1) / LINE | (numbers > SHORT_ROW)) * LINE;
}
static inline int depths_of(int k) { return (k + DEPTH - 1) / DEPTH; }

// Adds to what is there, or not.
struct Sums {
    float* to;
    long row;
    bool adds;
    template <int M> inline void put(int position, int count, int chunk, const vec* column) const {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++)
            if (i < count) {
                float* at = to + (position + i) * row + chunk * CHUNK;
                store(at, adds ? add(load(at), column[i]) : column[i]);
            }
    }
};

struct Place {
    int picture, row, column;
};

// What comes after the sums of CHUNK channels of a target, from c on: bias, other, activation.
struct Finish {
    const DenseTarget& target;
    int c, count;
    const float* bias;
    lane low, high, from;
    bool leaky, clamped, past;

    Finish(const DenseJob& job, const DenseTarget& target_, int c_, const float* bias_)
        : target(target_), c(c_), count(smaller(CHUNK, target_.channels - c_)), bias(bias_),
          low(spread_lane(job.low)), high(spread_lane(job.high)), leaky(job.activation == LEAKY && !target_.linear),
          clamped(job.activation == CLAMPED && !target_.linear) {
        from = leaky ? spread_lane(0.f) : low;
        // Large maps would only drive everything else out of the caches.
        past = job.past_caches && count == CHUNK && target.pixel % CHUNK == 0;
    }

    // `columns` pixels from `first` on, each `step` further; their sums are `apart` floats from each other.
    void row(const float* sums, long apart, long first, int step, int columns) const {
        count == CHUNK ? row_of<true>(sums, apart, first, step, columns)
                       : row_of<false>(sums, apart, first, step, columns);
    }

private:
    template <bool WHOLE> void row_of(const float* sums, long apart, long first, int step, int columns) const {
        const int chunks = chunks_of(target.channels);
        float* to = target.data + first * target.pixel + c;
        const float* other = target.other ? target.other + first * target.other_pixel + c : nullptr;
        uint16_t* open = target.open ? target.open + first * chunks + c / CHUNK : nullptr;
        const long to_step = step * target.pixel, other_step = step * target.other_pixel, open_step = step * chunks;
        const Finish all = *this;  // in registers: what is written could be anything else
        for (int j = 0; j < columns; j++, sums += apart, to += to_step) {
#pragma GCC unroll 2
            for (int l = 0; l < CHUNK; l += LANES) {
                const int some = WHOLE ? LANES : all.count - l;
                if (some <= 0) break;
                lane v = load_lane(sums + l);
                if (all.bias) v = add(v, load_lane(all.bias + l));
                if (other) v = add(v, WHOLE ? load_lane(other + l) : load_some(other + l, some));
                if (open) ((Bits*)open)[l / LANES] = between(all.from, v, all.high);
                if (all.clamped) v = smaller(all.high, larger(all.low, v));  // NaN stays
                if (all.leaky) v = larger(multiply(v, all.low), v);
                if (all.past)
                    stream_lane(to + l, v);
                else if (WHOLE)
                    store_lane(to + l, v);
                else
                    store_some(to + l, v, some);
            }
            if (other) other += other_step;
            if (open) open += open_step;
        }
    }
};

// LANES channels of a source from c on, as much of them as its gate lets through.
static inline lane gated(const DenseSource& from, long pixel, int chunks, int c, lane v) {
    const Bits bits = ((const Bits*)(from.gate + pixel * chunks))[c / LANES];
    if (from.slope == 0) return keep(bits, v);
    return choose(bits, v, multiply(spread_lane(from.slope), v));
}


template <int MH, int RH, int MW, int RW, bool GATHER> struct Dense {
    typedef Transform<MH, RH> Down;
    typedef Transform<MW, RW> Across;
    static constexpr int HIGH = Down::SIZE, WIDE = Across::SIZE, PRODUCTS = HIGH * WIDE;

    static int k_of(const DenseWeights& w) { return GATHER ? w.in * w.taps : w.in; }

    static size_t product_bytes(const DenseWeights& w) {
        size_t bytes = 0;
        for (int k = 0; k < k_of(w); k += DEPTH) bytes += Matrix::packed_bytes(smaller(DEPTH, k_of(w) - k), w.out);
        return bytes;
    }
    static size_t packed_bytes(const DenseWeights& w) { return PRODUCTS * product_bytes(w); }

    static void pack(const DenseWeights& w, const double* taps, char* to) {
        const size_t each = (size_t)k_of(w) * w.out;
        std::vector<float> product(each);
        std::vector<double> sum(GATHER ? 0 : each);
        for (int i = 0; i < HIGH; i++)
            for (int j = 0; j < WIDE; j++) {
                if (GATHER) {
                    for (size_t e = 0; e < each; e++) product[e] = (float)taps[e];
                } else {
                    std::fill(sum.begin(), sum.end(), 0.0);
                    for (int a = 0; a < RH; a++)
                        for (int b = 0; b < RW; b++) {
                            const double factor = Winograd<MH, RH>::weight(i, a) * Winograd<MW, RW>::weight(j, b);
                            const double* tap = taps + (a * RW + b) * each;
                            if (factor != 0)
                                for (size_t e = 0; e < each; e++) sum[e] += factor * tap[e];
                        }
                    for (size_t e = 0; e < each; e++) product[e] = (float)sum[e];
                }
                for (int k = 0; k < k_of(w); k += DEPTH) {
                    const int deep = smaller(DEPTH, k_of(w) - k);
                    Matrix::pack(product.data() + (size_t)k * w.out, w.out, 1, deep, w.out, to);
                    to += Matrix::packed_bytes(deep, w.out);
                }
            }
    }

    // A block of tiles in scratch.
    struct Block {
        int tiles;
        long in_row, in_product, out_row, out_product;
        Factor* in;
        float* out;
        Block(const DenseWeights& w, int tiles_, char* scratch) : tiles(tiles_) {
            in_row = row_of(w);
            out_row = apart<float>(w.out);
            in_product = apart<Factor>((tiles + FEW_POSITIONS + MOST_POSITIONS) * in_row);
            out_product = apart<float>(tiles * out_row);
            in = (Factor*)scratch;
            out = (float*)(in + PRODUCTS * in_product);
        }
        static long row_of(const DenseWeights& w) { return apart<Factor>(round_up(k_of(w), Matrix::PAIR)); }
        size_t bytes() const {
            return PRODUCTS * (in_product * sizeof(Factor) + out_product * sizeof(float)) + 64;
        }
    };

    static int block_tiles(const DenseWeights& w) {
        const long row = Block::row_of(w) * sizeof(Factor) + apart<float>(w.out) * sizeof(float);
        const long each = PRODUCTS * row;
        const int fit = (int)((GATHER ? POINTS_BYTES : BLOCK_BYTES) / each) / LEAST_TILES * LEAST_TILES;
        const int least = packed_bytes(w) > LARGE_WEIGHTS ? LARGE_BLOCK : LEAST_TILES;
        return larger(least, smaller(MOST_TILES, fit));
    }

    static int tiles_across(const DenseJob& job) { return (job.out_width + MW - 1) / MW; }
    static int tiles_down(const DenseJob& job) { return (job.out_height + MH - 1) / MH; }
    static long tiles(const DenseWeights&, const DenseJob& job) {
        return (long)job.count * tiles_down(job) * tiles_across(job);
    }
    static long block(const DenseWeights& w, const DenseJob&) { return block_tiles(w); }
    static size_t scratch(const DenseWeights& w, const DenseJob&) { return Block(w, block_tiles(w), nullptr).bytes(); }

    static Place place(const DenseJob& job, long tile) {
        const int across = tiles_across(job), down = tiles_down(job);
        return {(int)(tile / across / down), (int)(tile / across % down) * MH, (int)(tile % across) * MW};
    }

    // `count` channels of a tile, at most LANES.
    template <bool GATED, bool EDGE, bool WHOLE>
    static inline void channels_in(const DenseJob& job, int top, int left, long corner, int chunks, int c, int count,
                                   Factor* to, long product) {
        const DenseSource& source = *job.source;
        const long across = job.source_step_x * source.pixel;
        lane half[HIGH][WIDE];
#pragma GCC unroll 1
        for (int i = 0; i < HIGH; i++) {
            lane d[WIDE];
            const bool row = !EDGE || (unsigned)(top + i) < (unsigned)job.height;
            const long line = corner + (long)i * job.source_step_y * job.source_width;
            const float* from = source.data + line * source.pixel + c;
#pragma GCC unroll 16
            for (int j = 0; j < WIDE; j++) {
                if (EDGE && !(row && (unsigned)(left + j) < (unsigned)job.width)) {
                    d[j] = spread_lane(0.f);
                    continue;
                }
                if (c % CHUNK == 0) __builtin_prefetch(from + (j + MW) * across);  // the next tile's
                d[j] = WHOLE ? load_lane(from + j * across) : load_some(from + j * across, count);
                if (GATED) d[j] = gated(source, line + j * job.source_step_x, chunks, c, d[j]);
            }
            Across::input(d, half[i]);
        }
#pragma GCC unroll 1
        for (int j = 0; j < WIDE; j++) {
            lane d[HIGH], v[HIGH];
#pragma GCC unroll 16
            for (int i = 0; i < HIGH; i++) d[i] = half[i][j];
            Down::input(d, v);
#pragma GCC unroll 16
            for (int i = 0; i < HIGH; i++) put_factors(to + (i * WIDE + j) * product + c, v[i]);
        }
    }

    template <bool GATED, bool EDGE>
    static void tile_in(const DenseWeights& w, const DenseJob& job, Place at, Factor* to, long product) {
        const int top = at.row - job.top, left = at.column - job.left, chunks = chunks_of(w.in);
        const long row = (long)at.picture * job.source_height + top * job.source_step_y + job.source_y;
        const long corner = row * job.source_width + left * job.source_step_x + job.source_x;
        int c = 0;
        for (; c + LANES <= w.in; c += LANES)
            channels_in<GATED, EDGE, true>(job, top, left, corner, chunks, c, LANES, to, product);
        if (c < w.in) channels_in<GATED, EDGE, false>(job, top, left, corner, chunks, c, w.in - c, to, product);
    }

    static inline void gather(const DenseSource& source, long pixel, Factor* to) {
        const float* from = source.data + pixel * source.pixel;
        const int chunks = chunks_of(source.channels);
        int c = 0;
        for (; c + LANES <= source.channels; c += LANES) {
            const lane v = load_lane(from + c);
            put_factors(to + c, source.gate ? gated(source, pixel, chunks, c, v) : v);
        }
        if (c < source.channels) {
            const lane v = load_some(from + c, source.channels - c);
            put_some(to + c, source.gate ? gated(source, pixel, chunks, c, v) : v, source.channels - c);
        }
    }

    static inline void gather_all(const DenseWeights& w, const DenseJob& job, Place at, Factor* to) {
        for (int t = 0; t < w.taps; t++) {
            const int y = at.row * w.step_y - job.top + w.tap[t].y, x = at.column * w.step_x - job.left + w.tap[t].x;
            if ((unsigned)y >= (unsigned)job.height || (unsigned)x >= (unsigned)job.width) {
                std::memset(to, 0, w.in * sizeof(Factor));
                to += w.in;
                continue;
            }
            const long pixel = ((long)at.picture * job.height + y) * job.width + x;
            for (int s = 0; s < job.sources; s++) {
                gather(job.source[s], pixel, to);
                to += job.source[s].channels;
            }
        }
    }

    // A convolution of 1 x 1: results and pixels of the input are in the same order.
    static bool is_points(const DenseWeights& w, const DenseJob& job) {
        return GATHER && w.taps == 1 && w.tap->y == 0 && w.tap->x == 0 && job.height == job.target_height &&
               job.width == job.target_width && job.out_height == job.height && job.out_width == job.width &&
               job.top == 0 && job.left == 0;
    }

    static void points_in(const DenseJob& job, long first, const Block& block) {
        Factor* to = block.in;
        for (int s = 0; s < job.sources; to += job.source[s].channels, s++)
            for (int t = 0; t < block.tiles; t++) gather(job.source[s], first + t, to + t * block.in_row);
    }

    static void in(const DenseWeights& w, const DenseJob& job, long first, const Block& block) {
        if (GATHER && k_of(w) % Matrix::PAIR)  // the last factor has no partner
            for (int t = 0; t < block.tiles; t++) block.in[t * block.in_row + k_of(w)] = 0;
        if (is_points(w, job)) return points_in(job, first, block);
        for (int t = 0; t < block.tiles; t++) {
            const Place at = place(job, first + t);
            Factor* to = block.in + t * block.in_row;
            if constexpr (GATHER)
                gather_all(w, job, at, to);
            else
                tile(w, job, at, to, block.in_product);
        }
    }

    static void tile(const DenseWeights& w, const DenseJob& job, Place at, Factor* to, long product) {
        const int top = at.row - job.top, left = at.column - job.left;
        const bool inside = top >= 0 && left >= 0 && top + HIGH <= job.height && left + WIDE <= job.width;
        if (job.source->gate)
            inside ? tile_in<true, false>(w, job, at, to, product) : tile_in<true, true>(w, job, at, to, product);
        else
            inside ? tile_in<false, false>(w, job, at, to, product) : tile_in<false, true>(w, job, at, to, product);
    }

    static void multiply_all(const DenseWeights& w, const Block& block) {
        const char* weights = w.data;
        for (int p = 0; p < PRODUCTS; p++)
            for (int k = 0; k < k_of(w); k += DEPTH) {
                const int deep = smaller(DEPTH, k_of(w) - k);
                const Segments whole{1, deep, {0, 0, 0, 0}};
                const Sums sums{block.out + p * block.out_product, block.out_row, k > 0};
                Matrix::run(block.in + p * block.in_product + k, block.in_row, whole, block.tiles, {deep, w.out, weights},
                            nullptr, sums, NEAR);
                weights += Matrix::packed_bytes(deep, w.out);
            }
    }

    // A tile's results of CHUNK channels before the bias, as [pixel][channel].
    static inline void results(const float* from, long product, float* to) {
        for (int c = 0; c < CHUNK; c += LANES) {
            lane half[MH][WIDE];
#pragma GCC unroll 1
            for (int j = 0; j < WIDE; j++) {
                lane m[HIGH], y[MH];
#pragma GCC unroll 16
                for (int i = 0; i < HIGH; i++) {
                    const float* at = from + (i * WIDE + j) * product + c;
                    if (c == 0) __builtin_prefetch(at + CHUNK);  // what comes next
                    m[i] = load_lane(at);
                }
                Down::output(m, y);
#pragma GCC unroll 16
                for (int i = 0; i < MH; i++) half[i][j] = y[i];
            }
#pragma GCC unroll 1
            for (int i = 0; i < MH; i++) {
                lane y[MW];
                Across::output(half[i], y);
#pragma GCC unroll 16
                for (int j = 0; j < MW; j++) store_lane(to + (i * MW + j) * CHUNK + c, y[j]);
            }
        }
    }

    static void out(const DenseWeights& w, const DenseJob& job, long first, const Block& block) {
        const float* from = block.out;
        int begin = 0;
        for (int n = 0; n < job.targets; n++)
            for (int c = 0; c < job.target[n].channels; c += CHUNK, begin += CHUNK, from += CHUNK) {
                const Finish finish(job, job.target[n], c, job.bias ? job.bias + begin : nullptr);
                if (is_points(w, job))
                    finish.row(from, block.out_row, first, 1, block.tiles);
                else
                    tiles_out(job, finish, from, first, block);
            }
    }

    static void tiles_out(const DenseJob& job, const Finish& finish, const float* from, long first, const Block& block) {
        alignas(64) float result[MH * MW * CHUNK];
        for (int t = 0; t < block.tiles; t++) {
            const Place at = place(job, first + t);
            const int rows = smaller(MH, job.out_height - at.row), columns = smaller(MW, job.out_width - at.column);
            results(from + t * block.out_row, block.out_product, result);
            for (int i = 0; i < rows; i++) {
                const int row = (at.row + i) * job.target_step_y + job.target_y;
                const long line = ((long)at.picture * job.target_height + row) * job.target_width + job.target_x;
                finish.row(result + i * MW * CHUNK, CHUNK, line + (long)at.column * job.target_step_x,
                           job.target_step_x, columns);
            }
        }
    }

    static void run(const DenseWeights& w, const DenseJob& job, long first, long last, char* scratch) {
        const int most = block_tiles(w);
        const long blocks = (last - first + most - 1) / most;
        for (long b = 0; b < blocks; b++) {
            const long from = first + (last - first) * b / blocks, to = first + (last - first) * (b + 1) / blocks;
            const Block block(w, (int)(to - from), scratch);
            in(w, job, from, block);
            multiply_all(w, block);
            out(w, job, from, block);
        }
        if (job.past_caches) end_streams();
    }

    static constexpr DenseKernels kernels{packed_bytes, pack, scratch, tiles, block, run};
};

// Means of windows: down the columns of a row of windows first, then along it. A tile is a row of results.
struct Box {
    static size_t packed_bytes(const DenseWeights&) { return 0; }
    static void pack(const DenseWeights&, const double*, char*) {}
    static long tiles(const DenseWeights&, const DenseJob& job) { return (long)job.count * job.out_height; }

    // Rows of results whose input fits into the second cache.
    static long block(const DenseWeights& w, const DenseJob& job) {
        return larger(1, (int)(BLOCK_BYTES / (job.width * row_of(w) * (long)sizeof(float))));
    }

    // Sums of columns, [column][channel], and the results of CHUNK channels.
    static long row_of(const DenseWeights& w) { return round_up(w.in, CHUNK); }
    static size_t scratch(const DenseWeights& w, const DenseJob& job) {
        return (job.width * row_of(w) + (size_t)job.out_width * CHUNK) * sizeof(float);
    }

    template <bool GATED>
    static void down(const DenseWeights& w, const DenseJob& job, int picture, int top, float* to) {
        const DenseSource& source = *job.source;
        const int rows = w.tap[w.taps - 1].y + 1, chunks = chunks_of(w.in);
        const int begin = larger(top, 0), end = smaller(top + rows, job.height);
        for (int x = 0; x < job.width; x++, to += row_of(w)) {
            const long first = ((long)picture * job.height + begin) * job.width + x;
            for (int c = 0; c < w.in; c += LANES) {
                const int count = w.in - c;
                lane sum = spread_lane(0.f);
                long pixel = first;
                for (int y = begin; y < end; y++, pixel += job.width) {
                    const float* from = source.data + pixel * source.pixel + c;
                    const lane v = count >= LANES ? load_lane(from) : load_some(from, count);
                    sum = add(sum, GATED ? gated(source, pixel, chunks, c, v) : v);
                }
                store_lane(to + c, sum);
            }
        }
    }

    // CHUNK channels.
    static void along(const DenseWeights& w, const DenseJob& job, const float* sums, float* to) {
        const int columns = w.tap[w.taps - 1].x + 1;
        const lane share = spread_lane(1.f / w.taps);
        for (int x = 0; x < job.out_width; x++, to += CHUNK) {
            const int left = x - job.left, begin = larger(left, 0), end = smaller(left + columns, job.width);
            for (int l = 0; l < CHUNK; l += LANES) {
                lane sum = spread_lane(0.f);
                for (int i = begin; i < end; i++) sum = add(sum, load_lane(sums + i * row_of(w) + l));
                store_lane(to + l, multiply(share, sum));
            }
        }
    }

    static void run(const DenseWeights& w, const DenseJob& job, long first, long last, char* scratch) {
        float* const sums = (float*)scratch;
        float* const results = sums + job.width * row_of(w);
        for (long r = first; r < last; r++) {
            const int picture = (int)(r / job.out_height), row = (int)(r % job.out_height);
            (job.source->gate ? down<true> : down<false>)(w, job, picture, row - job.top, sums);
            const long line = (long)picture * job.target_height + row * job.target_step_y + job.target_y;
            const long begin = line * job.target_width + job.target_x;
            for (int c = 0; c < w.in; c += CHUNK) {
                along(w, job, sums + c, results);
                const Finish finish(job, *job.target, c, job.bias ? job.bias + c : nullptr);
                finish.row(results, CHUNK, begin, job.target_step_x, job.out_width);
            }
        }
        if (job.past_caches) end_streams();
    }

    static constexpr DenseKernels kernels{packed_bytes, pack, scratch, tiles, block, run};
};

static const DenseKernels* const BY_KIND[DENSE_KINDS] = {
    &Dense<1, 1, 1, 1, true>::kernels,  &Dense<6, 3, 6, 3, false>::kernels, &Dense<4, 3, 4, 3, false>::kernels,
    &Dense<2, 3, 2, 3, false>::kernels, &Dense<4, 5, 4, 5, false>::kernels, &Dense<2, 5, 2, 5, false>::kernels,
    &Dense<1, 1, 4, 7, false>::kernels, &Dense<4, 7, 1, 1, false>::kernels, &Dense<1, 1, 6, 3, false>::kernels,
    &Dense<6, 3, 1, 1, false>::kernels, &Dense<5, 4, 5, 4, false>::kernels, &Dense<5, 2, 5, 2, false>::kernels,
    &Dense<5, 2, 1, 1, false>::kernels, &Dense<1, 1, 5, 2, false>::kernels, &Box::kernels,
};

static const DenseKernels& kernels_of(const DenseWeights& w) { return *BY_KIND[w.kind]; }
static size_t any_packed_bytes(const DenseWeights& w) { return kernels_of(w).packed_bytes(w); }
static void any_pack(const DenseWeights& w, const double* taps, char* to) { kernels_of(w).pack(w, taps, to); }
static size_t any_scratch(const DenseWeights& w, const DenseJob& job) { return kernels_of(w).scratch(w, job); }
static long any_tiles(const DenseWeights& w, const DenseJob& job) { return kernels_of(w).tiles(w, job); }
static long any_block(const DenseWeights& w, const DenseJob& job) { return kernels_of(w).block(w, job); }
static void any_run(const DenseWeights& w, const DenseJob& job, long first, long last, char* scratch) {
    kernels_of(w).run(w, job, first, last, scratch);
}
static constexpr DenseKernels OFFERED{any_packed_bytes, any_pack, any_scratch, any_tiles, any_block, any_run};
