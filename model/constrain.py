r"""Replies that follow a grammar: what may come next, and what must.

A grammar is Lark text as llguidance takes it. Its top rule is ``start``. A reply that can go no
further is finished, so the token that ends the turn is never written down; where the grammar may
end but need not, the network decides.

What comes next whatever the network says is appended without asking it, in the tokens that the
vocabulary would encode the text as. Such tokens ride along in the pass of the token before, or in
that of the prompt.

How to write one (found out with llguidance 1.9.1):

- Markers such as ``<|box_start|>`` and ``<tool_call>`` stand bare in rules, never in quotes, in a
  regular expression or in a terminal. What a vocabulary has as a token is that token, whether it
  calls it special or not; what it has not is spelled in letters. So one grammar fits vocabularies
  with and without ``<tool_call>``.
- Free text holds no marker. Its lexeme is the longest that fits, and the lexer looks one byte
  ahead, so a thought must not contain the first byte of what follows it: ``/[^<]{1,2000}/``.
  Complements (``& ~/.../``) do not get around that.
- A marker that is no token may end a lazy rule of one regular expression, in which it is chosen
  token by token. ``.`` matches no line feed. There is no lazy ``*?``, and no lookaround.
- Each choice ends a forced run: an alternative an action, with all that never changes as literals,
  is quicker than one object with members that may be missing.
- ``%json`` stands in rules only, ``x-guidance`` at the top of each; its separators are regular
  expressions. Integers have no leading zeros.

One call, its point on a picture of 1280x720::

    start: <tool_call> "\n" call "\n" </tool_call>
    call: %json {"type": "object", "properties": {"action": {"const": "left_click"},
        "coordinate": {"type": "array", "items": false, "minItems": 2, "maxItems": 2,
            "prefixItems": [{"type": "integer", "minimum": 0, "maximum": 1279},
                            {"type": "integer", "minimum": 0, "maximum": 719}]}},
        "required": ["action", "coordinate"], "additionalProperties": false,
        "x-guidance": {"whitespace_flexible": false, "item_separator": ", ",
                       "key_separator": ": "}}

A thought, if any, and one of several actions::

    start: THOUGHT? <tool_call> "\n{\"action\": " (click | typing | "\"wait\"") "}\n" </tool_call>
    THOUGHT: /[^<]{1,2000}/
    click: "\"left_click\", \"coordinate\": [" x ", " y "]"
    typing: "\"type\", \"text\": " %json {"type": "string"}
    x: %json {"type": "integer", "minimum": 0, "maximum": 1279}
    y: %json {"type": "integer", "minimum": 0, "maximum": 719}

A line of thought, text in single quotes with escapes, points in tokens of their own::

    start: "Thought: " THOUGHT "\nAction: " (click | "type(content=" STRING ")" | "wait()")
    THOUGHT: /[^\n]{1,1000}/
    click: "click(start_box='" <|box_start|> "(" x "," y ")" <|box_end|> "')"
    STRING: "'" /([^'\\\n\r]|\\['"\\nrt])*/ "'"
    x: %json {"type": "integer", "minimum": 0, "maximum": 1279}
    y: %json {"type": "integer", "minimum": 0, "maximum": 719}

Fractions from 0 to 1::

    start: "[" F ", " F "]"
    F: /0\.[0-9]{2,3}|1\.0/

One call or more; the network ends the turn::

    start: call ("\n" call)*
    call: <tool_call> "\n" %json {"type": "object"} "\n" </tool_call>

Any text up to a marker in letters::

    start: head "click(" N ", " N ")"
    head[lazy]: /(.|\n)*\nAction: /
    N: /0|[1-9][0-9]{0,2}/
"""

import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import torch

from .errors import BadGrammar, ModelError
from .tokenizer import Tokenizer, structural

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer


class Grammars:
    """Grammars for one checkpoint.

    Args:
        tokenizer: Its vocabulary.
        ends: Tokens that end a reply.
        rows: Scores that its network gives; those beyond the vocabulary are never chosen.
    """

    def __init__(self, tokenizer: Tokenizer, ends: Iterable[int], rows: int) -> None:
        self._tokenizer = tokenizer
        self._ends = frozenset(end for end in ends if end < tokenizer.size)
        self._rows = rows
        self._vocabulary: LLTokenizer | None = None

    def begin(self, grammar: str) -> "Guide":
        """Begin a reply.

        Raises:
            BadGrammar: The grammar cannot be read.
            ModelError: llguidance is not installed.
        """
        try:
            from llguidance import LLMatcher, LLParserLimits
        except ImportError as error:
            raise ModelError(
                'grammars need llguidance, which the extra brings: pip install "eyehand[model]"'
            ) from error
        text = fitted(grammar, self._tokenizer)
        matcher = LLMatcher(
            self.prepare(),
            LLMatcher.grammar_from_lark(text),
            log_level=0,
            limits=LLParserLimits(verbose_errors=False),
        )
        if matcher.is_error():
            raise BadGrammar(f"the grammar cannot be read: {matcher.get_error().strip()}")
        return Guide(matcher, self._ends, self._rows)

    def prepare(self) -> "LLTokenizer":
        """Index the vocabulary, once.

        Takes about a second, in which no other thread of Python runs: who must not be held up by
        the first reply calls it before.

        Raises:
            ImportError: llguidance is not installed.
        """
        if self._vocabulary is None:
            from llguidance import LLTokenizer

            text = self._tokenizer.to_json()
            self._vocabulary = LLTokenizer(text, eos_token=sorted(self._ends))
        return self._vocabulary


