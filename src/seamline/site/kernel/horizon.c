/* Which cells the ground hides, most of them without a look along their sight line.
 *
 * From the observer the grid lies on four sides, each with the columns of centres at right angles to it, the nearest first (on the
 * east and west they are columns of the grid, else rows). A place is told by its distance along the side's axis and by u, its
 * distance across over that; a height by s, its height over the observer's, over the distance. So a sight line is a u, and a target
 * is hidden when somewhere before it the ground's s is above its own. Straight lines stay straight in u and s.
 *
 * Rays are marched column by column at u = k / n, k = -n..n. What lies between two rays is bounded by what they met: along a column
 * the ground between them is off the straight line by no more than it bends there, and so it is along a sight line between two
 * columns. `highest` is the highest s so far at each ray, with that added: a sight line between two rays meets no more than what is
 * straight between theirs. `lowest` is, for each gap between two rays, the ground along one column, less its bend: each sight line
 * there has met as much. A target above the first is seen, one below the other is hidden; the few in between are judged along their
 * own sight line, but only past those groups of columns whose ground could reach it. So the answer is that of judging all of them.
 *
 * A block of ground that stays below `lowest` raises nothing and is passed over, with its targets when they do too. */

#include "kernel.h"

#ifndef WIDEST
#define WIDEST 16384 /* cells, along and across; each cell of a larger grid is judged by itself */
#endif
#define RAYS 1024 /* most of them on either side of the axis */
#define GROUPS 64 /* of columns */
#define ACROSS 4112 /* most cells of a copied column */
#define SIZE 16 /* of a block; level 2 */
#define LONGEST 64 /* rows of a run of blocks */
#define FEW 2 /* groups that are marched one by one */
#define NOTHING -1e30
#define SLACK 0.002 /* what rounding and GRAZE come to, and more, in centimetres */
#define ONE ((double)(1LL << 40))

typedef struct {
    const field *of;
    i32 turned, away; /* whether its columns are the grid's rows; 1 or -1: where distance grows */
    i32 columns, rows, next, up; /* the grid as the side has it, and from a centre to the next along and across in its arrays */
    i32 along_cm, across_cm; /* the observer, from the first centre */
    double eye_across, eye; /* in cells, in centimetres */
    i32 first, last; /* columns; the last that has cells to judge */
    double least_u, most_u; /* of those */
    i32 rays, low, high; /* rays 0..2 * rays; those that count */
} side;

/* A column: its place, its distance and that of the one before; the gap between two rays; its heights, `up` apart in memory. */
typedef struct {
    i32 at, group, up;
    double distance, before, inverse, gap;
    const i32 *ground, *targets;
    u8 *mask;
} column;

typedef struct { double left, right; } ramp;
typedef struct { i32 low, high, quiet; double bend; } run; /* rows of blocks that bend about alike; whether they raise nothing */

static double highest[2 * RAYS + 1], part[2 * RAYS + 1]; /* `part`: within the columns of one block */
static ramp lowest[2 * RAYS];
static float parts[2 * RAYS + 1][GROUPS]; /* the highest s of each group of columns */
static double from[GROUPS], to[GROUPS]; /* their distances */
static point crest; /* the patch that hid a cell last: it often hides the next one too */
static run runs[WIDEST / SIZE + 1];

/* The columns of one block, copied so that each is in one piece: on the east and west they are not. */
static struct { i32 ground[SIZE + 1][ACROSS], targets[SIZE + 1][ACROSS]; } strip;

static i32 floor_of(double x) { i32 made = (i32)x; return made - (made > x); }

