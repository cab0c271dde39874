/* Answers cases from standard input on standard output: u8 message, u8 what, and what that needs (cases.py, glue.py).
 *
 * Where there is no C library (the cross compilers) the three system calls it needs are made here, and memory is set here. */
#include "runner.h"

#if __STDC_HOSTED__
#include <stdlib.h>
#include <unistd.h>
#else
enum {
#if defined(__riscv)
    READ = 63, WRITE = 64, EXIT = 93
#else
    READ = 3, WRITE = 4, EXIT = 1
#endif
};

static long call(long number, long first, long second, long third)
{
#if defined(__riscv)
    register long result __asm__("a0") = first;
    register long to __asm__("a1") = second;
    register long size __asm__("a2") = third;
    register long what __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(result) : "r"(to), "r"(size), "r"(what) : "memory");
#elif defined(__s390x__)
    register long result __asm__("r2") = first;
    register long to __asm__("r3") = second;
    register long size __asm__("r4") = third;
    register long what __asm__("r1") = number;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(to), "r"(size), "r"(what) : "memory", "cc");
#else
    register long result __asm__("r0") = first;
    register long to __asm__("r1") = second;
    register long size __asm__("r2") = third;
    register long what __asm__("r7") = number;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(to), "r"(size), "r"(what) : "memory");
#endif
    return result;
}

static long read(int file, void *to, size_t size)
{
    return call(READ, file, (long)to, (long)size);
}

static long write(int file, const void *from, size_t size)
{
    return call(WRITE, file, (long)from, (long)size);
}

static void exit(int code)
{
    call(EXIT, code, 0, 0);
    for (;;) {
    }
}

void *memset(void *start, int value, size_t size);
void *memset(void *start, int value, size_t size)
{
    for (volatile uint8_t *to = start; size != 0u; size--) {
        *to++ = (uint8_t)value;
    }
    return start;
}

void *memcpy(void *restrict start, const void *restrict other, size_t size);
void *memcpy(void *restrict start, const void *restrict other, size_t size)
{
    const uint8_t *from = other;
    for (volatile uint8_t *to = start; size != 0u; size--) {
        *to++ = *from++;
    }
    return start;
}
#endif

static uint8_t in[65536], out[65536];
static size_t in_size, in_at, out_size;

static void flush(void)
{
    for (size_t at = 0; at < out_size;) {
        long done = write(1, out + at, out_size - at);
        if (done <= 0) {
            exit(3);
        }
        at += (size_t)done;
    }
    out_size = 0;
}

static bool more(void)
{
    if (in_at == in_size) {
        long done = read(0, in, sizeof in);
        in_size = done > 0 ? (size_t)done : 0u;
        in_at = 0;
    }
    return in_at < in_size;
}

uint8_t take8(void)
{
    if (!more()) {
        exit(2);
    }
    return in[in_at++];
}

uint64_t take(unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned index = 0; index < bytes; index++) {
        value |= (uint64_t)take8() << 8u * index;
    }
    return value;
}

void take_bytes(uint8_t *to, size_t size)
{
    while (size-- != 0u) {
        *to++ = take8();
    }
}

void give8(uint8_t value)
{
    if (out_size == sizeof out) {
        flush();
    }
    out[out_size++] = value;
}

void give(uint64_t value, unsigned bytes)
{
    for (unsigned index = 0; index < bytes; index++) {
        give8((uint8_t)(value >> 8u * index));
    }
}

void give_bytes(const uint8_t *from, size_t size)
{
    while (size-- != 0u) {
        give8(*from++);
    }
}

int main(void)
{
    while (more()) {
        answer(take8());
    }
    flush();
    return 0;
}

#if !__STDC_HOSTED__
void _start(void);
void _start(void)
{
    exit(main());
}
#endif
