"""Every program by the name it is called with."""

from . import am, basics, dumps, folders, grep, hierarchy, inputs, pictures, pm, prefs, texts
from .call import Programs

PROGRAMS: Programs = {
    name: program
    for module in (am, basics, dumps, folders, grep, hierarchy, inputs, pictures, pm, prefs, texts)
    for name, program in module.PROGRAMS.items()
}
# Where this machine lets nothing be shut in, mksh's own versions of these are passed by.
PROGRAMS |= {f"phone-{name}": PROGRAMS[name] for name in ("cat", "realpath", "sleep")}
