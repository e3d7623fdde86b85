"""Shows a manifest to people."""

from goldenami.domain.manifest import Manifest
from goldenami.report.terminal import console, table


def write(manifest: Manifest, found_in: str) -> None:
    """Write a manifest to stdout: what it says in lines, its images as a table."""
    made, source, inputs = manifest, manifest.source, manifest.inputs
    tool = made.tool
    lines = {
        "release": f"{made.ami_name} ({made.status})",
        "build": made.build,
        "started": made.started,
        "finished": made.finished,
        "made by": f"{tool.name} {tool.version}, {tool.method}" if tool else "",
        "source": " ".join((source.id, source.name, f"of {source.owner}" if source.owner else "")),
        "base instance": f"{made.base_instance.id} {made.base_instance.type}",
        "release file": f"{inputs.release} sha256:{inputs.release_sha256}",
        "user data": f"sha256:{inputs.user_data_sha256}" if inputs.user_data_sha256 else "",
        "template": f"{inputs.template} {inputs.template_sha256}",
        "approved": f"{made.approval.by} {made.approval.at}",
        "missing": ", ".join(made.missing),
        "slowest": ", ".join(
            f"{one.action} {one.seconds:g} s"
            for one in sorted(made.timings, key=lambda each: -each.seconds)[:5]
        ),
        "found in": found_in,
    }
    for name, value in lines.items():
        if value.strip():
            console().print(f"{name:<14} {value.strip()}")
    table(
        ("account", "region", "image", "snapshots", "kms_key", "parameter"),
        [
            (
                one.account, one.region, one.image_id, ", ".join(one.snapshots), one.kms_key,
                one.parameter,
            )
            for one in made.images
        ],
    )  # fmt: skip
