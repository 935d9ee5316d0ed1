"""The tools that a language model is given: made from the questions, answered in short, read-only, over the real protocol."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters
from tests.analyse.logs import log

from sojourn.api.questions import QUESTIONS
from sojourn.app.backing import backing_of
from sojourn.app.mcp_server import made_server
from sojourn.app.tools import MOST_CHARACTERS, tools
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from sojourn.analyse.journeys import Journeys
    from sojourn.api.call import Backing

STEPS = ["view", "cart", "purchase"]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    """Anna buys, Ben leaves at the cart, sixty others look at a page of their own."""
    return log(
        [
            ("anna", "2024-01-01 10:00", "view", {"path": "/"}),
            ("anna", "2024-01-01 10:01", "cart", {"path": "/"}),
            ("anna", "2024-01-01 10:05", "purchase", {"path": "/", "revenue": 40.0, "order_id": "o1"}),
            ("ben", "2024-01-02 10:00", "view", {"path": "/"}),
            ("ben", "2024-01-02 10:02", "cart", {"path": "/"}),
            *((f"visitor {n}", "2024-01-03 10:00", f"look {n}", {"path": f"/{n}"}) for n in range(60)),
        ]
    )


@pytest.fixture(scope="module")
def backing(journeys: Journeys) -> Backing:
    return backing_of(journeys.index.folder)


def ask(backing: Backing, name: str, **arguments: Any) -> dict[str, Any]:
    tool = next(tool for tool in tools() if tool.name == name)
    return tool.call(backing, arguments)


def test_every_question_is_a_tool_that_names_its_definition() -> None:
    by_name = {tool.name: tool for tool in tools()}

    for name, question in QUESTIONS.items():
        assert by_name[name].about.endswith(f"Definition: docs/methods/{question.methods}.md.")
        assert set(by_name[name].schema["properties"]) > {option.name for option in question.options}


def test_an_answer_is_that_of_the_question_and_says_where_it_is_defined(backing: Backing) -> None:
    told = ask(backing, "funnel", steps=STEPS, within="7d")

    assert [step["count"] for step in told["answer"]["steps"]] == [2, 2, 1]
    assert told["definition"] == "docs/methods/funnel.md"
    assert "_s seconds" in told["units"]


def test_long_lists_are_cut_and_it_is_said(backing: Backing) -> None:
    told = ask(backing, "overview", most=100)

    assert len(told["answer"]["names"]) == 20
    assert told["cut"] == {"names": "the first 20 of 63"}


def test_an_answer_is_never_longer_than_a_reader_takes(backing: Backing) -> None:
    assert len(json.dumps(ask(backing, "transitions"))) < MOST_CHARACTERS + 1_000


def test_the_persons_behind_a_number_are_listed(backing: Backing) -> None:
    number = {"step": 2, "outcome": "dropped"}

    told = ask(backing, "persons_behind", question="funnel", options={"steps": STEPS}, number=number)

    assert (told["count"], told["persons"]) == (1, ["ben"])


def test_a_filter_narrows_every_question(backing: Backing) -> None:
    assert ask(backing, "overview", where=["event = 'cart'"])["answer"]["persons"] == 2


def test_persons_are_found_and_not_all_listed(backing: Backing) -> None:
    told = ask(backing, "find_persons", q="visitor", limit=2)

    assert (told["count"], len(told["persons"])) == (60, 2)


def test_a_definition_explains_every_field(backing: Backing) -> None:
    told = ask(backing, "definition", question="funnel")

    assert told["fields"]["FunnelStep"]["share_of_start"].startswith("Of the units that reached the first step")


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("funnel", {}, "steps"),
        ("funnel", {"steps": STEPS, "windw": "7d"}, "windw"),
        ("funnel", {"steps": {"a": 1}}, "steps"),
        ("funnel", {"steps": STEPS, "within": 7.5}, "within"),
        ("persons_behind", {"question": "person"}, "question"),
        ("persons_behind", {"question": "funnel", "options": {"steps": STEPS}, "limit": -1}, "limit"),
        ("definition", {"question": "everything"}, "question"),
    ],
)
def test_an_error_names_the_argument(backing: Backing, name: str, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(BadField) as error:
        ask(backing, name, **arguments)

    assert error.value.field == field


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert content.type == "text"
    return content.text


def test_the_server_lists_read_only_tools_and_tells_errors_as_answers(backing: Backing) -> None:
    async def talk() -> tuple[Any, CallToolResult, CallToolResult, CallToolResult]:
        async with Client(made_server(backing)) as client:
            return (
                await client.list_tools(),
                await client.call_tool("overview", {}),
                await client.call_tool("funnel", {"steps": ["nothing"]}),
                await client.call_tool("delete_everything", {}),
            )

    listed, answer, refused, unknown = asyncio.run(talk())

    assert all(tool.annotations.read_only_hint for tool in listed.tools)
    assert json.loads(text_of(answer))["answer"]["persons"] == 62
    assert refused.is_error
    assert "'nothing'" in text_of(refused)
    assert unknown.is_error


@pytest.mark.long
def test_a_client_starts_the_command_and_asks_over_standard_input_and_output(journeys: Journeys) -> None:
    folder = str(journeys.index.folder.path)
    command = StdioServerParameters(command=sys.executable, args=["-m", "sojourn", "mcp", "--data", folder])

    async def talk() -> tuple[Any, CallToolResult]:
        async with Client(command) as client:
            return await client.list_tools(), await client.call_tool("funnel", {"steps": STEPS})

    listed, answer = asyncio.run(talk())

    assert {"overview", "funnel", "persons_behind", "definition"} <= {tool.name for tool in listed.tools}
    assert [step["count"] for step in json.loads(text_of(answer))["answer"]["steps"]] == [2, 2, 1]


def test_without_the_extra_the_command_says_how_to_install_it(journeys: Journeys) -> None:
    code = "import sys; sys.modules['mcp'] = None; sys.argv = ['sojourn', 'mcp', '--data', sys.argv[1]]; from sojourn.app.cli import main; main()"

    ended = subprocess.run(
        [sys.executable, "-c", code, str(journeys.index.folder.path)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr.strip() == "sojourn: this needs the package `mcp`: pip install 'sojourn[mcp]'"
