/* What an observer sees of a grid of cells: past solids that stand on flat ground, or past solids and over terrain.
 *
 * A solid is a footprint (rings: outer ones counter-clockwise, holes clockwise, so that the interior is on the left of every
 * edge) up to the height `top`. A cell is seen when the open segment from the observer to the target at its centre passes through
 * no solid's interior and not below the ground: to touch a wall, a corner or a roof's edge is not to be hidden by it.
 *
 * Solids are judged in whole numbers: everything is in centimetres, and floating point only guesses where a row's span begins,
 * which is then put right exactly. So there is no tolerance, and the same input gives the same bits wherever this runs. The bounds
 * that keep all products below 2^63: 2^20 cm around the observer, 2^19 cm of height. Terrain is judged in doubles, without any
 * function beyond + - * / and the square root, which are the same everywhere too: ground.c does, and horizon.c where it need not.
 *
 * How, on flat ground: z along a sight line is linear, so the part of it below `top` is one end of it. Seen from above, a solid
 * hides what lies in its footprint and, behind each of its edges through which sight lines leave it, the quadrilateral between
 * the edge and its shadow: the edge scaled about the observer. Rows of it are filled, no cell is asked twice. Over terrain the
 * targets differ in height: the cells behind an edge are asked one by one whether they are low enough. */
#include "kernel.h"

/* A vertex of a ring, seen from the observer; counted around. */
static point vertex(const job *in, const ring *of, i32 k)
{
    const point *points = AT(const point, in->point_at) + of->first;
    point found = points[k < 0 ? k + of->count : k >= of->count ? k - of->count : k];
    return (point){ found.x - in->observer_x, found.y - in->observer_y };
}

/* Whether a solid can hide anything of the field: its box comes within range, and is not wholly beyond an upright plane through
 * the observer, beyond which its shadow would be as well. */
static int matters(const job *in, const solid *body)
{
    const plane *planes = AT(const plane, in->plane_at);
    point low = { body->low.x - in->observer_x, body->low.y - in->observer_y };
    point high = { body->high.x - in->observer_x, body->high.y - in->observer_y };
    i64 x = max(max(low.x, -high.x), 0), y = max(max(low.y, -high.y), 0);
    if (x * x + y * y > (i64)in->range * in->range) return 0;
    for (i32 k = 0; k < in->planes; k++)
        if (planes[k].z == 0 && planes[k].c == 0
            && planes[k].x * (planes[k].x > 0 ? high.x : low.x) + planes[k].y * (planes[k].y > 0 ? high.y : low.y) < 0) return 0;
    return 1;
}

/* The condition px * dx + py * dy + c >= 0 on cells. */
static bound bound_of(const job *in, i64 px, i64 py, i64 c)
{
    i64 x = in->x - in->observer_x, y = in->y - in->observer_y;
    bound made = { px * in->step, px * x + py * y + c, py * in->step, 0 };
    made.guess = made.a ? -1.0 / (double)made.a : 0;
    return made;
}

/* A plane on targets of one height. */
static bound level_bound(const job *in, const plane *of)
{
    return bound_of(in, of->x, of->y, of->c + of->z * (in->target_z - in->observer_z));
}

/* The first cell of a row for which a rising condition holds, between low and high + 1. */
static i32 rises_at(const bound *of, i64 b, i32 low, i32 high)
{
    double guess = (double)b * of->guess;
    i32 i = guess <= low ? low : guess >= high + 1 ? high + 1 : (i32)guess;
    while (i > low && of->a * (i - 1) + b >= 0) i--;
    while (i <= high && of->a * i + b < 0) i++;
    return i;
}

/* The last cell of a row for which a falling condition holds, between low - 1 and high. */
static i32 falls_at(const bound *of, i64 b, i32 low, i32 high)
{
    double guess = (double)b * of->guess;
    i32 i = guess <= low - 1 ? low - 1 : guess >= high ? high : (i32)guess;
    while (i < high && of->a * (i + 1) + b >= 0) i++;
    while (i >= low && of->a * i + b < 0) i--;
    return i;
}

