"""The way out of a denial in a bake: the guardrail leaves the pipeline's role alone."""

from goldenami.aws.denials import is_explicit
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.bake.interface import Recipe
from goldenami.domain import arns
from goldenami.errors import AwsError, GoldenamiError


def fix_for(recipe: Recipe, error: GoldenamiError) -> str:
    """Return what helps against an error of a bake.

    Who is denied by a policy is no role that it leaves alone; and who lacks a permission may be the
    wrong one to bake.
    """
    role = recipe.file.enforcement.enforce.pipeline_role
    if not isinstance(error, AwsError) or code_of(error) not in FORBIDDEN or not role:
        return error.fix
    arn = arns.role_arn(recipe.aws.partition, recipe.aws.account, role)
    if arns.is_role(recipe.aws.caller, arn):
        return error.fix
    run = f"run as {arn} (enforce.pipeline_role)"
    return run if is_explicit(error) else f"{error.fix}; or {run}"


def in_list(recipe: Recipe, error: GoldenamiError) -> str:
    """Return an error as an item of a list of problems says it, with its way out."""
    return GoldenamiError(error.message, fix=fix_for(recipe, error)).with_fix
