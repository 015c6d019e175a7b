import pathlib

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from readerstudy.analysis.table import LongTable
from readerstudy.studies.models import Membership, Role
from tests.analysis import worlds

pytestmark = [pytest.mark.django_db(transaction=True)]
OUT = pathlib.Path("/tmp/analysis-dev")


def test_look(request, monkeypatch):
    from django.test.testcases import _StaticFilesHandler

    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", _StaticFilesHandler)
    live_server = request.getfixturevalue("live_server")
    s = worlds.make_rated_study(
        title="Two models on chest radiographs: pilot",
        question="How well do the interpretations of two models agree with what doctors see?",
    )
    OUT.joinpath("r.csv").write_bytes(b"".join(LongTable.of(s).csv()))
    researcher = Membership.objects.get(study=s, role=Role.RESEARCHER).user
    c = Client()
    c.force_login(researcher)
    r = c.get(f"/studies/{s.key}/report/report.html")
    assert r.status_code == 200
    OUT.joinpath("download.html").write_bytes(r.content)
    OUT.joinpath("r.json").write_bytes(c.get(f"/studies/{s.key}/report/report.json").content)
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for w, h in ((1366, 768), (768, 1024)):
                cx = b.new_context(viewport={"width": w, "height": h}, color_scheme=scheme)
                cx.add_cookies(
                    [{"name": "sessionid", "value": c.cookies["sessionid"].value, "url": live_server.url}]
                )
                pg = cx.new_page()
                errs = []
                pg.on("console", lambda m: errs.append(m.text) if m.type in ("error", "warning") else None)
                pg.goto(f"{live_server.url}/studies/{s.key}/report/")
                pg.wait_for_load_state("networkidle")
                pg.evaluate("document.querySelectorAll('img').forEach(i=>i.loading='eager')")
                pg.wait_for_load_state("networkidle")
                pg.evaluate("Promise.all([...document.images].map(i => i.decode()))")
                pg.screenshot(path=str(OUT / f"page-{scheme}-{w}.png"), full_page=True)
                pg.screenshot(path=str(OUT / f"fold-{scheme}-{w}.png"))
                print(scheme, w, errs)
                cx.close()
        cx = b.new_context(viewport={"width": 1366, "height": 768})
        pg = cx.new_page()
        pg.goto("file:///tmp/analysis-dev/download.html")
        pg.screenshot(path=str(OUT / "download.png"), full_page=True)
        pg.pdf(path=str(OUT / "download.pdf"), prefer_css_page_size=True)
        b.close()
