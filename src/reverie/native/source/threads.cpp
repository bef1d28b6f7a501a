#include "threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "api.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
static long process() { return (long)getpid(); }
#else
static long process() { return 0; }
#endif

#if defined(__x86_64__)
#include <immintrin.h>
static void pause_a_little() { _mm_pause(); }
#else
static void pause_a_little() { std::this_thread::yield(); }
#endif

namespace reverie {
namespace {

constexpr auto SPIN = std::chrono::microseconds(60);

// Waits until ready() holds: first spinning, then asleep.
template <class Ready>
void await(std::mutex& mutex, std::condition_variable& changed, Ready ready) {
    const auto end = std::chrono::steady_clock::now() + SPIN;
    do {
        for (int i = 0; i < 32; i++) {
            if (ready()) return;
            pause_a_little();
        }
    } while (std::chrono::steady_clock::now() < end);
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, ready);
}

class Pool {
public:
    const long owner = process();

    void run(int threads, const std::function<void(int)>& work) {
        std::lock_guard<std::mutex> turn(turn_);
        grow(threads - 1);
        {
            std::lock_guard<std::mutex> lock(mutex_);
            work_ = &work;
            wanted_ = threads - 1;
            left_.store(threads - 1, std::memory_order_relaxed);
            round_.fetch_add(1, std::memory_order_release);
        }
        if (threads > 1) changed_.notify_all();
        work(0);
        await(done_mutex_, done_, [&] { return left_.load(std::memory_order_acquire) == 0; });
    }

    ~Pool() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            over_.store(true, std::memory_order_release);
        }
        changed_.notify_all();
        for (auto& worker : workers_) worker.join();
    }

private:
    void grow(int count) {
        while ((int)workers_.size() < count) {
            const int index = (int)workers_.size();
            const long seen = round_.load(std::memory_order_acquire);
            workers_.emplace_back([this, index, seen] { serve(index, seen); });
        }
    }

    void serve(int index, long seen) {
        for (;;) {
            await(mutex_, changed_, [&] {
                return over_.load(std::memory_order_acquire) || round_.load(std::memory_order_acquire) != seen;
            });
            if (over_.load(std::memory_order_acquire)) return;
            const std::function<void(int)>* work = nullptr;
            {
                // A round ends only when all of its workers are done, so one that takes part sees its own round.
                std::lock_guard<std::mutex> lock(mutex_);
                seen = round_.load(std::memory_order_relaxed);
                if (index < wanted_) work = work_;
            }
            if (!work) continue;
            (*work)(index + 1);
            if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                std::lock_guard<std::mutex> lock(done_mutex_);
                done_.notify_all();
            }
        }
    }

    std::mutex turn_, mutex_, done_mutex_;
    std::condition_variable changed_, done_;
    std::atomic<long> round_{0};
    std::atomic<int> left_{0};
    std::atomic<bool> over_{false};
    const std::function<void(int)>* work_ = nullptr;
    int wanted_ = 0;
    std::vector<std::thread> workers_;
};

// A forked child has none of its parent's threads: it starts a pool of its own and leaves the parent's alone. Without a
// lock, for one that another thread held when the child was forked would be held there for ever.
Pool& pool() {
    static std::atomic<Pool*> current{nullptr};
    Pool* now = current.load(std::memory_order_acquire);
    while (!now || now->owner != process()) {
        Pool* const made = new Pool;
        if (current.compare_exchange_strong(now, made, std::memory_order_acq_rel)) return *made;
        delete made;  // somebody else was first
    }
    return *now;
}

// OpenMP's threads. A forked child has none of them: it uses a pool.
struct Lent {
    OmpParallel parallel;
    OmpNumber thread, threads;
    long owner;
};
std::atomic<const Lent*> lent{nullptr};

// Pieces of a thread that nobody has begun: from the first to before the last.
class Pieces {
public:
    void fill(uint32_t first, uint32_t last) { left_.store(both(first, last), std::memory_order_relaxed); }

    // One of them, or -1.
    long take(bool from_front) {
        uint64_t now = left_.load(std::memory_order_relaxed);
        for (;;) {
            const uint32_t first = (uint32_t)(now >> 32), last = (uint32_t)now;
            if (first >= last) return -1;
            const uint64_t then = from_front ? both(first + 1, last) : both(first, last - 1);
            if (left_.compare_exchange_weak(now, then, std::memory_order_relaxed)) return from_front ? first : last - 1;
        }
    }

private:
    static uint64_t both(uint32_t first, uint32_t last) { return (uint64_t)first << 32 | last; }
    alignas(64) std::atomic<uint64_t> left_{0};
};

struct Region {
    const Lent& from;
    int parts;
    const std::function<void(int)>& work;
};

// OpenMP may give fewer threads than it was asked for.
void region(void* data) {
    const Region& here = *(const Region*)data;
    const int step = here.from.threads();
    for (int part = here.from.thread(); part < here.parts; part += step) here.work(part);
}

}  // namespace

void run_threads(int threads, const std::function<void(int)>& work) {
    if (threads <= 1) {
        work(0);
        return;
    }
    const Lent* from = lent.load(std::memory_order_acquire);
    if (!from || from->owner != process()) return pool().run(threads, work);
    Region here{*from, threads, work};
    from->parallel(region, &here, (unsigned)threads, 0);
}

void run_pieces(long count, long most, int threads, const std::function<void(long, long, int)>& work) {
    if (count <= 0) return;
    threads = (int)std::min<long>(std::max(threads, 1), count);
    const long each = (count + threads - 1) / threads;
    const long pieces = std::min(count, (each + most - 1) / most * threads);
    std::vector<Pieces> left(threads);
    for (int t = 0; t < threads; t++) {
        const Share own = share(pieces, threads, t);
        left[t].fill((uint32_t)own.first, (uint32_t)own.last);
    }
    run_threads(threads, [&](int t) {
        for (int other = 0; other < threads; other++)
            for (long p; (p = left[(t + other) % threads].take(other == 0)) >= 0;)
                work(count * p / pieces, count * (p + 1) / pieces, t);
    });
}

void borrow_threads(OmpParallel parallel, OmpNumber thread, OmpNumber threads) {
    // What was lent before is left alone: somebody may be using it.
    lent.store(parallel ? new Lent{parallel, thread, threads, process()} : nullptr, std::memory_order_release);
}

}  // namespace reverie

REVERIE_API void reverie_borrow_threads(void* parallel, void* thread, void* threads) {
    reverie::borrow_threads((reverie::OmpParallel)parallel, (reverie::OmpNumber)thread, (reverie::OmpNumber)threads);
}
