"""The parts of the generated C that are the same for every product: CRC32, frame, topic, back-off, bound of events.

In these texts `@name` becomes `<product>_name` and `@@NAME` becomes `<PRODUCT>_NAME`.
"""

from __future__ import annotations

TYPES = """\
/* The head of a data frame, in the wire's order. Start from the message's own (@..._frame) and fill in the rest. */
typedef struct {
    uint8_t version;
    uint8_t flags; /* @@FRAME_CRC, @@FRAME_HEARD */
    uint8_t channel;
    uint8_t layout;
    uint32_t fingerprint;
    uint32_t incarnation; /* not 0 */
    uint32_t boot;        /* not 0 */
    uint32_t first;       /* sequence of the first record; those behind it follow without gaps */
    uint16_t count;       /* records, not 0 */
    uint16_t epoch;       /* of ownership */
    uint32_t uptime_ms;   /* of the first record, the low 32 of 48 bits */
    uint16_t uptime_high;
    uint16_t record_bytes;
} @frame_t;

/* When to try again: one for each device, all zero at first, then spread_ms = @@SPREAD_MS. */
typedef struct {
    uint32_t spread_ms; /* the hub may give another one with each session */
    uint8_t tries;
} @backoff_t;

/* How many events were recorded of late: one for each message that is sent on events, all zero at first. */
typedef struct {
    uint64_t at_ms;
    uint64_t used;
} @allowance_t;
"""

FUNCTIONS = """\
/* CRC32 (IEEE) of size bytes. */
uint32_t @crc32(const uint8_t *data, size_t size);

/* Close a frame: its records stand from frame + @@FRAME_HEAD_BYTES on; write the head before them and, with the flag
 * @@FRAME_CRC, the checksum behind them. Returns the frame's bytes; 0 when the head cannot be, or capacity is too small. */
size_t @frame_close(uint8_t *frame, size_t capacity, const @frame_t *head);

/* Open a frame of this device: true when data is exactly one whole frame, not above @@FRAME_BYTES_MAX; head is filled. */
bool @frame_open(@frame_t *head, const uint8_t *data, size_t size);

/* Write a topic: the pattern with the device's id for its '+'. Returns its length without the NUL; 0 when topic is too
 * small or the id is not 1 to @@DEVICE_ID_CHARS_MAX of A-Z a-z 0-9 _ -. */
size_t @topic(char *topic, size_t capacity, const char *pattern, const char *device);

/* Delays in ms, full jitter; random is 32 bits drawn for this call from the device's own stream. */
uint32_t @backoff_uniform(uint32_t window_ms, uint32_t random);
uint32_t @backoff_after_failure(@backoff_t *backoff, uint32_t random);
uint32_t @backoff_after_session(@backoff_t *backoff, uint32_t random);
/* A session ended that had been live for live_ms. */
void @backoff_stable(@backoff_t *backoff, uint64_t live_ms);

/* Whether one more event may be recorded at this uptime, at most events_max in per_ms in the mean (@@..._EVENTS_MAX and
 * @@..._EVENTS_PER_MS, neither 0); if so, it counts. */
bool @event_take(@allowance_t *allowance, uint64_t now_ms, uint32_t events_max, uint32_t per_ms);
"""

FAULT_TYPE = """\
typedef struct {
    const char *name;
    const char *layer; /* where it arises */
    uint16_t code;
    uint8_t severity; /* @@SEVERITY_INFO to @@SEVERITY_CRITICAL */
    bool latches;
} @fault_t;
"""

FAULT_FUNCTIONS = """\
extern const @fault_t @faults[@@FAULTS];

/* The fault of that code; NULL when the contract has none. */
const @fault_t *@fault(uint16_t code);
"""

ORDER = """\
/* GCC and clang make one instruction of a copy, where processor and wire agree; for others the bytes are shifted. */
#if defined(__GNUC__) && defined(__BYTE_ORDER__)
#define LITTLE_FIRST (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
typedef char frame_head_has_no_gaps[sizeof(@frame_t) == @@FRAME_HEAD_BYTES ? 1 : -1];
#else
#define LITTLE_FIRST 0
#endif
"""
BIG_ORDER = """\
#if defined(__GNUC__) && defined(__BYTE_ORDER__)
#define BIG_FIRST (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#else
#define BIG_FIRST 0
#endif
"""

CLEAR = """\
static void clear(void *start, size_t size)
{
    for (uint8_t *to = start; size != 0u; size--) {
        *to++ = 0;
    }
}
"""

