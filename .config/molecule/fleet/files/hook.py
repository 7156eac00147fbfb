"""Keep the subject of each message that is posted here: hook.py FILE. The file's first line is the port."""

import http.server
import json
import sys


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[1], "a") as told:
            told.write(f"{message['subject']}\n")
        self.send_response(200)
        self.end_headers()


with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
    server.timeout = 600
    with open(sys.argv[1], "w") as told:
        told.write(f"{server.server_port}\n")
    server.handle_request()
    server.timeout = 2  # is there a second one?
    server.handle_request()
