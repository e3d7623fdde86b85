"""Every rule, in the order in which findings are told."""

from goldenami.iam.lint.rules import launches, matching, tagging

RULES = (*launches.RULES, *tagging.RULES, *matching.RULES)