FRAME = """\
uint32_t @crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (; size != 0u; size--) {
        crc ^= *data++;
        for (unsigned bit = 0; bit < 8u; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* Bytes of the frame that the head announces; 0 when there can be none. */
static uint32_t frame_bytes(const @frame_t *head)
{
    if (head->flags > 0x1fu || head->incarnation == 0u || head->boot == 0u || head->count == 0u
        || head->first > UINT32_MAX - head->count + 1u) {
        return 0;
    }
    uint32_t size = @@FRAME_HEAD_BYTES + (uint32_t)head->count * head->record_bytes + (head->flags >> 2 & 4u);
    return size <= @@FRAME_BYTES_MAX ? size : 0u;
}

size_t @frame_close(uint8_t *frame, size_t capacity, const @frame_t *head)
{
    uint32_t size = frame_bytes(head);
    if (size == 0u || size > capacity) {
        return 0;
    }
#if LITTLE_FIRST
    __builtin_memcpy(frame, head, sizeof *head);
#else
    frame[0] = head->version;
    frame[1] = head->flags;
    frame[2] = head->channel;
    frame[3] = head->layout;
    store_le32(frame + 4, head->fingerprint);
    store_le32(frame + 8, head->incarnation);
    store_le32(frame + 12, head->boot);
    store_le32(frame + 16, head->first);
    store_le16(frame + 20, head->count);
    store_le16(frame + 22, head->epoch);
    store_le32(frame + 24, head->uptime_ms);
    store_le16(frame + 28, head->uptime_high);
    store_le16(frame + 30, head->record_bytes);
#endif
    if ((head->flags & @@FRAME_CRC) != 0u) {
        store_le32(frame + size - 4, @crc32(frame, size - 4u));
    }
    return size;
}

bool @frame_open(@frame_t *head, const uint8_t *data, size_t size)
{
    if (size < @@FRAME_HEAD_BYTES) {
        return false;
    }
    head->version = data[0];
    head->flags = data[1];
    head->channel = data[2];
    head->layout = data[3];
    head->fingerprint = load_le32(data + 4);
    head->incarnation = load_le32(data + 8);
    head->boot = load_le32(data + 12);
    head->first = load_le32(data + 16);
    head->count = load_le16(data + 20);
    head->epoch = load_le16(data + 22);
    head->uptime_ms = load_le32(data + 24);
    head->uptime_high = load_le16(data + 28);
    head->record_bytes = load_le16(data + 30);
    if (head->version != 0xa1u || head->record_bytes == 0u || head->record_bytes % 8u != 0u || size != frame_bytes(head)) {
        return false;
    }
    return (head->flags & @@FRAME_CRC) == 0u || load_le32(data + size - 4) == @crc32(data, size - 4u);
}
"""

TOPIC = """\
static bool is_id(char letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9')
        || letter == '_' || letter == '-';
}

size_t @topic(char *topic, size_t capacity, const char *pattern, const char *device)
{
    size_t length = 0;
    size_t chars = 0;
    while (is_id(device[chars])) {
        chars++;
    }
    if (chars == 0u || chars > @@DEVICE_ID_CHARS_MAX || device[chars] != '\\0') {
        return 0;
    }
    for (; *pattern != '\\0'; pattern++) {
        const char *from = *pattern == '+' ? device : pattern;
        for (size_t left = *pattern == '+' ? chars : 1u; left != 0u; left--) {
            if (length + 1u >= capacity) {
                return 0;
            }
            topic[length++] = *from++;
        }
    }
    if (length != 0u) {
        topic[length] = '\\0';
    }
    return length;
}
"""

BACKOFF = """\
uint32_t @backoff_uniform(uint32_t window_ms, uint32_t random)
{
    return (uint32_t)((random * ((uint64_t)window_ms + 1u)) >> 32);
}

static uint32_t window(@backoff_t *backoff)
{
    uint32_t window_ms = BACKOFF_CAP_MS;
    if (backoff->tries < 32u) {
        if (BACKOFF_BASE_MS <= BACKOFF_CAP_MS >> backoff->tries) {
            window_ms = BACKOFF_BASE_MS << backoff->tries;
        }
        backoff->tries++;
    }
    return window_ms;
}

uint32_t @backoff_after_failure(@backoff_t *backoff, uint32_t random)
{
    return @backoff_uniform(window(backoff), random);
}

uint32_t @backoff_after_session(@backoff_t *backoff, uint32_t random)
{
    uint32_t window_ms = window(backoff);
    return @backoff_uniform(window_ms > backoff->spread_ms ? window_ms : backoff->spread_ms, random);
}

void @backoff_stable(@backoff_t *backoff, uint64_t live_ms)
{
    if (live_ms >= @@BACKOFF_RESET_AFTER_MS) {
        backoff->tries = 0;
    }
}
"""

EVENTS = """\
bool @event_take(@allowance_t *allowance, uint64_t now_ms, uint32_t events_max, uint32_t per_ms)
{
    uint64_t full = (uint64_t)events_max * per_ms;
    if (now_ms > allowance->at_ms) {
        uint64_t since = now_ms - allowance->at_ms;
        uint64_t gained = since < per_ms ? since * events_max : full;
        allowance->used = allowance->used > gained ? allowance->used - gained : 0u;
        allowance->at_ms = now_ms;
    }
    if (full - allowance->used < per_ms) {
        return false;
    }
    allowance->used += per_ms;
    return true;
}
"""

FAULT_LOOKUP = """\
const @fault_t *@fault(uint16_t code)
{
    for (size_t index = 0; index < @@FAULTS; index++) {
        if (@faults[index].code == code) {
            return &@faults[index];
        }
    }
    return NULL;
}
"""


def named(text: str, product: str) -> str:
    """Return a part with the product's name in it."""
    return text.replace("@@", f"{product.upper()}_").replace("@", f"{product}_")
