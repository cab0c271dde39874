#ifndef HANDWRITTEN_H
#define HANDWRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint16_t room;
    uint16_t element;
    uint16_t power;
    uint8_t mode;
    int16_t set_point;
} hand_reading_t;

typedef struct {
    uint64_t uptime_ms;
    uint32_t incarnation;
    uint32_t boot;
    uint32_t first;
    uint16_t count;
    uint16_t epoch;
    uint8_t flags;
} hand_frame_t;

uint32_t hand_crc32(const uint8_t *data, size_t size);
bool hand_reading_pack(uint8_t *record, uint32_t offset_ms, const hand_reading_t *value);
bool hand_reading_unpack(hand_reading_t *value, uint32_t *offset_ms, const uint8_t *record);
size_t hand_frame_close(uint8_t *frame, size_t capacity, const hand_frame_t *head);

#endif
