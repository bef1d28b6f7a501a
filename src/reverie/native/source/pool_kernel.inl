// The kernels of pool.h for one instruction set. Going back, every input collects what it gave the largest value to,
// in the order of the results: no two threads write to one place, and nothing depends on their number.

constexpr int MOST_TAPS = 256;

static inline int ceil_divided(int a, int b) { return a > 0 ? (a + b - 1) / b : 0; }

// Where the values of a pixel are, and which taps of a window.
struct Taps {
    int count = 0;
    long pixel[MOST_TAPS];
    int tap[MOST_TAPS];
};

static inline void find_inputs(const PoolJob& job, int picture, int row, int column, Taps& taps) {
    taps.count = 0;
    for (int i = 0; i < job.kernel_y; i++) {
        const int y = row * job.step_y - job.top + i;
        if ((unsigned)y >= (unsigned)job.height) continue;
        for (int j = 0; j < job.kernel_x; j++) {
            const int x = column * job.step_x - job.left + j;
            if ((unsigned)x >= (unsigned)job.width) continue;
            taps.pixel[taps.count] = ((long)picture * job.height + y) * job.width + x;
            taps.tap[taps.count++] = i * job.kernel_x + j;
        }
    }
}

// The results whose windows hold a pixel.
static inline void find_results(const PoolJob& job, int picture, int y, int x, Taps& taps) {
    taps.count = 0;
    const int first_row = ceil_divided(y + job.top - job.kernel_y + 1, job.step_y);
    const int last_row = smaller(job.out_height - 1, (y + job.top) / job.step_y);
    const int first_column = ceil_divided(x + job.left - job.kernel_x + 1, job.step_x);
    const int last_column = smaller(job.out_width - 1, (x + job.left) / job.step_x);
    for (int i = first_row; i <= last_row; i++)
        for (int j = first_column; j <= last_column; j++) {
            taps.pixel[taps.count] = ((long)picture * job.out_height + i) * job.out_width + j;
            taps.tap[taps.count++] = (y + job.top - i * job.step_y) * job.kernel_x + x + job.left - j * job.step_x;
        }
}

template <class T, bool WHOLE>
static inline void pool_channels(const PoolJob& job, const Taps& taps, long result, int c, int count) {
    lane best = spread_lane(-INFINITY);
    Places where = no_places();
    for (int t = 0; t < taps.count; t++) {
        const T* from = (const T*)job.source + taps.pixel[t] * job.source_pixel + c;
        take_larger(WHOLE ? load_lane(from) : load_some(from, count), taps.tap[t], t == 0, best, where);
    }
    store_some((T*)job.target + result * job.channels + c, best, WHOLE ? LANES : count);
    store_places(job.where + result * job.channels + c, where, WHOLE ? LANES : count);
}

template <class T> static void pool_forward(const PoolJob& job, long first, long last) {
    Taps taps;
    for (long r = first; r < last; r++)
        for (int column = 0; column < job.out_width; column++) {
            find_inputs(job, (int)(r / job.out_height), (int)(r % job.out_height), column, taps);
            const long result = r * job.out_width + column;
            int c = 0;
            for (; c + LANES <= job.channels; c += LANES) pool_channels<T, true>(job, taps, result, c, LANES);
            if (c < job.channels) pool_channels<T, false>(job, taps, result, c, job.channels - c);
        }
}

template <class T, bool WHOLE>
static inline void unpool_channels(const PoolJob& job, const Taps& taps, long pixel, int c, int count) {
    const int some = WHOLE ? LANES : count;
    lane sum = spread_lane(0.f);
    for (int t = 0; t < taps.count; t++) {
        const T* from = (const T*)job.source + taps.pixel[t] * job.source_pixel + c;
        const lane v = WHOLE ? load_lane(from) : load_some(from, count);
        sum = add(sum, keep_places(job.where + taps.pixel[t] * job.channels + c, taps.tap[t], v, some));
    }
    store_some((T*)job.target + pixel * job.channels + c, sum, some);
}

template <class T> static void pool_backward(const PoolJob& job, long first, long last) {
    Taps taps;
    for (long r = first; r < last; r++)
        for (int x = 0; x < job.width; x++) {
            find_results(job, (int)(r / job.height), (int)(r % job.height), x, taps);
            const long pixel = r * job.width + x;
            int c = 0;
            for (; c + LANES <= job.channels; c += LANES) unpool_channels<T, true>(job, taps, pixel, c, LANES);
            if (c < job.channels) unpool_channels<T, false>(job, taps, pixel, c, job.channels - c);
        }
}

static void pool(const PoolJob& job, long first, long last) {
    job.half ? pool_forward<uint16_t>(job, first, last) : pool_forward<float>(job, first, last);
}

static void unpool(const PoolJob& job, long first, long last) {
    job.half ? pool_backward<uint16_t>(job, first, last) : pool_backward<float>(job, first, last);
}

static constexpr PoolKernels POOLS{pool, unpool};
