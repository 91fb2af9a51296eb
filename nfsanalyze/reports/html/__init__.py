"""The report as one HTML file that needs nothing else: a page, its styles and scripts, and the data they draw."""

from nfsanalyze.reports.html.page import render_html

__all__ = ["render_html"]