static i32 floor_div(i32 a, i32 b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

static double between(double left, double right, double part_of) { return left * (1 - part_of) + right * part_of; }

static double distance_of(const side *of, i32 at)
{
    return (double)(of->away * (at * of->of->in->step - of->along_cm)) / of->of->in->step;
}

static i64 place_of(const side *of, i32 at, i32 across) { return (i64)at * of->next + (i64)across * of->up; }

/* The sight line to a target. */
static sight line_of(const side *of, const column *in, i32 across)
{
    i32 x = of->turned ? across : in->at, y = of->turned ? in->at : across;
    return sight_of(of->of, x, y);
}

/* Whether the ground hides a target only just before it, within a column's width: a single patch. */
static int hidden_last(const side *of, const column *in, i32 across, const sight *line)
{
    i32 along = in->at - (of->away > 0), beside = across - (across > of->eye_across);
    if (across == of->eye_across) beside = min(beside, of->rows - 2);
    if (along < 0 || along > of->columns - 2 || beside < 0 || beside > of->rows - 2) return 0;
    return ground_rises_in(of->of, line, of->turned ? beside : along, of->turned ? along : beside, in->before * in->inverse, 1);
}

/* Judge a target by its own sight line: `ray` is the one before it, `part_of` how far it is from there to the next. The ground is
 * marched in those groups of columns that could hide it, the nearest to it first; when there are more, in the rest at once. */
static int hidden_alone(const side *of, const column *in, i32 across, double s, i32 ray, double part_of)
{
    sight line = line_of(of, in, across);
    if (ground_rises_at(of->of, &line, crest)) return 1;
    if (in->at == of->first) return ground_rises(of->of, &line, LEVELS, 0, 1, &crest);
    double last = in->before * in->inverse, rest_from = 0, rest_to = 0;
    i32 count = 0;
    for (i32 group = in->group; group >= 0; group--) {
        double left = parts[ray][group], right = parts[ray + 1][group];
        if (group == in->group) left = most(left, part[ray]), right = most(right, part[ray + 1]);
        if (s >= between(left, right, part_of)) continue;
        double start = from[group] * in->inverse, end = group == in->group ? last : least(last, to[group] * in->inverse);
        if (count++ < FEW && ground_rises(of->of, &line, 1, start, end, &crest)) return 1;
        if (count == FEW + 1) rest_to = end;
        rest_from = start;
    }
    if (count > FEW && ground_rises(of->of, &line, LEVELS, rest_from, rest_to, &crest)) return 1;
    return hidden_last(of, in, across, &line);
}

/* Judge the cells `low` to `high` of a column. Between the column before and a target is one patch, in which the ground is off the
 * straight line by no more than a quarter of its twist along it, and by no more than that twist times the way left to the target. */
static void judge(const side *of, const column *in, i32 low, i32 high, double bend)
{
    double scale = 1 / in->gap, at = (low - of->eye_across) * scale + of->rays;
    i32 axis = floor_of(of->eye_across);
    double twist = bend * (max(size_of(low - axis), size_of(high - axis)) + 1) * in->inverse;
    double slack = twist / most(in->before, 1e-9);
    u8 *cell = in->mask + (i64)low * of->up;
    const i32 *targets = in->targets + (i64)low * in->up, *ground = in->ground + (i64)low * in->up;
    for (i32 k = low; k <= high; k++, at += scale, cell += of->up, targets += in->up, ground += in->up) {
        if (!*cell) continue;
        i32 target = *targets, above = target - *ground;
        i32 ray = max(of->low, min(of->high - 1, (i32)at));
        double s = (target - of->eye) * in->inverse, part_of = at - ray;
        if (in->at != of->first) {
            double clear = s - between(highest[ray], highest[ray + 1], part_of);
            if (clear >= 0 && above >= 0) {
                if (clear >= (4 * above >= twist ? slack / 4 : slack)) continue;
                sight line = line_of(of, in, k);
                if (hidden_last(of, in, k, &line)) *cell = 0;
                continue;
            }
            if (s < between(lowest[ray].left, lowest[ray].right, part_of)) { *cell = 0; continue; }
        }
        if (hidden_alone(of, in, k, s, ray, part_of)) *cell = 0;
    }
}

/* Let the rays `low` to `high` meet the ground of a column. At its ends some are beyond it: there it goes on as in its last patch,
 * so that there is something to be straight between, but gives no gap a `lowest`. */
static inline void meet(const side *of, const column *in, i32 low, i32 high, double bend, const int at_end)
{
    i32 up = in->up, last = of->rows - 2;
    double along = bend * (1 + (i32)in->gap) / (4 * of->rays);
    double slant = bend * least(2, 0.5 / most(in->before, 1e-9)) / of->rays;
    double below = along + SLACK * in->inverse, before = 0;
    i64 place = (i64)((of->eye_across + (low - of->rays) * in->gap) * ONE), step = (i64)(in->gap * ONE);
    int inside = 0;
    for (i32 k = low; k <= high; k++, place += step) {
        i32 row = (i32)(place >> 40);
        if (at_end) row = max(0, min(last, row));
        double share = (double)(place - ((i64)row << 40)) * (1 / ONE);
        double south = in->ground[(i64)row * up], north = in->ground[(i64)(row + 1) * up];
        double s = (south + (north - south) * share - of->eye) * in->inverse, above = below + slant * size_of(k - of->rays);
        if (s + above > part[k]) part[k] = s + above;
        if (s + above > highest[k]) highest[k] = s + above;
        int here = !at_end || (share >= 0 && share <= 1);
        if (inside && here && before + s - 2 * below > lowest[k - 1].left + lowest[k - 1].right)
            lowest[k - 1] = (ramp){ before - below, s - below };
        before = s, inside = here;
    }
}

/* The most that the ground bends in and beside a block. */
static double bend_of(const side *of, i32 along, i32 across)
{
    const job *in = of->of->in;
    const i32 *blocks = AT(const i32, in->block_at[1]);
    i32 wide = blocks_of(in->columns, 2), high = blocks_of(in->rows, 2), found = 0;
    i32 x = of->turned ? across : along, y = of->turned ? along : across;
    for (i32 j = max(0, y - 1); j <= min(high - 1, y + 1); j++)
        for (i32 i = max(0, x - 1); i <= min(wide - 1, x + 1); i++) found = max(found, BEND(blocks[j * wide + i]));
    return found < BENDS ? found : 2 * HEIGHT * 4.0;
}

/* The cells of a column that are the side's and between its rays. */
static void span_of(const side *of, i32 at, i32 *low, i32 *high)
{
    i32 step = of->of->in->step, reach = of->away * (at * step - of->along_cm) - of->turned;
    *low = max(0, -floor_div(reach - of->across_cm, step));
    *high = min(of->rows - 1, floor_div(of->across_cm + reach, step));
    double gap = distance_of(of, at) / of->rays;
    *low = max(*low, floor_of(of->eye_across + (of->low - of->rays) * gap));
    *high = min(*high, floor_of(of->eye_across + (of->high - of->rays) * gap) + 1);
}

/* The least that sight lines through a block have met. */
static double least_met(const side *of, i32 block, double near, double far)
{
    double a = block * SIZE - of->eye_across, b = a + SIZE;
    double low = a / (a < 0 ? near : far), high = b / (b > 0 ? near : far), found = -NOTHING;
    i32 first = low < -1 ? of->low : max(of->low, floor_of(low * of->rays) + of->rays - 1);
    i32 last = high > 1 ? of->high - 1 : min(of->high - 1, floor_of(high * of->rays) + of->rays + 1);
    for (i32 k = first; k <= last; k++) found = least(found, least(lowest[k].left, lowest[k].right));
    return found;
}

/* The highest target of some cells of the grid, in one piece. */
static i32 highest_of(const i32 *targets, i32 count, i32 found)
{
    for (i32 k = 0; k < count; k++) found = max(found, targets[k]);
    return found;
}

/* Hide some cells, mostly as many as a block is wide: to fill a length that is not known is slow where this runs. */
static void blacken(u8 *cells, i32 count)
{
    i32 k = 0;
    for (; k + SIZE <= count; k += SIZE) __builtin_memset(cells + k, 0, SIZE);
    for (; k < count; k++) cells[k] = 0;
}

/* Hide a block's targets, rows `low` to `high`, when all are below what their sight lines have met; whether they are. */
static int darken(const side *of, i32 first, i32 last, i32 low, i32 high, double met)
{
    const field *all = of->of;
    i32 lows[SIZE + 1], highs[SIZE + 1], count = size_of(last - first) + 1, west = min(first, last), top = -2 * HEIGHT;
    double near = distance_of(of, first), limit = met * (met < 0 ? distance_of(of, last) : near) + of->eye;
    if (of->turned)
        for (i32 k = 0; k < count; k++) top = highest_of(all->targets + place_of(of, west + k, low), high - low + 1, top);
    else
        for (i32 row = low; row <= high; row++) top = highest_of(all->targets + place_of(of, west, row), count, top);
    if (top >= limit) return 0;
    i32 south = of->rows, north = -1; /* rows of which some cells are not the side's */
    for (i32 k = 0; k < count; k++) {
        span_of(of, west + k, &lows[k], &highs[k]);
        south = k ? max(south, lows[k]) : lows[k], north = k ? min(north, highs[k]) : highs[k];
    }
    if (of->turned)
        for (i32 k = 0; k < count; k++) {
            i32 from_row = max(low, lows[k]), to_row = min(high, highs[k]);
            blacken(all->mask + place_of(of, west + k, from_row), to_row - from_row + 1);
        }
    else
        for (i32 row = low; row <= high; row++) {
            u8 *cells = all->mask + place_of(of, west, row);
            if (row >= south && row <= north) blacken(cells, count);
            else
                for (i32 k = 0; k < count; k++)
                    if (row >= lows[k] && row <= highs[k]) cells[k] = 0;
        }
    return 1;
}

/* Copy rows `low` to `high` of some columns of the ground, or of the targets, to the strip, from its row `start` on. */
static void copy_in(const side *of, i32 first, i32 last, i32 low, i32 high, const i32 *heights, i32 *copied)
{
    const i32 *at = heights + place_of(of, first, low);
    i32 count = size_of(last - first) + 1, row = low, up = of->up;
    for (; row + 3 <= high; row += 4, at += 4 * up)
        for (i32 k = 0; k < count; k++) {
            i32 *made = copied + k * ACROSS + row - low, away = k * of->away;
            made[0] = at[away], made[1] = at[away + up], made[2] = at[away + 2 * up], made[3] = at[away + 3 * up];
        }
    for (; row <= high; row++, at += up)
        for (i32 k = 0; k < count; k++) copied[k * ACROSS + row - low] = at[k * of->away];
}

/* The blocks of some columns that are not passed over, as runs. */
static i32 runs_left(const side *of, i32 first, i32 last, i32 along)
{
    const job *in = of->of->in;
    i32 count = blocks_of(of->rows, 2), wide = blocks_of(in->columns, 2), low, high, made = 0;
    double near = distance_of(of, first) - 1, far = distance_of(of, last);
    span_of(of, last, &low, &high);
    double near_low = of->eye_across + (of->low - of->rays) * near / of->rays, margin = far / of->rays + 2;
    double near_high = of->eye_across + (of->high - of->rays) * near / of->rays;
    i32 from_block = max(0, min(count - 1, floor_of(least(near_low, low) - margin) >> 4));
    i32 to_block = max(0, min(count - 1, floor_of(most(near_high, high) + margin) >> 4));
    for (i32 block = from_block; block <= to_block; block++) {
        i32 top = HIGHEST(AT(const i32, in->block_at[1])[of->turned ? (i64)along * wide + block : (i64)block * wide + along]);
        i32 end = block == count - 1 ? of->rows - 1 : block * SIZE + SIZE - 1;
        run here = { block * SIZE, end, 0, bend_of(of, along, block) };
        if (near > 0) {
            double rise = top + 2 * here.bend + 1 - of->eye, met = least_met(of, block, near, far);
            here.quiet = rise / (rise > 0 ? near : far) < met;
            if (here.quiet && darken(of, first, last, here.low, here.high, met)) continue;
        }
        run *before = made ? &runs[made - 1] : 0;
        if (before && before->high == here.low - 1 && here.low - before->low < LONGEST && before->quiet == here.quiet
            && here.bend <= 1.5 * before->bend && before->bend <= 1.5 * here.bend) {
            before->high = here.high, before->bend = most(before->bend, here.bend);
        } else runs[made++] = here;
    }
    return made;
}

/* Judge the cells of a column, then let the rays meet its ground. */
static void pass(const side *of, const column *in, i32 count)
{
    i32 low, high;
    span_of(of, in->at, &low, &high);
    for (i32 k = 0; k < count; k++) judge(of, in, max(low, runs[k].low), min(high, runs[k].high), runs[k].bend);
    for (i32 k = 0; k < count; k++) {
        if (runs[k].quiet) continue;
        double first = runs[k].low, last = runs[k].high + 1, margin = in->gap + 2;
        if (runs[k].low == 0) first -= margin;
        if (runs[k].high == of->rows - 1) last += margin;
        double a = (first - of->eye_across) / in->gap + of->rays, b = (last - of->eye_across) / in->gap + of->rays;
        if (b < of->low || a > of->high) continue;
        i32 from_ray = a < of->low ? of->low : (i32)a, to_ray = b >= of->high ? of->high : (i32)b + 1;
        if (first > margin && last + margin < of->rows - 1) meet(of, in, from_ray, to_ray, runs[k].bend, 0);
        else meet(of, in, from_ray, to_ray, runs[k].bend, 1);
    }
}

/* What the rays have met before the first column: nothing, or, where that is not known, anything. */
static void set_out(const side *of)
{
    const job *in = of->of->in;
    double along = (double)of->along_cm / in->step, across = of->eye_across, met = NOTHING;
    if (along >= 0 && along <= of->columns - 1 && across > -1 && across < of->rows) {
        if (across >= 0 && across <= of->rows - 1) {
            i32 west = min((i32)along, of->columns - 2), south = min((i32)across, of->rows - 2);
            const i32 *at = of->of->ground + place_of(of, west, south);
            double low = between(at[0], at[of->next], along - west);
            double high = between(at[of->up], at[of->up + of->next], along - west);
            if (between(low, high, across - south) > of->eye + GRAZE / 10) met = -NOTHING;
        } else met = -NOTHING;
    }
    for (i32 k = of->low; k <= of->high; k++) {
        highest[k] = part[k] = met;
        for (i32 group = 0; group < GROUPS; group++) parts[k][group] = (float)NOTHING;
        if (k < of->high) lowest[k] = (ramp){ NOTHING, NOTHING };
    }
}

static void close_group(const side *of, i32 group)
{
    for (i32 k = of->low; k <= of->high; k++) {
        float made = (float)(part[k] + (part[k] > 0 ? 1e-6 : -1e-6) * part[k]);
        if (made > parts[k][group]) parts[k][group] = made;
        part[k] = NOTHING;
    }
}

/* Pass over some columns, the nearest first, that lie in the blocks number `along`. */
static void pass_all(const side *of, i32 first, i32 last, i32 along, i32 group)
{
    i32 count = runs_left(of, first, last, along), low, high, margin = (i32)(distance_of(of, last) / of->rays) + 3;
    if (!count) return;
    i32 start = max(0, runs[0].low - margin), end = min(of->rows, runs[count - 1].high + 1 + margin);
    int copied = !of->turned && end - start <= ACROSS;
    for (i32 k = 0; k < count && copied; k++) {
        low = runs[k].low, high = runs[k].high;
        i32 from_row = max(0, low - margin), to_row = min(of->rows - 1, high + margin);
        copy_in(of, first, last, from_row, to_row, of->of->ground, strip.ground[0] + from_row - start);
        copy_in(of, first, last, low, high, of->of->targets, strip.targets[0] + low - start);
    }
    for (i32 at = first; of->away * (last - at) >= 0; at += of->away) {
        double distance = distance_of(of, at);
        i64 place = place_of(of, at, 0);
        column in = { at, group, of->up, distance, at == of->first ? 0 : distance - 1, 1 / distance, distance / of->rays,
            of->of->ground + place, of->of->targets + place, of->of->mask + place };
        if (copied) {
            i32 k = size_of(at - first);
            in.up = 1, in.ground = strip.ground[k] - start, in.targets = strip.targets[k] - start;
        }
        pass(of, &in, count);
    }
}

/* Judge all cells of a side. */
static void sweep(const side *of)
{
    set_out(of);
    i32 lines = of->away * (of->last - of->first) + 1, each = SIZE;
    while (lines / each + 2 > GROUPS) each *= 2;
    i32 group = 0, start = of->first;
    from[0] = 0;
    for (i32 at = of->first; of->away * (of->last - at) >= 0;) {
        i32 along = max(0, min(of->columns - 2, at - (of->away > 0))) / SIZE;
        i32 end = of->away > 0 ? min(of->last, along * SIZE + SIZE) : max(of->last, along * SIZE);
        if (of->away * (at - start) >= each) start = at, from[++group] = most(0, distance_of(of, at) - 1);
        to[group] = distance_of(of, end) + 1;
        pass_all(of, at, end, along, group);
        close_group(of, group);
        at = end + of->away;
    }
}

/* Widen what a side has to judge by a cell. */
static void widen(side *of, i32 at, i32 across)
{
    double u = (double)(across * of->of->in->step - of->across_cm) / (of->away * (at * of->of->in->step - of->along_cm));
    if (of->away * (at - of->last) > 0) of->last = at;
    of->least_u = least(of->least_u, u), of->most_u = most(of->most_u, u);
}

/* Share the cells of a row, `low` to `high`, out among the sides: east, west, north, south. */
static void share_out(side *sides, i32 row, i32 low, i32 high)
{
    const job *in = sides[0].of->in;
    i32 x = in->observer_x - in->x, y = row * in->step - (in->observer_y - in->y), off = size_of(y), step = in->step;
    i32 east = max(low, -floor_div(-(x + max(off, 1)), step)), west = min(high, floor_div(x - max(off, 1), step));
    if (east <= high) widen(&sides[0], east, row), widen(&sides[0], high, row);
    if (low <= west) widen(&sides[1], west, row), widen(&sides[1], low, row);
    i32 first = max(low, floor_div(x - off, step) + 1), last = min(high, -floor_div(-(x + off), step) - 1);
    if (y == 0 || first > last) return;
    side *of = &sides[y > 0 ? 2 : 3];
    widen(of, row, first), widen(of, row, last);
}

static side side_of(const field *of, int turned, i32 away)
{
    const job *in = of->in;
    i32 x = in->observer_x - in->x, y = in->observer_y - in->y;
    side made = { of, turned, away, in->columns, in->rows, 1, in->columns, x, y, 0, in->observer_z, 0, 0, 2, -2, 0, 0, 0 };
    if (turned) {
        made.columns = in->rows, made.rows = in->columns, made.next = in->columns, made.up = 1;
        made.along_cm = y, made.across_cm = x;
    }
    made.eye_across = (double)made.across_cm / in->step;
    i32 next = away > 0 ? floor_div(made.along_cm, in->step) + 1 : floor_div(made.along_cm - 1, in->step);
    made.first = away > 0 ? max(0, next) : min(made.columns - 1, next);
    made.last = made.first - away;
    return made;
}

/* Judge a cell by itself, along all of its sight line. */
static void judge_alone(const field *of, i32 column, i32 row)
{
    u8 *cell = of->mask + (i64)row * of->in->columns + column;
    sight line = sight_of(of, column, row);
    if (*cell && (ground_rises_at(of, &line, crest) || ground_rises(of, &line, LEVELS, 0, 1, &crest))) *cell = 0;
}

/* Share the cells that are in the field out among the sides; the one at the observer's place is none's. */
static void share_all(side *sides)
{
    const field *of = sides[0].of;
    const job *in = of->in;
    i32 x = in->observer_x - in->x, y = in->observer_y - in->y;
    for (i32 row = of->top_row; row < of->end_row; row++) {
        i32 low = of->low[row], high = of->high[row];
        const u8 *cells = of->mask + (i64)row * in->columns;
        while (low <= high && !cells[low]) low++;
        while (low <= high && !cells[high]) high--;
        if (low > high) continue;
        share_out(sides, row, low, high);
        i32 own = x / in->step;
        if (row * in->step == y && own * in->step == x && low <= own && own <= high) judge_alone(of, own, row);
    }
}

void hide_behind_ground(const field *of)
{
    crest = (point){ 0, 0 };
    if (max(of->in->columns, of->in->rows) > WIDEST) {
        for (i32 row = of->top_row; row < of->end_row; row++)
            for (i32 i = of->low[row]; i <= of->high[row]; i++) judge_alone(of, i, row);
        return;
    }
    side sides[4] = { side_of(of, 0, 1), side_of(of, 0, -1), side_of(of, 1, 1), side_of(of, 1, -1) };
    share_all(sides);
    double far = 0;
    for (i32 k = 0; k < 4; k++)
        if (sides[k].last != sides[k].first - sides[k].away) far = most(far, distance_of(&sides[k], sides[k].last));
    i32 rays = max(32, min(RAYS, (i32)(far / 2))); /* more take longer, fewer leave more cells in doubt */
    for (i32 k = 0; k < 4; k++) {
        side *one = &sides[k];
        if (one->last == one->first - one->away) continue;
        one->rays = rays;
        one->low = max(0, floor_of(one->least_u * rays) + rays - 1);
        one->high = min(2 * rays, floor_of(one->most_u * rays) + rays + 2);
        sweep(one);
    }
}
