/* Ends with 0 when the heater's code by hand and the generated one make the same frame of the same readings. */
#include "handwritten.h"
#include "heater.h"

#include <string.h>

int main(void)
{
    uint8_t ours[68], theirs[68];
    heater_frame_t head = heater_reading_frame;
    hand_frame_t other = {UINT64_C(0x123456789abc), 7, 8, 9, 2, 10, HEATER_FRAME_CRC};
    head.uptime_ms = 0x56789abcu;
    head.uptime_high = 0x1234u;
    head.incarnation = 7;
    head.boot = 8;
    head.first = 9;
    head.count = 2;
    head.epoch = 10;
    head.flags = HEATER_FRAME_CRC;
    for (unsigned at = 0; at < 2u; at++) {
        heater_reading_t reading = {2048, 17, 30000, HEATER_MODE_HOLDING, 2150};
        hand_reading_t same = {2048, 17, 30000, 2, 2150}, back;
        uint32_t offset_ms = 0;
        if (!heater_reading_pack(ours + 32u + 16u * at, 1000u * at, &reading)
            || !hand_reading_pack(theirs + 32u + 16u * at, 1000u * at, &same)
            || !hand_reading_unpack(&back, &offset_ms, ours + 32u + 16u * at) || back.set_point != 2150 || offset_ms != 1000u * at) {
            return 1;
        }
        same.power = 30001;
        if (hand_reading_pack(theirs, 0, &same)) {
            return 1;
        }
    }
    if (heater_frame_close(ours, sizeof ours, &head) != 68u || hand_frame_close(theirs, sizeof theirs, &other) != 68u) {
        return 1;
    }
    return memcmp(ours, theirs, sizeof ours) != 0;
}
