// A picture at another size: each row and column is a weighted sum of some of those that were there. Which of them, and
// with what weights, is the caller's to say. The reference is resize in filters.py. And rows as bytes.
#include <algorithm>
#include <vector>

#include "api.h"
#include "frame_kernels.h"
#include "picture_kernels.h"
#include "threads.h"

namespace reverie {

// Of each row or column that is made, `taps` of those that were there, and their weights.
struct Mixture {
    const int* index;      // (made, taps)
    const float* weights;  // (made, taps)
    long taps;
};

// The layout is part of the C interface.
struct ResampleJob {
    const float* picture;  // (channels, height, width)
    long channels, height, width;
    float* out;  // (channels, rows, columns)
    long rows, columns;
    Mixture down, across;
};

namespace {

class Resample {
public:
    Resample(const FrameKernels& kernels, const ResampleJob& job, int threads)
        : kernels_(kernels), job_(job), threads_(threads) {}

    void run() {
        // What makes it smaller comes first.
        if (job_.rows <= job_.height) return down_first();
        std::vector<float> wide((size_t)(job_.channels * job_.height * job_.columns));
        shared(job_.channels * ((job_.height + ROWS - 1) / ROWS), [&](long block, Room& room) {
            const long each = (job_.height + ROWS - 1) / ROWS, channel = block / each, top = block % each * ROWS;
            const long count = std::min(ROWS, job_.height - top);
            const float* from = job_.picture + (channel * job_.height + top) * job_.width;
            float* to = wide.data() + (channel * job_.height + top) * job_.columns;
            widen(from, job_.width, count, room, to);
        });
        shared(job_.channels * job_.rows, [&](long row, Room& room) {
            const long channel = row / job_.rows, y = row % job_.rows;
            mix_row(wide.data() + channel * job_.height * job_.columns, job_.columns, y, room,
                    job_.out + row * job_.columns);
        });
    }

private:
    struct Room {
        std::vector<const float*> rows;
        std::vector<float> lines, turned, made;
    };

    template <class Work>
    void shared(long things, Work work) {
        const long numbers = job_.channels * std::max(job_.height * job_.width, job_.rows * job_.columns);
        const int threads = threads_for(numbers, threads_);
        run_threads(threads, [&](int t) {
            const Share mine = share(things, threads, t);
            Room room;
            room.rows.resize((size_t)job_.down.taps);
            room.lines.resize((size_t)(ROWS * job_.width));
            room.turned.resize((size_t)(ROWS * job_.width));
            room.made.resize((size_t)(ROWS * job_.columns));
            for (long i = mine.first; i < mine.last; i++) work(i, room);
        });
    }

    void down_first() {
        const long each = (job_.rows + ROWS - 1) / ROWS;
        shared(job_.channels * each, [&](long block, Room& room) {
            const long channel = block / each, top = block % each * ROWS, count = std::min(ROWS, job_.rows - top);
            const float* plane = job_.picture + channel * job_.height * job_.width;
            for (long i = 0; i < count; i++)
                mix_row(plane, job_.width, top + i, room, room.lines.data() + i * job_.width);
            widen(room.lines.data(), job_.width, count, room, job_.out + (channel * job_.rows + top) * job_.columns);
        });
    }

    // One row that is made of rows of a plane.
    void mix_row(const float* plane, long width, long y, Room& room, float* out) const {
        const long taps = job_.down.taps;
        for (long t = 0; t < taps; t++) room.rows[t] = plane + job_.down.index[y * taps + t] * width;
        kernels_.mix(room.rows.data(), job_.down.weights + y * taps, taps, out, width);
    }

    // Up to ROWS rows, each made of its own columns.
    void widen(const float* rows, long width, long count, Room& room, float* out) const {
        const long columns = job_.columns;
        for (long first = 0; first < width; first += ROWS)  // squares that stay in the nearest memory
            for (long i = 0; i < count; i++) {
                const long last = std::min(first + ROWS, width);
                for (long x = first; x < last; x++) room.turned[x * ROWS + i] = rows[i * width + x];
            }
        kernels_.mix_columns(room.turned.data(), job_.across.index, job_.across.weights, job_.across.taps, columns,
                             room.made.data());
        for (long first = 0; first < columns; first += ROWS)
            for (long i = 0; i < count; i++) {
                const long last = std::min(first + ROWS, columns);
                for (long x = first; x < last; x++) out[i * columns + x] = room.made[x * ROWS + i];
            }
    }

    const FrameKernels& kernels_;
    const ResampleJob& job_;
    const int threads_;
};

}  // namespace
}  // namespace reverie

using namespace reverie;

// Returns -1 if there is no memory. The caller has checked sizes, indices, and that `out` is not the picture.
REVERIE_API int reverie_frame_resample(int isa, const ResampleJob* job, int threads) {
    try {
        Resample(frame_kernels(isa), *job, threads < 1 ? 1 : threads).run();
        return 0;
    } catch (...) {
        return -1;
    }
}

// A picture (channels, height, width) in [0, 1] as bytes (height, width, 3); one channel is given three times.
REVERIE_API int reverie_frame_bytes(int isa, const float* picture, long channels, long height, long width,
                                    unsigned char* out, int threads) {
    const FrameKernels& kernels = frame_kernels(isa);
    try {
        threads = threads_for(3 * height * width, threads);
        run_threads(threads, [&](int t) {
            const Share mine = share(height, threads, t);
            for (long y = mine.first; y < mine.last; y++)
                for (long c = 0; c < 3; c++)
                    kernels.bytes(picture + ((channels == 3 ? c : 0) * height + y) * width, width,
                                  out + y * width * 3 + c, 3);
        });
        return 0;
    } catch (...) {
        return -1;
    }
}