/* Narrow low..high of one row to where the conditions hold. */
static void narrow(const bound *bounds, i32 count, i32 row, i32 *low, i32 *high)
{
    for (i32 k = 0; k < count && *low <= *high; k++) {
        i64 b = bounds[k].b + bounds[k].down * row;
        if (bounds[k].a > 0) *low = rises_at(&bounds[k], b, *low, *high);
        else if (bounds[k].a < 0) *high = falls_at(&bounds[k], b, *low, *high);
        else if (b < 0) *high = *low - 1;
    }
}

static void hide(const field *of, i32 row, i32 low, i32 high)
{
    if (low <= high) __builtin_memset(of->mask + (i64)row * of->in->columns + low, 0, (unsigned)(high - low + 1));
}

/* Hide the cells of a row whose targets stand below `top`. */
static void hide_below(const field *of, i32 top, i32 row, i32 low, i32 high)
{
    if (!of->ground) { hide(of, row, low, high); return; }
    i64 base = (i64)row * of->in->columns;
    for (i32 i = low; i <= high; i++)
        if (of->targets[base + i] < top) of->mask[base + i] = 0;
}

/* The rows between y from..to, in centimetres from the observer. */
static void rows_of(const field *of, double from, double to, i32 *first, i32 *last)
{
    double base = of->in->y - of->in->observer_y, low = (from - base) / of->in->step - 1, high = (to - base) / of->in->step + 1;
    *first = low <= of->top_row ? of->top_row : low >= of->end_row ? of->end_row : (i32)low;
    *last = high >= of->end_row - 1 ? of->end_row - 1 : high < of->top_row ? of->top_row - 1 : (i32)high;
}

/* How a solid stands between this observer and targets of one height: hidden is what lies in the footprint scaled about the
 * observer by near_n / near_d, and behind its leaving edges scaled so, up to those scaled by far_n / far_d (far_d 0: for ever). */
typedef struct { i64 near_n, near_d, far_n, far_d; } shadow;

/* Whether a solid hides anything at all, and how. */
static int shadow_of(i64 eye, i64 target, i64 top, shadow *made)
{
    if (eye >= top && target >= top) return 0;
    *made = (shadow){ 1, 1, 0, 0 };
    if (eye >= top) made->far_n = eye - target, made->far_d = eye - top;
    else if (target > top) made->near_n = target - eye, made->near_d = top - eye;
    return 1;
}

/* Whether from vertex v, of the ring before, v, after, the direction q points into the interior. */
static int into(point before, point v, point after, i64 qx, i64 qy)
{
    i64 ux = after.x - v.x, uy = after.y - v.y, wx = before.x - v.x, wy = before.y - v.y;
    if (cross(ux, uy, wx, wy) > 0) return cross(ux, uy, qx, qy) > 0 && cross(qx, qy, wx, wy) > 0;
    return !(cross(wx, wy, qx, qy) >= 0 && cross(qx, qy, ux, uy) >= 0);
}

/* Hide what lies behind the edge a, b through which sight lines leave the solid, targets being of one height. */
static void hide_behind(const field *of, const shadow *by, point a, point b, int with_a, int with_b)
{
    const job *in = of->in;
    i64 ex = b.x - a.x, ey = b.y - a.y, beyond = cross(ex, ey, a.x, a.y);
    bound bounds[4] = {
        bound_of(in, -(i64)a.y, a.x, with_a ? 0 : -1),
        bound_of(in, b.y, -(i64)b.x, with_b ? 0 : -1),
        bound_of(in, ey * by->near_d, -ex * by->near_d, by->near_n * beyond),
        bound_of(in, -ey * by->far_d, ex * by->far_d, -by->far_n * beyond - 1),
    };
    double from = min(a.y, b.y), to = max(a.y, b.y), near = (double)by->near_n / (double)by->near_d;
    double far = by->far_d ? (double)by->far_n / (double)by->far_d : 1e9;
    i32 first, last;
    rows_of(of, from < 0 ? from * far : from * near, to > 0 ? to * far : to * near, &first, &last);
    for (i32 row = first; row <= last; row++) {
        i32 low = of->low[row], high = of->high[row];
        narrow(bounds, by->far_d ? 4 : 3, row, &low, &high);
        hide(of, row, low, high);
    }
}

