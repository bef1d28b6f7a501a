// The kernel of cppn.h, in vectors of the processor's own width. Included by one file for each instruction set.
#include <string.h>

#pragma GCC diagnostic ignored "-Wpsabi"  // everything that takes a vector is inlined

namespace reverie {
namespace {

#define ALWAYS __attribute__((always_inline))
#define INLINE inline ALWAYS

#if defined(__AVX512F__)
constexpr long LANES = 8;
#elif defined(__AVX2__)
constexpr long LANES = 4;
#else
constexpr long LANES = 2;
#endif
constexpr long TOGETHER = 4;  // vectors whose sums are independent of each other: one waits for nothing
typedef double V __attribute__((vector_size(LANES * sizeof(double))));
typedef long long I __attribute__((vector_size(LANES * sizeof(double))));
typedef float F __attribute__((vector_size(LANES * sizeof(float))));

constexpr long long SIGN = (long long)(1ULL << 63);

INLINE V load(const double* p) {
    V v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store(double* p, const V& v) { memcpy(p, &v, sizeof v); }
INLINE V all(double x) { return V{} + x; }
INLINE V smaller(const V& a, const V& b) { return a < b ? a : b; }
INLINE V larger(const V& a, const V& b) { return a > b ? a : b; }
INLINE V size_of(const V& x) { return (V)((I)x & ~SIGN); }
INLINE V root(const V& x) {
    V y;
    for (long i = 0; i < LANES; i++) y[i] = __builtin_sqrt(x[i]);
    return y;
}

// Adding it leaves the nearest whole number in the lowest bits; taking it away again, that number as a double.
constexpr double ROUND = 6755399441055744.0;  // 1.5 * 2^52

// Horner's rule.
template <int N>
INLINE V polynomial(const V& x, const double (&c)[N]) {
    V y = all(c[N - 1]);
    for (int i = N - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}

// Minimax, nearly: through the Chebyshev nodes. e^r = 1 + r + r^2 EXP(r); sin(r) = r + r^3 SIN(r^2).
constexpr double EXP[] = {
    0.5, 0.1666666666664829, 0.04166666666665136, 0.008333333353729397, 0.0013888888905881542,
    0.00019841208732536384, 2.4801536388690766e-05, 2.762511557828763e-06, 2.761380686153829e-07,
};
constexpr double SIN[] = {
    -0.1666666666666665, 0.008333333333325924, -0.00019841269836464245, 2.755731805475644e-06,
    -2.505197284086259e-08, 1.60509690477946e-10, -7.408007795516067e-13,
};

// e^x for x <= 0: 2^k e^r with |r| <= ln(2) / 2; to 1e-15 of itself.
INLINE V exponential(const V& given) {
    const V x = larger(given, all(-700.0));
    const V shifted = x * 1.4426950408889634 + ROUND;
    const V k = shifted - ROUND;
    const V r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    const V power = (r * r) * polynomial(r, EXP) + r + 1.0;
    return (V)((I)power + ((I)shifted << 52));
}

// sin(k pi + r) = (-1)^k sin(r), to 1e-15 for |x| < 1e6.
INLINE V sine(const V& x) {
    const V shifted = x * 0.3183098861837907 + ROUND;
    const V k = shifted - ROUND;
    const V r = (x - k * 3.1415926534682512) - k * 1.2154201013012384e-10;
    const V square = r * r;
    const V y = (r * square) * polynomial(square, SIN) + r;
    return (V)((I)y ^ ((I)shifted << 63));
}

// (1 - e^-|x|) / (1 + e^-|x|) with the sign of x: 2 (sigmoid(x) - 0.5).
INLINE V sigmoid(const V& x) {
    const V e = exponential(-size_of(x));
    const V y = (1.0 - e) / (1.0 + e);
    return (V)((I)y | ((I)x & SIGN));
}

template <int FUNCTION>
INLINE V applied(const V& p) {
    switch (FUNCTION) {
        case SINE: return sine(p);
        case SIGMOID: return sigmoid(p);
        case GAUSSIAN: return exponential(-(p * p));
        case LINEAR: return smaller(larger(p, all(-3.0)), all(3.0)) * (1 / 3.0);
        default: return sigmoid(10.0 * p);  // tanh(5 p)
    }
}

template <int FUNCTION, long COUNT>
INLINE void block(const CppnGraph& g, long node, long at, double* values) {
    V sum[COUNT] = {};
    for (int e = g.first[node]; e < g.first[node + 1]; e++) {
        const double* source = values + g.sources[e] * CPPN_TILE + at;
        const double weight = g.weights[e];
        for (long i = 0; i < COUNT; i++) sum[i] = sum[i] + weight * load(source + i * LANES);
    }
    double* out = values + (CPPN_INPUTS + node) * CPPN_TILE + at;
    for (long i = 0; i < COUNT; i++) store(out + i * LANES, applied<FUNCTION>(sum[i]));
}

template <int FUNCTION>
void evaluate(const CppnGraph& g, long node, long count, double* values) {
    long at = 0;
    for (; at + TOGETHER * LANES <= count; at += TOGETHER * LANES) block<FUNCTION, TOGETHER>(g, node, at, values);
    for (; at < count; at += LANES) block<FUNCTION, 1>(g, node, at, values);
}

typedef void (*Evaluate)(const CppnGraph&, long, long, double*);
const Evaluate EVALUATE[FUNCTIONS] = {evaluate<SINE>, evaluate<SIGMOID>, evaluate<GAUSSIAN>, evaluate<LINEAR>,
                                      evaluate<STEEP>};

// The same number in all columns.
void evaluate_flat(const CppnGraph& g, long node, double* values) {
    EVALUATE[g.functions[node]](g, node, LANES, values);
    double* out = values + (CPPN_INPUTS + node) * CPPN_TILE;
    const V same = load(out);
    for (long i = LANES; i < CPPN_TILE; i += LANES) store(out + i, same);
}

// Distances from the centre, for each row; and the inputs that no row changes.
void prepare(const CppnPlan& plan, long top, long rows, long left, long columns, double* distances, double* inputs) {
    double *x = inputs, *one = inputs + 3 * CPPN_TILE;
    memcpy(x, plan.xs + left, (size_t)columns * sizeof(double));
    for (long i = columns; i < CPPN_TILE; i++) x[i] = 0;
    for (long i = 0; i < CPPN_TILE; i += LANES) {
        const V across = load(x + i);
        store(one + i, all(1.0));
        for (long row = 0; row < rows; row++) {
            const V down = all(plan.ys[top + row]);
            store(distances + row * CPPN_TILE + i, root(across * across + down * down));
        }
    }
}

INLINE void put(const V& value, const CppnPlan& plan, float* out, long count) {
    const V v = smaller(larger(value, all(0.0)), all(1.0));
    const F f = plan.levels ? __builtin_convertvector(v * (double)plan.levels + ROUND - ROUND, F) / (float)plan.levels
                            : __builtin_convertvector(v, F);
    if (count >= LANES) {
        memcpy(out, &f, sizeof f);
    } else {
        memcpy(out, &f, (size_t)count * sizeof(float));
    }
}

// One channel of a colour of hue h, lightness l and l - or 1 - l, whichever is less, times saturation; all in [0, 1].
INLINE V channel(const V& h, const V& l, const V& a, double n) {
    const V turned = 12.0 * h + n;
    const V k = turned >= 12.0 ? turned - 12.0 : turned;
    return l - a * larger(smaller(smaller(k - 3.0, 9.0 - k), all(1.0)), all(-1.0));
}

void show(const CppnGraph& g, const CppnPlan& plan, long count, const double* values, float* to) {
    const double* first = values + CPPN_INPUTS * CPPN_TILE;
    const long plane = plan.width * plan.height;
    for (long at = 0; at < count; at += LANES) {
        const long few = count - at;
        if (plan.channels == 1) {
            put(size_of(load(first + g.outputs[0] * CPPN_TILE + at)), plan, to + at, few);
            continue;
        }
        const V h = size_of(load(first + g.outputs[0] * CPPN_TILE + at));
        const V l = size_of(load(first + g.outputs[1] * CPPN_TILE + at));
        const V s = size_of(load(first + g.outputs[2] * CPPN_TILE + at));
        const V a = s * smaller(l, 1.0 - l);
        put(channel(h, l, a, 0.0), plan, to + at, few);
        put(channel(h, l, a, 8.0), plan, to + plane + at, few);
        put(channel(h, l, a, 4.0), plan, to + 2 * plane + at, few);
    }
}

void tile(const CppnGraph* graphs, long count, const CppnPlan& plan, long top, long rows, long left, long columns,
          double* room, float* out) {
    double *distances = room, *values = room + CPPN_ROWS * CPPN_TILE;
    prepare(plan, top, rows, left, columns, distances, values);
    for (long i = 0; i < count; i++) {
        const CppnGraph& g = graphs[i];
        for (long row = 0; row < rows; row++) {
            for (long at = 0; at < CPPN_TILE; at += LANES) store(values + CPPN_TILE + at, all(plan.ys[top + row]));
            memcpy(values + 2 * CPPN_TILE, distances + row * CPPN_TILE, CPPN_TILE * sizeof(double));
            for (long n = 0; n < g.live_count; n++) {
                const CppnNode node = g.live[n];
                if (row && !(node.needs & ROW)) continue;
                if (node.needs & COLUMN) {
                    EVALUATE[g.functions[node.node]](g, node.node, columns, values);
                } else {
                    evaluate_flat(g, node.node, values);
                }
            }
            show(g, plan, columns, values, out + (i * plan.channels * plan.height + top + row) * plan.width + left);
        }
    }
}

}  // namespace
}  // namespace reverie
