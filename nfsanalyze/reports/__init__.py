"""What a person or a program reads: one document of the analysis, and its renderings."""
