import contextlib
import io
import pathlib
import tempfile
import unittest

import sample  # noqa: F401  (makes tools/ importable)
import embed_files
import generate_names
import mof_reader

BASE = """// A comment.
[Abstract, Version("1.0")]
class X_Base
{
    [Key, Description("It says \\"key\\" "
                      "in two parts.")]
    string Id;

    [ValueMap { "2", "3", "4..9", ".." }, Values { "Some State", "-Other", "Reserved", "Rest" }]
    uint16 State = 2;

    [ValueMap { "0" }, Values { "Done" }]
    uint32 Act([In, Out] X_Base REF Target, [In(false), Out, BitMap { "0", "4" }, BitValues { "A", "B" }] uint8 Bits[]);
};
"""
DERIVED = """class X_iSCSIThing : X_Base
{
    [Override("State"), Write]
    uint16 State;

    [ValueMap { "Auto" }, Values { "Auto" }]
    string StartMode;

    void Go();
};
"""


class SchemaTools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.top = self.write("top.mof", '#pragma include ("x/base.mof")\n#pragma include ("x/derived.mof")\n')
        self.write("x/base.mof", BASE)
        self.write("x/derived.mof", DERIVED)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def names(self):
        self.assertEqual(generate_names.main([self.root / "names.h", self.top]), 0)
        return (self.root / "names.h").read_text(encoding="utf-8")

    def test_the_reader_finds_classes_and_elements(self):
        classes = mof_reader.read_classes([self.top])
        self.assertEqual(list(classes), ["X_Base", "X_iSCSIThing"])
        base = classes["X_Base"]
        self.assertEqual([element.name for element in base.properties], ["Id", "State"])
        self.assertEqual(base.properties[0].qualifiers["description"], 'It says "key" in two parts.')
        self.assertEqual(base.properties[1].default, 2)
        target, bits = base.methods[0].parameters
        self.assertEqual((target.type, target.is_reference, target.is_array), ("X_Base", True, False))
        self.assertEqual((bits.type, bits.is_array, bits.qualifiers["in"]), ("uint8", True, False))
        self.assertEqual(classes["X_iSCSIThing"].superclass, "X_Base")

    def test_the_reader_names_file_and_line_of_a_mistake(self):
        self.write("x/derived.mof", "class X_Y\n{\n    uint8 A B;\n};\n")
        with self.assertRaisesRegex(mof_reader.MofError, r"derived\.mof: line 3: expected ;"):
            mof_reader.read_classes([self.top])

    def test_the_reader_refuses_a_file_that_ends_early(self):
        for length in range(len(DERIVED.rstrip())):
            self.write("x/derived.mof", DERIVED[:length].rstrip())
            if DERIVED[:length].strip():
                with self.assertRaises(mof_reader.MofError):
                    mof_reader.read_classes([self.top])

    def test_names_cover_properties_values_and_methods(self):
        names = self.names()
        for line in ("namespace x_base {", 'inline constexpr std::string_view kClass = "X_iSCSIThing";',
                     "enum class State : std::uint16_t {", "  kSomeState = 2,", "  kMinusOther = 3,", "  kB = 1 << 4,",
                     "namespace x_iscsi_thing {", "using State = x_base::State;", "namespace start_mode {",
                     "namespace act = x_base::act;", 'inline constexpr std::string_view kMethod = "Go";'):
            self.assertIn(line + "\n", names)
        self.assertNotIn("Reserved", names)

    def test_names_that_become_one_are_refused(self):
        self.write("x/derived.mof", "class X_Y\n{\n    uint8 state;\n    uint8 State;\n};\n")
        with self.assertRaisesRegex(SystemExit, "kState stands for both state and State"):
            self.names()

    def test_embedding_keeps_text_and_paths(self):
        self.assertEqual(embed_files.main([self.root / "files.cc", self.root, self.top]), 0)
        text = (self.root / "files.cc").read_text(encoding="utf-8")
        self.assertIn('{"x/derived.mof", R"mof(' + DERIVED + ')mof"},', text)
        self.assertIn('{"top.mof", ', text)
        self.assertNotIn("A comment.", text)

    def test_embedding_refuses_a_file_that_is_too_long(self):
        self.write("x/base.mof", BASE + " " * 65_536)
        complaint = io.StringIO()
        with contextlib.redirect_stderr(complaint):
            self.assertEqual(embed_files.main([self.root / "files.cc", self.root, self.top]), 1)
        self.assertIn("base.mof: longer than 65536 bytes", complaint.getvalue())


if __name__ == "__main__":
    unittest.main()
