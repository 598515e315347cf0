# SPDX-License-Identifier: Apache-2.0
# bench: clients by the thousand, each with an address of its own, that do what bots do.
import asyncio
import collections
import time

PATIENCE = 120


def address(number, block):
    """One of 62,500 in each block."""
    return f"127.{block}.{1 + number // 250}.{1 + number % 250}"


class Bot:
    """One connection. Replies that were not asked for yet wait in the stream."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def code(self):
        """Of the next whole reply; 0: the server hung up. Teasers (220-) are lines of the greeting."""
        while True:
            line = await self.reader.readline()
            if not line.endswith(b"\n"):
                return 0
            if line[3:4] != b"-":
                return int(line[:3])

    async def ask(self, text):
        self.writer.write(text.encode() + b"\r\n")
        return await self.code()


async def pregreet(bot, recipient):
    """Talks before it is greeted, and goes on as long as it is answered."""
    return await dialogue(bot, recipient, bot.ask("EHLO bot.test"))


async def patient(bot, recipient):
    """Waits for the greeting. What became of its recipient: 250, it was let through."""
    return await dialogue(bot, recipient, bot.code())


async def dialogue(bot, recipient, first):
    said = await first
    if said == 220:
        said = await bot.ask("EHLO bot.test")
    for words in ("MAIL FROM:<bot@spam.test>", f"RCPT TO:<{recipient}>"):
        if said != 250:
            return said
        said = await bot.ask(words)
    bot.writer.write(b"QUIT\r\n")
    return said


async def one(kind, port, source, recipient):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    except OSError:
        return "refused"
    try:
        return await asyncio.wait_for(kind(Bot(reader, writer), recipient), PATIENCE)
    except (ConnectionError, TimeoutError, asyncio.TimeoutError):
        return "lost"
    finally:
        writer.close()


async def _crowd(kind, port, sources, at_once, recipient):
    tokens = asyncio.Semaphore(at_once)

    async def worker(source):
        async with tokens:
            return await one(kind, port, source, recipient)
    return collections.Counter(await asyncio.gather(*(worker(source) for source in sources)))


def send(kind, port, sources, at_once, recipient):
    """How often each outcome came, and the seconds it took."""
    begun = time.monotonic()
    outcomes = asyncio.run(_crowd(kind, port, sources, at_once, recipient))
    return dict(outcomes), time.monotonic() - begun
