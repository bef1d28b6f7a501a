// The kernels of picture_kernels.h, in vectors of the processor's own width (the compiler takes wider ones to pieces
// badly). Included by one file for each instruction set.
#include "picture_vector.inl"

namespace reverie {
namespace {

constexpr float SOFT_LIMIT = 2.0f;   // reverie.canvas.detail.SOFT_LIMIT
constexpr float LEAST_ROOM = 1e-6f;  // as in Pixels.change
constexpr float LEAST_MASK = 1e-3f;  // as in Pixels.clip

void shrink(const float* const rows[5], float* padded, float* low, long width, long cells, bool circular) {
    const float *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3], *r4 = rows[4];
    float* line = padded + 2;
    sweep(width, [&](auto here) ALWAYS {
        const V outer = here.load(r0) + here.load(r4), inner = here.load(r1) + here.load(r3);
        here.store(line, (1 / 16.0f) * outer + (4 / 16.0f) * inner + (6 / 16.0f) * here.load(r2));
    });
    line[-1] = line[circular ? width - 1 : 1];
    line[-2] = line[circular ? width - 2 : 2];
    line[width] = line[circular ? 0 : width - 2];
    line[width + 1] = line[circular ? 1 : width - 3];
    const float* __restrict t = padded;
    float* __restrict out = low;
    for (long x = 0; x < cells; x++)
        out[x] = (1 / 16.0f) * (t[2 * x] + t[2 * x + 4]) + (4 / 16.0f) * (t[2 * x + 1] + t[2 * x + 3]) +
                 (6 / 16.0f) * t[2 * x + 2];
}

void enlarge(const float* above, const float* below, float share, const Taps& taps, float* padded, float* row,
             bool circular) {
    const long cells = taps.cells;
    float* line = padded + 1;
    sweep(cells, [&](auto here) ALWAYS {
        here.store(line, (1 - share) * here.load(above) + share * here.load(below));
    });
    line[-1] = line[circular ? cells - 1 : 0];
    line[cells] = line[circular ? 0 : cells - 1];
    const float *__restrict a = taps.a, *__restrict b = taps.b, *__restrict c = taps.c, *__restrict d = taps.d,
                            *__restrict e = taps.e, *__restrict v = padded;
    float* __restrict out = row;
    for (long j = 0; j < cells; j++) {
        out[2 * j] = a[j] * v[j] + b[j] * v[j + 1] + c[j] * v[j + 2];
        out[2 * j + 1] = d[j] * v[j + 1] + e[j] * v[j + 2];
    }
}

double band(const float* row, const float* low, long count) {
    V squares = {};
    sweep(count, [&](auto here) ALWAYS {
        const V difference = here.load(row) - here.load(low);
        squares += difference * difference;
    });
    return total(squares);
}

void combine(float* row, const float* low, float scale, long count, double moments[2]) {
    V sum = {}, squares = {};
    sweep(count, [&](auto here) ALWAYS {
        V v = scale * here.load(row);
        if (low) v += here.load(low);
        here.store(row, v);
        sum += v;
        squares += v * v;
    });
    moments[0] += total(sum);
    moments[1] += total(squares);
}

void split(float* const* rows, const float* const* lows, long channels, const float* axes, float* const* sums,
           bool begin, long count) {
    const auto keep = [=](auto here, long c, const V& v) ALWAYS {
        here.store(rows[c], v);
        here.store(sums[c], begin ? v * v : here.load(sums[c]) + v * v);
    };
    if (!axes) {
        for (long c = 0; c < channels; c++) {
            const float *row = rows[c], *low = lows[c];
            sweep(count, [&](auto here) ALWAYS { keep(here, c, here.load(row) - here.load(low)); });
        }
        return;
    }
    const float *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *l0 = lows[0], *l1 = lows[1], *l2 = lows[2];
    sweep(count, [&](auto here) ALWAYS {
        const V a = here.load(r0) - here.load(l0), b = here.load(r1) - here.load(l1), c = here.load(r2) - here.load(l2);
        keep(here, 0, axes[0] * a + axes[1] * b + axes[2] * c);
        keep(here, 1, axes[3] * a + axes[4] * b + axes[5] * c);
        keep(here, 2, axes[6] * a + axes[7] * b + axes[8] * c);
    });
}

template <bool FORM, bool LOWS>
void weigh_as(const Weighing& w, long count, double moments[2]) {
    const float above = 1 - w.share, below = w.share;
    const float *ga = w.ground_above, *gb = w.ground_below, *fa = w.form_above, *fb = w.form_below;
    const float *ground = w.ground, *form = w.form;
    V sum = {}, squares = {};
    const auto keep = [&](auto here, long c, const V& v) ALWAYS {
        here.store(w.rows[c], v);
        sum += v;
        squares += v * v;
    };
    const auto made = [=](auto here, long c, const float* row, const float* low, const V& g, const V& f) ALWAYS {
        V v = here.load(row) * (FORM ? ground[c] * g + form[c] * f : ground[c] * g);
        if (LOWS) v += here.load(low);
        return v;
    };
    const auto field = [=](auto here, const float* a, const float* b) ALWAYS {
        return above * here.load(a) + below * here.load(b);
    };
    if (!w.axes) {
        for (long c = 0; c < w.channels; c++) {
            const float *row = w.rows[c], *low = LOWS ? w.lows[c] : nullptr;
            sweep(count, [&](auto here) ALWAYS {
                keep(here, c, made(here, c, row, low, field(here, ga, gb), FORM ? field(here, fa, fb) : V{}));
            });
        }
    } else {
        const float *m = w.axes, *r0 = w.rows[0], *r1 = w.rows[1], *r2 = w.rows[2];
        const float *l0 = LOWS ? w.lows[0] : nullptr, *l1 = LOWS ? w.lows[1] : nullptr, *l2 = LOWS ? w.lows[2] : nullptr;
        sweep(count, [&](auto here) ALWAYS {
            const V g = field(here, ga, gb), f = FORM ? field(here, fa, fb) : V{};
            const V a = made(here, 0, r0, l0, g, f), b = made(here, 1, r1, l1, g, f), c = made(here, 2, r2, l2, g, f);
            keep(here, 0, m[0] * a + m[3] * b + m[6] * c);
            keep(here, 1, m[1] * a + m[4] * b + m[7] * c);
            keep(here, 2, m[2] * a + m[5] * b + m[8] * c);
        });
    }
    moments[0] += total(sum);
    moments[1] += total(squares);
}

void weigh(const Weighing& w, long count, double moments[2]) {
    if (w.form_above) return w.lows ? weigh_as<true, true>(w, count, moments) : weigh_as<true, false>(w, count, moments);
    return w.lows ? weigh_as<false, true>(w, count, moments) : weigh_as<false, false>(w, count, moments);
}

INLINE V room(const V& change, const V& base) { return larger(change > 0 ? 1 - base : base, all(LEAST_ROOM)); }

// What is left of a change by the bend, and its square (which needs no root).
INLINE V bent(const V& change, const V& base) {
    const V h = room(change, base);
    return change * h / root(h * h + change * change);
}
INLINE V bent_square(const V& change, const V& base) {
    const V h = room(change, base), s = change * change, hh = h * h;
    return s * (hh / (hh + s));
}

template <bool SOFT, bool MASK>
double move_as(const Move& m, long at, long mask_at, long count) {
    float* detail = m.detail + at;
    const float* base = m.base + at;
    const float* plane = m.plane ? m.plane + at : nullptr;
    const float* mask = MASK ? m.mask + mask_at : nullptr;
    const float scale = m.scale, factor = m.factor, offset = m.offset;
    const bool clip = m.clip;
    V squares = {};
    sweep(count, [&](auto here) ALWAYS {
        const V b = here.load(base);
        V d = scale * here.load(detail) + offset, w = {};
        if (MASK) w = here.load(mask);
        if (plane) d += factor * here.load(plane);
        if (clip) {
            if (SOFT) {
                d = smaller(larger(d, -SOFT_LIMIT * b), SOFT_LIMIT * (1 - b));
            } else {
                const V inside = smaller(larger(b + (MASK ? w * d : d), all(0)), all(1)) - b;
                d = MASK ? (w > LEAST_MASK ? inside / larger(w, all(LEAST_MASK)) : d) : inside;
            }
        }
        here.store(detail, d);
        const V change = MASK ? w * d : d;
        squares += here.counted(SOFT ? bent_square(change, b) : change * change);
    });
    return total(squares);
}

double move(const Move& m, long at, long mask_at, long count) {
    if (m.soft) return m.mask ? move_as<true, true>(m, at, mask_at, count) : move_as<true, false>(m, at, 0, count);
    return m.mask ? move_as<false, true>(m, at, mask_at, count) : move_as<false, false>(m, at, 0, count);
}

template <class Here>
INLINE V change_of(const Layers& l, long at, long mask_at, const V& base, Here here) {
    const V detail = here.load(l.detail + at);
    const V change = l.mask ? here.load(l.mask + mask_at) * detail : detail;
    return l.soft ? bent(change, base) : change;
}

void measure(const Layers& l, long at, long mask_at, long count, double moments[2]) {
    V sum = {}, squares = {};
    sweep(count, [&](auto here) ALWAYS {
        const V change = change_of(l, at, mask_at, here.load(l.base + at), here);
        sum += change;
        squares += change * change;
    });
    moments[0] += total(sum);
    moments[1] += total(squares);
}

void picture(const Layers& l, long at, long mask_at, long count, float* out) {
    sweep(count, [&](auto here) ALWAYS {
        const V base = here.load(l.base + at);
        here.store(out, base + change_of(l, at, mask_at, base, here));
    });
}

const PictureKernels KERNELS = {shrink, enlarge, band, combine, split, weigh, move, measure, picture};

}  // namespace
}  // namespace reverie
