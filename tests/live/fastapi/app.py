"""A FastAPI application whose handlers do exactly what a scenario's `handler` says, in both kinds: `async def`, which runs
in the event loop, and `def`, which runs in the pool of threads. No return annotations: they would cost a `def` endpoint a
second hand-off to the pool (response models are serialised there).
"""
import asyncio
import gc
import os
import time

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

PACE_BURST = 40_000  # iterations, about 1 ms
PACE_BURSTS = 20

app = FastAPI()


@app.on_event("startup")
async def settings():
    """What Uvicorn's command line cannot say: server.threads and server.gc of a scenario."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = int(os.environ.get("POOL_THREADS", "40"))
    if os.environ.get("COLLECT", "1") == "0":
        gc.disable()


def spin(n):
    """Work that holds the interpreter's lock all the time."""
    count = 0
    for _ in range(n):
        count += 1
    return count


@app.get("/async")
async def async_noop():
    return {"ok": True}


@app.get("/sync")
def sync_noop():
    return {"ok": True}


@app.get("/async/cpu")
async def async_cpu(n: int):
    return {"count": spin(n)}


@app.get("/sync/cpu")
def sync_cpu(n: int):
    return {"count": spin(n)}


@app.get("/async/sleep")
async def async_sleep(ms: float):
    await asyncio.sleep(ms / 1000)
    return {"ok": True}


@app.get("/sync/sleep")
def sync_sleep(ms: float):
    time.sleep(ms / 1000)
    return {"ok": True}


@app.get("/async/mix")
async def async_mix(n: int, ms: float):
    count = spin(n)
    await asyncio.sleep(ms / 1000)
    return {"count": count}


@app.get("/sync/mix")
def sync_mix(n: int, ms: float):
    count = spin(n)
    time.sleep(ms / 1000)
    return {"count": count}


@app.get("/pace")
async def pace():
    """How many iterations of spin() take 1 ms of this process's CPU just now."""
    spin(PACE_BURST)  # wakes core and caches up
    begin = time.thread_time_ns()
    for _ in range(PACE_BURSTS):
        spin(PACE_BURST)
    used_ms = (time.thread_time_ns() - begin) / 1e6
    return PlainTextResponse(f"{PACE_BURST * PACE_BURSTS / used_ms:.1f}\n")
