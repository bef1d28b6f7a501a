// A batch of graphs, of any number of nodes each, into pictures.
#include <vector>

#include "api.h"
#include "cppn.h"
#include "threads.h"

namespace reverie {
namespace {

CppnTile tile_for(int isa) {
    if (isa >= 2 && cppn_tile_avx512()) return cppn_tile_avx512();
    if (isa >= 1 && cppn_tile_avx2()) return cppn_tile_avx2();
    return cppn_tile_plain();
}

constexpr int NEEDS[CPPN_INPUTS] = {COLUMN, ROW, BOTH, NOTHING};

// The nodes of one graph that its outputs depend on, in their order, behind those of the graphs before it.
void add_live(std::vector<CppnNode>& live, long nodes, const int* first, const int* sources, const int* outputs,
              int channels) {
    std::vector<char> wanted((size_t)nodes);
    std::vector<int> needs((size_t)nodes);
    for (int c = 0; c < channels; c++) wanted[outputs[c]] = 1;
    for (long node = nodes - 1; node >= 0; node--)
        for (int e = first[node]; wanted[node] && e < first[node + 1]; e++)
            if (sources[e] >= CPPN_INPUTS) wanted[sources[e] - CPPN_INPUTS] = 1;
    for (long node = 0; node < nodes; node++) {
        for (int e = first[node]; e < first[node + 1]; e++)
            needs[node] |= sources[e] < CPPN_INPUTS ? NEEDS[sources[e]] : needs[sources[e] - CPPN_INPUTS];
        if (wanted[node]) live.push_back({(int)node, needs[node]});
    }
}

}  // namespace
}  // namespace reverie

using namespace reverie;

// Graph g has the nodes [nodes[g], nodes[g + 1]) of `functions`; their edges follow each other in `sources` and
// `weights`, those of node i from first[i] to first[i + 1]. `outputs` has `channels` nodes for each graph, counted in the
// graph. Pictures (graphs, channels, height, width) go to `out`. Returns -1 if there is no memory. The caller has checked
// that sources come before the nodes that they go to.
REVERIE_API int reverie_cppn_render(int isa, long graphs, const int* nodes, const int* functions, const int* first,
                                    const int* sources, const double* weights, const int* outputs, int channels,
                                    long width, long height, const double* xs, const double* ys, int levels,
                                    float* out, int threads) {
    try {
        const CppnTile tile = tile_for(isa);
        const CppnPlan plan{width, height, xs, ys, channels, levels};
        std::vector<CppnNode> live;
        std::vector<size_t> live_from;
        long most = 0;
        for (long g = 0; g < graphs; g++) {
            const long count = nodes[g + 1] - nodes[g];
            most = count > most ? count : most;
            live_from.push_back(live.size());
            add_live(live, count, first + nodes[g], sources, outputs + g * channels, channels);
        }
        live_from.push_back(live.size());
        std::vector<CppnGraph> all;
        for (long g = 0; g < graphs; g++)
            all.push_back({live.data() + live_from[g], (long)(live_from[g + 1] - live_from[g]), functions + nodes[g],
                           first + nodes[g], sources, weights, outputs + g * channels});
        const long bands = (height + CPPN_ROWS - 1) / CPPN_ROWS, tiles = (width + CPPN_TILE - 1) / CPPN_TILE;
        threads = bands * tiles < threads ? (int)(bands * tiles) : threads;
        const size_t room = (size_t)(CPPN_ROWS + CPPN_INPUTS + most) * CPPN_TILE;
        std::vector<double> values(threads * room);
        run_threads(threads, [&](int t) {
            const Share mine = share(bands * tiles, threads, t);
            for (long unit = mine.first; unit < mine.last; unit++) {
                const long top = unit / tiles * CPPN_ROWS, left = unit % tiles * CPPN_TILE;
                const long rows = height - top < CPPN_ROWS ? height - top : CPPN_ROWS;
                const long columns = width - left < CPPN_TILE ? width - left : CPPN_TILE;
                tile(all.data(), graphs, plan, top, rows, left, columns, &values[t * room], out);
            }
        });
        return 0;
    } catch (...) {
        return -1;
    }
}
