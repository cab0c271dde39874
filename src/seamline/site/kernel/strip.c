/* Columns of the ground and of the targets, copied so that each is in one piece and can be taken by fours. */

#include "horizon.h"

strips strip;

/* What a copy has found. */
typedef struct { f4 size, above; } found;

/* Put four heights where they belong: ground, or targets over ground that is there already. */
static inline void put(float *to, const float *ground, f4 heights, int targets, found *out)
{
    store(to, heights);
    if (targets) out->above = lesser(out->above, heights - load(ground));
    else out->size = larger(out->size, sizes(heights));
}

/* Copy rows `low` to `high` of some columns that are rows of the grid: they are in one piece already. */
static void copy_straight(const side *of, const i32 *heights, i32 first, i32 count, i32 start, i32 low, i32 high, int targets, found *out)
{
    f4 eye = all_of((float)of->eye);
    for (i32 k = 0; k < count; k++) {
        const i32 *from = heights + place_of(of, first + k * of->away, 0);
        float *ground = strip.ground[start + k] + EDGE, *to = targets ? strip.targets[start + k] + EDGE : ground;
        for (i32 row = low;; row = min(row + 4, high - 3)) {
            put(to + row, ground + row, of_whole(load_whole(from + row)) - eye, targets, out);
            if (row == high - 3) break;
        }
    }
}

/* Copy rows of columns that are the grid's, by squares of four by four. */
static void copy_turned(const side *of, const i32 *heights, i32 first, i32 count, i32 start, i32 low, i32 high, int targets, found *out)
{
    f4 eye = all_of((float)of->eye);
    i32 up = of->up, turned = of->away < 0 ? 3 : 0; /* the square's columns come the other way round */
    for (i32 row = low;; row = min(row + 4, high - 3)) {
        const i32 *line = heights + (i64)row * up + first;
        for (i32 k = 0;; k = min(k + 4, count - 4)) {
            const i32 *from = line + (of->away > 0 ? k : -k - 3);
            f4 square[4];
            for (i32 j = 0; j < 4; j++) square[j] = of_whole(load_whole(from + j * up)) - eye;
            turn(&square[0], &square[1], &square[2], &square[3]);
            for (i32 j = 0; j < 4; j++) {
                float *ground = strip.ground[start + k + (j ^ turned)] + EDGE + row;
                put(targets ? strip.targets[start + k + (j ^ turned)] + EDGE + row : ground, ground, square[j], targets, out);
            }
            if (k == count - 4) break;
        }
        if (row == high - 3) break;
    }
}

/* Copy what is not four wide or high. */
static void copy_few(const side *of, const i32 *heights, i32 first, i32 count, i32 start, i32 low, i32 high, int targets, found *out)
{
    for (i32 k = 0; k < count; k++)
        for (i32 row = low; row <= high; row++) {
            float height = (float)(heights[place_of(of, first + k * of->away, row)] - (i32)of->eye);
            float *ground = strip.ground[start + k] + EDGE + row;
            *(targets ? strip.targets[start + k] + EDGE + row : ground) = height;
            if (targets) out->above = lesser(out->above, all_of(height - *ground));
            else out->size = larger(out->size, sizes(all_of(height)));
        }
}

static void copy(const side *of, i32 first, i32 count, i32 start, i32 low, i32 high, found *out)
{
    for (int targets = 0; targets < (of->of->in->lift < 0 ? 2 : 1); targets++) {
        const i32 *heights = targets ? of->of->targets : of->of->ground;
        if (high - low < 3 || (!of->turned && count < 4)) copy_few(of, heights, first, count, start, low, high, targets, out);
        else if (of->turned) copy_straight(of, heights, first, count, start, low, high, targets, out);
        else copy_turned(of, heights, first, count, start, low, high, targets, out);
    }
}

void fill_strip(const side *of, i32 first, i32 count, i32 start, const run *runs, i32 number)
{
    found out = { all_of(0), all_of(4 * HEIGHT) };
    i32 done = -1, last = of->rows - 1;
    for (i32 k = 0; k < number; k++) {
        i32 low = max(done + 1, runs[k].low - MARGIN), high = min(last, runs[k].high + MARGIN);
        if (low <= high) copy(of, first, count, start, low, high, &out), done = high;
    }
    for (i32 k = start; k < start + count; k++) {
        float *ground = strip.ground[k] + EDGE;
        for (i32 j = 1; j <= EDGE && runs[0].low < MARGIN; j++) ground[-j] = ground[0] + (float)j * (ground[0] - ground[1]);
        for (i32 j = 1; j <= EDGE && done == last; j++) ground[last + j] = ground[last] + (float)j * (ground[last] - ground[last - 1]);
        if (of->turned) continue;
        for (i32 j = 0; j < number; j++)
            __builtin_memset(strip.kept[k] + EDGE + runs[j].low, 255, (unsigned)(runs[j].high - runs[j].low + 4));
    }
    strip.size = largest(out.size), strip.above = of->of->in->lift < 0 ? least_in(out.above) : (float)of->of->in->lift;
}

