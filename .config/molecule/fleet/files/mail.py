"""A mail-like service: notes each of its lives, and leaks in as many of them as /var/lib/mail/leaking says."""

import os
import socket
import time

ROOM = "/var/lib/mail"
with open(f"{ROOM}/lives", "a") as lives:
    lives.write(f"{time.time()}\n")
with open(f"{ROOM}/lives") as lives:
    life = len(lives.readlines())
with open(f"{ROOM}/leaking") as leaking:
    leaks = life <= int(leaking.read())

listener = socket.create_server(("127.0.0.1", 2525))
listener.settimeout(0.05)
kept, born = [], time.monotonic()
while True:
    while leaks and len(kept) < (time.monotonic() - born) * 24:  # 1.5 MiB/s, however busy the machine is
        kept.append(os.urandom(64 * 1024))
    try:
        connection, _address = listener.accept()
        connection.sendall(b"220 mail ready\r\n")
        connection.close()
    except OSError:
        pass
    time.sleep(0.02)
