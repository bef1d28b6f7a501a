// The C interface and the loops of cells.h: memory is what they wait for, so they are the same for all processors.
#include "cells.h"

#include "api.h"
#include "threads.h"

using namespace reverie;

namespace {

// One row of pixels of one column of the cells and one channel.
struct Line {
    float* pixels;  // null: outside the picture
    long pixel;
    float* cells;
    long cell;
    int columns, wide;  // pixels, and cells
};

void forward(const Line& line) {
    const int inside = line.pixels ? line.columns : 0;
    for (int x = 0; x < inside; x++) line.cells[x * line.cell] = line.pixels[x * line.pixel];
    for (int x = inside; x < line.wide; x++) line.cells[x * line.cell] = 0.f;
}

void backward(const Line& line) {
    for (int x = 0; line.pixels && x < line.columns; x++) line.pixels[x * line.pixel] = line.cells[x * line.cell];
}

// A row of cells.
void row(const CellsJob& job, long index, int high, int wide) {
    const long cell = (long)job.step_y * job.step_x * job.channels;
    float* cells = job.cells + index * wide * cell;
    const int top = (int)(index % high) * job.step_y;
    float* picture = job.pixels + index / high * job.picture;
    for (int y = top; y < top + job.step_y; y++)
        for (int x = 0; x < job.step_x; x++)
            for (int c = 0; c < job.channels; c++, cells++) {
                float* pixels = y < job.height ? picture + y * job.row + x * job.column + c * job.channel : nullptr;
                const int columns = (job.width - x + job.step_x - 1) / job.step_x;
                const Line line{pixels, job.step_x * job.column, cells, cell, columns, wide};
                job.back ? backward(line) : forward(line);
            }
}

}  // namespace

REVERIE_API void reverie_cells(const CellsJob* job) {
    const int high = (job->height + job->step_y - 1) / job->step_y, wide = (job->width + job->step_x - 1) / job->step_x;
    const long rows = (long)job->count * high;
    const int threads = (int)(rows < job->threads ? rows : job->threads);
    if (rows == 0) return;
    run_threads(threads, [&](int t) {
        const Share mine = share(rows, threads, t);
        for (long r = mine.first; r < mine.last; r++) row(*job, r, high, wide);
    });
}
