"""Every rule, in the order in which findings are told."""

from goldenami.iam.lint.interface import LintRule
from goldenami.iam.lint.rules import (
    account_in_image_arn,
    allow_by_key_on_everything,
    allow_list_split,
    blank_volumes_denied,
    deny_on_everything,
    exemption_of_any_account,
    for_all_values_passes,
    key_not_there,
    launches_left_out,
    other_partition,
    tag_and_owner_together,
    tag_keys_by_case,
    tag_keys_without_quantifier,
    tag_protection_by_value,
    tag_protection_left_open,
    untagged_passes,
    value_never_there,
    variable_of_2008,
)

RULES: tuple[LintRule, ...] = (
    allow_by_key_on_everything.RULE,
    for_all_values_passes.RULE,
    tag_and_owner_together.RULE,
    deny_on_everything.RULE,
    untagged_passes.RULE,
    blank_volumes_denied.RULE,
    allow_list_split.RULE,
    launches_left_out.RULE,
    tag_protection_left_open.RULE,
    tag_protection_by_value.RULE,
    tag_keys_by_case.RULE,
    tag_keys_without_quantifier.RULE,
    key_not_there.RULE,
    value_never_there.RULE,
    account_in_image_arn.RULE,
    other_partition.RULE,
    exemption_of_any_account.RULE,
    variable_of_2008.RULE,
)
