/* What is worked out of terrain once, for all observers. */

#include "lanes.h"

/* How far the ground bends at a centre, from west to east and from south to north, and how far it is twisted in the patch to its
 * north-east: the most of it, in centimetres. */
static i32 bend_at(const job *in, const i32 *ground, i32 x, i32 y)
{
    const i32 *at = ground + (i64)y * in->columns + x;
    i32 up = in->columns, found = 0;
    if (x > 0 && x < in->columns - 1) found = max(found, size_of(at[1] - 2 * at[0] + at[-1]));
    if (y > 0 && y < in->rows - 1) found = max(found, size_of(at[up] - 2 * at[0] + at[-up]));
    if (x < in->columns - 1 && y < in->rows - 1) found = max(found, size_of(at[up + 1] - at[up] - at[1] + at[0]));
    return found;
}

/* Write a table of heights, rows of `across`, with its columns as rows; by squares of four by four. */
static void turn_table(const i32 *from, i32 *to, i32 across, i32 up)
{
    if (across < 4 || up < 4) {
        for (i64 k = 0; k < (i64)across * up; k++) to[k % across * up + k / across] = from[k];
        return;
    }
    for (i32 y = 0;; y = min(y + 4, up - 4)) {
        for (i32 x = 0;; x = min(x + 4, across - 4)) {
            f4 square[4];
            for (i32 k = 0; k < 4; k++) square[k] = (f4)load_whole(from + (i64)(y + k) * across + x);
            turn(&square[0], &square[1], &square[2], &square[3]);
            for (i32 k = 0; k < 4; k++) *(loose_i4 *)(to + (i64)(x + k) * up + y) = (i4)square[k];
            if (x == across - 4) break;
        }
        if (y == up - 4) break;
    }
}

/* Write of every block of a job's terrain the highest ground and how far it bends; and the ground turned. */
__attribute__((export_name("survey"))) void survey(const job *in)
{
    const i32 *ground = AT(const i32, in->ground_at);
    turn_table(ground, AT(i32, in->turned_at), in->columns, in->rows);
    for (i32 level = 1; level <= LEVELS; level++) {
        i32 *made = AT(i32, in->block_at[level - 1]);
        const i32 *below = level > 1 ? AT(const i32, in->block_at[level - 2]) : 0;
        i32 across = blocks_of(in->columns, level - 1), up = blocks_of(in->rows, level - 1);
        for (i32 y = 0; y < up; y += 4)
            for (i32 x = 0; x < across; x += 4) {
                i32 highest = -HEIGHT, bend = 0;
                for (i32 j = y; j < min(y + 4 + !below, up + !below); j++)
                    for (i32 i = x; i < min(x + 4 + !below, across + !below); i++) {
                        i32 at = below ? below[(i64)j * across + i] : ground[(i64)j * in->columns + i];
                        highest = max(highest, below ? HIGHEST(at) : at);
                        bend = max(bend, below ? BEND(at) : bend_at(in, ground, i, j));
                    }
                *made++ = highest * (BENDS + 1) + min(bend, BENDS);
            }
    }
}
