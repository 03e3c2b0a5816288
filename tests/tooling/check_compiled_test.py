"""The checks that need a compiler, over a small project made of the real build files."""

import shutil
import subprocess

import sample
import check_format
import check_headers
import check_tidy
import checked_commit
import compile_database

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(sample LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_SOURCE_DIR}/cmake")
include(Toolchain)
include(Folder)
add_subdirectory(src/base)
"""
FOLDER = "lunaria_folder(base HEADERS good.h SOURCES good.cc)\n"
GOOD = {
    "CMakeLists.txt": PROJECT,
    "src/base/CMakeLists.txt": FOLDER,
    "src/base/good.h": "#pragma once\n#include <string>\nnamespace sample {\nstd::string name();\n}  // namespace sample\n",
    "src/base/good.cc": '#include "base/good.h"\n\nnamespace sample {\n'
                        'std::string name() {\n  return "sample";\n}\n}  // namespace sample\n',
}


class Compiled(sample.SampleTest):
    def setUp(self):
        super().setUp()
        for name in ("cmake/Toolchain.cmake", "cmake/Folder.cmake", "cmake/LinkTime.cmake", "cmake/Precompile.cmake",
                     "CMakePresets.json", ".clang-tidy", ".clang-format"):
            target = self.folder / name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(sample.ROOT / name, target)

    def check(self, check, **changed):
        return self.findings(check, {**GOOD, **{f"src/base/{name.replace('_dot_', '.')}": text
                                                for name, text in changed.items()}})

    def test_the_good_sample_is_good(self):
        for check in (check_format.check, check_headers.check, check_tidy.check):
            self.assertEqual(self.check(check), [])

    def test_format_refuses_and_names_the_line(self):
        bad = GOOD["src/base/good.cc"].replace("return", "return   ")
        self.assert_refused(self.check(check_format.check, good_dot_cc=bad), "src/base/good.cc:5", "make format")

    def test_headers_refuses_one_that_needs_another(self):
        bad = GOOD["src/base/good.h"].replace("#include <string>\n", "")
        listed = FOLDER.replace("good.h", "good.h other.h")
        findings = self.check(check_headers.check, CMakeLists_dot_txt=listed, other_dot_h=bad)
        self.assert_refused(findings, "src/base/other.h:3", "header alone: ")

    def test_tidy_refuses_a_header_that_needs_another_where_its_source_includes_it_first(self):
        bad = GOOD["src/base/good.h"].replace("#include <string>\n", "")
        self.assertEqual(self.check(check_headers.check, good_dot_h=bad), [])
        self.assert_refused(self.check(check_tidy.check, good_dot_h=bad), "src/base/good.h:3", "clang-diagnostic-error")

    def test_headers_refuses_one_that_is_not_listed(self):
        self.assert_refused(self.check(check_headers.check, extra_dot_h="#pragma once\n"), "src/base/extra.h:1",
                            "no CMakeLists.txt lists it")

    def test_tidy_refuses_names_and_uses_after_move(self):
        bad = GOOD["src/base/good.cc"].replace(
            'return "sample";', 'std::string Text; std::string other = std::move(Text); return Text + other;')
        findings = self.check(check_tidy.check, good_dot_cc=bad)
        self.assert_refused(findings, "src/base/good.cc:5", "[readability-identifier-naming]")
        self.assert_refused(findings, "src/base/good.cc:5", "[bugprone-use-after-move]")

    def test_tidy_reads_headers_of_the_tree(self):
        bad = GOOD["src/base/good.h"].replace("std::string name();", "std::string name();\nclass bad_name;\nstruct kBad {};")
        self.assert_refused(self.check(check_tidy.check, good_dot_h=bad), "src/base/good.h:6", "'kBad'")

    def test_tidy_warns_of_long_functions(self):
        bad = GOOD["src/base/good.cc"].replace('return "sample";', "\n" * 75 + 'return "sample";')
        findings = self.check(check_tidy.check, good_dot_cc=bad)
        self.assert_refused(findings, "src/base/good.cc:4", "warning: function 'name' exceeds recommended size")

    def git(self, *words):
        return subprocess.run(["git", "-C", self.folder, "-c", "user.name=sample", "-c", "user.email=sample@example.com",
                               *words], capture_output=True, text=True, check=True).stdout

    def test_tidy_reads_what_differs_from_the_commit_that_was_checked_whole(self):
        bad = GOOD["src/base/good.cc"].replace("return", "int Bad = 1;\n  static_cast<void>(Bad);\n  return")
        other = {"src/base/CMakeLists.txt": FOLDER.replace("good.cc", "good.cc other.cc"), "src/base/good.cc": bad,
                 "src/base/other.cc": '#include "base/good.h"\n', ".gitignore": "build/\n"}
        self.tree({**GOOD, **other})
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        commit = self.git("rev-parse", "HEAD")
        self.assert_refused(self.findings(check_tidy.check, {**GOOD, **other}), "src/base/good.cc:5", "Bad")
        files = {**GOOD, **other, checked_commit.RECORD: commit}
        self.assertEqual(self.findings(check_tidy.check, files), [])
        files["src/base/other.cc"] += "namespace sample {\nint Worse() {\n  return 1;\n}\n}  // namespace sample\n"
        findings = self.findings(check_tidy.check, files)
        self.assert_refused(findings, "src/base/other.cc:3", "Worse")
        self.assertFalse(any("Bad" in finding for finding in findings), findings)
        # A header that differs is read through its source.
        files["src/base/good.h"] += "// more\n"
        self.assert_refused(self.findings(check_tidy.check, files), "src/base/good.cc:5", "Bad")

    def test_headers_reads_those_that_differ_and_those_that_include_them(self):
        files = {**GOOD, "src/base/CMakeLists.txt": FOLDER.replace("good.h", "good.h used.h user.h other.h"),
                 "src/base/used.h": "#pragma once\n#include <string>\n", ".gitignore": "build/\n",
                 "src/base/user.h": '#pragma once\n#include "base/used.h"\nstd::string user();\n',
                 "src/base/other.h": "#pragma once\nstd::string other();\n"}
        self.tree(files)
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        commit = self.git("rev-parse", "HEAD")
        self.assert_refused(self.findings(check_headers.check, files), "src/base/other.h:2", "header alone: ")
        files[checked_commit.RECORD] = commit
        self.assertEqual(self.findings(check_headers.check, files), [])
        files["src/base/used.h"] = "#pragma once\n"
        findings = self.findings(check_headers.check, files)
        self.assert_refused(findings, "src/base/user.h:3", "header alone: ")
        self.assertFalse(any("other.h" in finding for finding in findings), findings)
        every = [str(finding) for finding in check_headers.check(self.tree(files), every=True)]
        self.assert_refused(every, "src/base/other.h:2", "header alone: ")

    def test_tidy_reads_everything_where_git_does_not_know_that_commit(self):
        bad = GOOD["src/base/good.cc"].replace("return", "int Bad = 1;\n  static_cast<void>(Bad);\n  return")
        findings = self.findings(check_tidy.check, {**GOOD, "src/base/good.cc": bad, checked_commit.RECORD: "0" * 40 + "\n"})
        self.assert_refused(findings, "src/base/good.cc:5", "Bad")

    def test_tidy_refuses_a_source_that_nothing_compiles(self):
        self.assert_refused(self.check(check_tidy.check, extra_dot_cc="\n"), "src/base/extra.cc:1", "no target")

    def test_a_tree_that_cmake_refuses(self):
        for check in (check_headers.check, check_tidy.check):
            self.assert_refused(self.check(check, CMakeLists_dot_txt="nonsense(\n"), "CMakeLists.txt:1", "failed")

    def test_results_are_remembered_until_something_read_changes(self):
        tree = self.tree(GOOD)
        for expected in (1, 0):
            self.assertEqual(self.sources_compiled(tree), expected)
        (self.folder / "src/base/good.h").write_text(GOOD["src/base/good.h"] + "// changed\n", encoding="utf-8")
        self.assertEqual(self.sources_compiled(tree), 1)

    def sources_compiled(self, tree):
        """How many sources the compiler had to read."""
        units = [unit for unit in compile_database.load(tree.root) if unit.name == "src/base/good.cc"]
        results = compile_database.Results(tree.root, "syntax", [])
        outcomes = list(results.run(units, lambda unit: [*unit.flags(), "-fsyntax-only", unit.file]))
        self.assertEqual([code for _, code, _ in outcomes], [0])
        return results.ran
