"""Announcements that operators upload: re-encoded, checked, heard, replaced, kept while something plays them."""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from api.app import make_app
from api.server import serve
from media import commands
from softswitch.business.desk import BusinessDesk
from softswitch.business.prompt_shelf import PromptShelf
from softswitch.business.seed import from_file
from softswitch.business.sound_folder import SoundFolder
from softswitch.store.business import StoredVersions
from softswitch.store.reader import Reader
from tests import spectrum
from tests.api.city import TOKENS, WORDS
from tests.softswitch.business.conftest import CONFIG, MACHINE, NOW, city_file, ports_with
from tests.softswitch.store.samples import open_store

ADDRESS = "127.63.0.10"
SHIPPED = {path.stem: path for path in (CONFIG / "prompts" / "zh").glob("*.wav")}


def sound(hz: float, kind: str = "WAV", rate: int = 44100) -> bytes:
    """A second of a tone in stereo."""
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(rate) / rate)
    target = io.BytesIO()
    soundfile.write(target, np.stack([wave, wave], axis=1), rate, format=kind)
    return target.getvalue()


class Operator:
    """An administrator's page, and what the plane was told meanwhile."""

    def __init__(
        self, client: aiohttp.ClientSession, orders: list[commands.Command], shelf: PromptShelf
    ) -> None:
        """Ask this server."""
        self.client, self.orders, self.shelf = client, orders, shelf

    async def ask(self, method: str, path: str, tag: str = "", **more: Any) -> tuple[int, Any, str]:
        """Status, JSON or bytes, and ETag."""
        headers = {"If-Match": tag} if tag else {}
        headers |= {"Content-Type": "audio/wav"} if "data" in more else {}
        async with self.client.request(method, f"/v1/prompts{path}", headers=headers, **more) as answer:
            is_json = "json" in answer.content_type
            shown = await answer.json(content_type=None) if is_json else await answer.read()
            return answer.status, shown, answer.headers.get("ETag", "")


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    """The example city with a shelf of its own."""
    folder = tmp_path / "prompts"
    machine = replace(MACHINE, has_sound=lambda sha256: (folder / f"{sha256}.wav").is_file())
    orders: list[commands.Command] = []
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        reader = await Reader.open(tmp_path / "hotline.db", store.committed)
        stack.push_async_callback(reader.close)
        desk = BusinessDesk(store, StoredVersions(reader), machine, lambda: NOW)
        await desk.open(from_file(city_file()))
        desk.sounds = SoundFolder(folder)
        shelf = PromptShelf(desk, desk.sounds, SHIPPED, orders.append)
        desk.take = lambda business, changes, version: shelf.take(changes)
        ports = ports_with(
            tmp_path,
            business=desk,
            prompts=shelf,
        )
        server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
        stack.push_async_callback(server.close)
        headers = {"Authorization": f"Bearer {WORDS['admin']}"}
        client = aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}", headers=headers)
        yield Operator(await stack.enter_async_context(client), orders, shelf)


@pytest.mark.parametrize(
    "kind", ["MP3", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("WAV", "FLAC", "OGG"))]
)
async def test_a_sound_of_any_kind_becomes_a_prompt_of_ours(
    operator: Operator, kind: str, tmp_path: Path
) -> None:
    """What is kept and played is our own file, 8 kHz, mono; the same tone is in it."""
    status, view, tag = await operator.ask("PUT", "/storm", data=sound(700, kind), params={"title": "暴雨"})
    assert (status, view["title"], view["is_shipped"], view["used_by"]) == (200, "暴雨", False, [])
    assert view["duration_s"] == pytest.approx(1.0, abs=0.1)
    [order] = operator.orders
    assert isinstance(order, commands.LoadPrompt)
    (heard,), rate = spectrum.read_channels(Path(order.path))
    assert (order.name, rate) == ("storm", 8000)
    assert spectrum.dominant_tone(heard) == pytest.approx(700, abs=5)
    assert (await operator.ask("GET", "/storm"))[2] == tag
    status, whole, _ = await operator.ask("GET", "/storm/sound")
    assert (status, whole) == (200, Path(order.path).read_bytes())
    assert [path.name for path in (tmp_path / "prompts").iterdir()] == [Path(order.path).name]


@pytest.mark.parametrize("data", [b"", b"RIFF\xff\xff\xff\xffWAVEfmt ", sound(0)])
async def test_what_is_no_sound_is_refused_and_nothing_of_it_is_kept(
    operator: Operator, data: bytes, tmp_path: Path
) -> None:
    status, problem, _ = await operator.ask("PUT", "/storm", data=data)
    assert (status, problem["code"]) == (422, "not_audio")
    assert "不是可用的声音" in problem["detail"]
    assert " / is no usable sound: " in problem["detail"]
    assert problem["errors"] == [{"field": "sound", "code": "not_audio", "detail": problem["detail"]}]
    assert list((tmp_path / "prompts").iterdir()) == []
    assert operator.orders == []


