"""The JSONPath library, with a counter in every selector: a query that multiplies its nodes runs out of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import regex
from iregexp_check import check
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError
from jsonpath_rfc9535.filter_expressions import Expression, FilterQuery, FunctionExtension
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.function_extensions._pattern import map_re

from resources.errors import BadRequest

Spend = Callable[[], None]


class Counted:
    """A selector that counts: one step for having looked, one for each node found."""

    def __init__(self, selector: Any, spend: Spend) -> None:
        self._selector = selector
        self._spend = spend

    def resolve(self, node: Any) -> Iterator[Any]:
        """Select."""
        self._spend()
        for found in self._selector.resolve(node):
            self._spend()
            yield found


class Expressions(FilterFunction):
    """``match`` and ``search`` with an end: a regular expression that takes too long is refused."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the library has it
    return_type = ExpressionType.LOGICAL

    def __init__(self, find: Callable[..., Any], patience_s: float) -> None:
        self._find = find
        self._patience_s = patience_s

    def __call__(self, text: object, pattern: object) -> bool:
        """True when the text matches; False for anything that is no text or no I-Regexp (RFC 9485)."""
        if not isinstance(text, str) or not isinstance(pattern, str) or not check(pattern):
            return False
        try:
            return self._find(map_re(pattern), text, timeout=self._patience_s) is not None
        except regex.error:
            return False
        except TimeoutError:
            raise BadRequest(f"cfq: the regular expression {pattern[:80]!r} takes too long") from None


def compile_path(text: str, spend: Spend, patience_s: float) -> Callable[[Any], Iterable[Any]]:
    """Compile a query; what it finds comes one by one. Raises BadRequest."""
    environment = JSONPathEnvironment()
    environment.function_extensions["match"] = Expressions(regex.fullmatch, patience_s)
    environment.function_extensions["search"] = Expressions(regex.search, patience_s)
    try:
        query = environment.compile(text)
        _count(query, spend)
    except (JSONPathError, RecursionError) as problem:
        what = "is nested too deep" if isinstance(problem, RecursionError) else f"is no JSONPath: {problem}"
        raise BadRequest(f"cfq: {what}; expected for example $.temperature or $[?@.level > 3]") from None

    def find(content: Any) -> Iterator[Any]:
        try:
            yield from query.finditer(content)
        except JSONPathError:
            return

    return find


def _count(query: Any, spend: Spend) -> None:
    for segment in query.segments:
        for selector in segment.selectors:
            if hasattr(selector, "expression"):
                _count_inside(selector.expression, spend)
        segment.selectors = tuple(Counted(selector, spend) for selector in segment.selectors)


def _count_inside(expression: Expression, spend: Spend) -> None:
    """Queries inside a filter; they are anywhere in the tree of the expression."""
    if isinstance(expression, FilterQuery):
        _count(expression.query, spend)
    elif isinstance(expression, FunctionExtension):
        for argument in expression.args:
            _count_inside(argument, spend)
    else:
        for part in ("expression", "left", "right"):
            inside = getattr(expression, part, None)
            if isinstance(inside, Expression):
                _count_inside(inside, spend)
