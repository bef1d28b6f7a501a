// Threads that work is shared out to: another library's, if they were lent to us, else a small pool of our own.
// Between two calls a worker of the pool spins for some microseconds and then sleeps, so that steps that follow
// each other closely lose no time and a process that has stopped working takes none from others.
#pragma once

#include <functional>

namespace reverie {

// Runs work(0) ... work(threads - 1), each once, on as many threads or, if there are not as many, on fewer, so that
// none may wait for another; returns when all are done. A call from inside work is an error.
void run_threads(int threads, const std::function<void(int)>& work);

// From now on work is done by OpenMP's threads: OpenMP's workers spin for milliseconds after each of their
// regions, and would take the cores from workers of a pool beside them. `parallel` is GOMP_parallel, the others
// omp_get_thread_num and omp_get_num_threads of the same library; null for the pool. Not while work is done.
typedef void (*OmpParallel)(void (*region)(void*), void* data, unsigned threads, unsigned flags);
typedef int (*OmpNumber)();
void borrow_threads(OmpParallel parallel, OmpNumber thread, OmpNumber threads);

// The share of thread t: [first, last) of `count` things cut into `threads` even parts.
struct Share {
    long first, last;
};
inline Share share(long count, int threads, int t) {
    return {count * t / threads, count * (t + 1) / threads};
}

// Cuts `count` things into even pieces, as many for each thread and of at most `most` things, if there are as many.
// Each thread does its own, the first ones first, and then what is left of others', the last ones first: one that is
// held up holds nobody up for longer than a piece. Calls work(first, last, thread), thread as above.
void run_pieces(long count, long most, int threads, const std::function<void(long, long, int)>& work);

}  // namespace reverie