async def test_a_prompt_is_replaced_brought_back_and_removed(operator: Operator) -> None:
    """Two operators at once: the second is told; an older version finds its sound again."""
    _, _, tag = await operator.ask("PUT", "/storm", data=sound(700))
    assert (await operator.ask("PUT", "/storm", data=sound(800)))[0] == 412
    status, view, new = await operator.ask("PUT", "/storm", tag=tag, data=sound(800))
    assert (status, view["version"]) == (200, 3)
    async with operator.client.post(
        "/v1/business/versions/2/restore", json={}, headers={"If-Match": '"3"'}
    ) as answer:
        assert answer.status == 200
    first, _, third = operator.orders
    assert first == third
    status, _, tag = await operator.ask("GET", "/storm")
    assert (await operator.ask("DELETE", "/storm", tag=new))[0] == 412
    assert (await operator.ask("DELETE", "/storm", tag=tag))[0] == 204
    assert operator.orders[-1] == commands.DropPrompt(name="storm")
    assert (await operator.ask("GET", "/storm"))[0] == 404


async def test_a_prompt_that_something_plays_stays(operator: Operator) -> None:
    """Its users are named; one of the same name that came with the system takes its place instead."""
    _, _, tag = await operator.ask("PUT", "/storm", data=sound(700))
    switch = {"data": {"is_on": True, "notice": ["storm"]}}
    path = "/v1/business/documents/emergency/switch"
    async with operator.client.put(path, json=switch) as answer:
        assert answer.status == 201
    assert (await operator.ask("GET", "/storm"))[1]["used_by"] == ["emergency/switch"]
    status, problem, _ = await operator.ask("DELETE", "/storm", tag=tag)
    assert (status, [fault["field"] for fault in problem["errors"]]) == (422, ["emergency.switch.notice"])
    _, view, tag = await operator.ask("PUT", "/welcome", data=sound(900))
    players = [f"flows/{name}" for name in ("dialect", "english", "enterprise", "main", "menu")]
    assert (view["is_shipped"], view["used_by"]) == (True, players)
    assert (await operator.ask("DELETE", "/welcome", tag=tag))[0] == 204
    status, view, _ = await operator.ask("GET", "/welcome")
    assert (status, view["version"]) == (200, 0)
    assert (await operator.ask("GET", "/welcome/sound"))[1] == SHIPPED["welcome"].read_bytes()


async def test_a_text_that_is_spoken_is_listed_until_a_sound_takes_its_place(operator: Operator) -> None:
    end = {"type": "hang_up", "say": ["welcome", "text@bye:感谢来电", "digits:{caller}"]}
    flow = {"data": {"id": "closing", "start": "end", "nodes": {"end": end}}}
    async with operator.client.put("/v1/business/documents/flows/closing", json=flow) as answer:
        assert answer.status == 201
    _, view, _ = await operator.ask("GET", "/bye")
    assert (view["text"], view["version"], view["used_by"]) == ("感谢来电", 0, ["flows/closing"])
    assert (await operator.ask("GET", "/bye/sound"))[0] == 404
    _, page, _ = await operator.ask("GET", "", params={"limit": "500"})
    assert {one["prompt_id"] for one in page["items"]} == SHIPPED.keys() | {"bye"}
    _, view, tag = await operator.ask("PUT", "/bye", data=sound(700))
    assert (view["text"], view["duration_s"], view["used_by"]) == ("感谢来电", 1.0, ["flows/closing"])
    assert (await operator.ask("GET", "/bye/sound"))[0] == 200
    assert (await operator.ask("DELETE", "/bye", tag=tag))[0] == 204
    assert (await operator.ask("GET", "/bye"))[1]["version"] == 0


async def test_a_document_cannot_name_a_sound_that_is_not_here(operator: Operator) -> None:
    data = {"data": {"id": "storm", "sha256": "0" * 64}}
    async with operator.client.put("/v1/business/documents/prompts/storm", json=data) as answer:
        assert answer.status == 422
        assert (await answer.json(content_type=None))["errors"][0]["field"] == "prompts.storm.sha256"


async def test_prompts_are_listed_in_pages_and_a_new_plane_is_told_all(operator: Operator) -> None:
    await operator.ask("PUT", "/aaa", data=sound(700))
    _, page, _ = await operator.ask("GET", "", params={"limit": "3"})
    assert page["items"][0]["prompt_id"] == "aaa"
    _, rest, _ = await operator.ask("GET", "", params={"cursor": page["next_cursor"], "limit": "500"})
    assert len(page["items"]) + len(rest["items"]) == len(SHIPPED) + 1
    operator.shelf.tell_all()
    assert operator.orders[0] == operator.orders[1]
