/* Which cells the ground hides, most of them without a look along their sight line.
 *
 * From the observer the grid lies on four sides, each with the columns of centres at right angles to it, the nearest first (on the
 * east and west they are columns of the grid, else rows). A place is told by its distance along the side's axis and by u, its
 * distance across over that; a height by s, its height over the observer's, over the distance. So a sight line is a u, and a target
 * is hidden when somewhere before it the ground's s is above its own. Straight lines stay straight in u and s.
 *
 * Rays are marched column by column at u = k / n, k = -n..n; with the distance n doubles, so that the gap between two is half a cell
 * to a cell wide. What lies between two rays is bounded by what they met: along a column the ground between them is off the straight
 * line by no more than it bends there, and so it is along a sight line between two columns. How far it bends is taken from its block
 * where that is little, else worked out for each place (strip.c). `highest` is the highest s so far at each ray, with that added: a
 * sight line between two rays meets no more than what is straight between theirs. `lowest` is, for each gap between two rays, the
 * ground along one column, less its bend: each sight line there has met as much. A target above the first is seen, one below the other
 * is hidden; the few in between are judged along their own sight line, but only past those groups of columns whose ground could reach
 * it. So the answer is that of judging all of them.
 *
 * Rays and targets are taken by fours, in floats: their rounding (ROUNDING) is on the safe side of every bound, so that it costs a
 * doubt at most. What is left in doubt is judged by doubt.c and ground.c.
 *
 * A block of ground that stays below `lowest` raises nothing and is passed over, with its targets when they do too. By how much it must
 * stay below is how far the ground rises above what is straight between its edge and a column beside it. */

#include "horizon.h"

#define ALONE __attribute__((noinline)) static /* so that a loop has the machine's registers to itself */
#define ALWAYS __attribute__((always_inline)) static inline

#ifndef WIDEST
#define WIDEST LONGEST /* cells, along and across; each cell of a larger grid, or of one farther off, is judged by itself */
#endif
#define FEW 3 /* groups that are looked at one by one */
#define BENT 8 /* centimetres: where ground bends more, each place's own bend is looked at */

/* Of each ray, the highest s so far, `part` within the columns of one block; of each gap between two rays, the lowest at its ends. */
static float highest[2 * RAYS + SPARE], part[2 * RAYS + SPARE], lowest_left[2 * RAYS + SPARE], lowest_right[2 * RAYS + SPARE];
static float parts[GROUPS][BINS + SPARE]; /* the highest s of each group of columns, of gaps of rays together */
static i32 starts[GROUPS], ends[GROUPS]; /* the column before each, and its last */
static point crest; /* the patch that hid a cell last: it often hides the next one too */
static run runs[LONGEST / SIZE + 1];
static volatile i32 fetched; /* so that what is read only to have it near is read */
static i32 lows[SIZE + 1], highs[SIZE + 1], south, north; /* the cells of the columns being passed; of all of them */

/* A place in 2^-40 of a cell or of a gap between rays: to add to it, and to part it, is faster than with doubles, and to add it up along
 * the longest column is off by less than floats are. */
static i64 fixed(double place) { return (i64)__builtin_floor(place * 1099511627776.0); }

static i32 whole_of(i64 place) { return (i32)(place >> 40); }

/* How far it is beyond a whole number, in 2^-24. */
static i32 part_over(i64 place) { return (i32)(place >> 16) & 0xffffff; }