/* Hide what lies behind the edge a, b, over terrain: the targets whose sight lines cross it lower than `top`. Towards the right
 * of the edge they leave the solid there, and a target on the edge is behind it; else they enter it, and it is not. */
static void hide_lower(const field *of, i32 top, point a, point b, int with_a, int with_b)
{
    const job *in = of->in;
    i64 ex = b.x - a.x, ey = b.y - a.y, beyond = cross(ex, ey, a.x, a.y), turn = cross(a.x, a.y, b.x, b.y) > 0 ? 1 : -1;
    bound bounds[3] = {
        bound_of(in, -turn * a.y, turn * a.x, with_a ? 0 : -1),
        bound_of(in, turn * b.y, -turn * b.x, with_b ? 0 : -1),
        bound_of(in, turn * ey, -turn * ex, turn * beyond - (turn < 0)),
    };
    i32 first, last;
    rows_of(of, a.y < 0 || b.y < 0 ? -1e9 : min(a.y, b.y), a.y > 0 || b.y > 0 ? 1e9 : max(a.y, b.y), &first, &last);
    for (i32 row = first; row <= last; row++) {
        i32 low = of->low[row], high = of->high[row];
        narrow(bounds, 3, row, &low, &high);
        i64 base = (i64)row * in->columns, y = in->y - in->observer_y + (i64)row * in->step;
        for (i32 i = low; i <= high; i++) {
            if (!of->mask[base + i]) continue;
            /* The crossing is the part -beyond / across of the way there; across and -beyond have one sign. */
            i64 x = in->x - in->observer_x + (i64)i * in->step, across = cross(x, y, ex, ey) * turn;
            i64 rise = of->targets[base + i] - in->observer_z;
            if (rise * -beyond * turn < (i64)(top - in->observer_z) * across) of->mask[base + i] = 0;
        }
    }
}

/* Where a row crosses the edges of a solid's rings, counted just above it (side 1) or just below (side 0), sorted. Of each crossing
 * on + after: the first cell at or beyond it, and the first one beyond it. */
static i32 crossings_of(const field *of, const shadow *by, const solid *body, i32 row, int side, i32 *crossings, int *at_vertex)
{
    const job *in = of->in;
    const ring *rings = AT(const ring, in->ring_at);
    i64 y = by->near_d * (in->y - in->observer_y + (i64)row * in->step);
    i32 found = 0;
    for (i32 r = body->first; r < body->first + body->count; r++)
        for (i32 k = 0; k < rings[r].count; k++) {
            point a = vertex(in, &rings[r], k), b = vertex(in, &rings[r], k + 1);
            i64 from = by->near_n * a.y, to = by->near_n * b.y;
            if (from == y) *at_vertex = 1;
            if (side ? (from > y) == (to > y) : (from >= y) == (to >= y)) continue;
            i64 ex = b.x - a.x, ey = b.y - a.y;
            if (ey > 0) ex = -ex, ey = -ey; /* so that ex * (y - from) - ey * (x - a.x) rises along the row */
            bound line = bound_of(in, -ey * by->near_d, 0, ex * (y - from) + ey * by->near_n * a.x);
            i32 on = rises_at(&line, line.b, 0, in->columns - 1);
            i32 key = 2 * on + (on < in->columns && line.a * on + line.b == 0), at = found++;
            for (; at > 0 && crossings[at - 1] > key; at--) crossings[at] = crossings[at - 1];
            crossings[at] = key;
        }
    return found;
}

