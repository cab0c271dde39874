/* Four numbers at once: WebAssembly's 128-bit instructions, under names that say what they do. */

#ifndef LANES_H
#define LANES_H

#include "kernel.h"

typedef float f4 __attribute__((vector_size(16)));
typedef i32 i4 __attribute__((vector_size(16)));
typedef unsigned unsigned4 __attribute__((vector_size(16)));
typedef signed char bytes __attribute__((vector_size(16)));

/* The same, anywhere in memory. */
typedef f4 loose_f4 __attribute__((aligned(4), may_alias));
typedef i4 loose_i4 __attribute__((aligned(4), may_alias));
typedef bytes loose_bytes __attribute__((aligned(1), may_alias));
typedef i32 loose_i32 __attribute__((aligned(1), may_alias));

static inline f4 load(const float *from) { return *(const loose_f4 *)from; }

static inline i4 load_whole(const i32 *from) { return *(const loose_i4 *)from; }

static inline void store(float *to, f4 numbers) { *(loose_f4 *)to = numbers; }

static inline void store_whole(i32 *to, i4 numbers) { *(loose_i4 *)to = numbers; }

static inline i4 sizes_whole(i4 a) { return __builtin_elementwise_abs(a); }

static inline i4 larger_whole(i4 a, i4 b) { return __builtin_elementwise_max(a, b); }

static inline i4 lesser_whole(i4 a, i4 b) { return __builtin_elementwise_min(a, b); }

static inline i4 all_whole(i32 number) { return (i4){ number, number, number, number }; }

static inline f4 all_of(float number) { return (f4){ number, number, number, number }; }

static inline f4 of_whole(i4 numbers) { return __builtin_convertvector(numbers, f4); }

static inline f4 lesser(f4 a, f4 b) { return __builtin_wasm_pmin_f32x4(a, b); }

static inline f4 larger(f4 a, f4 b) { return __builtin_wasm_pmax_f32x4(a, b); }

static inline f4 sizes(f4 a) { return __builtin_wasm_abs_f32x4(a); }

static inline f4 chosen(i4 which, f4 a, f4 b) { return (f4)__builtin_wasm_bitselect((i4)a, (i4)b, which); }

static inline int any_of(i4 which) { return __builtin_wasm_any_true_v128(which); }

static inline int all_true(i4 which) { return __builtin_wasm_all_true_i32x4(which); }

static inline float largest(f4 a)
{
    float x = a[0] > a[1] ? a[0] : a[1], y = a[2] > a[3] ? a[2] : a[3];
    return x > y ? x : y;
}

static inline float least_in(f4 a) { return -largest(-a); }

/* Turn a square of four by four numbers: its rows become its columns. */
static inline void turn(f4 *a, f4 *b, f4 *c, f4 *d)
{
    f4 low = __builtin_shufflevector(*a, *b, 0, 4, 1, 5), high = __builtin_shufflevector(*a, *b, 2, 6, 3, 7);
    f4 other_low = __builtin_shufflevector(*c, *d, 0, 4, 1, 5), other_high = __builtin_shufflevector(*c, *d, 2, 6, 3, 7);
    *a = __builtin_shufflevector(low, other_low, 0, 1, 4, 5), *b = __builtin_shufflevector(low, other_low, 2, 3, 6, 7);
    *c = __builtin_shufflevector(high, other_high, 0, 1, 4, 5), *d = __builtin_shufflevector(high, other_high, 2, 3, 6, 7);
}

/* Four places in a row of numbers, in 2^-24 of the way from one to the next, rising and less than 8 from where the row is looked at:
 * between which two numbers each is, and how far it is from the first to the second. There is no instruction that loads from four
 * addresses; but one that picks bytes out of 16, by number, and gives 0 for a number that is not one of them. So eight numbers are two
 * picks. */
typedef struct { bytes near, far; f4 part; } places;

static inline places places_of(i4 at)
{
    i4 made = (i4)((unsigned4)at >> 24) * 0x04040404 + 0x03020100;
    return (places){ (bytes)made, (bytes)made - 16, of_whole(at & 0xffffff) * (1.0f / 16777216) };
}

/* The numbers at four places, all of them less than 4 from the first. */
static inline f4 picked_near(const float *from, const places *at)
{
    return (f4)__builtin_wasm_swizzle_i8x16((bytes)load(from), at->near);
}

static inline i4 picked_whole(const i32 *from, const places *at)
{
    return (i4)__builtin_wasm_swizzle_i8x16((bytes)load_whole(from), at->near);
}

/* The numbers at four places, less than 8 from the first. */
static inline f4 picked(const float *from, const places *at)
{
    return (f4)((i4)picked_near(from, at) | (i4)__builtin_wasm_swizzle_i8x16((bytes)load(from + 4), at->far));
}

#endif
