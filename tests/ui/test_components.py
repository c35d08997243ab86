"""The shared layout, components and charts, in a synchronous and an asynchronous environment."""

import asyncio
from datetime import date

import pytest
from jinja2 import DictLoader, Environment

from sandbox import ui
from sandbox.descriptors import LANGUAGES, Text
from sandbox.ui import charts
from sandbox.workspace import open_workspace

HEAD = (
    '{% from "sandbox/components.html" import badge, data_table, empty, notice, stat '
    "with context %}"
    '{% from "sandbox/charts.html" import bars, interval, sparkline with context %}'
)


@pytest.fixture(params=["sync", "async"])
def render(request):
    """Render a template's text as a page of the demo, as Flask and as Datasette would."""

    def rendered(text, language="en", path="/", event=None, **context):
        is_async = request.param == "async"
        environment = Environment(
            loader=DictLoader({"page": HEAD + text}), autoescape=True, enable_async=is_async
        )
        ui.equip(environment)
        template = environment.get_template("page")
        context |= ui.page_context(event or open_workspace().event, language, path)
        return asyncio.run(template.render_async(context)) if is_async else template.render(context)

    return rendered


@pytest.mark.parametrize("kind", ["synthetic", "open", "live", "cached", "sample"])
def test_a_badge_says_its_kind_in_words_of_the_language(render, kind):
    assert f">{kind.upper()}<" in render(f"{{{{ badge('{kind}') }}}}")
    assert f">{kind.upper()}<" not in render(f"{{{{ badge('{kind}') }}}}", "nb")


def test_words_in_another_language_say_which_and_are_escaped(render):
    shown = render("{{ said | words }}", "nb", said=Text({"en": "a < b"}))
    assert shown == '<span lang="en">a &lt; b</span>'
    assert render("{{ said | words }}", "en", said=Text({"en": "a < b"})) == "a &lt; b"


@pytest.mark.parametrize(
    ("language", "said", "shown"),
    [
        ("nn", {"en": "week", "nb": "uke", "nn": "veke"}, "veke"),
        ("nn", {"en": "week", "nb": "uke"}, '<span lang="nb">uke</span>'),
        ("nn", {"en": "week"}, '<span lang="en">week</span>'),
        ("sv", {"en": "week", "nb": "uke"}, '<span lang="en">week</span>'),
        ("da", {"en": "week", "da": "uge"}, "uge"),
    ],
)
def test_content_falls_back_and_says_in_which_language_it_is(render, language, said, shown):
    assert render("{{ said | words }}", language, said=Text(said)) == shown


def test_an_attribute_takes_the_words_of_another_language_without_their_markup(render):
    said = Text({"en": "a < b"})
    shown = render("{{ data_table(said | words, [('x', 'text')], []) }}", "sv", said=said)
    assert 'aria-label="a &lt; b"' in shown
    assert '<caption><span lang="en">a &lt; b</span></caption>' in shown
    assert 'aria-label="a &lt;i&gt; b"' in render("{{ sparkline(said, [1, 2]) }}", said="a <i> b")


def test_a_message_escapes_what_it_is_given(render):
    assert render("{{ _('After %(days)s days', days='<b>') }}") == "After &lt;b&gt; days"


def test_a_table_has_caption_and_scopes_in_a_labelled_frame(render):
    shown = render("{{ data_table('Ages', [('Name', 'text'), ('Age', 'number')], [['Kari', 8]]) }}")
    assert 'role="region" aria-label="Ages" tabindex="0"' in shown
    assert "<caption>Ages</caption>" in shown
    assert '<th scope="col" class="number">Age</th>' in shown
    assert '<th scope="row">Kari</th>' in shown
    assert '<td class="number">8</td>' in shown


def test_a_notice_an_empty_state_and_a_figure_hold_what_they_are_given(render):
    assert "<p>Now</p>" in render(
        "{% call notice('Take care', 'warning') %}<p>Now</p>{% endcall %}"
    )
    assert "<p>Do this</p>" in render("{% call empty('Nothing') %}<p>Do this</p>{% endcall %}")
    shown = render("{{ stat('Waiting', 12, 'days', 'The agency', day) }}", day=date(2025, 11, 3))
    assert "The agency, 3 November 2025" in shown


def test_a_bar_is_as_long_as_its_number_on_the_common_scale(render):
    shown = render(
        "{{ bars('Scores', [('a', 25, '25 %', true), ('b', 50, '50 %', false)], 0, 50) }}"
    )
    assert [part.split('"')[0] for part in shown.split('bar-fill" width="')[1:]] == [
        "50.0",
        "100.0",
    ]


def test_an_interval_and_a_sparkline_say_in_words_what_they_show(render):
    shown = render("{{ interval('5 to 15, most likely 10', 5, 10, 15, 0, 20) }}")
    assert 'aria-label="5 to 15, most likely 10"' in shown
    assert 'x="25.0" y="3" width="50.0"' in shown
    assert 'points="0,22 50,12 100,2"' in render("{{ sparkline('rises', [1, 2, 3]) }}")


def test_a_share_outside_its_scale_stays_in_the_picture():
    assert charts.share(-5, 0, 10) == 0
    assert charts.share(50, 0, 10) == 100
    assert charts.share(1, 1, 1) == 0


def test_a_key_map_leads_each_column_to_the_head_of_its_table():
    drawn = charts.key_map([("parents", (), True), ("children", [("parent_id", "parents")], False)])
    parents, children = drawn.boxes
    assert children.y >= parents.y + parents.height
    assert drawn.wires[0].y == parents.y + charts.HEAD // 2
    assert drawn.wires[0].path.endswith(f"V{drawn.wires[0].y}H{drawn.left - 2}")
    assert drawn.height >= children.y + children.height


def test_the_language_links_use_the_name_that_is_free_below_data(render):
    page = '{% extends "sandbox/layout.html" %}{% block title %}T{% endblock %}'
    shown = render(page, "nb", "/data/sandbox/persons?_sort=age&_lang=nb")
    assert "/data/sandbox/persons?_sort=age&amp;_lang=en" in shown
    assert 'href="/challenges/?lang=nb"' in shown
    assert "/challenges/?a=1&amp;lang=en" in render(page, "nb", "/challenges/?a=1")


@pytest.mark.parametrize(("languages", "menus"), [(("en", "nb"), 0), (LANGUAGES, 1)])
def test_two_languages_are_links_and_more_are_a_menu_named_in_the_readers_own(
    render, languages, menus
):
    event = open_workspace().event.model_copy(update={"languages": languages})
    page = '{% extends "sandbox/layout.html" %}{% block title %}T{% endblock %}'
    shown = render(page, "nb", event=event)
    assert shown.count("<details>") == menus
    assert shown.count("Språk: </span>Bokmål</summary>") == menus
    assert all(shown.count(f'hreflang="{tag}"') == 1 for tag in languages)
