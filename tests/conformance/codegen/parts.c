/* Answers questions about the parts of the heater's code that are no messages (test_c_parts.py). */
#include "heater.h"
#include "runner.h"

static uint8_t frame[HEATER_FRAME_BYTES_MAX + 64u];

static void close_frame(void)
{
    heater_frame_t head = heater_reading_frame;
    size_t capacity = (size_t)take(2);
    head.flags = take8();
    head.channel = take8();
    head.layout = take8();
    head.fingerprint = (uint32_t)take(4);
    head.incarnation = (uint32_t)take(4);
    head.boot = (uint32_t)take(4);
    head.first = (uint32_t)take(4);
    head.count = (uint16_t)take(2);
    head.epoch = (uint16_t)take(2);
    head.uptime_ms = (uint32_t)take(4);
    head.uptime_high = (uint16_t)take(2);
    head.record_bytes = (uint16_t)take(2);
    take_bytes(frame + HEATER_FRAME_HEAD_BYTES, (size_t)take(2));
    size_t size = heater_frame_close(frame, capacity, &head);
    give(size, 2);
    give_bytes(frame, size);
}

static void open_frame(void)
{
    heater_frame_t head;
    size_t size = (size_t)take(2);
    take_bytes(frame, size);
    bool whole = heater_frame_open(&head, frame, size);
    give8(whole);
    if (whole) {
        give8(head.flags);
        give8(head.channel);
        give8(head.layout);
        give(head.fingerprint, 4);
        give(head.incarnation, 4);
        give(head.boot, 4);
        give(head.first, 4);
        give(head.count, 2);
        give(head.epoch, 2);
        give(head.uptime_ms, 4);
        give(head.uptime_high, 2);
        give(head.record_bytes, 2);
    }
}

static void write_topic(void)
{
    char pattern[256], device[256], topic[256];
    size_t capacity = take8();
    size_t size = take8();
    take_bytes((uint8_t *)pattern, size);
    pattern[size] = '\0';
    size = take8();
    take_bytes((uint8_t *)device, size);
    device[size] = '\0';
    size = heater_topic(topic, capacity, pattern, device);
    give(size, 2);
    give_bytes((const uint8_t *)topic, size == 0u ? 0u : size + 1u);
}

static void wait_on(void)
{
    static heater_backoff_t backoff = {HEATER_SPREAD_MS, 0};
    uint8_t what = take8();
    uint32_t argument = (uint32_t)take(4);
    if (what == 0u) {
        give(heater_backoff_after_failure(&backoff, argument), 4);
    } else if (what == 1u) {
        give(heater_backoff_after_session(&backoff, argument), 4);
    } else if (what == 2u) {
        backoff.spread_ms = argument;
    } else {
        heater_backoff_stable(&backoff, argument);
    }
}

static void take_event(void)
{
    static heater_allowance_t allowance[2];
    heater_allowance_t *which = &allowance[take8()];
    uint64_t now_ms = take(6);
    uint32_t events_max = (uint32_t)take(4);
    give8(heater_event_take(which, now_ms, events_max, (uint32_t)take(4)));
}

static void look_up(void)
{
    const heater_fault_t *fault = heater_fault((uint16_t)take(2));
    give8(fault != NULL);
    if (fault != NULL) {
        for (const char *letter = fault->name; *letter != '\0'; letter++) {
            give8((uint8_t)*letter);
        }
        give8(fault->severity);
        give8(fault->latches);
    }
}

void answer(uint8_t message)
{
    if (message == 0u) {
        close_frame();
    } else if (message == 1u) {
        open_frame();
    } else if (message == 2u) {
        write_topic();
    } else if (message == 3u) {
        wait_on();
    } else if (message == 4u) {
        take_event();
    } else {
        look_up();
    }
}
