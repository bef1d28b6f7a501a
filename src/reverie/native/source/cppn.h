// Compositional pattern-producing networks (Stanley 2007), many at once. Everything is in double precision and in one
// fixed order, without fused multiply-adds: every instruction set, and reverie.evolve.cppn_reference, give the same
// bytes. (Graphs of many layers amplify errors of rounding a millionfold and more; double precision has them to spare.)
#pragma once

namespace reverie {

// What the nodes compute; the numbers are part of the C interface.
enum CppnFunction { SINE = 0, SIGMOID = 1, GAUSSIAN = 2, LINEAR = 3, STEEP = 4, FUNCTIONS = 5 };

constexpr int CPPN_INPUTS = 4;  // x, y, distance from the centre, 1
constexpr long CPPN_TILE = 128;  // pixels of a row that are computed together, so that all nodes of them stay near

// What a node depends on: the column, the row. Most nodes of an evolved graph sit behind one input alone.
enum CppnNeeds { NOTHING = 0, COLUMN = 1, ROW = 2, BOTH = 3 };

// A node that an output depends on.
struct CppnNode {
    int node, needs;
};

// One graph: node i (counted from 0 behind the inputs) adds up weight * value over its edges, first[i] to first[i + 1],
// whose sources are inputs or earlier nodes, and applies its function. Only `live` nodes are computed.
struct CppnGraph {
    const CppnNode* live;
    long live_count;
    const int* functions;
    const int* first;
    const int* sources;
    const double* weights;
    const int* outputs;  // three nodes: hue, lightness, saturation; or one: lightness
};

struct CppnPlan {
    long width, height;
    const double* xs;  // of the columns
    const double* ys;  // of the rows
    int channels;      // 3 or 1
    int levels;        // rounds to multiples of 1 / levels; 0: as they are
};

constexpr long CPPN_ROWS = 16;  // of a picture that are computed together, so that what no row changes is computed once

// Rows [top, top + rows), columns [left, left + columns) of every graph into `out` (graphs, channels, height, width);
// rows <= CPPN_ROWS, columns <= CPPN_TILE. `values` has room for
// (CPPN_ROWS + inputs + nodes of the largest graph) * CPPN_TILE numbers.
typedef void (*CppnTile)(const CppnGraph* graphs, long count, const CppnPlan& plan, long top, long rows, long left,
                         long columns, double* values, float* out);

// Null where the compiler could not make them.
CppnTile cppn_tile_plain();
CppnTile cppn_tile_avx2();
CppnTile cppn_tile_avx512();

}  // namespace reverie
