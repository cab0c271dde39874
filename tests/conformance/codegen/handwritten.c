/* What a careful person writes for the heater's reading by hand, for its own sake and with an eye on size: pack, unpack, the
 * frame's head, CRC32. Little-endian processors that take unaligned words only. test_c_size.py compares its size with what is
 * generated, and first that it writes the same bytes. */
#include "handwritten.h"

#define COPY(to, from) __builtin_memcpy(to, from, sizeof *(from))

uint32_t hand_crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = ~0u;
    while (size--) {
        crc ^= *data++;
        for (int bit = 8; bit; bit--) {
            crc = crc & 1u ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        }
    }
    return ~crc;
}

static bool allowed(const hand_reading_t *value)
{
    return value->power <= 30000u && value->mode <= 3u && value->set_point >= 500 && value->set_point <= 3000;
}

bool hand_reading_pack(uint8_t *record, uint32_t offset_ms, const hand_reading_t *value)
{
    if (!allowed(value)) {
        return false;
    }
    COPY(record, &offset_ms);
    COPY(record + 4, &value->room);
    COPY(record + 6, &value->element);
    COPY(record + 8, &value->power);
    record[10] = value->mode;
    COPY(record + 11, &value->set_point);
    record[13] = record[14] = record[15] = 0;
    return true;
}

bool hand_reading_unpack(hand_reading_t *value, uint32_t *offset_ms, const uint8_t *record)
{
    COPY(offset_ms, (const uint32_t *)record);
    COPY(&value->room, (const uint16_t *)(record + 4));
    COPY(&value->element, (const uint16_t *)(record + 6));
    COPY(&value->power, (const uint16_t *)(record + 8));
    value->mode = record[10];
    COPY(&value->set_point, (const int16_t *)(record + 11));
    return allowed(value);
}

size_t hand_frame_close(uint8_t *frame, size_t capacity, const hand_frame_t *head)
{
    size_t end = 32u + head->count * 16u;
    size_t size = head->flags & 0x10u ? end + 4u : end;
    uint32_t fingerprint = 0x4fb7872fu, low = (uint32_t)head->uptime_ms;
    uint16_t high = (uint16_t)(head->uptime_ms >> 32), record_bytes = 16;
    if (!head->incarnation || !head->boot || !head->count || head->uptime_ms >> 48 || head->flags & 0xe0u
        || head->first > 0u - head->count || size > capacity || size > 8192u) {
        return 0;
    }
    frame[0] = 0xa1;
    frame[1] = head->flags;
    frame[2] = 1;
    frame[3] = 3;
    COPY(frame + 4, &fingerprint);
    COPY(frame + 8, &head->incarnation);
    COPY(frame + 12, &head->boot);
    COPY(frame + 16, &head->first);
    COPY(frame + 20, &head->count);
    COPY(frame + 22, &head->epoch);
    COPY(frame + 24, &low);
    COPY(frame + 28, &high);
    COPY(frame + 30, &record_bytes);
    if (size != end) {
        uint32_t crc = hand_crc32(frame, end);
        COPY(frame + end, &crc);
    }
    return size;
}
