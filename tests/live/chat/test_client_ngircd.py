"""A chat against ngircd: a crowd that writes, a server that dies, a flood."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path

import psutil
import pytest

from reverie.live.chat.client import Chat, Patience
from reverie.live.crowd.ballot import Person
from reverie.live.crowd.crowd import Crowd
from reverie.live.show import Show
from reverie.live.topics import Topics
from support.commands import environment
from support.irc import PATIENCE, Writer, needs_ngircd, ngircd, until

pytestmark = [needs_ngircd, pytest.mark.slow]
TOPICS = Topics.of("lite0")
#: People in the flood, lines of each a second, and seconds.
PEOPLE, EACH, SECONDS = 200, 5, 60
#: A chat whose lines are wishes; when its input ends it says what came of them.
LISTENER = """
import asyncio, json, resource, sys, time
from reverie.live.chat.wishes import make_chat
from reverie.live.crowd.crowd import Crowd
from reverie.live.show import Show
from reverie.live.topics import Topics

async def main():
    show = Show(twitch="dream", chat_server=f"irc://127.0.0.1:{sys.argv[1]}")
    crowd = Crowd(show, Topics.of("lite0"))
    chat = make_chat(crowd, wake=lambda: None, note=lambda words: print(words, file=sys.stderr))
    task = asyncio.create_task(chat.run())
    while not chat.connected:
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    wishes = {id: vote.choice.label for id, vote in crowd.ballot._votes.items()}
    print(json.dumps({"wishes": wishes, "lines": chat.lines, "dropped": chat.dropped,
        "reconnects": chat.reconnects, "cpu": time.process_time()}))
    task.cancel()

asyncio.run(main())
"""


def test_nothing_is_lost_and_it_comes_back_after_a_kill(tmp_path: Path) -> None:
    heard: list[tuple[str, Person]] = []

    async def run() -> None:
        with ngircd(tmp_path) as server:
            patience = Patience(again=0.1, most=0.5)
            chat = Chat(
                "dream", lambda *one: heard.append(one), f"irc://127.0.0.1:{server.port}", patience=patience
            )
            task = asyncio.create_task(chat.run())
            await until(lambda: chat.connected)
            await crowd_says(server.port, 20, 5)
            await until(lambda: len(heard) == 100)
            server.kill()
            await until(lambda: not chat.connected)
            server.begin()
            await until(lambda: chat.connected)
            await crowd_says(server.port, 5, 3)
            await until(lambda: len(heard) == 115)
            assert chat.reconnects >= 1
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def crowd_says(port: int, people: int, lines: int) -> None:
        writers = [Writer(f"fan{number}") for number in range(people)]
        await asyncio.gather(*(one.come(port) for one in writers))
        for line in range(lines):
            for one in writers:
                one.say(f"volcano {line} \U0001f30b".encode())
            await asyncio.sleep(0.05)
        await until(lambda: len(heard) >= people * lines)
        for one in writers:
            one.leave()

    asyncio.run(run())
    assert len({person.id for _, person in heard[:100]}) == 20
    assert {text for text, _ in heard} == {f"volcano {line} \U0001f30b" for line in range(5)}


@pytest.mark.soak
def test_a_thousand_lines_a_second_for_a_minute(tmp_path: Path) -> None:
    """One vote a person, whatever they write beside it; memory flat; pings answered all along."""
    rng = random.Random(1)
    labels = [topic.label for topic in TOPICS if topic.label.isascii()]
    last: dict[str, str] = {}

    async def run() -> tuple[dict, list[int]]:
        with ngircd(tmp_path, ping=10) as server:
            listener = await asyncio.create_subprocess_exec(
                sys.executable, "-c", LISTENER, str(server.port), env=environment(),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert listener.stdout is not None
            assert listener.stdin is not None
            async with asyncio.timeout(PATIENCE * 3):
                assert await listener.stdout.readline() == b"ready\n"
            writers = [Writer(f"fan{number}") for number in range(PEOPLE)]
            for one in writers:
                await one.come(server.port)
            memory = []
            for turn in range(SECONDS * EACH):
                for one in writers:
                    one.say(written(one))
                await asyncio.sleep(1 / EACH)
                if turn % EACH == 0:
                    memory.append(psutil.Process(listener.pid).memory_info().rss)
            await asyncio.sleep(3)
            listener.stdin.close()
            async with asyncio.timeout(PATIENCE):
                found = json.loads(await listener.stdout.readline())
            async with asyncio.timeout(PATIENCE):
                await listener.wait()
            for one in writers:
                one.leave()
            return found, memory

    def written(one: Writer) -> bytes:
        kind = rng.random()
        if kind < 0.2:
            label = rng.choice(labels)
            last[f"chat {one.nick}"] = label
            return label.upper().encode() if rng.random() < 0.2 else label.encode()
        if kind < 0.25:
            return bytes(rng.choices(range(128, 256), k=rng.randrange(400)))
        return f"what is this {rng.random()}".encode()

    found, memory = asyncio.run(run())
    print({key: value for key, value in found.items() if key != "wishes"}, memory[10], memory[-1])
    assert found["reconnects"] == 0
    assert found["lines"] == PEOPLE * EACH * SECONDS
    assert len(found["wishes"]) == PEOPLE
    for who, label in last.items():
        wished, meant = TOPICS.exact(found["wishes"][who]), TOPICS.find(label)
        assert wished is not None
        assert meant is not None
        assert wished.topics[0].objective == meant.objective or label.lower() in ("cardigan",)
    assert max(memory[10:]) - memory[10] < 10_000_000
    assert Crowd(Show(), TOPICS).ballot.standings() == []
