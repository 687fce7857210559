"""The gate's built programs: where a story finds them, and what a build lacks."""
from __future__ import annotations

import pathlib

PARTS = ("sekishod", "sekisho-netd", "sekisho-relay", "sekisho-front", "sekisho-hyperd")


def programs_folder(folder: pathlib.Path, build: pathlib.Path, *, open_filter: bool) -> pathlib.Path:
    """The gate's programs, with the lab's own mains where a story needs a clock offset or an open filter."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        target = build / "bin" / name
        if name == "sekishod":
            target = build / "bin" / "lab-sekishod"
        if name == "sekisho-front" and open_filter:
            target = build / "bin" / "lab-open-front"
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    return folder


def unbuilt(build: pathlib.Path) -> list[str]:
    """Programs of the gate that this build does not have."""
    wanted = (*PARTS, "sekisho", "sekishoctl", "sekisho-agent", "lab-sekishod", "lab-open-front")
    return [name for name in wanted if not (build / "bin" / name).exists()]


def unbuilt_pages(build: pathlib.Path) -> str | None:
    """Why there are no pages to look at, or None."""
    absent = [name for name in ("desktop", "console") if not (build / "portal/dist" / name / "index.html").exists()]
    return f"pages not built: {', '.join(absent)} (npm is needed)" if absent else None
