/* Whether the ground hides a target, judged along its sight line: patch by patch, with blocks of patches passed over that are low
 * enough. Ground is bilinear between the centres of cells. */

#include "kernel.h"

static double lowest_of(const sight *line, double t0, double t1) { return line->z + line->dz * (line->dz > 0 ? t0 : t1); }

/* Whether one patch of terrain rises above the sight line between t0 and t1 of its way. */
int ground_rises_in(const field *of, const sight *line, i32 px, i32 py, double t0, double t1)
{
    i32 columns = of->in->columns;
    const i32 *corner = of->ground + (i64)py * columns + px;
    i32 highest = max(max(corner[0], corner[1]), max(corner[columns], corner[columns + 1]));
    if (highest <= lowest_of(line, t0, t1)) return 0;
    double a = corner[0], b = corner[1] - a, c = corner[columns] - a, d = corner[columns + 1] - a - b - c;
    double above[3];
    for (i32 k = 0; k < 3; k++) {
        double t = k == 0 ? t0 : k == 1 ? t1 : (t0 + t1) / 2;
        double x = line->x + line->dx * t - px, y = line->y + line->dy * t - py;
        above[k] = a + b * x + c * y + d * x * y - (line->z + line->dz * t);
    }
    if (above[0] > GRAZE || above[1] > GRAZE || above[2] > GRAZE) return 1;
    /* Ground is a parabola here: through the ends, above[2] in the middle; its top counts when it lies between them. */
    double bend = 2 * (above[0] + above[1] - 2 * above[2]), slope = 4 * above[2] - 3 * above[0] - above[1];
    return bend < 0 && slope > 0 && slope < -2 * bend && above[0] - slope * slope / (4 * bend) > GRAZE;
}

/* Walk the unit squares, or the blocks of `size` of them, that a line crosses between t0 and t1. */
typedef struct { i32 x, y, step_x, step_y; double next_x, next_y, each_x, each_y; } walk;

static walk walk_from(const sight *line, double t, double size, i32 low_x, i32 high_x, i32 low_y, i32 high_y)
{
    double x = (line->x + line->dx * t) / size, y = (line->y + line->dy * t) / size;
    walk made = { (i32)__builtin_floor(x), (i32)__builtin_floor(y), line->dx < 0 ? -1 : 1, line->dy < 0 ? -1 : 1, 2, 2, 0, 0 };
    if (line->dx < 0 && x == made.x) made.x--;
    if (line->dy < 0 && y == made.y) made.y--;
    made.x = max(low_x, min(high_x, made.x)), made.y = max(low_y, min(high_y, made.y));
    if (line->dx != 0) {
        made.each_x = size / __builtin_fabs(line->dx);
        made.next_x = ((made.x + (line->dx > 0)) * size - line->x) / line->dx;
    }
    if (line->dy != 0) {
        made.each_y = size / __builtin_fabs(line->dy);
        made.next_y = ((made.y + (line->dy > 0)) * size - line->y) / line->dy;
    }
    return made;
}

static void walk_on(walk *of)
{
    if (of->next_x < of->next_y) of->x += of->step_x, of->next_x += of->each_x;
    else of->y += of->step_y, of->next_y += of->each_y;
}

/* How many blocks of a level lie side by side over `cells` centres. */
i32 blocks_of(i32 cells, i32 level) { return ((cells - 2) >> (2 * level)) + 1; }

/* Whether the ground rises above a line between t0 and t1, which lie in the blocks low..high of a level (0: patches); and where. */
static int rises(const field *of, const sight *line, i32 level, double t0, double t1, point low, point high, point *where)
{
    const job *in = of->in;
    walk blocks = walk_from(line, t0, (double)(1 << (2 * level)), low.x, high.x, low.y, high.y);
    const i32 *highest = level > 0 ? AT(const i32, in->block_at[level - 1]) : 0;
    i32 across = blocks_of(in->columns, level), below = level - 1;
    for (;;) {
        double end = least(t1, least(blocks.next_x, blocks.next_y));
        if (level == 0) {
            if (ground_rises_in(of, line, blocks.x, blocks.y, t0, end)) {
                *where = (point){ blocks.x, blocks.y };
                return 1;
            }
        } else if (lowest_of(line, t0, end) < HIGHEST(highest[(i64)blocks.y * across + blocks.x])) {
            point first = { blocks.x * 4, blocks.y * 4 };
            point last = { min(first.x + 3, blocks_of(in->columns, below) - 1), min(first.y + 3, blocks_of(in->rows, below) - 1) };
            if (rises(of, line, below, t0, end, first, last, where)) return 1;
        }
        if (end >= t1) return 0;
        t0 = most(t0, end);
        walk_on(&blocks);
        if (blocks.x < low.x || blocks.x > high.x || blocks.y < low.y || blocks.y > high.y) return 0;
    }
}

/* The part of a line, from *t0 to *t1, in which its x (or y) runs between low and high; whether there is any. */
static int clip(double start, double way, double low, double high, double *t0, double *t1)
{
    if (way == 0) return start >= low && start <= high;
    double enters = (low - start) / way, leaves = (high - start) / way;
    *t0 = most(*t0, least(enters, leaves));
    *t1 = least(*t1, most(enters, leaves));
    return *t0 < *t1;
}

sight sight_of(const field *of, i32 column, i32 row)
{
    const job *in = of->in;
    sight line = { (double)(in->observer_x - in->x) / in->step, (double)(in->observer_y - in->y) / in->step, in->observer_z, 0, 0, 0 };
    line.dx = column - line.x, line.dy = row - line.y;
    line.dz = of->targets[(i64)row * in->columns + column] - line.z;
    return line;
}

int ground_rises(const field *of, const sight *line, i32 level, double t0, double t1, point *where)
{
    const job *in = of->in;
    if (!clip(line->x, line->dx, 0, in->columns - 1, &t0, &t1) || !clip(line->y, line->dy, 0, in->rows - 1, &t0, &t1)) return 0;
    point low = { 0, 0 }, high = { blocks_of(in->columns, level) - 1, blocks_of(in->rows, level) - 1 };
    return rises(of, line, level, t0, t1, low, high, where);
}

int ground_rises_at(const field *of, const sight *line, point patch)
{
    double t0 = 0, t1 = 1;
    return clip(line->x, line->dx, patch.x, patch.x + 1, &t0, &t1) && clip(line->y, line->dy, patch.y, patch.y + 1, &t0, &t1)
        && ground_rises_in(of, line, patch.x, patch.y, t0, t1);
}
