"""A program for the tests: run a stack in STATE, say so on a line of JSON, and stay until killed or told to end."""

import json
import os
import sys
from pathlib import Path

import psycopg

from seamline.stack import Settings, Stack, StackError
from seamline.testing.stack import PARTS


def say(words):
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


try:
    with Stack(Settings(state=Path(sys.argv[1]), http_port=0, children=PARTS)) as stack:
        with psycopg.connect(stack.dsn) as connection:
            connection.execute("create table if not exists starts (at timestamptz default now())")
            connection.execute("insert into starts default values")
            count = connection.execute("select count(*) from starts").fetchone()
        pids = {name: stack.pid(name) for name in stack.children}
        uid = Path(f"/proc/{pids['postgres']}").stat().st_uid
        say({"pid": os.getpid(), "pids": pids, "starts": count[0], "dsn": stack.dsn, "uid": uid})
        sys.stdin.read()
except StackError as error:
    say({"error": str(error)})
