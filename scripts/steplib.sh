# What the steps of this repository share: finding files, reporting problems, leaving results.
# Sourced by steps/step_*, which stepvisor starts in the project root.
#
# A step reports every problem it finds, each as `error: FILE:LINE: what is wrong` with a line
# `help: what to do`, and ends with `conclude`, which prints them last: the summary of a run shows
# the end of a failed step's log. POSIX tools, bash 3.2 and git are all it needs.

# No pipefail: `… | grep -q` would fail where grep is done before the other end has written all.
set -u
export LC_ALL=C

problem_count=0
problem_text=
tab=$(printf '\t')

# problem PLACE MESSAGE [HELP]: PLACE is a file, FILE:LINE, or empty.
problem() {
    problem_count=$((problem_count + 1))
    problem_text="${problem_text}error: ${1:+$1: }$2"$'\n'
    if [ -n "${3-}" ]; then problem_text="$problem_text  help: $3"$'\n'; fi
}

# problems: reads `PLACE<tab>MESSAGE<tab>HELP` lines, as the awk programs of the steps print them.
problems() {
    local place message help
    # A tab is white space to `read`, which would merge an empty field with the next.
    while IFS='|' read -r place message help; do
        problem "$place" "$(unbar "$message")" "$(unbar "$help")"
    done < <(tr '|\t' '\001|')
}

unbar() { printf '%s' "$1" | tr '\001' '|'; }

# checked TEXT: one line of what was looked at.
checked() { printf 'checked %s\n' "$1"; }

# note TEXT: something left out, and why.
note() { printf 'note: %s\n' "$1"; }

# fact KEY VALUE: a result of this step, for conditions and for later steps.
fact() {
    if [ -n "${STEPVISOR_OUTPUT-}" ]; then printf '%s=%s\n' "$1" "$2" >> "$STEPVISOR_OUTPUT"; fi
}

# conclude SUMMARY: the end of every step.
conclude() {
    if [ "$problem_count" -gt 0 ]; then
        printf '%s%s found; when mended: stepvisor run --only %s\n' \
            "$problem_text" "$(count "$problem_count" problem)" "${STEPVISOR_STEP:-$(step_id "$0")}"
        exit 1
    fi
    fact summary "$1"
    printf 'ok: %s\n' "$1"
    exit 0
}

# count N NOUN: `1 file`, `2 files`.
count() {
    if [ "$1" -eq 1 ]; then printf '1 %s' "$2"; else printf '%s %ss' "$1" "$2"; fi
}

# step_id FILE: the id that a step file has.
step_id() { basename "$1" | sed 's/^step_[0-9]*_//'; }

# temporary: a directory that goes with the step, in $work.
temporary() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/step.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
}

has() { command -v "$1" > /dev/null 2>&1; }

in_git() { has git && [ "$(git rev-parse --is-inside-work-tree 2> /dev/null)" = true ]; }

# project_files [PATTERN…]: files of the project, sorted; `*` matches across folders. What git
# ignores is no part of it; without git, what the build and the runs leave behind.
project_files() {
    local file pattern
    if in_git; then
        git -c core.quotePath=off ls-files --cached --others --exclude-standard -- "$@" 2> /dev/null
    else
        find . \( -name .git -o -name .build -o -name .stepvisor -o -name Package.resolved \) \
            -prune -o \( -type f -o -type l \) -print | sed 's|^\./||' | while read -r file; do
            if [ $# -eq 0 ]; then printf '%s\n' "$file"; fi
            for pattern in "$@"; do
                # shellcheck disable=SC2254 # a pattern is what is meant
                case $file in $pattern) printf '%s\n' "$file"; break ;; esac
            done
        done
    fi | sort -u | while read -r file; do
        # Deleted and not yet committed is gone.
        if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\n' "$file"; fi
    done
}

# documents: the Markdown that people read.
documents() { project_files README.md 'docs/*.md'; }

