/* Whether the ground between two columns hides a target, judged along its sight line: by four columns at once, in floats, and where
 * those do not tell in doubles. */

#include "horizon.h"

/* Whether a sight line meets ground between two columns, `along` being the lower of their numbers, near rows r and q. */
static int rises_between(const side *of, const sight *line, i32 along, i32 r, i32 q)
{
    point one = { of->turned ? r : along, of->turned ? along : r }, other = { of->turned ? q : along, of->turned ? along : q };
    return ground_rises_at(of->of, line, one) || (r != q && ground_rises_at(of->of, line, other));
}

/* Whether the ground hides a target between the columns `near` and `far`. It does where it is higher than the sight line on a column.
 * Between two columns it is off the straight line by no more than a quarter of how far the line goes across times what the slopes of
 * the ground across differ by; only where the line is not clear of that, the patches themselves are asked. */
static int hidden_there(const side *of, const column *in, const sight *line, double u, double s, i32 near, i32 far)
{
    i32 last = of->rows - 2, row_after = 0;
    double distance = in->distance - size_of(in->at - far), clear_after = 0, slope_after = 0;
    int over_after = 0;
    for (i32 at = far;; at -= of->away, distance--) {
        double y = of->eye_across + u * distance, clear = 0, slope = 0;
        i32 row = max(0, min(last, floor_of(y)));
        int over = y >= 0 && y <= last + 1;
        if (over) {
            const i32 *from_row = ground_of(of, at) + row;
            slope = from_row[1] - from_row[0];
            clear = s * distance + of->eye - from_row[0] - slope * (y - row);
            if (clear < -SLACK) return 1;
        }
        if (at != far && (over || over_after)) {
            double differ = size(slope - slope_after), low = least(clear, clear_after);
            if (row != row_after) {
                const i32 *own = ground_of(of, at) + row_after, *after = ground_of(of, at + of->away) + row;
                double own_slope = own[1] - own[0], other_slope = after[1] - after[0];
                differ = most(differ, most(size(slope - other_slope), size(own_slope - slope_after)));
            }
            differ *= size(u);
            if (!(over && over_after && low > SLACK && (low > differ / 4 + SLACK || most(clear, clear_after) > differ + SLACK))
                && rises_between(of, line, min(at, at + of->away), row, row_after)) return 1;
        }
        if (at == near) return 0;
        row_after = row, clear_after = clear, slope_after = slope, over_after = over;
    }
}

/* The same of the four columns from `far` on, in floats: 1 where the ground is above the sight line on one of them, else four times
 * those pairs of them, as bits, that must be looked at in doubles. */
static unsigned doubts_among(const side *of, double u, double place, double height, double s, i32 far)
{
    i32 row = floor_of(place), eye = of->of->in->observer_z;
    f4 lanes = { 0, 1, 2, 3 }, at = all_of((float)(place - row)) - all_of((float)u) * lanes, whole = __builtin_wasm_floor_f32x4(at);
    i4 rows = __builtin_convertvector(whole, i4), eyes = { eye, eye, eye, eye };
    const i32 *ground = ground_of(of, far) + row - 1;
    i64 next = -(i64)of->away * of->pitch;
    f4 a = (f4)load_whole(ground + rows[0]), b = (f4)load_whole(ground + next + rows[1]);
    f4 c = (f4)load_whole(ground + 2 * next + rows[2]), d = (f4)load_whole(ground + 3 * next + rows[3]);
    turn(&a, &b, &c, &d);
    i4 before = (i4)b - (i4)a, slope = (i4)c - (i4)b, after = (i4)d - (i4)c;
    f4 clear = all_of((float)height) - all_of((float)s) * lanes - of_whole((i4)b - eyes) - of_whole(slope) * (at - whole);
    float slack = (float)(SLACK + ROUNDING * (size(height) + of->size));
    if (any_of(clear < -slack)) return 1;
    i4 beyond = u > 0 ? after : before, own_beyond = __builtin_shufflevector(beyond, beyond, 1, 2, 3, 3);
    i4 behind = u > 0 ? before : after, own = __builtin_shufflevector(slope, slope, 1, 2, 3, 3);
    i4 differ = sizes_whole(own - slope);
    i4 crossing = rows != __builtin_shufflevector(rows, rows, 1, 2, 3, 3);
    differ = larger_whole(differ, crossing & larger_whole(sizes_whole(own - behind), sizes_whole(own_beyond - slope)));
    f4 most_off = of_whole(differ) * (float)size(u), next_clear = __builtin_shufflevector(clear, clear, 1, 2, 3, 3);
    f4 low = lesser(clear, next_clear), high = larger(clear, next_clear);
    i4 sure = (low > slack + most_off / 4) | ((low > slack) & (high > slack + most_off));
    return 4 * (~(unsigned)__builtin_wasm_bitmask_i32x4(sure) & 7);
}

/* The same between any two columns. Where the grid ends, and where floats do not tell, doubles do. */
int hidden_between(const side *of, const column *in, const sight *line, double u, double s, i32 near, i32 far)
{
    i32 left = size_of(far - near), few = left < 3;
    for (;; far -= 3 * of->away, left -= 3) {
        if (left < 3 && !few) far = near + 3 * of->away, left = 3;
        double distance = in->distance - size_of(in->at - far), place = of->eye_across + u * distance;
        i32 next = left >= 3 ? far - 3 * of->away : near;
        if (left < 3 || place < 5 || place > of->rows - 6) {
            if (hidden_there(of, in, line, u, s, next, far)) return 1;
        } else {
            unsigned doubts = doubts_among(of, u, place, s * distance, s, far);
            if (doubts & 1) return 1;
            for (i32 k = 0; k < 3; k++)
                if (doubts & 4 << k && hidden_there(of, in, line, u, s, far - (k + 1) * of->away, far - k * of->away)) return 1;
        }
        if (left <= 3) return 0;
    }
}
