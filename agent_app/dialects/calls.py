"""Code as calls with literal arguments: parsed into a syntax tree, checked, never run.

What is allowed is listed here; everything else Python can say is refused by its name.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent_app.dialects.gestures import Gestures
from agent_app.dialects.values import MAX_NUMBER, shown
from agent_app.errors import ModelMistake
from agent_app.geometry import Size

MAX_NESTING = 3  # lists within lists; a list of points needs two
MAX_ITEMS = 64  # of one list

Value = None | bool | int | float | str | tuple["Value", ...]
Given = Mapping[str, object]  # arguments by name; what was given as None is left out
Handler = Callable[[Gestures, Given, Size], None]

_MODULES = ("pyautogui", "computer", "time")
_REFUSED: dict[type[ast.AST], str] = {
    ast.Constant: "a value of no use here",
    ast.Name: "a name",
    ast.Attribute: "an attribute",
    ast.Call: "a call inside another",
    ast.BinOp: "an expression",
    ast.UnaryOp: "an expression",
    ast.BoolOp: "an expression",
    ast.Compare: "a comparison",
    ast.IfExp: "a condition",
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Lambda: "a lambda",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.Subscript: "an index",
    ast.Starred: "an unpacked list",
    ast.NamedExpr: "an assignment",
    ast.Await: "an await",
    ast.Assign: "an assignment",
    ast.AnnAssign: "an assignment",
    ast.AugAssign: "an assignment",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "a condition",
    ast.With: "a with block",
    ast.Try: "a try block",
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
}

_CALL = re.compile(r"(?:\b(pyautogui|computer|time)[ \t]*\.[ \t]*)?\b([A-Za-z_]\w*)\(")
_LINE_START = re.compile(r"[ \t>*`-]*(?:[0-9]{1,2}[.)][ \t]+)?`?")
_LINE_REST = re.compile(r"[ \t]*(?:[`;.,]+[ \t]*)?(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `name` in lower case without underscores, `written` as the model wrote it."""

    name: str
    written: str
    args: tuple[Value, ...]
    keywords: Mapping[str, Value]

    def bind(self, signature: str) -> Given:
        """Arguments by name, for a signature such as `x y button` or `*keys interval`."""
        names = signature.replace("*", "").split()
        given: dict[str, object] = dict(self.keywords)
        for name in self.keywords:
            if name not in names:
                raise ModelMistake(
                    f"{self.written} has no argument {shown(name)}: it takes {', '.join(names)}."
                )
        if signature.startswith("*"):
            if self.args:
                given[names[0]] = self.args
        else:
            if len(self.args) > len(names):
                raise ModelMistake(f"{self.written} takes at most {len(names)} arguments.")
            for name, value in zip(names, self.args, strict=False):
                if name in given:
                    raise ModelMistake(f"{self.written} is given {name} twice.")
                given[name] = value
        return {name: value for name, value in given.items() if value is not None}


def plain_name(name: str) -> str:
    """A name as the tables spell it: `doubleClick` and `double_click` are one."""
    return name.replace("_", "").lower()


def first_call(text: str, names: frozenset[str]) -> int | None:
    """Where the first call of one of these names, or on one of the modules, stands in a text."""
    for found in _CALL.finditer(text):
        if found[1] is not None or plain_name(found[2]) in names:
            return found.start()
    return None


def calls_in_prose(text: str, names: frozenset[str]) -> str:
    """The lines of a text that are calls of these names, or the text itself when none is.

    A call may follow a list bullet or a backtick and may run over several lines. A text that is
    Python throughout stays whole, so that a loop around a call is not lost from sight.
    """
    try:
        if _holds_call(_parse(text)):
            return text
    except SyntaxError:
        pass  # prose
    found: list[str] = []
    at = 0
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        start = _LINE_START.match(text, at)
        call = _CALL.match(text, start.end() if start else at, line_end)
        if call is not None and (call[1] is not None or plain_name(call[2]) in names):
            end = _closing(text, call.end())
            rest_end = text.find("\n", end)
            rest_end = len(text) if rest_end < 0 else rest_end
            if _LINE_REST.fullmatch(text, end, rest_end):
                found.append(text[call.start() : end])
                line_end = rest_end
        at = line_end + 1
    return "\n".join(found) or text


