// Names of one instruction set's functions: REVERIE_NAME(dense_) is dense_avx2 where REVERIE_SET is avx2.
#pragma once
#define REVERIE_JOINED(name, set) name##set
#define REVERIE_WITH(name, set) REVERIE_JOINED(name, set)
#define REVERIE_NAME(name) REVERIE_WITH(name, REVERIE_SET)