static i32 floor_div(i32 a, i32 b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

static double between(double left, double right, double part_of) { return left * (1 - part_of) + right * part_of; }

static double distance_of(const side *of, i32 at)
{
    return (double)(of->away * (at * of->of->in->step - of->along_cm)) / of->of->in->step;
}

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

/* The bin of a gap between rays, or the first of those it fills: both are of powers of two. */
static i32 bin_of(const side *of, i32 ray)
{
    i32 finer = __builtin_ctz(BINS / 2) - __builtin_ctz(of->rays);
    return finer >= 0 ? ray << finer : ray >> -finer;
}

/* Judge a target by its own sight line: `ray` is the one before it, `part_of` how far it is from there to the next. Only those groups
 * of columns are looked at whose ground could hide it, the nearest to it first: that one column by column, others by blocks of patches,
 * and when there are more, all the rest at once. */
static int hidden_alone(const side *of, const column *in, i32 across, double s, i32 ray, double part_of)
{
    sight line = line_of(of, in, across);
    if (in->at == of->first) return ground_rises(of->of, &line, LEVELS, 0, 1, &crest);
    double u = (across - of->eye_across) * in->inverse;
    double now = between(part[ray], part[ray + 1], part_of) + ROUNDING * (size(part[ray]) + size(part[ray + 1]));
    i32 bin = bin_of(of, ray), count = 0;
    for (i32 group = in->group; group >= 0; group--) {
        if (s >= parts[group][bin] && (group != in->group || s >= now)) continue;
        i32 far = group == in->group || ends[group] == in->at - of->away ? in->at - of->away : ends[group] + of->away;
        double start = group == 0 ? 0 : (in->distance - size_of(in->at - starts[group])) * in->inverse;
        double end = (in->distance - size_of(in->at - far)) * in->inverse;
        if (++count > FEW) {
            if (ground_rises(of->of, &line, LEVELS, 0, end, &crest)) return 1;
            break;
        }
        if (group == 0) {
            if (ground_rises(of->of, &line, 1, start, end, &crest)) return 1;
        } else if (hidden_between(of, in, &line, u, s, starts[group], far)) return 1;
    }
    return hidden_last(of, in, across, &line);
}

/* Judge a single target. Between the column before and a target is one patch, in which the ground is off the straight line by no
 * more than a quarter of its twist along it, and by no more than that twist times the way left to the target: `twist` in centimetres. */
ALONE int hidden(const side *of, const column *in, i32 across, double twist)
{
    i64 place = place_of(of, in->at, across);
    i32 target = of->of->targets[place], above = target - of->of->ground[place];
    double s = (target - of->eye) * in->inverse, at = (across - of->eye_across) / in->gap + of->rays;
    i32 ray = max(of->low, min(of->high - 1, (i32)at));
    double part_of = at - ray;
    if (in->at != of->first) {
        double rounding = ROUNDING * (size(highest[ray]) + size(highest[ray + 1]) + size(s));
        double clear = s - between(highest[ray], highest[ray + 1], part_of) - rounding;
        if (clear >= 0 && above >= 0) {
            if (above >= twist || clear * in->before >= (4 * above >= twist ? twist / 4 : twist)) return 0;
            sight line = line_of(of, in, across);
            return hidden_last(of, in, across, &line);
        }
        rounding = ROUNDING * (size(lowest_left[ray]) + size(lowest_right[ray]) + size(s));
        if (s + rounding < between(lowest_left[ray], lowest_right[ray], part_of)) return 1;
    }
    return hidden_alone(of, in, across, s, ray, part_of);
}

/* Cells of a column, from `low` on, that are asked about by fours: their targets; their places among the rays; how far they must be
 * above what their sight lines may have met. */
typedef struct { const i32 *targets; u8 *cells; i32 low; i64 from, each; i4 steps, lift; f4 inverse, enough; } asked;

/* Four of them from cell k on: the first ray, the places from there, the targets and what rounding may come to. */
typedef struct { i32 ray; places by; f4 target, rounding; } four;

static inline four four_of(const asked *of, i32 k)
{
    i64 at = of->from + (k - of->low) * of->each;
    f4 target = of_whole(load_whole(of->targets + k) + of->lift) * of->inverse;
    return (four){ whole_of(at), places_of(all_whole(part_over(at)) + of->steps), target, sizes(target) * (float)ROUNDING };
}

/* Which of them are above all that their sight lines may have met. */
static inline i4 seen_of(const asked *of, const four *at)
{
    f4 left = picked(highest + at->ray, &at->by), way = picked(highest + at->ray + 1, &at->by) - left;
    return at->target - at->rounding - of->enough >= left + way * at->by.part + sizes(way) * (float)ROUNDING;
}

/* Which are below what theirs have met at least. */
static inline i4 dark_of(const four *at)
{
    f4 left = picked(lowest_left + at->ray, &at->by), way = picked(lowest_right + at->ray, &at->by) - left;
    return at->target + at->rounding < left + way * at->by.part - sizes(way) * (float)ROUNDING;
}

/* Most cells are as those beside them. Pass those from k to `last` that are seen, then hide those that are hidden, as long as four are
 * alike: the first four that are not, or a cell beyond `last`. */
ALONE i32 pass_alike(const asked *from, i32 k, i32 last)
{
    asked of = *from;
    for (; k <= last; k += 4) {
        four at = four_of(&of, k);
        if (!all_true(seen_of(&of, &at))) break;
    }
    for (; k <= last; k += 4) {
        four at = four_of(&of, k);
        if (!all_true(dark_of(&at))) break;
        *(loose_i32 *)(of.cells + k) = 0;
    }
    return k;
}

static inline void judge_one(const side *of, const column *in, u8 *cells, i32 k, double twist)
{
    if (of->of->mask[place_of(of, in->at, k)] && cells[k] && hidden(of, in, k, twist)) cells[k] = 0;
}

/* Judge the cells `low` to `high` of a column, by fours; those that the rays leave in doubt one by one. */
static void judge(const side *of, const column *in, i32 low, i32 high, double bend)
{
    if (low > high) return;
    i32 axis = floor_of(of->eye_across), lift = of->of->in->lift;
    double scale = 1 / in->gap, twist = bend * (max(size_of(low - axis), size_of(high - axis)) + 1) * in->inverse;
    u8 *cells = of->turned ? of->of->mask + place_of(of, in->at, 0) : strip.kept[in->strip] + EDGE;
    if (high - low < 3 || 3 * scale > 6.9 || in->at == of->first) {
        for (i32 k = low; k <= high; k++) judge_one(of, in, cells, k, twist);
        return;
    }
    double clear_cm = strip.above < 0 ? 1e30 : strip.above >= twist ? 0 : 4 * strip.above >= twist ? twist / 4 : twist;
    asked those = { lift < 0 ? strip.targets[in->strip] + EDGE : ground_of(of, in->at), cells, low, 0, fixed(scale),
        { 0 }, all_whole(max(0, lift) - of->of->in->observer_z), all_of((float)in->inverse),
        all_of((float)(clear_cm / most(in->before, 1e-9))) };
    those.from = fixed((low - of->eye_across) * scale + of->rays), those.steps = (i4){ 0, 1, 2, 3 } * (i32)(those.each >> 16);
    for (i32 k = low; k <= high; k += 4) {
        k = pass_alike(&those, k, high - 3);
        if (k > high) return;
        k = min(k, high - 3);
        four at = four_of(&those, k);
        i4 dark = dark_of(&at), sure = dark | seen_of(&those, &at);
        bytes lost = __builtin_shufflevector((bytes)dark, (bytes)dark, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
        *(loose_i32 *)(cells + k) &= ~((i4)lost)[0];
        for (unsigned doubt = ~(unsigned)__builtin_wasm_bitmask_i32x4(sure) & 15; doubt; doubt &= doubt - 1)
            judge_one(of, in, cells, k + __builtin_ctz(doubt), twist);
    }
}

/* Raise `lowest` of four gaps to what is met at their ends, where that is more. */
static inline void raise_gaps(i32 gap, f4 left, f4 right)
{
    f4 own_left = load(lowest_left + gap), own_right = load(lowest_right + gap);
    i4 better = left + right > own_left + own_right;
    store(lowest_left + gap, chosen(better, left, own_left));
    store(lowest_right + gap, chosen(better, right, own_right));
}

/* Let the rays `low` to `high`, and up to three more, meet the ground of a column. At its ends some are beyond it: there it goes on as
 * in its last patch, so that there is something to be straight between, but gives no gap a `lowest`. */
ALWAYS void meet(const side *of, const column *in, i32 low, i32 high, double bend, const int local, const int at_end)
{
    const float *rises = strip.rises + EDGE, *falls = strip.falls + EDGE;
    f4 inverse = all_of((float)in->inverse), ends = all_of((float)(of->rows - 1)), count = { 0, 1, 2, 3 };
    double slack = (SLACK + ROUNDING * of->size) * in->inverse, along = bend / (4 * of->rays) * (1 + ROUNDING) + slack;
    double slant = bend * least(2, 0.5 / most(in->before, 1e-9)) / of->rays * (1 + ROUNDING);
    f4 below = all_of((float)along), above_each = all_of((float)slant), last = all_of(NOTHING);
    f4 ray = all_of((float)(low - of->rays)) + count, back = -ray;
    i64 place = fixed(of->eye_across + (low - of->rays) * in->gap), each = fixed(in->gap);
    i4 steps = (i4){ 0, 1, 2, 3 } * (i32)(each >> 16), eye = all_whole(of->of->in->observer_z);
    for (i32 k = low;; k += 4, place += 4 * each, ray += 4, back -= 4) {
        i32 row = whole_of(place);
        i4 first = all_whole(part_over(place)) + steps;
        places by = places_of(first);
        i4 south = picked_whole(in->ground + row, &by), north = picked_whole(in->ground + row + 1, &by);
        f4 s = (of_whole(south - eye) + of_whole(north - south) * by.part) * inverse, least_met, most_met;
        if (local) least_met = s - picked_near(falls + row, &by), most_met = s + picked_near(rises + row, &by);
        else least_met = s - below, most_met = s + (below + above_each * larger(ray, back));
        if (at_end) {
            f4 across = of_whole(first) * (1.0f / 16777216) + (float)row;
            least_met = chosen((across >= 0) & (across <= ends), least_met, all_of(NOTHING));
        }
        raise_gaps(max(low, k - 4), last, __builtin_shufflevector(last, least_met, 1, 2, 3, 4));
        last = least_met;
        store(part + k, larger(load(part + k), most_met));
        store(highest + k, larger(load(highest + k), most_met));
        if (k + 4 <= high) continue;
        raise_gaps(k, last, __builtin_shufflevector(last, all_of(NOTHING), 1, 2, 3, 4));
        return;
    }
}

/* The same for each kind of run. */
ALONE void meet_smooth(const side *of, const column *in, i32 low, i32 high, double bend) { meet(of, in, low, high, bend, 0, 0); }

ALONE void meet_local(const side *of, const column *in, i32 low, i32 high, double bend) { meet(of, in, low, high, bend, 1, 0); }

ALONE void meet_end(const side *of, const column *in, i32 low, i32 high, double bend) { meet(of, in, low, high, bend, 0, 1); }

ALONE void meet_local_end(const side *of, const column *in, i32 low, i32 high, double bend) { meet(of, in, low, high, bend, 1, 1); }

/* Put a ray between each two: straight between theirs is what was known of it. */
static void split(side *of)
{
    for (i32 k = of->high; k >= of->low; k--) {
        float far_high = k < of->high ? highest[k + 1] : highest[k], far_part = k < of->high ? part[k + 1] : part[k];
        float left = lowest_left[k], right = lowest_right[k];
        double middle_high = (highest[k] + far_high) / 2.0, middle_part = (part[k] + far_part) / 2.0, middle = (left + right) / 2.0;
        highest[2 * k + 1] = (float)(middle_high + ROUNDING * size(middle_high)), highest[2 * k] = highest[k];
        part[2 * k + 1] = (float)(middle_part + ROUNDING * size(middle_part)), part[2 * k] = part[k];
        middle -= ROUNDING * size(middle);
        lowest_left[2 * k + 1] = (float)middle, lowest_right[2 * k + 1] = right;
        lowest_left[2 * k] = left, lowest_right[2 * k] = (float)middle;
    }
    of->rays *= 2, of->low *= 2, of->high *= 2;
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
    *low = max(*low, floor_of(of->eye_across + (of->low - of->rays) * gap - 1e-6) + 1);
    *high = min(*high, floor_of(of->eye_across + (of->high - of->rays) * gap + 1e-6));
}

/* The least that sight lines through a block have met. */
static double least_met(const side *of, i32 block, double near, double far)
{
    double a = block * SIZE - of->eye_across, b = a + SIZE;
    double low = a / (a < 0 ? near : far), high = b / (b > 0 ? near : far), found = -NOTHING;
    i32 first = low < -1 ? of->low : max(of->low, floor_of(low * of->rays) + of->rays - 1);
    i32 last = high > 1 ? of->high - 1 : min(of->high - 1, floor_of(high * of->rays) + of->rays + 1);
    i32 k = first;
    f4 four = all_of(-NOTHING);
    for (; k + 3 <= last; k += 4) four = lesser(four, lesser(load(lowest_left + k), load(lowest_right + k)));
    for (; k <= last; k++) found = least(found, least(lowest_left[k], lowest_right[k]));
    return least(found, least_in(four));
}

/* The highest target of some cells of the grid, in one piece. */
static i32 highest_of(const i32 *targets, i32 count, i32 found)
{
    i4 four = { found, found, found, found };
    i32 k = 0;
    for (; k + 3 < count; k += 4) four = __builtin_elementwise_max(four, load_whole(targets + k));
    for (; k < count; k++) found = max(found, targets[k]);
    return max(max(found, max(four[0], four[1])), max(four[2], four[3]));
}

/* Hide some cells, mostly as many as a block is wide: to fill a length that is not known is slow where this runs. */
static void blacken(u8 *cells, i32 count)
{
    i32 k = 0;
    for (; k + SIZE <= count; k += SIZE) __builtin_memset(cells + k, 0, SIZE);
    for (; k < count; k++) cells[k] = 0;
}

/* Hide a block's targets, rows `low` to `high`, when all are below what their sight lines have met; whether they are. */
static int darken(const side *of, i32 first, i32 last, i32 low, i32 high, i32 ground, double met)
{
    const field *all = of->of;
    i32 count = size_of(last - first) + 1, west = min(first, last), top = -2 * HEIGHT;
    double near = distance_of(of, first), limit = met * (met < 0 ? distance_of(of, last) : near) + of->eye;
    if (all->in->lift >= 0) top = ground + all->in->lift;
    else if (of->turned)
        for (i32 k = 0; k < count; k++) top = highest_of(all->targets + place_of(of, west + k, low), high - low + 1, top);
    else
        for (i32 row = low; row <= high; row++) top = highest_of(all->targets + place_of(of, west, row), count, top);
    if (top >= limit) return 0;
    if (of->turned)
        for (i32 k = 0; k < count; k++) {
            i32 own = size_of(west + k - first), from_row = max(low, lows[own]), to_row = min(high, highs[own]);
            blacken(all->mask + place_of(of, west + k, from_row), to_row - from_row + 1);
        }
    else
        for (i32 row = low; row <= high; row++) {
            u8 *cells = all->mask + place_of(of, west, row);
            if (row >= south && row <= north) blacken(cells, count);
            else
                for (i32 k = 0; k < count; k++)
                    if (row >= lows[size_of(west + k - first)] && row <= highs[size_of(west + k - first)]) cells[k] = 0;
        }
    return 1;
}

/* The blocks of some columns that are not passed over, as runs. */
static i32 runs_left(const side *of, i32 first, i32 last, i32 along)
{
    const job *in = of->of->in;
    i32 count = blocks_of(of->rows, 2), wide = blocks_of(in->columns, 2), low, high, made = 0;
    double near = distance_of(of, first) - 1, far = distance_of(of, last);
    low = lows[size_of(last - first)], high = highs[size_of(last - first)];
    double near_low = of->eye_across + (of->low - of->rays) * near / of->rays, margin = far / of->rays + 2;
    double near_high = of->eye_across + (of->high - of->rays) * near / of->rays;
    i32 from_block = max(0, min(count - 1, floor_of(least(near_low, low) - margin) >> 4));
    i32 to_block = max(0, min(count - 1, floor_of(most(near_high, high) + margin) >> 4));
    for (i32 block = from_block; block <= to_block; block++) {
        i32 top = HIGHEST(AT(const i32, in->block_at[1])[of->turned ? (i64)along * wide + block : (i64)block * wide + along]);
        i32 end = block == count - 1 ? of->rows - 1 : block * SIZE + SIZE - 1;
        run here = { block * SIZE, end, 0, 0, block * SIZE < EDGE || end >= of->rows - EDGE, bend_of(of, along, block) };
        here.local = here.bend > BENT;
        if (near > 0) {
            double rise = top + (near < SIZE / 2 ? 2 : 0.5) * here.bend + 1 - of->eye, met = least_met(of, block, near, far);
            here.quiet = rise / (rise > 0 ? near : far) < met;
            if (here.quiet && darken(of, first, last, here.low, here.high, top, met)) continue;
        }
        run *before = made ? &runs[made - 1] : 0;
        if (before && before->high == here.low - 1 && before->quiet == here.quiet
            && before->local == here.local && before->edge == here.edge && here.bend <= 1.5 * before->bend
            && before->bend <= 1.5 * here.bend) {
            before->high = here.high, before->bend = most(before->bend, here.bend);
        } else runs[made++] = here;
    }
    return made;
}

/* Where the ground of a column, and of those before and after it, stands for a run. */
static void find_ground(const side *of, column *in, int edge)
{
    const i32 *own = ground_of(of, in->at);
    in->ground = edge ? strip.ground[in->strip] + EDGE : own;
    in->last = edge ? strip.ground[in->strip - 1] + EDGE : own - (i64)of->away * of->pitch;
    in->next = edge ? strip.ground[in->strip + 1] + EDGE : own + (i64)of->away * of->pitch;
}

/* Judge the cells of a column, then let the rays meet its ground. */
static void pass(side *of, column *in, i32 count, int has_next)
{
    i32 low = lows[in->strip - 1], high = highs[in->strip - 1];
    while (of->rays < in->distance && of->rays < RAYS) split(of);
    in->gap = in->distance / of->rays;
    for (i32 k = 0; k < count; k++) judge(of, in, max(low, runs[k].low), min(high, runs[k].high), runs[k].bend);
    for (i32 k = 0; k < count; k++) {
        if (runs[k].quiet) continue;
        find_ground(of, in, runs[k].edge);
        if (runs[k].local) bend_column(of, in, runs[k].low, runs[k].high, has_next);
        double first = runs[k].low, last = runs[k].high + 1, margin = in->gap + 2;
        if (runs[k].low == 0) first -= margin;
        if (runs[k].high == of->rows - 1) last += margin;
        double a = (first - of->eye_across) / in->gap + of->rays, b = (last - of->eye_across) / in->gap + of->rays;
        if (b < of->low || a > of->high) continue;
        i32 from_ray = a < of->low ? of->low : (i32)a, to_ray = b >= of->high ? of->high : (i32)b + 1;
        int local = runs[k].local && in->at != of->first;
        if (local) (runs[k].edge ? meet_local_end : meet_local)(of, in, from_ray, to_ray, runs[k].bend);
        else (runs[k].edge ? meet_end : meet_smooth)(of, in, from_ray, to_ray, runs[k].bend);
    }
}

/* What the rays have met before the first column: nothing, or, where that is not known, anything. */
static void set_out(const side *of)
{
    const job *in = of->of->in;
    double along = (double)of->along_cm / in->step, across = of->eye_across, met_before = NOTHING;
    if (along >= 0 && along <= of->columns - 1 && across > -1 && across < of->rows) {
        if (across >= 0 && across <= of->rows - 1) {
            i32 west = min((i32)along, of->columns - 2), south = min((i32)across, of->rows - 2);
            const i32 *at = of->of->ground + place_of(of, west, south);
            double low = between(at[0], at[of->next], along - west);
            double high = between(at[of->up], at[of->up + of->next], along - west);
            if (between(low, high, across - south) > of->eye + GRAZE / 10) met_before = -NOTHING;
        } else met_before = -NOTHING;
    }
    for (i32 k = of->low; k < of->high + SPARE; k++) {
        highest[k] = part[k] = (float)met_before;
        lowest_left[k] = lowest_right[k] = NOTHING;
    }
}

/* Keep what the rays have met within some columns; the first of their group when `fresh`. */
static void close_group(const side *of, i32 group, int fresh)
{
    i32 each = max(1, BINS / (2 * of->rays)), bin = bin_of(of, of->low), end = bin_of(of, of->high - 1) + each;
    float *kept = parts[group];
    if (fresh && 2 * of->rays == BINS) {
        for (i32 k = of->low; k < of->high; k += 4) store(kept + k, larger(load(part + k), load(part + k + 1)));
    } else {
        for (i32 k = bin; fresh && k < end; k += 4) store(kept + k, all_of(NOTHING));
        for (i32 k = of->low; k < of->high; k++) {
            float made = part[k] > part[k + 1] ? part[k] : part[k + 1];
            bin = bin_of(of, k);
            for (i32 j = bin; j < bin + each; j++)
                if (made > kept[j]) kept[j] = made;
        }
    }
    for (i32 k = of->low; k < of->high + SPARE; k += 4) store(part + k, all_of(NOTHING));
}

/* Read the ground of some columns once, a number of each line of the cache: to wait for many lines at a time is faster than to wait
 * for each where it is needed. */
static void fetch(const side *of, i32 first, i32 count, i32 number)
{
    i32 sum = 0;
    for (i32 n = 0; n < number; n++)
        for (i32 k = 0; k < count; k++) {
            const i32 *ground = ground_of(of, first + k * of->away);
            for (i32 row = runs[n].low; row <= runs[n].high; row += SIZE) sum += ground[row];
        }
    fetched = sum;
}

/* Pass over some columns, the nearest first, that lie in the blocks number `along`. */
static void pass_all(side *of, i32 first, i32 last, i32 along, i32 group)
{
    i32 lines = size_of(last - first) + 1, before = first - of->away;
    south = 0, north = of->rows - 1;
    for (i32 k = 0; k < lines; k++) {
        span_of(of, first + k * of->away, &lows[k], &highs[k]);
        south = max(south, lows[k]), north = min(north, highs[k]);
    }
    i32 count = runs_left(of, first, last, along);
    if (!count) return;
    i32 after = last + of->away, more = after >= 0 && after < of->columns, some = before >= 0 && before < of->columns;
    fetch(of, first, lines + more, count);
    fill_strip(of, some ? before : first, lines + some + more, !some, runs, count);
    for (i32 at = first; of->away * (last - at) >= 0; at += of->away) {
        double distance = distance_of(of, at);
        column in = { at, group, size_of(at - first) + 1, distance, at == of->first ? 0 : distance - 1, 1 / distance, 0, 0, 0, 0 };
        pass(of, &in, count, at != last || more);
    }
    if (!of->turned) empty_strip(of, first, lines, 1, runs, count);
}

/* Judge all cells of a side. */
static void sweep(side *of)
{
    set_out(of);
    i32 lines = of->away * (of->last - of->first) + 1, each = SIZE;
    while (lines / each + 2 > GROUPS) each *= 2;
    i32 group = 0, start = of->first;
    starts[0] = of->first;
    for (i32 at = of->first; of->away * (of->last - at) >= 0;) {
        i32 along = max(0, min(of->columns - 2, at - (of->away > 0))) / SIZE;
        i32 end = of->away > 0 ? min(of->last, along * SIZE + SIZE) : max(of->last, along * SIZE);
        if (of->away * (at - start) >= each) start = at, starts[++group] = at - of->away;
        ends[group] = end;
        pass_all(of, at, end, along, group);
        close_group(of, group, at == start);
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

/* The most that the ground is above or below the eye. */
static double size_over_eye(const field *of)
{
    const job *in = of->in;
    i32 lowest = in->lowest - in->lift, highest = in->highest - in->lift;
    if (in->lift < 0) {
        lowest = HEIGHT, highest = -HEIGHT;
        for (const i32 *at = of->ground, *end = at + (i64)in->rows * in->columns; at < end; at++)
            lowest = min(lowest, *at), highest = max(highest, *at);
    }
    return max(size_of(lowest - in->observer_z), size_of(highest - in->observer_z));
}

static side side_of(const field *of, int turned, i32 away, double size_over)
{
    const job *in = of->in;
    i32 x = in->observer_x - in->x, y = in->observer_y - in->y;
    side made = { of, turned, away, in->columns, in->rows, 1, in->columns, x, y, 0, in->observer_z, 0, 0, 2, -2,
        AT(const i32, in->turned_at), in->rows, size_over, 0, 0, 0 };
    if (turned) {
        made.columns = in->rows, made.rows = in->columns, made.next = in->columns, made.up = 1;
        made.ground = of->ground, made.pitch = in->columns;
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
    double over = size_over_eye(of);
    side sides[4] = { side_of(of, 0, 1, over), side_of(of, 0, -1, over), side_of(of, 1, 1, over), side_of(of, 1, -1, over) };
    int too_wide = max(of->in->columns, of->in->rows) > WIDEST;
    if (!too_wide) share_all(sides);
    for (i32 k = 0; k < 4 && !too_wide; k++) too_wide = distance_of(&sides[k], sides[k].last) > RAYS;
    if (too_wide) {
        for (i32 row = of->top_row; row < of->end_row; row++)
            for (i32 i = of->low[row]; i <= of->high[row]; i++) judge_alone(of, i, row);
        return;
    }
    for (i32 k = 0; k < 4; k++) {
        side *one = &sides[k];
        if (one->last == one->first - one->away) continue;
        i32 low = max(0, floor_of(one->least_u * FEWEST) + FEWEST - 1);
        i32 high = min(2 * FEWEST, floor_of(one->most_u * FEWEST) + FEWEST + 2);
        for (; low < high; low += FEWEST) { /* by halves: what a column works on then stays in the cache */
            side sector = *one;
            sector.rays = FEWEST, sector.low = low, sector.high = min(high, low + FEWEST);
            sweep(&sector);
        }
    }
}
