"""Makes what a mirror of the toolchain serves, of what this machine has: Terraform, its AWS provider, and the wheels of
the emulator with a package index. make_mirror.py <folder> <terraform> <provider's folder> <platform> <requirements>"""

import importlib.metadata
import os
import sys
import zipfile

folder, terraform, provider, platform, requirements = sys.argv[1:]


def write_zip(path, files):
    """Stored, because to compress 700 MB takes a minute."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, source in files:
            archive.write(source, name)


def write_wheel(requirement):
    """The installed files are those of the wheel, in its places."""
    name, version = requirement.split("==")
    distribution = importlib.metadata.distribution(name)
    assert distribution.version == version, f"{name} is {distribution.version}, and pinned is {version}"
    tags = [line[5:] for line in distribution.read_text("WHEEL").splitlines() if line.startswith("Tag: ")]
    tag = next(tag for tag in tags if not tag.startswith("py2-"))
    files = [
        (str(file), file.locate())
        for file in distribution.files
        # Programs and bytecode are made by pip.
        if not str(file).startswith("..") and "__pycache__" not in str(file) and os.path.exists(file.locate())
    ]
    wheel = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    write_zip(os.path.join(folder, "simple", name, wheel), files)
    with open(os.path.join(folder, "simple", name, "index.html"), "w") as index:
        index.write(f'<a href="{wheel}">{wheel}</a>')


write_zip(f"{folder}/terraform/1.11.4/terraform_1.11.4_{platform}.zip", [("terraform", terraform)])
write_zip(
    f"{folder}/terraform-provider-aws/5.100.0/terraform-provider-aws_5.100.0_{platform}.zip",
    [(name, os.path.join(provider, name)) for name in sorted(os.listdir(provider))],
)
for line in open(requirements):
    write_wheel(line.strip())
