// Winograd's minimal filtering (Winograd 1980; Lavin & Gray 2016): M results of a filter with R taps from M + R - 1
// products instead of M * R. The matrices are those of Toom and Cook's algorithm, made by the compiler from the
// points where polynomials are evaluated: y = A [(G g) * (B d)].

// Pairs of p and -p for 4, 6, 8 and 10 points in all; the two others are 0 and infinity. These are the numbers whose
// products of rounded factors are off least, up to some two digits.
constexpr double PAIRS[][4] = {{1}, {2.0 / 3, 1.5}, {1, 2, 0.5}, {0.4, 2.5, 0.8, 1.25}};
constexpr double point(int size, int index) {
    if (index == 0) return 0;
    const double p = PAIRS[size / 2 - 2][(index - 1) / 2];
    return index % 2 ? p : -p;
}

constexpr double power(double base, int exponent) {
    double product = 1;
    for (int i = 0; i < exponent; i++) product *= base;
    return product;
}

template <int M_, int R_> struct Winograd {
    static constexpr int M = M_, R = R_, SIZE = M + R - 1, FINITE = SIZE - 1;
    static_assert(SIZE == 1 || SIZE % 2 == 0, "points come in pairs");

    // The coefficients of the product of (x - p) over all finite points but one; over all of them for FINITE.
    static constexpr void polynomial(int without, double* coefficients) {
        for (int k = 0; k <= FINITE; k++) coefficients[k] = k == 0;
        for (int l = 0, degree = 0; l < FINITE; l++) {
            if (l == without) continue;
            degree++;
            for (int k = degree; k > 0; k--) coefficients[k] = coefficients[k - 1] - point(SIZE, l) * coefficients[k];
            coefficients[0] *= -point(SIZE, l);
        }
    }

    // B: coefficient k of what product `row` is made of.
    static constexpr double input(int row, int k) {
        double coefficients[SIZE] = {};
        polynomial(row, coefficients);
        return coefficients[k];
    }

    // A: what product `column` counts in result `row`.
    static constexpr double output(int row, int column) {
        return column == FINITE ? row == M - 1 : power(point(SIZE, column), row);
    }

    // G: what tap k counts in product `row`.
    static constexpr double weight(int row, int k) {
        if (row == FINITE) return k == R - 1;
        double others = 1;
        for (int l = 0; l < FINITE; l++)
            if (l != row) others *= point(SIZE, row) - point(SIZE, l);
        return power(point(SIZE, row), k) / others;
    }
};

template <int M_, int R_> struct Tables {
    typedef Winograd<M_, R_> W;
    double b[W::SIZE][W::SIZE] = {}, a[M_][W::SIZE] = {};
    constexpr Tables() {
        for (int i = 0; i < W::SIZE; i++)
            for (int k = 0; k < W::SIZE; k++) b[i][k] = W::input(i, k);
        for (int i = 0; i < M_; i++)
            for (int j = 0; j < W::SIZE; j++) a[i][j] = W::output(i, j);
    }
};

#define REVERIE_INLINE static inline __attribute__((always_inline))

template <int M, int R> struct Transform {
    typedef Winograd<M, R> W;
    static constexpr int SIZE = W::SIZE;
    static constexpr Tables<M, R> T{};

    // v = B d. The products at p and -p share their even and their odd part.
    REVERIE_INLINE void input(const lane* d, lane* v) {
        if constexpr (SIZE == 1) {
            v[0] = d[0];
        } else {
            v[0] = inputs<0, 0, true>(d, v[0]);
            v[SIZE - 1] = inputs<SIZE - 1, 1, true>(d, v[0]);
            pairs<1>(d, v);
        }
    }

    // y = A m.
    REVERIE_INLINE void output(const lane* m, lane* y) {
        if constexpr (SIZE == 1) {
            y[0] = m[0];
        } else {
            lane both[2][SIZE / 2];  // sums and differences of the products at p and -p
#pragma GCC unroll 8
            for (int j = 1; j < SIZE - 1; j += 2) {
                both[0][j / 2] = add(m[j], m[j + 1]);
                both[1][j / 2] = subtract(m[j], m[j + 1]);
            }
            y[0] = add(m[0], outputs<0, 1, true>(both[0], m[0]));
            rest<1>(both, y);
            y[M - 1] = add(m[SIZE - 1], y[M - 1]);
        }
    }

private:
    template <int J> REVERIE_INLINE void pairs(const lane* d, lane* v) {
        if constexpr (J < SIZE - 1) {
            const lane even = inputs<J, 0, true>(d, d[0]), odd = inputs<J, 1, true>(d, d[0]);
            v[J] = add(even, odd);
            v[J + 1] = subtract(even, odd);
            pairs<J + 2>(d, v);
        }
    }

    // Every second coefficient of a row of B, from K on; FIRST starts the sum.
    template <int ROW, int K, bool FIRST> REVERIE_INLINE lane inputs(const lane* d, lane sum) {
        if constexpr (K >= SIZE) {
            return sum;
        } else if constexpr (T.b[ROW][K] == 0) {
            return inputs<ROW, K + 2, FIRST>(d, sum);
        } else {
            constexpr double factor = T.b[ROW][K];
            return inputs<ROW, K + 2, false>(d, FIRST ? multiplied(factor, d[K]) : plus_multiplied(factor, d[K], sum));
        }
    }

    template <int I> REVERIE_INLINE void rest(const lane (*both)[SIZE / 2], lane* y) {
        if constexpr (I < M) {
            y[I] = outputs<I, 1, true>(both[I % 2], y[0]);
            rest<I + 1>(both, y);
        }
    }

    // What the pairs of products from J on count in result I.
    template <int I, int J, bool FIRST> REVERIE_INLINE lane outputs(const lane* pair, lane sum) {
        if constexpr (J >= SIZE - 1) {
            return sum;
        } else {
            constexpr double factor = T.a[I][J];
            const lane v = pair[J / 2];
            return outputs<I, J + 2, false>(pair, FIRST ? multiplied(factor, v) : plus_multiplied(factor, v, sum));
        }
    }

    // Nothing is multiplied where the factor is 1 or -1.
    REVERIE_INLINE lane multiplied(double factor, lane v) {
        return factor == 1 ? v : multiply(spread_lane((float)factor), v);
    }
    REVERIE_INLINE lane plus_multiplied(double factor, lane v, lane sum) {
        if (factor == 1) return add(sum, v);
        if (factor == -1) return subtract(sum, v);
        return multiply_add(spread_lane((float)factor), v, sum);
    }
};