def _closing(text: str, at: int) -> int:
    """Just behind the bracket that closes a call whose arguments begin at `at`, or the end."""
    depth, quote = 1, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


def read_calls(text: str, names: frozenset[str]) -> tuple[Call, ...] | None:
    """The calls that a piece of code is made of; None when it holds no call at all.

    Raises ModelMistake for code that says anything but calls with literal arguments, and for text
    that is no Python although it calls one of `names`.
    """
    try:
        tree = _parse(text)
    except SyntaxError as error:
        if first_call(text, names) is None:
            return None
        where = f" in line {error.lineno}" if error.lineno else ""
        raise ModelMistake(
            f"The code cannot be read as Python{where}: {error.msg[:200]}. Write plain calls, one "
            "in each line, in a ```python block under ## Code:."
        ) from None
    if not _holds_call(tree):
        return None
    reader = _Reader(text)
    return tuple(reader.call(node) for node in tree.body if not _is_known_import(node))


def _parse(text: str) -> ast.Module:
    """The syntax tree; raises SyntaxError for whatever the parser may raise."""
    # the parser warns of escapes such as "\d": that is the model's business and no one's console
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (RecursionError, MemoryError):
            raise SyntaxError("it is nested too deeply") from None
        except ValueError as error:  # null bytes, in some versions of Python
            raise SyntaxError(str(error)) from None


def _holds_call(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))


def _is_known_import(node: ast.stmt) -> bool:
    """Whether this is an import that replies write out of habit; it means nothing here."""
    if isinstance(node, ast.Import):
        return all(alias.name in _MODULES and not alias.asname for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in _MODULES and not any(alias.asname for alias in node.names)
    return False


class _Reader:
    """Walks one parsed text; holds it only to quote from it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def call(self, node: ast.stmt) -> Call:
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            inner = node.value if isinstance(node, ast.Expr) else node
            raise self._refusal(inner, "only calls such as pyautogui.click(x=0.5, y=0.3) are read")
        call = node.value
        match call.func:
            case ast.Name(id=name):
                written = name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _MODULES:
                written = f"{module}.{name}"
            case other:
                raise self._refusal(
                    other, "only the functions of pyautogui and computer can be called"
                )
        keywords: dict[str, Value] = {}
        for keyword in call.keywords:
            if keyword.arg is None:
                raise ModelMistake(
                    f"{written[:60]} is given ** arguments: write each as name=value."
                )
            keywords[keyword.arg] = self.literal(keyword.value)
        args = tuple(self.literal(arg) for arg in call.args)
        return Call(plain_name(name), written[:60], args, keywords)

    def literal(self, node: ast.expr, depth: int = 0) -> Value:
        match node:
            case ast.Constant(value=bool() | str() | float() | None as value):
                return value
            case ast.Constant(value=int() as value) if value <= MAX_NUMBER:
                return value
            case ast.UnaryOp(
                op=ast.USub() | ast.UAdd() as sign,
                operand=ast.Constant(value=int() | float() as value),
            ) if not isinstance(value, bool) and value <= MAX_NUMBER:
                return -value if isinstance(sign, ast.USub) else value
            case ast.List(elts=items) | ast.Tuple(elts=items) if (
                depth < MAX_NESTING and len(items) <= MAX_ITEMS
            ):
                return tuple(self.literal(item, depth + 1) for item in items)
            case _:
                raise self._refusal(
                    node, "write the plain value itself, such as x=0.5, already computed"
                )

    def _refusal(self, node: ast.AST, instead: str) -> ModelMistake:
        quoted = ast.get_source_segment(self._text, node) or ""
        what = _REFUSED.get(type(node), "not something that can be done here")
        return ModelMistake(f"{shown(quoted)} is {what}: {instead}. Nothing is ever computed.")
