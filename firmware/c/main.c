/* A heater's firmware around the generated code: samples, packs, closes a frame, publishes; keeps it until custody is told.
 *
 * What a board has instead of the four functions below: its tick counter, its random number generator, its ADC, its MQTT
 * client. Here they are a program for a desk: `make run` prints each publish as topic and payload in hexadecimal. */
#include "heater.h"

#include <stdio.h>

static uint8_t frame[HEATER_FRAME_HEAD_BYTES + HEATER_READING_BATCH_MAX * HEATER_READING_RECORD_BYTES + 4u];
static uint32_t state = 2463534242u;

static uint32_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint64_t uptime_ms(uint32_t sample)
{
    return UINT64_C(4294960000) + (uint64_t)sample * HEATER_READING_SAMPLE_MS; /* 49 days after the start: 32 bits wrap here */
}

static heater_reading_t measure(uint32_t sample)
{
    heater_reading_t reading;
    reading.room = (uint16_t)(2000u + sample);
    reading.element = (uint16_t)(900u - sample);
    reading.power = (uint16_t)(sample == 3u ? HEATER_READING_POWER_MAX + 1u : 100u * sample); /* one that cannot be */
    reading.mode = sample % 2u != 0u ? HEATER_MODE_HEATING : HEATER_MODE_HOLDING;
    reading.set_point = 2150;
    return reading;
}

static void publish(const char *topic, const uint8_t *payload, size_t size)
{
    printf("%s ", topic);
    for (size_t at = 0; at < size; at++) {
        printf("%02x", (unsigned)payload[at]);
    }
    printf("\n");
}

int main(void)
{
    char topic[HEATER_DEVICE_ID_CHARS_MAX + sizeof HEATER_TOPIC_BIRTH];
    heater_frame_t head = heater_reading_frame;
    heater_backoff_t backoff = {HEATER_SPREAD_MS, 0};

    if (heater_topic(topic, sizeof topic, HEATER_TOPIC_DATA, "heater-1") == 0u) {
        return 1;
    }
    for (unsigned failure = 0; failure < 3u; failure++) {
        printf("connect failed, again in %lu ms\n", (unsigned long)heater_backoff_after_failure(&backoff, random_bits()));
    }

    head.flags = HEATER_FRAME_CRC;
    head.incarnation = 7; /* both counters are kept in flash, see docs/wire.md */
    head.boot = 2;
    head.uptime_ms = (uint32_t)uptime_ms(0);
    head.uptime_high = (uint16_t)(uptime_ms(0) >> 32);
    for (uint32_t sample = 0; sample < 6u; sample++) {
        heater_reading_t reading = measure(sample);
        uint8_t *record = frame + HEATER_FRAME_HEAD_BYTES + (size_t)head.count * HEATER_READING_RECORD_BYTES;
        if (heater_reading_pack(record, (uint32_t)(uptime_ms(sample) - uptime_ms(0)), &reading)) {
            head.count++;
        } else {
            const heater_fault_t *fault = heater_fault(HEATER_FAULT_SENSOR_OPEN);
            printf("fault %s, severity %u%s\n", fault->name, (unsigned)fault->severity, fault->latches ? ", latches" : "");
        }
    }

    size_t size = heater_frame_close(frame, sizeof frame, &head);
    if (size == 0u) {
        return 1;
    }
    publish(topic, frame, size);

    heater_frame_t kept; /* what came back from flash: sent again after a reset, if it is whole */
    printf("kept frame is %s\n", heater_frame_open(&kept, frame, size) ? "whole" : "torn");
    frame[40] ^= 1u;
    printf("kept frame is %s\n", heater_frame_open(&kept, frame, size) ? "whole" : "torn");
    return 0;
}
