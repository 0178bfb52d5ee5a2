"""Finds, builds or installs every tool; one that cannot be had comes back with the reason."""

import os
import shutil
import subprocess
import sys

PACKAGES = {"ninja": ("ninja", "ninja"), "go-task": ("task", "go-task-bin"), "just": ("just", "rust-just")}
SYSTEM = {"make": "apt-get install make", "bash": "apt-get install bash", "parallel": "apt-get install parallel"}


class Missing(Exception):
    """The reason a tool cannot be had, in words for the report."""


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"


def call(command, cwd=None):
    try:
        result = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    except OSError as error:
        raise Missing(f"`{command[0]}`: {error.strerror}") from None
    if result.returncode != 0:
        errors = [line for line in (result.stderr + result.stdout).splitlines() if "error:" in line]
        raise Missing(f"`{' '.join(command[:2])}` failed: {last_line(errors[0] if errors else result.stderr)}")
    return result.stdout.strip()


def is_native(path):
    """False for a script: a shim in another language would be measured instead of the tool."""
    with open(path, "rb") as file:
        return file.read(2) != b"#!"


def programs_below(folder, name):
    """The executable files of a name: a package may have the program itself behind a script that starts it."""
    return [os.path.join(place, name) for place, _, names in os.walk(folder)
            if name in names and os.access(os.path.join(place, name), os.X_OK)]


class Toolbox:
    def __init__(self, root, say):
        self.root = root
        self.sources = os.path.join(root, "scripts", "benchmark")
        self.folder = os.path.join(root, ".build", "bench-tools")
        self.say = say
        os.makedirs(self.folder, exist_ok=True)

    def compiled(self, name, suffix, compiler):
        source = os.path.join(self.sources, name + suffix)
        program = os.path.join(self.folder, name)
        if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
            self.say(f"compiling {name}{suffix}")
            call([*compiler, source, "-o", program], cwd=self.folder)
        return program

    def c_program(self, name):
        return self.compiled(name, ".c", ["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"])

    def foundation(self):
        return self.compiled("foundation", ".swift", ["swiftc", "-O", "-static-stdlib", "-swift-version", "6"])

    def hashing(self):
        """The program that hashes in both ways, of the product's own source."""
        sources = os.path.join(self.root, "Sources")
        instructions = os.path.join(sources, "HashInstructions")
        folder = os.path.join(self.folder, "hash")
        os.makedirs(folder, exist_ok=True)
        program, object_file = os.path.join(folder, "hashing"), os.path.join(folder, "HashInstructions.o")
        include = os.path.join(instructions, "include")
        self.say("compiling hashing.swift")
        call(["clang", "-O2", "-c", f"-I{include}", os.path.join(instructions, "HashInstructions.c"), "-o", object_file])
        call(["swiftc", "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-enable-upcoming-feature",
              "InternalImportsByDefault", "-module-name", "hashing", "-I", include,
              os.path.join(sources, "Execution", "Support", "SHA256.swift"), os.path.join(self.sources, "hashing.swift"),
              object_file, "-o", program], cwd=folder)
        return program

    def packaged(self, name):
        program, package = PACKAGES[name]
        found = shutil.which(program)
        if found and is_native(found) and name != "go-task":  # `task` may be Taskwarrior
            return found
        target = os.path.join(self.folder, name)
        found = os.path.join(target, "bin", program)
        if not os.path.exists(found):
            self.say(f"installing {package} into .build/bench-tools")
            call([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                  "--target", target, package])
        found = next((path for path in [found, *programs_below(target, program)]
                      if os.path.exists(path) and is_native(path)), None)
        if not found:
            raise Missing(f"`pip install {package}` brought no program `{program}`")
        return found

    def system(self, name):
        found = shutil.which(name)
        if not found:
            raise Missing(f"not installed; try `{SYSTEM[name]}`")
        return found

    def stepvisor(self, path):
        if path:
            path = os.path.abspath(path)
            if not os.access(path, os.X_OK) or os.path.isdir(path):
                raise Missing("the program given by --stepvisor does not exist or is not executable")
            return path
        build = ["swift", "build", "-c", "release", "--static-swift-stdlib"]
        self.say("building stepvisor: " + " ".join(build))
        call(build + ["--product", "stepvisor"], cwd=self.root)
        return os.path.join(call(build + ["--show-bin-path"], cwd=self.root), "stepvisor")

    def find(self, name, stepvisor):
        if name == "limit":
            return self.c_program("limit")
        if name == "foundation":
            return self.foundation()
        if name in ("stepvisor", "stepvisor-file"):
            return self.stepvisor(stepvisor)
        if name == "step itself":
            return "/bin/true"
        return self.packaged(name) if name in PACKAGES else self.system(name)
