// Between planes of pixels and rows of [column][channel], four columns at a time.

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
