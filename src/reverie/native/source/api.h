// The plain C interface of the library: what ctypes sees. No torch, no Python.
#pragma once

#if defined(_WIN32)
#define REVERIE_API extern "C" __declspec(dllexport)
#else
#define REVERIE_API extern "C" __attribute__((visibility("default")))
#endif

// Raised whenever a function's arguments or meaning change; the Python side refuses another number.
#define REVERIE_ABI 10
