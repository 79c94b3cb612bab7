"""What is timed as a build, tried with a cmake that only writes down what it was asked."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_time  # noqa: E402
import figures  # noqa: E402

CMAKE = """#!/bin/sh
echo "$* $(stat -c %Y base/process.cpp)" >> asked
"""


class Builds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = f"{folder.name}:{path}"
        with open("cmake", "w", encoding="utf-8") as file:
            file.write(CMAKE)
        os.chmod("cmake", 0o755)
        for name in build_time.CHANGED:
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w", encoding="utf-8"):
                os.utime(name, (1000, 1000))

    def test_a_clean_build_is_configured_anew_without_ccache_and_each_change_is_built_and_taken_back(self):
        os.makedirs(f"{build_time.FOLDER}/left")
        table = figures.Table("Building", 1)
        with contextlib.redirect_stdout(io.StringIO()):
            build_time.bench_build(table)
        with open("asked", encoding="utf-8") as file:
            asked = [line.rsplit(" ", 1) for line in file.read().splitlines()]
        build = f"--build {build_time.FOLDER}"
        self.assertEqual([words for words, _ in asked], [f"--preset dev -B {build_time.FOLDER} -DCCACHE=OFF", build, build, build])
        self.assertGreater(int(asked[2][1]), 1000)
        self.assertEqual([asked[1][1], asked[3][1]], ["1000", "1000"])
        self.assertEqual(os.stat("base/process.cpp").st_mtime, 1000)
        self.assertFalse(os.path.exists(build_time.FOLDER))
        self.assertEqual([row.split("|")[4].strip() for row in table.rows], ["met", "met", "met"])


if __name__ == "__main__":
    unittest.main()