/* Hide the interior of a footprint, scaled. A cell on its rim is not in its interior: a row that runs through a vertex, or along
 * an edge, is judged just above and just below, and only what both call inside is inside. */
static void hide_footprint(const field *of, const shadow *by, const solid *body)
{
    const job *in = of->in;
    double scale = (double)by->near_n / (double)by->near_d;
    i32 first, last;
    rows_of(of, (body->low.y - in->observer_y) * scale, (body->high.y - in->observer_y) * scale, &first, &last);
    for (i32 row = first; row <= last; row++) {
        int at_vertex = 0;
        i32 *above = AT(i32, in->crossing_at), count = crossings_of(of, by, body, row, 1, above, &at_vertex);
        i32 *below = above, others = count;
        if (at_vertex) below = above + count, others = crossings_of(of, by, body, row, 0, below, &at_vertex);
        for (i32 k = 0, j = 0; k + 1 < count && j + 1 < others;) {
            i32 low = max((above[k] + 1) / 2, (below[j] + 1) / 2), end = above[k + 1] / 2, other_end = below[j + 1] / 2;
            hide_below(of, body->top, row, max(low, of->low[row]), min(min(end, other_end) - 1, of->high[row]));
            if (end <= other_end) k += 2;
            if (other_end <= end) j += 2;
        }
    }
}

/* Whether the observer stands in the interior of a footprint. */
static int stands_in(const job *in, const solid *body)
{
    const ring *rings = AT(const ring, in->ring_at);
    int odd = 0;
    for (i32 r = body->first; r < body->first + body->count; r++)
        for (i32 k = 0; k < rings[r].count; k++) {
            point a = vertex(in, &rings[r], k), b = vertex(in, &rings[r], k + 1);
            i64 side = cross(a.x, a.y, b.x, b.y);
            if (side == 0 && min(a.x, b.x) <= 0 && max(a.x, b.x) >= 0 && min(a.y, b.y) <= 0 && max(a.y, b.y) >= 0) return 0;
            if ((a.y > 0) != (b.y > 0) && (side > 0) == (b.y > a.y)) odd = !odd;
        }
    return odd;
}

/* Hide what lies within all of some conditions. */
static void hide_all(const field *of, const bound *bounds, i32 count)
{
    for (i32 row = of->top_row; row < of->end_row; row++) {
        i32 low = of->low[row], high = of->high[row];
        narrow(bounds, count, row, &low, &high);
        hide(of, row, low, high);
    }
}

/* Over terrain: hide what an observer on the wall before..v..after, below the top of the solid, has on the other side of it. */
static void hide_through(const field *of, point before, point v, point after)
{
    i64 ux = after.x - v.x, uy = after.y - v.y, wx = before.x - v.x, wy = before.y - v.y;
    bound left_of_u = bound_of(of->in, -uy, ux, -1), right_of_w = bound_of(of->in, wy, -wx, -1), cone[2] = { left_of_u, right_of_w };
    if (v.x == 0 && v.y == 0 && cross(ux, uy, wx, wy) > 0) hide_all(of, cone, 2);
    else if (v.x == 0 && v.y == 0) hide_all(of, &left_of_u, 1), hide_all(of, &right_of_w, 1);
    else if (cross(v.x, v.y, after.x, after.y) == 0 && (i64)v.x * after.x + (i64)v.y * after.y < 0) hide_all(of, &left_of_u, 1);
}

