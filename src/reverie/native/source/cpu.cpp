#include "cpu.h"

#include "api.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace reverie {

#if defined(__x86_64__)
namespace {

struct Registers {
    unsigned a, b, c, d;
};

Registers cpuid(unsigned leaf, unsigned sub) {
    Registers r{0, 0, 0, 0};
    __get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);
    return r;
}

unsigned long long saved_by_the_system() {
    if (!(cpuid(1, 0).c >> 27 & 1)) return 0;  // no XSAVE
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (unsigned long long)high << 32 | low;
}

bool bit(unsigned word, int place) { return word >> place & 1; }

[[maybe_unused]] bool may_use_tiles() {
#if defined(__linux__)
    static const bool allowed = syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18) == 0;
    return allowed;
#else
    return false;
#endif
}

}  // namespace

bool offers(Isa isa) {
    const unsigned long long state = saved_by_the_system();
    const Registers one = cpuid(1, 0), seven = cpuid(7, 0), more = cpuid(7, 1);
    const bool avx2 = (state & 0x6) == 0x6 && bit(one.c, 12) && bit(seven.b, 5);
    const bool avx512 = avx2 && (state & 0xe6) == 0xe6 && bit(seven.b, 16) && bit(seven.b, 17) &&
                        bit(seven.b, 30) && bit(seven.b, 31);
    const bool bf16 = avx512 && bit(more.a, 5);
    switch (isa) {
        case NONE: return true;
        case AVX2: return avx2;
        case AVX512: return avx512;
        case AVX512_BF16: return bf16;
#ifdef REVERIE_EMULATE_AMX
        case AMX: return bf16;
#else
        case AMX: return bf16 && bit(seven.d, 22) && bit(seven.d, 24) && (state >> 17 & 3) == 3 && may_use_tiles();
#endif
    }
    return false;
}
#else
bool offers(Isa isa) { return isa == NONE; }
#endif

}  // namespace reverie

REVERIE_API int reverie_abi() { return REVERIE_ABI; }
