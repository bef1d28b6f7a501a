// What this processor can do, asked at run time.
#pragma once

namespace reverie {

// Instruction sets, from the plainest to the fastest; the numbers are part of the C interface.
enum Isa { NONE = 0, AVX2 = 1, AVX512 = 2, AVX512_BF16 = 3, AMX = 4 };

// Whether the processor and the operating system offer it. For AMX this asks Linux for permission, once.
bool offers(Isa isa);

}  // namespace reverie
