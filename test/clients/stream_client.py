"""Follows metric families as they are sampled, as a user would: logs in, subscribes, and prints one JSON line per frame.

Usage: stream_client.py BASE_URL USERNAME PASSWORD HZ FRAMES FAMILY...; ends after so many frames.
"""

import asyncio
import json
import sys

import requests
import websockets


def log_in(base: str, username: str, password: str) -> str:
    answer = requests.post(f"{base}/api/auth/login", json={"username": username, "password": password}, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


async def frames(base: str, token: str, families: list[str], hz: float):
    """Yields each frame with its values by instance and field. Of ticks that have none, standard error says how many and why."""
    fields, instances = {}, {}
    url = f"{base.replace('http', 'ws', 1)}/api/v1/stream"
    async with websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        await socket.send(json.dumps({"type": "subscribe", "families": families, "hz": hz}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "error":
                raise ValueError(message["detail"])
            if message["type"] == "subscribed":
                for family in message["families"]:
                    fields[family["family"]] = [field["name"] for field in family["fields"]]
            elif message["type"] == "layout":
                instances[message["layout"]] = message["instances"]
            elif message["type"] == "dropped":
                print("{family}: {count} ticks from {from_seq} on: {reason}".format(**message), file=sys.stderr)
            elif message["type"] == "frames":
                for frame in message["frames"]:
                    rows = zip(instances[frame["layout"]], frame["values"])
                    values = {instance: dict(zip(fields[frame["family"]], row)) for instance, row in rows}
                    yield {**frame, "values": values}


async def main() -> None:
    base, username, password, hz, count, *families = sys.argv[1:]
    left = int(count)
    async for frame in frames(base, log_in(base, username, password), families, float(hz)):
        print(json.dumps(frame))
        left -= 1
        if left == 0:
            return


if __name__ == "__main__":
    asyncio.run(main())