/* Turn a square of 16 by 16 bytes: to take them from its halves in turn, four times, is to turn it. */
static void turn_bytes(bytes square[16])
{
    for (i32 n = 0; n < 4; n++) {
        bytes made[16];
        for (i32 k = 0; k < 8; k++) {
            bytes a = square[k], b = square[k + 8];
            made[2 * k] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            made[2 * k + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        for (i32 k = 0; k < 16; k++) square[k] = made[k];
    }
}

void empty_strip(const side *of, i32 first, i32 count, i32 start, const run *runs, i32 number)
{
    for (i32 n = 0; n < number; n++) {
        i32 row = runs[n].low, last = first + (count - 1) * of->away, west = min(first, last);
        for (; count >= 16 && row + 15 <= runs[n].high; row += 16) {
            bytes square[16];
            for (i32 k = 0; k < 16; k++) {
                i32 own = of->away > 0 ? k : 15 - k;
                square[k] = *(const loose_bytes *)(strip.kept[start + count - 16 + own] + EDGE + row);
            }
            turn_bytes(square);
            u8 *cells = of->of->mask + place_of(of, of->away > 0 ? last - 15 : west, row);
            for (i32 k = 0; k < 16; k++, cells += of->up) *(loose_bytes *)cells &= square[k];
            for (i32 k = 0; k < count - 16; k++)
                for (i32 j = row; j < row + 16; j++) of->of->mask[place_of(of, first + k * of->away, j)] &= strip.kept[start + k][EDGE + j];
        }
        for (; row <= runs[n].high; row++)
            for (i32 k = 0; k < count; k++) of->of->mask[place_of(of, first + k * of->away, row)] &= strip.kept[start + k][EDGE + row];
    }
}

/* Of each place of a column: the steepest and the flattest of the slopes from two places before to two places behind it, and with
 * `compare` how far a sight line's slopes there may differ from those of the column before. */
static void slope_column(i32 column, i32 low, i32 high, int compare)
{
    const float *ground = strip.ground[column] + EDGE;
    slopes *own = &strip.slopes[column & 1], *before = &strip.slopes[!(column & 1)];
    for (i32 row = low - 4; row <= high + 8; row += 4) {
        const float *at = ground + row;
        f4 a = load(at - 2), b = load(at - 1), c = load(at), d = load(at + 1), e = load(at + 2), f = load(at + 3);
        f4 first = b - a, second = c - b, third = d - c, fourth = e - d, fifth = f - e;
        f4 steepest = larger(larger(larger(first, second), larger(third, fourth)), fifth);
        f4 flattest = lesser(lesser(lesser(first, second), lesser(third, fourth)), fifth);
        f4 differ = larger(load(before->steepest + EDGE + row) - flattest, steepest - load(before->flattest + EDGE + row));
        store(own->differ + EDGE + row, compare ? differ : all_of(0));
        store(own->steepest + EDGE + row, steepest), store(own->flattest + EDGE + row, flattest);
    }
}

/* Between two rays is no more than one centre of a column, since the gap is no wider than a cell: the ground is off the straight line
 * between them by no more than a quarter of the gap times the change of its slope there. From one column to the next, a sight line is
 * off the straight line by no more than a quarter of the way across it goes, times what the slopes of the two columns differ by; which
 * must stand at both columns, since one may be much the higher. */
void bend_column(const side *of, const column *in, i32 low, i32 high, int has_next)
{
    i32 own = in->strip;
    if (own == 1 && in->at != of->first) slope_column(0, low, high, 0);
    if (own == 1) slope_column(1, low, high, in->at != of->first);
    slope_column(has_next ? own + 1 : own - 1, low, high, has_next);
    const float *ground = strip.ground[own] + EDGE;
    const float *before = strip.slopes[own & 1].differ + EDGE, *after = strip.slopes[!(own & 1)].differ + EDGE;
    double way = least(1, 0.25 / most(in->before, 1e-9)) * in->inverse * (1 + ROUNDING);
    f4 across = all_of((float)(in->gap * in->inverse / 4 * (1 + ROUNDING))), zero = all_of(0);
    f4 slack = all_of((float)((SLACK + ROUNDING * strip.size) * in->inverse));
    f4 along = all_of((float)way), from = { 0, 1, 2, 3 };
    for (i32 row = low - 4; row <= high + 8; row += 4) {
        f4 a = load(ground + row - 1), b = load(ground + row), c = load(ground + row + 1), d = load(ground + row + 2);
        f4 one = 2 * b - a - c, two = 2 * c - b - d;
        f4 way_across = sizes(all_of((float)(row - of->eye_across)) + from) + 3;
        f4 slant = larger(load(before + row), load(after + row)) * way_across * along;
        store(strip.rises + EDGE + row, larger(larger(one, two), zero) * across + slant + slack);
        store(strip.falls + EDGE + row, slack - lesser(lesser(one, two), zero) * across);
    }
}
