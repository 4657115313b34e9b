"""A PerfWatch client as a user would write one: logs in, streams two messages, queries the history.

Usage: perfwatch_client.py BASE_URL USERNAME PASSWORD; prints one JSON object.
"""

import asyncio
import datetime
import json
import sys

import requests
import websockets


async def stream(url: str, token: str) -> dict:
    async with websockets.connect(f"{url.replace('http', 'ws', 1)}/api/ws/metrics?token={token}") as socket:
        await socket.send(json.dumps({"type": "ping"}))
        seen = {"messages": [], "pong": False}
        while len(seen["messages"]) < 2 or not seen["pong"]:
            message = json.loads(await asyncio.wait_for(socket.recv(), 15))
            if message["type"] == "pong":
                seen["pong"] = True
            elif message["type"] == "metrics":
                seen["messages"].append(message)
        return seen


def main() -> None:
    base, username, password = sys.argv[1:4]
    login = requests.post(f"{base}/api/auth/login", json={"username": username, "password": password}, timeout=10)
    login.raise_for_status()
    token = login.json()["access_token"]
    seen = asyncio.run(stream(base, token))
    now = datetime.datetime.now(datetime.timezone.utc)
    history = requests.get(
        f"{base}/api/history/metrics",
        params={
            "metric_type": "cpu",
            "start_time": (now - datetime.timedelta(minutes=5)).isoformat(),
            "end_time": (now + datetime.timedelta(seconds=5)).isoformat(),
            "interval": "raw",
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    history.raise_for_status()
    print(json.dumps({"stream": seen, "history": history.json()}))


if __name__ == "__main__":
    main()
