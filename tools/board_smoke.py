#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: runs a board's binary under the user-mode emulator and sends it a message, in the clear and over TLS.
"""board_smoke.py BOARD"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.dont_write_bytecode = True


def main():
    board = sys.argv[1]
    processor = re.search(r"set\(CMAKE_SYSTEM_PROCESSOR (\w+)\)", (ROOT / "board" / board / "toolchain.cmake").read_text()).group(1)
    emulator = shutil.which(f"qemu-{processor}-static") or shutil.which(f"qemu-{processor}")
    if not emulator:
        print(f"no qemu-{processor}-static here (tools/deps cross)")
        return 1
    program = ROOT / "build" / board / "gatepost"
    os.environ["GATEPOST"] = str(program)
    os.environ.setdefault("GATEPOST_PATIENCE", "60")
    import harness
    from smtp_client import insecure_tls

    print(subprocess.run([emulator, str(program), "--version"], check=True, capture_output=True, text=True).stdout, end="")
    server = harness.Server(launcher=[emulator])
    try:
        server.start()
        for secure in (False, True):
            with server.client(timeout=60) as client:
                client.ehlo()
                if secure:
                    client.starttls(insecure_tls())
                    client.ehlo()
                word = "secure" if secure else "clear"
                client.deliver(f"Subject: {word}\r\n\r\n{board}\r\n", "alice@example.com")
        texts = server.texts("alice")
        if sorted(re.search(rb"Subject: (\w+)", text).group(1) for text in texts) != [b"clear", b"secure"]:
            print(f"delivered: {texts}")
            return 1
        status = server.stop()
        print(f"{board}: two messages delivered under {os.path.basename(emulator)}, exit {status} after SIGTERM")
        return 0 if status == 0 else 1
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
