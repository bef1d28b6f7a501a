// The head and the classifier, which are products alone; and what a file of kernels offers.

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
