/* What the parts of the kernel share: the job as it lies in memory, and a little arithmetic. */

#ifndef KERNEL_H
#define KERNEL_H

typedef int i32;
typedef long long i64;
typedef unsigned char u8;

#define AT(type, address) ((type *)(__UINTPTR_TYPE__)(address))
#define LEVELS 3 /* of blocks of 4, 16 and 64 patches of terrain, which are passed over at once when a sight line clears them all */
#define HEIGHT (1 << 19) /* nothing is higher, in centimetres */
#define BENDS 4095 /* a block is its highest ground times 4,096, and how far it bends; this if farther */
#define HIGHEST(block) ((block) >> 12)
#define BEND(block) ((block) & BENDS)
#define GRAZE 1e-6 /* how far ground must rise above a sight line to hide, in centimetres */

typedef struct { i32 x, y; } point;
typedef struct { i32 first, count; } ring; /* of vertices */
typedef struct { i32 first, count, top; point low, high; } solid; /* of rings; its box */
typedef struct { i64 x, y, z, c; } plane; /* x * dx + y * dy + z * dz + c >= 0, from the observer */

typedef struct {
    i32 columns, rows; /* the grid */
    i32 x, y, step; /* centre of its first cell, and from one to the next */
    i32 observer_x, observer_y, observer_z;
    i32 target_z; /* on flat ground */
    i32 range; /* the farthest target, in space */
    i32 planes, cuts, levels; /* how many: a cell must be within all planes, not within both cuts, and counts its levels */
    i32 solids;
    i32 plane_at, solid_at, ring_at, point_at; /* where they stand: planes, then cuts, then levels */
    i32 row_at; /* room for 2 * rows numbers */
    i32 crossing_at; /* room for twice as many numbers as a solid has vertices */
    i32 mask_at; /* rows * columns bytes: 0 hidden or out of the field, else 1 + levels */
    i32 ground_at; /* 0: flat; else rows * columns heights of the centres; what lies between is bilinear */
    i32 target_at; /* over terrain: as many heights of targets */
    i32 block_at[LEVELS]; /* the highest ground of each block and its bend, smallest blocks first, as `survey` wrote them */
    i32 turned_at; /* over terrain: the ground again, its columns in one piece each, as `survey` wrote it */
    i32 lift; /* how far all targets stand over their ground; below 0: not all alike */
    i32 lowest, highest; /* of all targets */
} job;

/* One linear condition on a row of cells: a * i + b >= 0, where b grows by `down` a row. */
typedef struct { i64 a, b, down; double guess; } bound;

typedef struct { const job *in; u8 *mask; i32 *low, *high; const i32 *ground, *targets; i32 top_row, end_row; } field;

static inline i32 min(i32 a, i32 b) { return a < b ? a : b; }

static inline i32 max(i32 a, i32 b) { return a > b ? a : b; }

static inline i32 size_of(i32 a) { return a < 0 ? -a : a; }

static inline double size(double a) { return __builtin_fabs(a); }

static inline double least(double a, double b) { return a < b ? a : b; }

static inline double most(double a, double b) { return a > b ? a : b; }

static inline i64 cross(i64 ax, i64 ay, i64 bx, i64 by) { return ax * by - ay * bx; }

/* ground.c: whether the ground hides, judged along one sight line. */

/* A sight line over terrain: from the observer at t = 0 to the target at 1; x and y in cells. */
typedef struct { double x, y, z, dx, dy, dz; } sight;

sight sight_of(const field *of, i32 column, i32 row);

/* Whether the ground rises above a sight line between t0 and t1, by blocks of `level` at first; and in which patch. */
int ground_rises(const field *of, const sight *line, i32 level, double t0, double t1, point *where);

/* Whether it does in one patch, such as the one that hid the cell beside this one. */
int ground_rises_at(const field *of, const sight *line, point patch);

/* Whether one patch of the ground, its south-western corner at px, py, rises above a sight line between t0 and t1. */
int ground_rises_in(const field *of, const sight *line, i32 px, i32 py, double t0, double t1);

/* How many blocks of a level lie side by side over `cells` centres. */
i32 blocks_of(i32 cells, i32 level);

/* horizon.c: hide the cells of a field that lie behind the ground. */
void hide_behind_ground(const field *of);

#endif
