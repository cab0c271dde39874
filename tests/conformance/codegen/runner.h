/* What glue.py's code is written with. */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint8_t take8(void);
uint64_t take(unsigned bytes);
void take_bytes(uint8_t *to, size_t size);
void give8(uint8_t value);
void give(uint64_t value, unsigned bytes);
void give_bytes(const uint8_t *from, size_t size);

/* Answer one case of that message; written by glue.py. */
void answer(uint8_t message);

#endif
