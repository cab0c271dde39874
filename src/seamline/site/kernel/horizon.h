/* What the parts of the horizon share: a side of the grid, its rays, and the strip of columns that is being passed. */

#ifndef HORIZON_H
#define HORIZON_H

#include "lanes.h"

#define LONGEST 16384 /* cells, along and across, of a grid that has a horizon */
#define RAYS 16384 /* most of them on either side of the axis: a power of two */
#define FEWEST 16 /* of them, near the observer */
#define SPARE 32 /* rays are met by fours, and some of the last four may be none */
#define GROUPS 64 /* of columns */
#define BINS 1024 /* of rays, of which the groups keep what they met */
#define SIZE 16 /* of a block; level 2 */
#define EDGE 20 /* rows beside a run that are looked at too, and more: rays by fours, and what bends them, look so far beyond it */
#define ROOM (LONGEST + 2 * EDGE + 8) /* not a power of two, or the columns of a strip would share few lines of the cache */
#define NOTHING -1e30f
#define SLACK 0.002 /* what GRAZE and rounding in doubles come to, and more, in centimetres */
#define ROUNDING 8e-6 /* what rounding in floats comes to, and more, of the greatest height or slope that goes in */

typedef struct {
    const field *of;
    i32 turned, away; /* whether its columns are the grid's rows; 1 or -1: where distance grows */
    i32 columns, rows, next, up; /* the grid as the side has it, and from a centre to the next along and across in its arrays */
    i32 along_cm, across_cm; /* the observer, from the first centre */
    double eye_across, eye; /* in cells, in centimetres */
    i32 first, last; /* columns; the last that has cells to judge */
    double least_u, most_u; /* of those */
    const i32 *ground; /* a column in one piece, the next after `pitch` */
    i32 pitch;
    double size; /* the greatest of the heights over the eye */
    i32 rays, low, high; /* rays 0..2 * rays, at u = -1..1; those that count */
} side;

/* Rows of blocks that are passed alike: how much they bend at most; whether they raise nothing; whether each place's own bend is
 * looked at; whether they are so near an end of the columns that these are taken from the strip. */
typedef struct { i32 low, high, quiet, local, edge; double bend; } run;

/* A column: its place and group, where it lies in the strip, its distance and that of the one before, the gap between two rays. Its
 * ground for the run that is being passed, and that of the columns before and after. */
typedef struct { i32 at, group, strip; double distance, before, inverse, gap; const i32 *ground, *last, *next; } column;

/* Of the slopes across about each place of a column, in centimetres a cell; and how far they differ from the column's before. */
typedef struct { i32 steepest[ROOM], flattest[ROOM], differ[ROOM]; } slopes;

/* The columns of a block, the one before them and the one after, each in one piece: row r is at EDGE + r. Ground is there only for runs
 * near an end of the columns, beyond which it goes on as in its last patch; the targets where they are not all alike.
 * `rises` and `falls`: how much more or less than at the rays beside it a sight line may meet, as s. `kept`: 0 where a target is hidden; of columns that are not the grid's rows. */
typedef struct {
    i32 ground[SIZE + 3][ROOM], targets[SIZE + 3][ROOM];
    float rises[ROOM], falls[ROOM];
    slopes slopes[2]; /* of columns of even and of odd number in the strip */
    u8 kept[SIZE + 3][ROOM];
    i32 above; /* the least of the targets over their ground */
} strips;

extern strips strip;

static inline i32 floor_of(double x) { i32 made = (i32)x; return made - (made > x); }

/* The ground of a column. */
static inline const i32 *ground_of(const side *of, i32 at) { return of->ground + (i64)at * of->pitch; }

static inline i64 place_of(const side *of, i32 at, i32 across) { return (i64)at * of->next + (i64)across * of->up; }

/* strip.c: copy what some runs need of the columns from `first` on, `count` of them, to the strip from its column `start` on; hide
 * nothing in it. */
void fill_strip(const side *of, i32 first, i32 count, i32 start, const run *runs, i32 number);

/* Hide in the mask what is hidden in the strip. */
void empty_strip(const side *of, i32 first, i32 count, i32 start, const run *runs, i32 number);

/* Work out `rises` and `falls` of a column, beside rows `low` to `high`; whether another column follows. */
void bend_column(const side *of, const column *in, i32 low, i32 high, int has_next);

/* doubt.c: whether a target, `s` high at `u` of a side, is hidden by the ground between the columns `near` and `far`. */
int hidden_between(const side *of, const column *in, const sight *line, double u, double s, i32 near, i32 far);

#endif
