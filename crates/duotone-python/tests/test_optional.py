"""What needs a package that is not installed says which, and how to install it."""

import subprocess
import sys
import textwrap

import pytest

HIDDEN = """
    import sys
    class Hide:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == {package!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    sys.meta_path.insert(0, Hide())
    import duotone
    try:
        {action}
    except ModuleNotFoundError as e:
        print(e)
"""


@pytest.mark.parametrize(
    ("package", "action", "words"),
    [
        (
            "fsspec",
            "import duotone.scale",
            'duotone.scale needs fsspec: pip install "duotone[scale]"',
        ),
        ("matplotlib", "duotone.plot._axes(None)", 'needs matplotlib: pip install "duotone[plot]"'),
        (
            "tqdm",
            "duotone.FrontEnd(progress=True).transform(['a.wav'])",
            'progress=True needs tqdm: pip install "duotone[progress]"',
        ),
        (
            "pyarrow",
            "duotone.Evaluation({'protocol': {}}).to_parquet('x')",
            'to_parquet needs pyarrow: pip install "duotone[arrow]"',
        ),
        (
            "torch",
            "import duotone.interchange as i; i.to_torch(None)",
            'to_torch needs torch: pip install "torch"',
        ),
    ],
)
def test_the_hint_names_the_extra(package, action, words):
    program = textwrap.dedent(HIDDEN.format(package=package, action=action))
    if "plot" in action:
        program = program.replace("import duotone\n", "import duotone.plot\n")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert words in run.stdout, run.stdout + run.stderr
