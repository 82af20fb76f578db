"""Sums as people write them, worked out exactly: decimal numbers, precedence, brackets, percent.

    sum     = product { ("+" | "−") product }
    product = factor { ("×" | "÷") factor }
    factor  = "−" factor | value { "%" }
    value   = number | "(" sum ")"

``%`` is a hundredth of what stands before it: 200 + 10% is 200.1.
"""

from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

SIGNS = "+−×÷"
"""What stands between two numbers."""

DIGITS = 12
"""A result is shown with so many digits at most; it is worked out with many more."""

_EXACT = Context(prec=60, Emax=999, Emin=-999, traps=[DivisionByZero, InvalidOperation, Overflow])


class BadSum(ValueError):
    """A sum has no result; says why in words for the display."""


def calculate(text: str) -> Decimal:
    """Work out a sum.

    Args:
        text: Digits, ``.``, ``+ − × ÷ % ( )`` and nothing else; brackets left open at the end
            are closed.

    Raises:
        BadSum: It is unfinished, makes no sense, divides by zero, or is too large.
    """
    with localcontext(_EXACT):
        try:
            reader = _Reader(text)
            result = reader.sum()
            if not reader.at_end:
                raise BadSum("Bad expression")
            return +result
        except DivisionByZero:
            raise BadSum("Can't divide by zero") from None
        except Overflow:
            raise BadSum("Too large") from None
        except InvalidOperation:  # 0 ÷ 0, too
            raise BadSum("Can't divide by zero" if "÷" in text else "Bad expression") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def _next(self) -> str:
        return "" if self.at_end else self._text[self._at]

    def _take(self, signs: str) -> str:
        """Go past one of several signs; empty: none of them comes next."""
        sign = self._next()
        if sign and sign in signs:
            self._at += 1
            return sign
        return ""

    def sum(self) -> Decimal:
        total = self._product()
        while sign := self._take("+−"):
            part = self._product()
            total = total + part if sign == "+" else total - part
        return total

    def _product(self) -> Decimal:
        total = self._factor()
        while sign := self._take("×÷"):
            part = self._factor()
            total = total * part if sign == "×" else total / part
        return total

    def _factor(self) -> Decimal:
        if self._take("−"):
            return -self._factor()
        value = self._value()
        while self._take("%"):
            value /= 100
        return value

    def _value(self) -> Decimal:
        if self._take("("):
            value = self.sum()
            if not self._take(")") and not self.at_end:
                raise BadSum("Bad expression")
            return value
        start = self._at
        while self._take("0123456789."):
            pass
        number = self._text[start : self._at]
        if number in ("", "."):
            raise BadSum("Not finished" if self.at_end else "Bad expression")
        return Decimal(number)


def shown(value: Decimal) -> str:
    """Give a number as the display shows it: at most twelve digits, no zeros at its end."""
    with localcontext(Context(prec=DIGITS)):
        rounded = (+value).normalize()
    if not rounded:
        return "0"
    if -7 <= rounded.adjusted() < 15:
        text = format(rounded, "f")
    else:
        power = rounded.adjusted()
        digits = format(rounded.scaleb(-power, Context(prec=DIGITS)).normalize(), "f")
        text = f"{digits}E{power}"
    return text.replace("-", "−")
