"""The simulated vendor: its books, its control plane, and that it is the same every time."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from readerstudy.imaging.phantoms import CHEST_LESIONS, FUNDUS_LESIONS, draw_chest, draw_fundus, encode_png
from readerstudy.providers import Connection, ErrorCode, ImagePart, ProviderError, interpret, simulated
from readerstudy.providers.refusals import Label, classify, classify_reply
from readerstudy.providers.simulated import ConfigProblem, SimulatedVendor, UnknownScenario
from readerstudy.providers.simulated.draw import Draw
from readerstudy.providers.simulated.glance import Glance, UnreadableImage, glance_at
from readerstudy.providers.simulated.metadata import metadata_of
from readerstudy.providers.simulated.prose import interpretation
from tests.providers.wire import ADAPTERS, KEY, connection_to, png, request


def control(vendor: SimulatedVendor, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(vendor.url + path, data=data)) as reply:
        return json.load(reply)


def refused(vendor: SimulatedVendor, path: str, body: Any = None) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(vendor, path, body)
    with caught.value as reply:
        return reply.code, json.load(reply)["error"]["message"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_same_image_model_and_seed_give_the_same_text(vendor: SimulatedVendor, adapter: str) -> None:
    connection = connection_to(adapter, vendor.url)
    first = interpret(connection, request(attempt="a1")).text
    assert interpret(connection, request(attempt="a2")).text == first
    assert interpret(connection, request(attempt="a3", model="sim-beta")).text != first


def test_every_wire_format_gives_the_same_text(vendor: SimulatedVendor) -> None:
    assert len({interpret(connection_to(adapter, vendor.url), request()).text for adapter in ADAPTERS}) == 1


MODELS = ("sim-alpha", "sim-beta", "sim-plain")
GLANCES = (
    Glance("chest"),
    Glance("chest", "opacity", "right", "lower"),
    Glance("chest", "nodule", "left", "upper"),
    Glance("section"),
    Glance("section", "asymmetry", "left"),
    Glance("fundus"),
    Glance("fundus", "haemorrhages"),
    Glance("fundus", "exudates"),
    Glance("fundus", "enlarged cup"),
)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("glance", GLANCES, ids=lambda glance: f"{glance.view}-{glance.finding or 'normal'}")
def test_a_text_has_60_to_130_words_a_classification_and_reads_as_an_answer(
    model: str, glance: Glance
) -> None:
    for number in range(12):
        text = interpretation(glance, model, draw=Draw(number))
        assert 60 <= len(text.split()) <= 130
        assert text.splitlines()[-1] in {"Classification: normal", "Classification: abnormal"}
        assert classify(text, "stop").verdict == Label.ANSWER


def wrong_texts(model: str) -> int:
    texts = [interpretation(Glance("chest"), model, draw=Draw(number)) for number in range(400)]
    return sum(text.endswith("abnormal") for text in texts)


def test_alpha_errs_less_often_than_beta_and_writes_shorter() -> None:
    assert 0 < wrong_texts("sim-alpha") < wrong_texts("sim-plain") < wrong_texts("sim-beta") < 140
    lengths = [len(interpretation(GLANCES[0], model, draw=Draw(1)).split()) for model in MODELS]
    assert lengths[0] < lengths[1]


def test_drawn_phantoms_are_mostly_glanced_at_rightly() -> None:
    seen = []
    for seed, (side, zone) in enumerate([("right", "lower"), ("left", "middle")]):
        for lesion in CHEST_LESIONS:
            chest = draw_chest(seed=seed, lesion=lesion, side=side, zone=zone, size=160)  # type: ignore[arg-type]  # listed above
            seen.append(("chest", chest.label, glance_at(encode_png(chest))))
        for damage in FUNDUS_LESIONS:
            fundus = draw_fundus(seed=seed, lesion=damage, size=160)
            seen.append(("fundus", fundus.label, glance_at(encode_png(fundus))))
    assert all(glance.view == view for view, _, glance in seen)
    right = sum(glance.abnormal == (label == "abnormal") for _, label, glance in seen)
    assert right >= 13, seen


def test_a_deep_grey_image_is_seen_like_its_shallow_copy() -> None:
    chest = draw_chest(seed=3, lesion="consolidation", side="left", zone="upper", size=160)
    buffer = io.BytesIO()
    Image.fromarray(chest.pixels).save(buffer, "PNG")
    assert (
        glance_at(buffer.getvalue())
        == glance_at(encode_png(chest))
        == Glance("chest", "opacity", "left", "upper")
    )


@pytest.mark.parametrize("data", [b"", b"not an image", png()[:40], b"\x89PNG\r\n\x1a\n" + b"\x00" * 50])
def test_bytes_that_are_no_image_are_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        glance_at(data)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_unreadable_image_is_the_vendors_400(vendor: SimulatedVendor, adapter: str) -> None:
    images = (ImagePart("current", "image/png", b"not an image"),)
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), request(images=images))
    assert caught.value.code == ErrorCode.BAD_REQUEST


def test_refusals_of_several_kinds_come_at_the_rate_asked_for(vendor: SimulatedVendor) -> None:
    vendor.configure(refusal_rate=0.5)
    connection = connection_to("openai", vendor.url)
    verdicts = []
    for number in range(60):
        images = (ImagePart("current", "image/png", png(number)),)
        asked = request(f"{number}", model="sim-plain", images=images, attempt=f"r-{number}")
        verdicts.append(classify_reply(interpret(connection, asked)).verdict)
    declined = [verdict for verdict in verdicts if verdict != Label.ANSWER]
    assert 15 <= len(declined) <= 45
    assert set(declined) == {Label.FULL_REFUSAL, Label.SAFETY_BLOCK, Label.DEFERRAL}


def test_by_default_a_few_percent_of_images_are_declined() -> None:
    config = simulated.Config()
    assert 0.01 <= config.refusal_rate <= 0.1


def test_faults_are_drawn_for_each_attempt_so_that_a_retry_can_succeed(vendor: SimulatedVendor) -> None:
    vendor.configure(rate_500=0.5)
    connection = connection_to("openai", vendor.url)

    def succeeds(attempt: str) -> bool:
        try:
            interpret(connection, request("Same request", attempt=attempt))
        except ProviderError as error:
            return error.code != ErrorCode.VENDOR_FAILURE
        return True

    outcomes = [succeeds(f"try-{number}") for number in range(30)]
    assert 5 <= sum(outcomes) <= 25
    assert vendor.stats()["answered"] == sum(outcomes)
    assert vendor.stats()["failed"] == 30 - sum(outcomes)


def test_answers_to_one_attempt_id_are_counted(vendor: SimulatedVendor) -> None:
    connection = connection_to("gemini", vendor.url)
    for attempt in ("once", "twice", "twice"):
        interpret(connection, request(f"For {attempt}", attempt=attempt))
    stats = vendor.stats()
    assert stats["answered_more_than_once"] == ["twice"]
    assert stats["by_attempt"]["twice"] == {
        "received": 2,
        "answered": 2,
        "failed": 0,
        "outcomes": ["answer", "answer"],
    }
    assert len(stats["requests_answered_more_than_once"]) == 1


def test_a_list_of_scenarios_moves_on_with_each_try(vendor: SimulatedVendor) -> None:
    connection = connection_to("openai", vendor.url)
    asked = request("[[simulated: 503, html, answer]]")
    codes = []
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            interpret(connection, asked)
        codes.append(caught.value.code)
    assert codes == [ErrorCode.VENDOR_FAILURE, ErrorCode.NOT_JSON]
    assert interpret(connection, asked).text
    assert interpret(connection, asked).text


def test_the_models_name_can_carry_a_scenario(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("gemini", vendor.url), request(model="sim-alpha--truncated"))
    assert (reply.stop_reason, reply.served_model) == ("MAX_TOKENS", "sim-alpha-simulated-1")


def test_a_header_can_carry_a_scenario_and_goes_first(vendor: SimulatedVendor) -> None:
    body = {"model": "sim-alpha--empty", "messages": [{"role": "user", "content": "[[simulated:500]]"}]}
    headers = {"Authorization": f"Bearer {KEY}", "X-Simulated-Scenario": "refusal_field"}
    asked = urllib.request.Request(
        f"{vendor.openai_url}/chat/completions", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(asked) as reply:
        assert json.load(reply)["choices"][0]["message"]["refusal"]
    assert vendor.stats()["without_attempt_id"] == 1


def test_a_script_is_for_the_next_matching_calls(vendor: SimulatedVendor) -> None:
    control(vendor, "/__script", {"match": "beta", "scenarios": ["empty"]})
    connection = connection_to("openai", vendor.url)
    assert interpret(connection, request(model="sim-alpha")).text
    assert not interpret(connection, request(model="sim-beta")).text
    assert interpret(connection, request(model="sim-beta")).text


def test_a_limit_per_minute_answers_429_with_the_time_of_the_next_place(vendor: SimulatedVendor) -> None:
    vendor.configure(requests_per_minute=2)
    connection = connection_to("gemini", vendor.url)
    for number in range(2):
        interpret(connection, request(f"{number}"))
    with pytest.raises(ProviderError) as caught:
        interpret(connection, request("third"))
    assert caught.value.code == ErrorCode.RATE_LIMITED
    assert caught.value.retry_after is not None
    assert 30 < caught.value.retry_after <= 60


def test_the_control_plane_shows_and_changes_the_settings_but_never_the_key(vendor: SimulatedVendor) -> None:
    assert control(vendor, "/__health") == {"ok": True, "simulated": True}
    assert control(vendor, "/__config", {"hedge_rate": "0.25"})["hedge_rate"] == 0.25
    assert "key" not in control(vendor, "/__config")
    interpret(connection_to("openai", vendor.url), request(attempt="kept"))
    everything = [control(vendor, path) for path in ("/__stats", "/__requests?limit=5", "/__config")]
    assert KEY not in json.dumps(everything)
    assert control(vendor, "/__requests?attempt=kept")["requests"][0]["attempt"] == "kept"
    assert "by_attempt" not in control(vendor, "/__stats?attempts=0")
    control(vendor, "/__reset", {"config": True})
    assert control(vendor, "/__stats")["received"] == 0
    assert control(vendor, "/__config")["hedge_rate"] == 0


def test_the_list_of_models_has_openais_form(vendor: SimulatedVendor) -> None:
    names = [entry["id"] for entry in control(vendor, "/v1/models")["data"]]
    assert any("alpha" in name for name in names)
    assert any("beta" in name for name in names)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/__config", {"rate_429": 2}, 400, "between 0 and 1"),
        ("/__config", {"latency": -1}, 400, "negative"),
        ("/__config", {"latency": "long"}, 400, "cannot be set"),
        ("/__config", {"colour": 1}, 400, "There is no setting colour"),
        ("/__config", [], 400, "JSON object"),
        ("/__script", {"scenarios": ["dance"]}, 400, "There is no scenario dance"),
        ("/__script", {"scenarios": "empty"}, 400, "list"),
        ("/__script", {"match": "(", "scenarios": []}, 400, "regular expression"),
        ("/__requests?limit=all", None, 400, "whole number"),
        ("/elsewhere", None, 404, "nothing at this address"),
    ],
)
def test_the_control_plane_says_what_is_wrong(
    vendor: SimulatedVendor, path: str, body: Any, status: int, words: str
) -> None:
    code, message = refused(vendor, path, body)
    assert code == status
    assert words in message


def test_an_unknown_scenario_in_a_prompt_is_a_400(vendor: SimulatedVendor) -> None:
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to("openai", vendor.url), request("[[simulated:dance]]"))
    assert caught.value.code == ErrorCode.BAD_REQUEST


def test_metadata_in_an_image_is_found() -> None:
    notes, with_notes, with_exif = PngInfo(), io.BytesIO(), io.BytesIO()
    notes.add_text("Patient", "nobody")
    Image.new("L", (8, 8)).save(with_notes, "PNG", pnginfo=notes)
    exif = Image.Exif()
    exif[0x010E] = "a description"
    Image.new("RGB", (8, 8)).save(with_exif, "JPEG", exif=exif, comment=b"hello")
    assert metadata_of(png()) == []
    assert metadata_of(with_notes.getvalue()) == ["tEXt"]
    assert metadata_of(png() + b"trailer") == ["bytes after the end"]
    assert metadata_of(with_exif.getvalue()) == ["APP1 (EXIF or XMP)", "comment"]
    assert metadata_of(b"\x00" * 128 + b"DICM") == ["DICOM header"]


def test_the_ledger_shows_which_metadata_was_sent(vendor: SimulatedVendor) -> None:
    notes, buffer = PngInfo(), io.BytesIO()
    notes.add_text("Comment", "x")
    Image.new("L", (8, 8), 90).save(buffer, "PNG", pnginfo=notes)
    images = (ImagePart("current", "image/png", buffer.getvalue()),)
    interpret(connection_to("gemini", vendor.url), request(images=images, attempt="noted"))
    assert vendor.requests(attempt="noted")[0]["images"][0]["metadata"] == ["tEXt"]


def test_a_client_that_leaves_is_counted(vendor: SimulatedVendor) -> None:
    with pytest.raises(ProviderError):
        interpret(
            connection_to("openai", vendor.url), request("[[simulated:hang]]", attempt="left", seconds=0.7)
        )
    stats = vendor.stats()
    assert stats["by_attempt"]["left"]["answered"] == 0


def test_start_refuses_settings_that_do_not_exist() -> None:
    with pytest.raises(ConfigProblem):
        simulated.start(colour="blue")


def test_start_says_when_a_port_is_taken(vendor: SimulatedVendor) -> None:
    with pytest.raises(OSError, match="in use"):
        simulated.start(port=vendor.port)


def test_script_refuses_scenarios_that_do_not_exist(vendor: SimulatedVendor) -> None:
    with pytest.raises(UnknownScenario):
        vendor.script("dance")


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [
        sys.executable,
        "-m",
        "readerstudy.providers.simulated",
        "--port",
        "0",
        "--refusal-rate",
        "0",
        "--seed",
        "5",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        connection = Connection("Demo", "openai", f"{url}/v1", "simulated", simulated=True)
        reply = interpret(connection, request())
        assert "Classification:" in reply.text
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [(["--port", "0", "--rate-500", "7"], 2, "between 0 and 1"), (["--port", "{taken}"], 1, "taken")],
)
def test_the_command_says_why_it_cannot_start(
    vendor: SimulatedVendor, options: list[str], code: int, words: str
) -> None:
    filled = [option.format(taken=vendor.port) for option in options]
    command = [sys.executable, "-m", "readerstudy.providers.simulated", *filled]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