/* Hide what one solid hides. */
static void hide_by(const field *of, const solid *body)
{
    const job *in = of->in;
    const ring *rings = AT(const ring, in->ring_at);
    shadow by = { 1, 1, 0, 0 };
    if (!of->ground && !shadow_of(in->observer_z, in->target_z, body->top, &by)) return;
    if (of->ground && in->observer_z < body->top && stands_in(in, body)) {
        hide_all(of, 0, 0);
        return;
    }
    hide_footprint(of, &by, body);
    for (i32 r = body->first; r < body->first + body->count; r++)
        for (i32 k = 0; k < rings[r].count; k++) {
            point before = vertex(in, &rings[r], k - 1), a = vertex(in, &rings[r], k);
            point b = vertex(in, &rings[r], k + 1), after = vertex(in, &rings[r], k + 2);
            i64 turn = cross(a.x, a.y, b.x, b.y);
            /* A sight line through a corner counts where it comes out of the interior there, or goes into it. */
            i32 sign = turn > 0 ? -1 : 1;
            int with_a = into(before, a, b, sign * a.x, sign * a.y), with_b = into(a, b, after, sign * b.x, sign * b.y);
            if (of->ground && turn != 0) hide_lower(of, body->top, a, b, with_a, with_b);
            if (of->ground && in->observer_z < body->top) hide_through(of, before, a, b);
            if (!of->ground && turn > 0) hide_behind(of, &by, a, b, with_a, with_b);
        }
}
/* Whether a target is within a plane. */
static int within(const plane *of, i64 x, i64 y, i64 z) { return of->x * x + of->y * y + of->z * z + of->c >= 0; }

/* Over terrain: 1 + levels of a target in the field, 0 for one that is not. */
static u8 in_field(const job *in, i64 x, i64 y, i64 z)
{
    const plane *at = AT(const plane, in->plane_at), *end = at + in->planes;
    if (x * x + y * y + z * z > (i64)in->range * in->range) return 0;
    for (; at < end; at++)
        if (!within(at, x, y, z)) return 0;
    int out = in->cuts > 0;
    for (end += in->cuts; at < end; at++) out &= within(at, x, y, z);
    if (out) return 0;
    u8 found = 1;
    for (end += in->levels; at < end; at++) found = (u8)(found + within(at, x, y, z));
    return found;
}

/* The cells of a row within reach, a square of centimetres; whether there are any. */
static int reach_of(field *of, i32 row, i64 reach)
{
    const job *in = of->in;
    i64 y = in->y - in->observer_y + (i64)row * in->step, left = reach - y * y;
    of->low[row] = 0, of->high[row] = left < 0 ? -1 : in->columns - 1;
    if (left < 0) return 0;
    i64 half = (i64)__builtin_sqrt((double)left);
    while (half * half > left) half--;
    while ((half + 1) * (half + 1) <= left) half++;
    bound disc[2] = { bound_of(in, 1, 0, half), bound_of(in, -1, 0, half) };
    narrow(disc, 2, 0, &of->low[row], &of->high[row]);
    return of->low[row] <= of->high[row];
}

/* Over terrain: mark the cells of a row that are in the field. The row's lowest and highest target tell of most cells at once;
 * where only the distance counts, those of all rows do. */
static void mark_row(const field *of, i32 row, i32 *low, i32 *high)
{
    const job *in = of->in;
    const plane *planes = AT(const plane, in->plane_at);
    const i32 *targets = of->targets + (i64)row * in->columns;
    u8 *cells = of->mask + (i64)row * in->columns;
    i32 lowest = in->lowest, highest = in->highest;
    if (in->planes + in->cuts + in->levels) {
        lowest = highest = targets[*low];
        for (i32 i = *low; i <= *high; i++) lowest = min(lowest, targets[i]), highest = max(highest, targets[i]);
    }
    lowest -= in->observer_z, highest -= in->observer_z;
    for (i32 k = 0; k < in->planes && *low <= *high; k++) {
        bound edge = bound_of(in, planes[k].x, planes[k].y, planes[k].c + planes[k].z * (planes[k].z > 0 ? highest : lowest));
        narrow(&edge, 1, row, low, high);
    }
    i64 x = in->x - in->observer_x, y = in->y - in->observer_y + (i64)row * in->step, z = max(highest, -lowest);
    i64 sure = in->planes + in->cuts + in->levels ? -1 : (i64)in->range * in->range - y * y - z * z, half = 0;
    i32 first = *low, last = *high;
    if (sure < 0) last = first - 1;
    else {
        half = (i64)__builtin_sqrt((double)sure) - 1; /* of these, none is out of reach */
        bound disc[2] = { bound_of(in, 1, 0, half), bound_of(in, -1, 0, half) };
        narrow(disc, 2, 0, &first, &last);
    }
    if (first <= last) __builtin_memset(cells + first, 1, (unsigned)(last - first + 1));
    for (i32 i = *low; i <= *high; i++) {
        if (i == first && first <= last) i = last + 1;
        if (i <= *high) cells[i] = in_field(in, x + (i64)i * in->step, y, targets[i] - in->observer_z);
    }
}

