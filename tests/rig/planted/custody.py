"""Defects in custody on the device: what is held, sent, let go and given up."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

from seamline.rig.world.plan import Kind

CORE = "seamline.device.core:Core."
OUTBOX = "seamline.device.outbox:Outbox."

IN_FLIGHT = (Kind.LOSSY, Kind.LOSSY, Kind.REORDERING, Kind.PUBLISH_CUT, Kind.LINK_CUT)
"""What parts the frames of a session from each other."""

MUTATIONS = [
    mutation(
        "let go when sent",
        "the broker has it at QoS 1: what was published need not be kept",
        "nothing-owed lost-for-cause",
        Edit(
            CORE + "_say",
            "        self._uplink.data(batch)\n",
            "        self._uplink.data(batch)\n        outbox.lanes[batch.frame.channel].sealed.remove(batch)\n        outbox._release(batch)\n",
        ),
        budget=12,
        kinds=(Kind.PARTITION, Kind.LOSSY),
    ),
    mutation(
        "redelivery while the first try still runs",
        "no answer yet: with the probe everything in flight is sent once more, to be sure",
        "sent-again",
        Edit(
            CORE + "_due",
            "        self._uplink.probe(now_ms, unanswered)",
            "        self._uplink.probe(now_ms, unanswered)\n        self._outbox.unsend(1 << 62)",
        ),
        budget=12,
        scenario="drop-mid-publish",
    ),
    mutation(
        "loss counted, never declared",
        "the device counts what it drops; the count is in its log",
        "nothing-owed",
        Edit(OUTBOX + "_note", "    self.losses.add(loss, self._author.boot)\n", ""),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "capacity not kept",
        "the outbox is looked at when the program starts; it will not grow that fast",
        "bounded",
        Edit(OUTBOX + "append", "        self.fit()\n", "        pass\n"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "whole flash taken for rotten",
        "after a power cut nothing in flash can be trusted: it is declared, and measured anew",
        "lost-for-cause",
        Edit(OUTBOX + "_load", "if not whole:", "if True:"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "given up at a third of the capacity",
        "some room is kept for bursts",
        "lost-for-cause",
        Edit(
            OUTBOX + "fit",
            "while self.bytes > self._policy.capacity_bytes:",
            "while self.bytes > self._policy.capacity_bytes // 3:",
        ),
        Edit(OUTBOX + "append", "if self.bytes > self._policy.capacity_bytes:", "if True:"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "drop order turned round",
        "what is named last goes first",
        "lost-for-cause",
        Edit(OUTBOX + "_victim", "for lane in self._drop_order:", "for lane in self._drop_order[::-1]:"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "newest given up first",
        "what is open has cost least so far",
        "lost-for-cause bounded",
        Edit("seamline.device.outbox:Lane.oldest", "return self.unsent() or self.open", "return self.open or self.unsent()"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "birth hides what is held",
        "the first range of a birth is what was sent last",
        "lost-for-cause",
        Edit(CORE + "_birth", "self._outbox.held()", "self._outbox.held()[1:]"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "torn segment sent as it is",
        "flash is reliable: the frame's checksum costs time and is left out",
        "values no-error",
        Edit("seamline.device.frame:unpack", "if told != crc32(bytes(data[:end])):", "if False:"),
        budget=20,
        kinds=(Kind.PARTITION, Kind.FLASH_CUT, Kind.ROT),
    ),
    mutation(
        "records leave a period late",
        "the batch is looked at once a period: that is when it goes",
        "in-time",
        Edit(OUTBOX + "_open", "now_ms + channel.every_ms", "now_ms + 2 * channel.every_ms"),
        budget=4,
    ),
    mutation(
        "the least urgent first",
        "what costs least goes first, the rest follows anyway",
        "urgent-first in-time",
        Edit("seamline.device.outbox:_urgency", "return lane.priority, lane.number", "return -lane.priority, lane.number"),
        budget=20,
        scenario="week-offline",
    ),
    mutation(
        "settled, and left in flash",
        "the next batch of that name is written over it",
        "nothing-owed",
        Edit(OUTBOX + "_release", "if batch.segment != UNSTORED:", "if False:"),
        budget=4,
    ),
    mutation(
        "what an ended boot left is left in flash",
        "who wrote an entry takes it away",
        "nothing-owed",
        Edit(
            OUTBOX + "_release",
            "if batch.segment != UNSTORED:",
            "if batch.segment != UNSTORED and batch.frame.boot == self._author.boot:",
        ),
        budget=12,
    ),
    mutation(
        "another incarnation's records left in flash",
        "nobody can do anything with them: they are passed over",
        "nothing-owed",
        Edit(OUTBOX + "_load", 'self.strange += 1\n        self._effects.append(("forget", key))\n', "self.strange += 1\n"),
        budget=40,
        kinds=(Kind.POWER_CUT, Kind.FLASH_CUT, Kind.ROT, Kind.PARTITION),
    ),
    mutation(
        "a batch is kept under the name of the last one before the boot",
        "the last batch of the boot before has long been sent",
        "lost-for-cause nothing-owed stored-once values",
        Edit(OUTBOX + "begin", "self._segment = number + 1", "self._segment = number"),
        budget=20,
    ),
    mutation(
        "losses of two boots are told as one",
        "what follows each other is one range",
        "lost-for-cause nothing-owed stored-once books",
        Edit("seamline.device.losses:Loss.joins", "self.boot == other.boot", "True"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "a mark settles what is older, too",
        "what came later has come, so has what was before it",
        "lost-for-cause",
        Edit(OUTBOX + "settle", "while start < len(sealed) and sealed[start].frame.boot < boot:", "while False:"),
        Edit(OUTBOX + "settle", "sealed[end].frame.boot == boot", "sealed[end].frame.boot <= boot"),
        budget=40,
        kinds=(*IN_FLIGHT, Kind.BROWNOUTS, Kind.BROWNOUTS),
        minutes=60,
    ),
]