# scripts: everything here that is run by name.
scripts() { project_files 'steps/*' 'scripts/*' '.ci/*'; }

# swift_code FILE…: Swift without what its texts hold, line by line; comments stay.
swift_code() {
    awk '
        FNR == 1 { inside = 0 }
        {
            line = $0
            code = ""
            while (line != "") {
                if (inside) {
                    end = index(line, closing)
                    if (end == 0) { line = ""; break }
                    line = substr(line, end + length(closing))
                    code = code closing
                    inside = 0
                    continue
                }
                if (!match(line, /#*"|\/\//)) { code = code line; break }
                if (substr(line, RSTART, 2) == "//") { code = code line; break }
                hashes = substr(line, RSTART, RLENGTH - 1)
                code = code substr(line, 1, RSTART + RLENGTH - 1)
                line = substr(line, RSTART + RLENGTH)
                if (substr(line, 1, 2) == "\"\"") {
                    code = code "\"\""
                    line = substr(line, 3)
                    closing = "\"\"\"" hashes
                    inside = 1
                    continue
                }
                closing = "\"" hashes
                # To the end of the literal: behind the closing mark that no backslash protects.
                while (line != "") {
                    if (hashes == "" && substr(line, 1, 1) == "\\") { line = substr(line, 3); continue }
                    if (substr(line, 1, length(closing)) == closing) {
                        line = substr(line, length(closing) + 1)
                        break
                    }
                    line = substr(line, 2)
                }
                code = code closing
            }
            print code
        }' "$@"
}

# tree_digest: changes when any file of the project does.
tree_digest() {
    project_files | while read -r file; do
        if [ -f "$file" ]; then cksum "$file"; fi
    done | cksum | tr ' ' '-'
}

# find_program: the stepvisor to look at, in $program: $STEPVISOR_PROGRAM, else the newest build
# that is no older than the sources, else a build of its own.
find_program() {
    local candidate
    program=
    if [ -n "${STEPVISOR_PROGRAM-}" ]; then
        program=$STEPVISOR_PROGRAM
        if [ ! -x "$program" ]; then
            problem "$program" 'STEPVISOR_PROGRAM names no program' 'unset it to use the newest build'
            conclude ''
        fi
    else
        for candidate in .build/release/stepvisor .build/debug/stepvisor; do
            if [ -x "$candidate" ] && { [ -z "$program" ] || [ "$candidate" -nt "$program" ]; }; then
                program=$candidate
            fi
        done
        if [ -z "$program" ] || [ -n "$(find Package.swift Sources -newer "$program" -type f)" ]; then
            program=.build/debug/stepvisor
            if ! swift build --product stepvisor > "$work/build.log" 2>&1; then
                tail -n 20 "$work/build.log"
                problem Sources 'the program does not build' 'read the errors above, or run: swift build'
                conclude ''
            fi
        fi
    fi
    case $program in /*) ;; *) program=$PWD/$program ;; esac
    printf 'program %s\n' "$program"
}

# program_commands: the commands that the program's overview lists.
program_commands() {
    "$program" help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }'
}

# program_options COMMAND: the options that the command carries out, the long ones.
program_options() {
    "$program" help "$1" | awk '
        /^Options/ { on = 1; next }
        /^[^ ]/ { on = 0 }
        on && /^  (-[A-Za-z0-9], |    )--/ {
            for (i = 1; i <= 2; i++) if ($i ~ /^--/) { sub(/[^-a-z].*/, "", $i); print $i; break }
        }'
}

# fast_suites: the test targets without processes, in their order.
fast_suites() {
    local name
    for name in DependencyGraph WorkflowModel WorkflowFiles Execution Reporting; do
        if [ -d "Tests/${name}Tests" ]; then printf '%sTests\n' "$name"; fi
    done
}

# slow_suites: what the fast suites leave out, as `swift test --skip` takes it: inputs by the
# hundred thousand. The same words tell their files.
slow_suites='(Property|Scale|Fuzz)Tests'
