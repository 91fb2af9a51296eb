"""Call flows: a plain model (`model.Ladder`), made of a report or of tables, and what draws it: text, SVG, Mermaid."""

from nfsanalyze.reports.ladder.mermaid import render_mermaid
from nfsanalyze.reports.ladder.model import Actor, Arrow, Ladder, Manner, Pause
from nfsanalyze.reports.ladder.of_document import finding_ladder
from nfsanalyze.reports.ladder.svg import render_svg

__all__ = ["Actor", "Arrow", "Ladder", "Manner", "Pause", "finding_ladder", "render_mermaid", "render_svg"]
