"""The fleet's event stream: what changed and nothing else, resumable, ended cleanly."""

import json
import threading
from contextlib import contextmanager

import httpx
import psycopg

from seamline.testing.wait import until


class Events:
    """What a stream has sent, as (name, data), with the id it would resume from."""

    def __init__(self, lines):
        self.seen, self.last_id, self.ended = [], None, False
        self._thread = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self._thread.start()

    def _read(self, lines):
        name = None
        try:
            for line in lines:
                word, _, rest = line.partition(": ")
                if word == "event":
                    name = rest
                elif word == "id":
                    self.last_id = rest
                elif word == "data":
                    self.seen.append((name, json.loads(rest)))
        except httpx.HTTPError:
            return
        self.ended = True

    def named(self, name):
        return [data for seen, data in self.seen if seen == name]

    def rows(self):
        return [row for change in self.named("change") for row in change["rows"]]


@contextmanager
def stream(served, cursor=None, last_event_id=None):
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    params = {} if cursor is None else {"cursor": cursor}
    with (
        httpx.Client(timeout=20) as client,
        client.stream("GET", f"{served.url}/api/fleet/events", params=params, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.iter_lines())


def hear(database, device):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE presence SET last_heard = now(), last_answered = now() FROM device d WHERE d.no = device_no AND d.id = %s",
            (device,),
        )


def cursor_of(api):
    return api.get("/fleet/columns").json()["cursor"]


def test_only_changed_rows_are_told_with_the_summary_after_them(api, served, database):
    with stream(served, cursor_of(api)) as events:
        hear(database, "heater-00010")
        until(lambda: any(row["id"] == "heater-00010" for row in events.rows()), "the change is told")
        assert len({row["id"] for row in events.rows()}) < 20
        assert events.named("change")[-1]["summary"]["devices"] == 300


def test_a_stream_resumes_where_it_was_cut(api, served, database):
    with stream(served, cursor_of(api)) as events:
        hear(database, "heater-00011")
        until(lambda: events.last_id, "something is told")
        cut = events.last_id
    hear(database, "heater-00012")
    with stream(served, last_event_id=cut) as events:
        until(lambda: any(row["id"] == "heater-00012" for row in events.rows()), "what was missed is told")
        assert not events.named("reset")


def test_a_cursor_of_another_hub_process_asks_to_read_anew(served):
    with stream(served, "deadbeef-7") as events:
        until(lambda: events.named("reset"), "the reset is told")


def test_streams_end_when_the_hub_stops(api, served):
    with stream(served, cursor_of(api)) as events:
        until(lambda: events.seen, "the stream is open", 20)
        served.stop()
        until(lambda: events.ended, "the stream has ended")
        assert events.seen[-1][0] == "bye"