class Guide:
    """Where one reply stands in its grammar; made by `Grammars.begin`.

    Attributes:
        complete: Whether nothing more can come.
        seconds: Spent on masks and forced tokens so far.
    """

    def __init__(self, matcher: "LLMatcher", ends: frozenset[int], rows: int) -> None:
        self._matcher, self._ends, self._rows = matcher, ends, rows
        self._taken = 0
        self._mask: torch.Tensor | None = None
        self.complete = False
        self.seconds = 0.0

    def take(self, token: int) -> None:
        """Go on by a token that was chosen among those allowed."""
        began = time.perf_counter()
        self._consume([token])
        self.seconds += time.perf_counter() - began

    def forced(self, most: int) -> list[int]:
        """Go on by the tokens that come whatever the network says, and give them.

        Args:
            most: About as many are wanted; one run of them may be longer.
        """
        began = time.perf_counter()
        run: list[int] = []
        while not self.complete and len(run) < most:
            tokens = self._matcher.compute_ff_tokens() or self._only()
            if not tokens:
                break
            self._consume(tokens)
            run += tokens
        self.seconds += time.perf_counter() - began
        return run

    def allowed(self) -> torch.Tensor:
        """Give what may come next: bool ``[rows]``, on the CPU."""
        began = time.perf_counter()
        mask = self._allowed()
        self.seconds += time.perf_counter() - began
        return mask

    def _allowed(self) -> torch.Tensor:
        if self._mask is None:
            bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
            self._check()
            mask = np.zeros(self._rows, dtype=np.bool_)
            found = np.unpackbits(bits, bitorder="little")[: self._rows]
            mask[: len(found)] = found
            self._mask = torch.from_numpy(mask)
        return self._mask

    def _only(self) -> list[int]:
        """Give the token that alone is allowed; none where there is a choice, or the end."""
        mask = self._allowed()
        if int(mask.count_nonzero()) > max(1, len(self._ends)):
            return []
        tokens = [int(token) for token in mask.nonzero()]
        self.complete = self._ends.issuperset(tokens)
        return tokens if len(tokens) == 1 and not self.complete else []

    def _consume(self, tokens: list[int]) -> None:
        self._mask = None
        self._matcher.consume_tokens(tokens)
        self._check()
        self._taken += len(tokens)
        self.complete = self._matcher.is_stopped()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise BadGrammar(
                f"the grammar cannot be followed after {self._taken} tokens: "
                f"{self._matcher.get_error().strip()}"
            )


_SCAN = re.compile(
    r'(?P<comment>//[^\n]*|\#[^\n]*)|(?P<json>%json\s*)|(?P<bare><[^<>\s"]+>)'
    r'|(?P<quoted>"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/)'
)


def fitted(grammar: str, tokenizer: Tokenizer) -> str:
    """Spell out the bare markers that a vocabulary does not have.

    Raises:
        BadGrammar: A token is named in quotes or in a regular expression, where llguidance would
            force it and then refuse it, or one that opens or closes turns or pictures is named.
    """
    made, place = "", 0
    while found := _SCAN.search(grammar, place):
        made += grammar[place : found.start()]
        text, place = found.group(), found.end()
        if found["json"]:
            with suppress(ValueError):  # llguidance says what is wrong with it
                _, place = json.JSONDecoder().raw_decode(grammar, place)
            made += grammar[found.start() : place]
        elif found["bare"]:
            if structural(text) or text.startswith("<["):
                raise BadGrammar(
                    f"a grammar names {text}: a reply ends where its grammar does, and tokens of "
                    "turns and pictures, or by number, cannot be asked for"
                )
            made += text if text in tokenizer.added else json.dumps(text)
        else:
            named = [name for name in tokenizer.added if name in text]
            if named:
                raise BadGrammar(
                    f"the grammar spells {named[0]} in {text}, but it is a token of this "
                    "vocabulary: write it in a rule, without quotes around it"
                )
            made += text
    return made + grammar[place:]
