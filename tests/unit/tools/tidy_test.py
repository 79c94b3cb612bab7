"""tools/tidy.sh in a small tree of its own, with a clang-tidy that does as it is told."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/tidy.sh")


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = os.path.realpath(self.folder.name) + "/tree"
        self.bin = os.path.realpath(self.folder.name) + "/bin"
        os.makedirs(self.tree + "/tools")
        os.makedirs(self.tree + "/build/tidy")
        os.mkdir(self.bin)
        shutil.copy(SCRIPT, self.tree + "/tools/tidy.sh")
        self.write(self.tree + "/.clang-tidy", "Checks: '*'\n")
        self.write(self.tree + "/a.cpp", "int a;\n")
        self.write(self.tree + "/build/tidy/compile_commands.json", json.dumps(
            [{"directory": self.tree, "file": self.tree + "/a.cpp", "command": "list-includes -o a.o"}]))
        self.program("cmake", "true")
        self.program("list-includes", "echo a.o: ../../a.cpp")

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def program(self, name, script):
        self.write(f"{self.bin}/{name}", "#!/bin/bash\n" + script + "\n")
        os.chmod(f"{self.bin}/{name}", 0o755)

    def tidy(self, script):
        self.program("clang-tidy-19", f"echo looked >> {self.bin}/looked\n{script}")
        environment = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}")
        return subprocess.run([self.tree + "/tools/tidy.sh", "a.cpp"], capture_output=True, text=True, timeout=60,
                              env=environment)

    def times_looked(self):
        with open(self.bin + "/looked", encoding="utf-8") as file:
            return len(file.readlines())

    def test_a_clean_file_is_looked_at_once(self):
        for _ in range(2):
            done = self.tidy("echo '2 warnings generated.' >&2")
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(self.times_looked(), 1)

    def test_a_finding_in_the_tree_is_shown_and_fails_and_one_elsewhere_does_not(self):
        done = self.tidy(f"echo '{self.tree}/a.cpp:1:5: warning: ugly [some-check]'")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ugly [some-check]", done.stdout)
        done = self.tidy("echo '/usr/include/x.h:1:5: warning: ugly [some-check]'")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_crash_is_shown_and_fails_and_the_file_is_looked_at_again(self):
        for _ in range(2):
            done = self.tidy("echo 'PLEASE submit a bug report' >&2\nkill -SEGV $$")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("a.cpp: clang-tidy-19 ended with 139", done.stdout)
            self.assertIn("PLEASE submit a bug report", done.stdout)
        self.assertEqual(self.times_looked(), 2)

    def test_a_header_from_elsewhere_that_does_not_compile_fails(self):
        done = self.tidy("echo '/usr/include/x.h:1:5: error: no such type [clang-diagnostic-error]'\nexit 1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no such type", done.stdout)
        self.assertEqual(os.listdir(self.tree + "/build/tidy/clean"), [])


if __name__ == "__main__":
    unittest.main()
