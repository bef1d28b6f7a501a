// Pictures into cells and back: a cell is some pixels, side by side in its channels, (row, column, channel).
#pragma once

namespace reverie {

// The layout is part of the C interface.
struct CellsJob {
    int count, channels, height, width;  // of the pictures
    int step_y, step_x;                  // pixels of a cell; the last cells may hold fewer, and zeros
    int back, threads;
    float* pixels;                       // any layout: floats from one picture, channel, row and column to the next
    long picture, channel, row, column;
    float* cells;                        // [picture][row][column][step_y][step_x][channel]
};

}  // namespace reverie
