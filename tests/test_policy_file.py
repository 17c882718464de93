"""Reading policy.toml: what it leaves out, what is wrong with it, and the commands around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app import cli
from agent_app.errors import KnownError
from agent_app.policy import file
from agent_app.policy.file import default_rules, default_text, own_rules, rules_of


def test_an_empty_file_is_the_shipped_policy():
    assert rules_of("", "mine") == default_rules()


def test_the_shipped_policy_as_ones_own_is_the_same():
    assert rules_of(default_text(), "mine") == default_rules()


def test_a_file_of_a_few_lines_changes_what_it_names_and_nothing_else():
    text = (
        'answer_seconds = 30\n[words.send]\nen = ["ship it"]\n[words.mine]\nxx = ["frobnicate"]\n'
    )
    rules = rules_of(text, "mine")
    assert rules.answer_seconds == 30
    send, *_, own = rules.risks
    assert "ship it" in send.words
    assert "send" not in send.words
    assert "senden" in send.words
    assert own.words == ("frobnicate",)
    assert rules.rules == default_rules().rules


def test_a_rule_of_ones_own_comes_first_and_takes_the_place_of_its_namesake():
    text = (
        '[[rule]]\nname = "deleting files"\nverdict = "refuse"\nkeys = ["delete"]\n'
        '[[rule]]\nname = "mine"\nverdict = "ask"\nactions = ["drag"]\n'
    )
    names = [(rule.name, rule.verdict) for rule in rules_of(text, "mine").rules]
    assert names == [
        ("deleting files", "refuse"),
        ("mine", "ask"),
        ("sending by keyboard", "ask"),
        ("deleting for good", "ask"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said", "remedy"),
    [
        ("a = \n", 1, "is no TOML", "put that line right"),
        ("# hello\n\nconfirn = 1\n", 3, "confirn: is not known", "confirm answer_seconds"),
        ('confirm = "sometimes"', 1, "confirm: 'sometimes'", '"none", "risky", "all"'),
        ("answer_seconds = 0", 1, "0 is no time to wait", "5 to 3600"),
        ("answer_seconds = true", 1, "is no time", "5 to 3600"),
        ("answer_seconds = nan", 1, "is no time", "5 to 3600"),
        ("version = 2", 1, "2 is no version", "version = 1"),
        ('\n[typing]\n\nterminals = "yes"\n', 4, "typing.terminals: 'yes'", '"allow"'),
        ('[typing]\nterminal = "ask"\n', 2, "typing.terminal: is not known", "terminals"),
        ('[words]\nsend = "x"\n', 2, "words.send: is no table", "[words.send]"),
        ('[words.send]\nen = "send"\n', 2, "words.send.en: is no list", '["one", "two"]'),
        ("[reading]\nunread = 3\n", 2, "reading.unread: 3", '"ask"'),
        ("typing = 3\n", 1, "typing: is no table", "[typing]"),
        ("rule = 3\n", 1, "rule: is no list", "[[rule]]"),
        ('[[rule]]\nverdict = "ask"\n', 1, "rule.1: has no name", "name ="),
        (
            '[[rule]]\nname = "a"\nverdict = "ask"\nkeys = ["f1"]\n'
            '[[rule]]\nname = "b"\nverdict = "ask"\nkeys = ["ctrl+nokey"]\n',
            8,
            "rule.2.keys",
            "ctrl+enter",
        ),
        ('[[rule]]\nname = "a"\nverdict = "ask"\n', 1, "has no condition", "applications"),
        ('[[rule]]\nname = "a"\nverdict = "ask"\nregions = ["1,2"]\n', 4, "cannot read", "X,Y,W,H"),
        ('[[rule]]\nname = "a"\nverdict = "ask"\nhours = ["25:00-26:00"]\n', 4, "25:00", "22:00"),
        ('[[rule]]\nname = "a"\nverdict = "ask"\nhours = ["abc 1:00-2:00"]\n', 4, "abc", "mon-fri"),
        ('[[rule]]\nname = "a"\nverdict = "ask"\nactions = ["jump"]\n', 4, "'jump'", '"click"'),
        (
            '[[rule]]\nname = "a"\nverdict = "allow"\ntitles = ["*"]\n',
            4,
            "any page can write",
            "applications or hosts",
        ),
    ],
)
def test_what_is_wrong_is_named_by_key_and_line(text: str, line: int, said: str, remedy: str):
    with pytest.raises(KnownError) as wrong:
        rules_of(text, "policy.toml")
    message = wrong.value.message
    assert f"line {line}" in message
    assert said in message
    assert remedy in wrong.value.remedy


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path):
    with pytest.raises(KnownError, match="cannot read the policy"):
        own_rules(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnownError, match="no UTF-8"):
        own_rules(tmp_path / "binary.toml")


def test_init_writes_the_policy_where_it_is_read_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "agent-app" / "policy.toml"
    assert file.policy_path() == path
    assert cli.main(["policy", "init"]) == 0
    assert path.read_text() == default_text()
    path.write_text('confirm = "all"\n')
    assert own_rules().confirm == "all"
    assert cli.main(["policy", "init"]) == 3
    assert path.read_text() == 'confirm = "all"\n'
    assert "is there already" in capsys.readouterr().err


def test_show_says_what_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert cli.main(["policy", "show"]) == 0
    shown = capsys.readouterr().out
    assert "yours would lie at" in shown
    assert "typing.terminals" in shown
    assert cli.main(["policy", "show", "--default"]) == 0
    assert capsys.readouterr().out == default_text()


def test_the_mode_of_a_run_comes_from_its_flag_its_desktop_or_the_policy(tmp_path: Path):
    def confirm(*flags: str) -> str:
        options = cli.parser().parse_args(["run", "x", *flags])
        from agent_app.cli.running import chosen_options

        return chosen_options(options).settings.policy.confirm

    mine = tmp_path / "policy.toml"
    mine.write_text('confirm = "all"\n')
    shipped = tmp_path / "shipped.toml"
    shipped.write_text("")
    assert confirm("--policy", str(shipped)) == "risky"
    assert confirm("--policy", str(mine)) == "all"
    assert confirm("--policy", str(mine), "--virtual", "800x600") == "none"
    assert confirm("--policy", str(mine), "--virtual", "800x600", "--confirm", "risky") == "risky"