/* Mark the field: 1, or over terrain 1 + levels, for every cell in it. */
static void mark_field(field *of)
{
    const job *in = of->in;
    const plane *planes = AT(const plane, in->plane_at);
    i64 depth = of->ground ? 0 : in->target_z - in->observer_z, reach = (i64)in->range * in->range - depth * depth;
    of->top_row = in->rows, of->end_row = 0;
    for (i32 row = 0; row < in->rows; row++) {
        if (!reach_of(of, row, reach)) continue;
        i32 *low = &of->low[row], *high = &of->high[row];
        u8 *cells = of->mask + (i64)row * in->columns;
        if (of->ground) {
            mark_row(of, row, low, high);
            if (*low > *high) continue;
        } else {
            for (i32 k = 0; k < in->planes && *low <= *high; k++) {
                bound edge = level_bound(in, &planes[k]);
                narrow(&edge, 1, row, low, high);
            }
            if (*low > *high) continue;
            __builtin_memset(cells + *low, 1, (unsigned)(*high - *low + 1));
        }
        of->top_row = min(of->top_row, row);
        of->end_row = row + 1;
    }
}

/* On flat ground: count for every cell that is seen the levels it is within. */
static void count_levels(const field *of, const plane *levels)
{
    for (i32 k = 0; k < of->in->levels; k++) {
        bound edge = level_bound(of->in, &levels[k]);
        for (i32 row = of->top_row; row < of->end_row; row++) {
            i32 low = of->low[row], high = of->high[row];
            narrow(&edge, 1, row, &low, &high);
            u8 *cells = of->mask + (i64)row * of->in->columns;
            for (i32 i = low; i <= high; i++) cells[i] = (u8)(cells[i] + (cells[i] != 0));
        }
    }
}

/* Fill the mask of a job. */
__attribute__((export_name("see"))) void see(const job *in)
{
    const plane *planes = AT(const plane, in->plane_at);
    const solid *solids = AT(const solid, in->solid_at);
    const i32 *ground = in->ground_at ? AT(const i32, in->ground_at) : 0, *targets = AT(const i32, in->target_at);
    field of = { in, AT(u8, in->mask_at), AT(i32, in->row_at), AT(i32, in->row_at) + in->rows, ground, targets, 0, 0 };
    __builtin_memset(of.mask, 0, (unsigned)in->rows * (unsigned)in->columns);
    mark_field(&of);
    if (of.top_row >= of.end_row) return;
    if (!ground && in->cuts > 0) {
        /* A sector of more than half a turn: what lies in the rest of it, between two planes. */
        bound edges[2] = { level_bound(in, planes + in->planes), level_bound(in, planes + in->planes + in->cuts - 1) };
        hide_all(&of, edges, 2);
    }
    for (i32 k = 0; k < in->solids; k++)
        if (matters(in, &solids[k])) hide_by(&of, &solids[k]);
    if (!ground) { count_levels(&of, planes + in->planes + in->cuts); return; }
    if (in->columns > 1 && in->rows > 1) hide_behind_ground(&of);
}
