"""A program: one end of TCP connections that carry a known payload each way, in turns.

`serve SIZES CONNECTIONS` answers on all addresses and ends after so many; `ask SIZES ADDRESS...`
asks at each address, one after the other, once a line came in.
"""

import socket
import sys

PORT = 8_080
TURNS = 20


def serve(connections: int, asked: int, answered: int) -> None:
    with socket.create_server(
        ("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True
    ) as listening:
        print("ready", flush=True)
        for _ in range(connections):
            connection, _ = listening.accept()
            with connection:
                for _ in range(TURNS):
                    _take(connection, asked)
                    connection.sendall(bytes(answered))
                assert connection.recv(1) == b""


def ask(addresses: list[str], asked: int, answered: int) -> None:
    sys.stdin.readline()
    for address in addresses:
        with socket.create_connection((address, PORT), timeout=60) as connection:
            for _ in range(TURNS):
                connection.sendall(bytes(asked))
                _take(connection, answered)


def _take(connection: socket.socket, size: int) -> None:
    while size:
        part = connection.recv(min(size, 1 << 16))
        assert part, f"closed with {size} bytes to come"
        size -= len(part)


def main() -> None:
    what, sizes, *rest = sys.argv[1:]
    asked, answered = map(int, sizes.split(","))
    if what == "serve":
        serve(int(rest[0]), asked, answered)
    else:
        ask(rest, asked, answered)


if __name__ == "__main__":
    main()
