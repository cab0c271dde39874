/* Columns of the ground and of the targets, copied so that each is in one piece and can be taken by fours. */

#include "horizon.h"

strips strip;

/* Copy rows `low` to `high` of the targets of some columns, as they lie in the grid. */
static void copy_targets(const side *of, i32 first, i32 count, i32 start, i32 low, i32 high)
{
    for (i32 k = 0; k < count; k++) {
        i32 at = first + k * of->away;
        const i32 *targets = of->of->targets + place_of(of, at, 0), *ground = ground_of(of, at);
        i32 *to = strip.targets[start + k] + EDGE;
        for (i32 row = low; row <= high; row++) {
            to[row] = targets[(i64)row * of->up];
            strip.above = min(strip.above, to[row] - ground[row]);
        }
    }
}

/* Copy the ground of a column from rows `low` to `high`, with what it goes on as beyond its ends. */
static void copy_ground(const side *of, i32 at, i32 *to, i32 low, i32 high)
{
    const i32 *from = ground_of(of, at);
    i32 last = of->rows - 1;
    for (i32 row = low; row <= high; row++)
        to[row] = row < 0 ? from[0] - row * (from[0] - from[1])
                : row > last ? from[last] + (row - last) * (from[last] - from[last - 1]) : from[row];
}

void fill_strip(const side *of, i32 first, i32 count, i32 start, const run *runs, i32 number)
{
    i32 lift = of->of->in->lift;
    strip.above = lift < 0 ? 4 * HEIGHT : lift;
    for (i32 n = 0; n < number; n++) {
        const run *here = &runs[n];
        if (lift < 0) copy_targets(of, first, count, start, here->low, here->high);
        for (i32 k = start; k < start + count; k++) {
            i32 at = first + (k - start) * of->away;
            i32 low = max(-EDGE, here->low - EDGE), high = min(of->rows - 1, here->high) + EDGE;
            if (here->edge) copy_ground(of, at, strip.ground[k] + EDGE, low, high);
            if (!of->turned) __builtin_memset(strip.kept[k] + EDGE + here->low, 255, (unsigned)(here->high - here->low + 4));
        }
    }
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
static void slope_column(const i32 *ground, i32 column, i32 low, i32 high, int compare)
{
    slopes *own = &strip.slopes[column & 1], *before = &strip.slopes[!(column & 1)];
    for (i32 row = low - 4; row <= high + 8; row += 4) {
        const i32 *at = ground + row;
        i4 a = load_whole(at - 2), b = load_whole(at - 1), c = load_whole(at);
        i4 d = load_whole(at + 1), e = load_whole(at + 2), f = load_whole(at + 3);
        i4 first = b - a, second = c - b, third = d - c, fourth = e - d, fifth = f - e;
        i4 steepest = larger_whole(larger_whole(larger_whole(first, second), larger_whole(third, fourth)), fifth);
        i4 flattest = lesser_whole(lesser_whole(lesser_whole(first, second), lesser_whole(third, fourth)), fifth);
        i4 steepest_before = load_whole(before->steepest + EDGE + row), flattest_before = load_whole(before->flattest + EDGE + row);
        i4 differ = larger_whole(steepest_before - flattest, steepest - flattest_before);
        store_whole(own->differ + EDGE + row, compare ? differ : (i4){ 0 });
        store_whole(own->steepest + EDGE + row, steepest), store_whole(own->flattest + EDGE + row, flattest);
    }
}

/* Between two rays is no more than one centre of a column, since the gap is no wider than a cell: the ground is off the straight line
 * between them by no more than a quarter of the gap times the change of its slope there. From one column to the next, a sight line is
 * off the straight line by no more than a quarter of the way across it goes, times what the slopes of the two columns differ by; which
 * must stand at both columns, since one may be much the higher. */
void bend_column(const side *of, const column *in, i32 low, i32 high, int has_next)
{
    i32 own = in->strip;
    if (own == 1 && in->at != of->first) slope_column(in->last, 0, low, high, 0);
    if (own == 1) slope_column(in->ground, 1, low, high, in->at != of->first);
    slope_column(has_next ? in->next : in->ground, has_next ? own + 1 : own - 1, low, high, has_next);
    const i32 *ground = in->ground;
    const i32 *before = strip.slopes[own & 1].differ + EDGE, *after = strip.slopes[!(own & 1)].differ + EDGE;
    double way = least(1, 0.25 / most(in->before, 1e-9)) * in->inverse * (1 + ROUNDING);
    f4 across = all_of((float)(in->gap * in->inverse / 4 * (1 + ROUNDING)));
    f4 slack = all_of((float)((SLACK + ROUNDING * of->size) * in->inverse));
    f4 along = all_of((float)way), from = { 0, 1, 2, 3 };
    i4 zero = { 0 };
    for (i32 row = low - 4; row <= high + 8; row += 4) {
        const i32 *at = ground + row;
        i4 a = load_whole(at - 1), b = load_whole(at), c = load_whole(at + 1), d = load_whole(at + 2);
        i4 one = 2 * b - a - c, two = 2 * c - b - d;
        f4 way_across = sizes(all_of((float)(row - of->eye_across)) + from) + 3;
        f4 slant = of_whole(larger_whole(load_whole(before + row), load_whole(after + row))) * way_across * along;
        store(strip.rises + EDGE + row, of_whole(larger_whole(larger_whole(one, two), zero)) * across + slant + slack);
        store(strip.falls + EDGE + row, slack - of_whole(lesser_whole(lesser_whole(one, two), zero)) * across);
    }
}
