import sample
import check_documents

GOOD = {"ARCHITECTURE.md": "# One picture\n`base` holds the rest.\n", "src/base/README.md": "# base\n",
        "src/base/a.h": ""}


class CheckDocuments(sample.SampleTest):
    def check(self, **changed):
        files = {**GOOD, **{name.replace("__", "/").replace("_md", ".md"): text for name, text in changed.items()}}
        return self.findings(check_documents.check, {name: text for name, text in files.items() if text is not None})

    def test_allows_links_that_lead_somewhere(self):
        text = ("[a](src/base/a.h) [b](ARCHITECTURE.md#one-picture) [c](src) [d](https://example.org/x) [e](#here)\n"
                "# Here\n```\n[code](nowhere)\n```\n`[code](nowhere)`\n[f]: src/base/README.md\n")
        self.assertEqual(self.check(README_md=text), [])

    def test_refuses_a_link_to_nothing(self):
        self.assert_refused(self.check(README_md="\nSee [it](docs/gone.md).\n"), "README.md:2", "no docs/gone.md")
        self.assert_refused(self.check(docs__a_md="[it](../gone.md)\n"), "docs/a.md:1", "no gone.md")
        self.assert_refused(self.check(README_md="[it]: gone.md\n"), "README.md:1", "no gone.md")
        self.assert_refused(self.check(README_md="[it](/ARCHITECTURE.md)\n"), "README.md:1", "relative")

    def test_refuses_a_link_to_no_heading(self):
        self.assert_refused(self.check(README_md="[it](ARCHITECTURE.md#two-pictures)\n"), "README.md:1",
                            "no such heading")

    def test_refuses_a_folder_without_readme(self):
        self.assert_refused(self.check(src__base__README_md=None), "src/base/README.md:1", "missing")

    def test_refuses_a_folder_that_the_architecture_does_not_name(self):
        self.assert_refused(self.check(ARCHITECTURE_md="# database\n"), "ARCHITECTURE.md:1", "src/base")
        self.assert_refused(self.check(ARCHITECTURE_md=None), "ARCHITECTURE.md:1", "missing")
