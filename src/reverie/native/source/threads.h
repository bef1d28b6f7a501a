// A small pool of threads. Between two calls a worker spins for some microseconds and then sleeps, so that steps
// that follow each other closely lose no time and a process that has stopped working takes none from others.
#pragma once

#include <functional>

namespace reverie {

// Runs work(0) ... work(threads - 1), each once, on as many threads, and returns when all are done.
// Calls from several threads at once take turns; a call from inside work is an error.
void run_threads(int threads, const std::function<void(int)>& work);

// The share of thread t: [first, last) of `count` things cut into `threads` even parts.
struct Share {
    long first, last;
};
inline Share share(long count, int threads, int t) {
    return {count * t / threads, count * (t + 1) / threads};
}

}  // namespace reverie
