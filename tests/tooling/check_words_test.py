import sample
import check_words

# One line per rule that the rule must refuse. Where the words of this file would be refused too, they are in pieces.
BAD = {
    "clock": "auto now = std::chrono::steady_clock::now();",
    "random": "int x = rand();",
    "environment": 'const char* home = std::getenv("HOME");',
    "thread": "std::jthread worker(run);",
    "open": 'int fd = ::open("x", 0);',
    "reinterpret_cast": "auto* p = reinterpret_cast<char*>(q);",
    "new-delete": "auto* p = new Thing(1);",
    "define": "#define LIMIT 3",
    "using-namespace": "using namespace std;",
    "sleep": "std::this_thread::" + "sleep_for(1s);",
    "skipped-test": "GTEST" + "_SKIP();",
    "todo": "// TO" + "DO: later",
    "machine-path": 'const char* where = "/ho' + 'me/me/x";',
}


class CheckWords(sample.SampleTest):
    def check(self, name, text, allowed=""):
        return self.findings(check_words.check, {name: text, check_words.ALLOWED: allowed})

    def place(self, rule):
        return {"using-namespace": "src/base/a.h", "sleep": "src/base/a_test.cc",
                "skipped-test": "tests/a.cc"}.get(rule, "src/base/a.cc")

    def test_every_rule_refuses_its_sample(self):
        self.assertEqual(set(BAD), {rule.name for rule in check_words.RULES})
        for rule, line in BAD.items():
            with self.subTest(rule):
                name = self.place(rule)
                self.assert_refused(self.check(name, f"\n{line}\n"), f"{name}:2", f"{rule}: ")

    def test_every_rule_has_its_exception(self):
        for rule, line in BAD.items():
            with self.subTest(rule):
                name = self.place(rule)
                self.assertEqual(self.check(name, line, f"{rule} {name} it is a sample\n"), [])

    def test_refuses_exceptions_that_nothing_needs(self):
        self.assert_refused(self.check("src/base/a.cc", "\n", "\nclock src/base/a.cc a reason\n"),
                            f"{check_words.ALLOWED}:2", "nothing in src/base/a.cc needs")

    def test_refuses_exceptions_without_a_reason(self):
        self.assert_refused(self.check("src/base/a.cc", "\n", "clock src/base/a.cc\n"), f"{check_words.ALLOWED}:1",
                            "RULE PATH REASON")

    def test_comments_and_literals_do_not_count(self):
        text = '// rand() is banned\n/* ::open( */ auto s = "std::thread"; auto r = R"(getenv)"; int n = 1\'000;\n'
        self.assertEqual(self.check("src/base/a.cc", text), [])

    def test_code_after_a_digit_separator_still_counts(self):
        self.assert_refused(self.check("src/base/a.cc", "int n = 1'000'000; int x = rand(); char c = 'x';\n"),
                            "src/base/a.cc:1", "random")

    def test_words_that_only_contain_a_banned_one(self):
        self.assertEqual(self.check("src/base/a.cc", "operand(); file.open(1); x = delete; Task(Task&&) = delete;\n"), [])
        self.assertEqual(self.check("src/base/a.cc", "std::unique_ptr<Thing> thing(new Thing(1));\n"), [])
        self.assertEqual(self.check("src/base/a.cc", "new (place) Thing; void* operator new (std::size_t);\n"), [])
        self.assertEqual(self.check("src/base/a.cc", "// TO" + "DO(#12): after the next format\n"), [])
        self.assertEqual(self.check("docs/a.md", "the namespace /root/cimv2 of a server\n"), [])

    def test_spelling(self):
        files = {check_words.MISSPELLINGS: "lefft left\n", "docs/a.md": "\nWe Lefft and lefftX.\n"}
        findings = self.findings(check_words.check, files)
        self.assertEqual(len(findings), 1, findings)
        self.assert_refused(findings, "docs/a.md:2", "spelling: Lefft: left")
