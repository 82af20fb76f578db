"""Runs that get nowhere, made on purpose: what is done in them again and again."""

from stuck_phone import (
    Loop,
    app,
    at,
    caret,
    clock_widget,
    do,
    film,
    seconds_clock,
    spinner,
    swipe,
    tap,
    thinking,
    words,
)

DEAD = at(480, 700)
"""A place on the home screen where nothing is."""
HELLO = do(action="type", text="hello there")
WAIT = do(action="wait", seconds=1)
NOTE = (app("notes"), tap("New note"), tap("Write here"))
AGAIN = "I will now tap the search box. " * 60
AUTOGLM_76 = "点击搜索框，然后输入关键词，" * 80

BACK, HOME = do(action="back"), do(action="home")
UP, DOWN = do(action="scroll", direction="up"), do(action="scroll", direction="down")
PUSH, PULL = swipe((270, 900), (270, 500)), swipe((270, 500), (270, 900))
TABS = (tap("tab_world"), tap("tab_timer"), tap("tab_alarms"))
DOOR = do(action="call_tool", name="stock", arguments={"item": "door"})
TEA = do(action="call_tool", name="stock", arguments={"item": "tea"})

LOOPS = [
    Loop("a tap on a dead spot", [DEAD]),
    Loop(
        "a tap beside a dead spot, never quite the same",
        [at(480, 700), at(485, 696), at(478, 703), at(483, 699)],
    ),
    Loop("two dead spots in turn", [DEAD, at(300, 900)], kind="cycle"),
    Loop(
        "dead spots everywhere",
        [at(480, 700), at(300, 900), at(100, 950), at(400, 1000), at(250, 1080), at(60, 820)],
        kind="no_progress",
    ),
    Loop("two dead spots in no order", [DEAD, DEAD, at(60, 900), DEAD, at(60, 900)], kind="cycle"),
    Loop("a long press on a dead spot", [do(action="long_press", point=[480, 900])]),
    Loop("a double tap on a dead spot", [do(action="click", point=[480, 900], count=2)]),
    Loop("a dead drag", [do(action="drag", start=[480, 800], end=[100, 900])]),
    Loop("a menu, opened and closed", [tap("More options"), BACK], [app("notes")], kind="cycle"),
    Loop("a page, opened and left", [tap("Display"), BACK], [app("settings")], kind="cycle"),
    Loop("an app, opened and left", [app("settings"), HOME], kind="cycle"),
    Loop(
        "the recent apps, shown and left",
        [do(action="app_switch"), HOME],
        [app("notes")],
        kind="cycle",
    ),
    Loop(
        "scrolling down and up",
        [DOWN, UP],
        [app("settings")],
        kind="cycle",
    ),
    Loop("swiping up and down", [PUSH, PULL], [app("contacts")], kind="cycle"),
    Loop(
        "swiping at the end of a list",
        [swipe((270, 900), (270, 300))],
        [app("settings"), swipe((270, 900), (270, 100)), swipe((270, 900), (270, 100))],
    ),
    Loop("scrolling up at the top", [UP], [app("settings")]),
    Loop("the same text, typed and typed", [HELLO], NOTE),
    Loop(
        "the same text, each time anew", [do(action="type", text="hello there", clear=True)], NOTE
    ),
    Loop("tap the field, type, tap the field, type", [tap("field"), HELLO], NOTE, kind="cycle"),
    Loop("a switch, on and off", [tap("switch_2")], [app("clock")], kind="cycle"),
    Loop("around three screens", TABS, [app("clock")], kind="cycle"),
    Loop(
        "around four screens",
        [tap("tab_world"), tap("tab_timer"), tap("tab_stopwatch"), tap("tab_alarms")],
        [app("clock")],
        kind="cycle",
        within=7,
    ),
    Loop("a reply that cannot be read", [words("I shall tap the button.")], kind="errors"),
    Loop(
        "replies that cannot be read, each another",
        [lambda env, turn: f"Tapping number {turn}."],
        kind="errors",
    ),
    Loop("an action that phones lack", [do(action="move", point=[3, 4])], kind="errors"),
    Loop(
        "a point off the screen",
        [lambda env, turn: {"action": "click", "point": [600 + 13 * turn, 40]}],
        kind="errors",
    ),
    Loop(
        "a tool called wrongly",
        [do(action="call_tool", name="stock", arguments={"things": 3})],
        kind="errors",
    ),
    Loop(
        "a tool that does not exist",
        [do(action="call_tool", name="stocks", arguments={"item": "tea"})],
        kind="errors",
    ),
    Loop("a tool that fails", [DOOR], kind="errors"),
    Loop("a tool that says the same", [TEA]),
    Loop("a failing tool between dead taps", [DOOR, DEAD], kind="cycle"),
    Loop("an app that is not there", [do(action="open_app", name="Fantasy")], kind="errors"),
    Loop("an app that is open already", [app("notes")], [app("notes")]),
    Loop("waiting for nothing", [WAIT]),
    Loop("looking for nothing", [do(action="screenshot")]),
    Loop("waiting between dead taps", [DEAD, WAIT], kind="cycle"),
    Loop("back on the home screen", [BACK]),
    Loop("a key that does nothing", [do(action="key", keys="enter")]),
    Loop("an answer, given without end", [do(action="answer", text="It is 7.")]),
    Loop(
        "a question that nobody hears",
        [do(action="ask_user", question="Which one?")],
        kind="errors",
    ),
    Loop("a thought that goes round", [thinking(AGAIN, DEAD, at(60, 900))], kind="degenerate"),
    Loop("text that has no end, and no action", [words(AUTOGLM_76)], kind="degenerate"),
    Loop("one character without end", [words("!" * 3000)], kind="degenerate"),
    Loop("a dead tap under a clock with seconds", [DEAD], moves=[seconds_clock]),
    Loop("a dead tap beside a clock with seconds", [DEAD], moves=[clock_widget], kind="*"),
    Loop("a dead tap while a caret blinks", [DEAD], moves=[caret], kind="*"),
    Loop("a dead tap while a film runs", [DEAD], moves=[film]),
    Loop(
        "a dead tap while a stopwatch runs",
        [at(60, 760)],
        [app("clock"), tap("tab_stopwatch"), tap("Start")],
        kind="*",
    ),
    Loop(
        "a menu and back while a film runs",
        [tap("More options"), BACK],
        [app("notes")],
        moves=[film],
        kind="*",
    ),
    Loop(
        "three screens, a film and a clock",
        TABS,
        [app("clock")],
        moves=[film, seconds_clock],
        kind="*",
    ),
    Loop("waiting while something turns", [WAIT], moves=[spinner], kind="*"),
    Loop("waiting under a clock with seconds", [WAIT], moves=[seconds_clock]),
    Loop(
        "all that moves, and two dead spots",
        [DEAD, at(60, 760)],
        moves=[film, caret, seconds_clock],
        kind="*",
    ),
]
