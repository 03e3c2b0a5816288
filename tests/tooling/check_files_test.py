import sample
import check_files


class CheckFiles(sample.SampleTest):
    def test_refuses_a_header_without_pragma_once(self):
        findings = self.findings(check_files.check, {"src/base/a.h": "// #pragma once\nint x();\n",
                                                     "src/base/b.h": "// why\n#pragma once\n"})
        self.assertEqual(len(findings), 1, findings)
        self.assert_refused(findings, "src/base/a.h:1", "#pragma once")

    def test_warns_of_a_long_file(self):
        findings = list(check_files.check(self.tree({"src/base/a.cc": "\n" * 601, "src/base/b.cc": "\n" * 600})))
        self.assertEqual([(finding.path, finding.warning) for finding in findings], [("src/base/a.cc", True)])

    def test_refuses_a_fuzzer_without_inputs(self):
        findings = self.findings(check_files.check, {"src/base/a_fuzz.cc": "", "tests/corpus/a_fuzz/empty": ""})
        self.assert_refused(findings, "src/base/a_fuzz.cc:1", "no inputs in tests/corpus/a_fuzz")

    def test_refuses_inputs_without_a_fuzzer(self):
        findings = self.findings(check_files.check, {"src/base/a_fuzz.cc": "", "tests/corpus/a_fuzz/one": "x",
                                                     "tests/corpus/b_fuzz/one": "x", "tests/corpus/replay.cc": ""})
        self.assertEqual(len(findings), 1, findings)
        self.assert_refused(findings, "tests/corpus/b_fuzz:1", "no fuzzer")
