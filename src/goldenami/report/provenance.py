"""Shows a manifest to people."""

from collections.abc import Mapping, Sequence

from goldenami.domain import tags
from goldenami.domain.manifest import Manifest, ManifestBaseInstance, ManifestSource
from goldenami.report.terminal import line, table


def write(
    manifest: Manifest, found_in: str, statuses: Mapping[str, str], became: Sequence[str]
) -> None:
    """Write a manifest to stdout: what it says in lines, its images as a table.

    Args:
        manifest: the manifest.
        found_in: where it was found.
        statuses: the status of each image, by its id, as far as that is known.
        became: what became of it after its approval, each change in words.
    """
    inputs, tool = manifest.inputs, manifest.tool
    several = manifest.architectures or {}
    lines = {
        "release": f"{manifest.ami_name} ({manifest.status})",
        "build": manifest.build,
        "started": manifest.started,
        "finished": manifest.finished,
        "made by": f"{tool.name} {tool.version}, {tool.method}" if tool else "",
        "source": _source(manifest.source),
        "base instance": _instance(manifest.base_instance),
        **{f"{name} source": _source(each.source) for name, each in several.items()},
        **{f"{name} base": _instance(each.base_instance) for name, each in several.items()},
        "release file": f"{inputs.release} sha256:{inputs.release_sha256}"
        if inputs.release_sha256
        else "",
        tags.SPEC: inputs.spec,
        "user data": f"sha256:{inputs.user_data_sha256}" if inputs.user_data_sha256 else "",
        "template": f"{inputs.template} {inputs.template_sha256}",
        "approved": f"{manifest.approval.by} {manifest.approval.at}",
        "became": "; ".join(became),
        "missing": ", ".join(manifest.missing),
        "slowest": ", ".join(
            f"{timing.action} {timing.seconds:g} s"
            for timing in sorted(manifest.timings, key=lambda each: -each.seconds)[:5]
        ),
        "found in": found_in,
    }
    for name, value in lines.items():
        if value.strip():
            line(f"{name:<15} {value.strip()}")
    kind = ("architecture",) if several else ()
    table(
        ("account", "region", *kind, "image", "status", "snapshots", "kms_key", "parameter"),
        [
            (
                image.account, image.region, *([image.architecture] if several else []),
                image.image_id, statuses.get(image.image_id, ""), ", ".join(image.snapshots),
                image.kms_key, image.parameter,
            )
            for image in manifest.images
        ],
        sentences=("snapshots", "status"),
        spare=("kms_key", "parameter", "snapshots", "account", "status", "region"),
    )  # fmt: skip


def _source(source: ManifestSource) -> str:
    return " ".join((source.id, source.name, f"of {source.owner}" if source.owner else ""))


def _instance(instance: ManifestBaseInstance) -> str:
    return f"{instance.id} {instance.type}"
