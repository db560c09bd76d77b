package pyliteral

import (
	"testing"

	"drover/playbook/value"
)

func TestParse(t *testing.T) {
	tests := map[string]string{ // Python's repr of the result
		"1": "1", "-3": "-3", "+-+2": "-2", "0x1F": "31", "0o17": "15", "0b11": "3", "1_000": "1000",
		"00": "0", "1.5": "1.5", "1.": "1.0", ".5": "0.5", "1e3": "1000.0", "-1.5e-3": "-0.0015",
		"123456789012345678901234567890": "123456789012345678901234567890",
		"True":                           "True", "None": "None", "'a'": "'a'", `"a\tb"`: `'a\tb'`, `'\x41\u00e9\101'`: "'Aé" + "A'",
		`'a' "b"`: "'ab'", `r'\n'`: `'\\n'`, "'''a\nb'''": `'a\nb'`, "b'x'": "b'x'", `u"x"`: "'x'", `'\q'`: `'\\q'`,
		"[]": "[]", "[1, 'a', [None]]": "[1, 'a', [None]]", "[1,]": "[1]", "()": "()", "(1)": "1", "(1,)": "(1,)",
		"1, 2": "(1, 2)", "{}": "{}", "{'a': 1, 'b': {'c': 2},}": "{'a': 1, 'b': {'c': 2}}", "{1, 2, 1}": "[1, 2]",
		"5 # five": "5", "[1, # one\n 2]": "[1, 2]", " \t7": "7",
	}
	for in, want := range tests {
		v, err := Parse(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := value.Repr(v); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestNotLiteral(t *testing.T) {
	for _, in := range []string{
		"", "hello", "hello world", "TRUE", "yes", "0644", "0123", "1.2.3", "1a", "1 2", "a=b", "[1", "[1 2]", "{'a'}x",
		"{'a' 1}", "{[1]: 2}", "'a", "'a\nb'", "f(x)", "1+2", "--", "x'1'", "[,]", "(,)", "b'é'", "'a' b'b'", "\\", "1j", "/path", "'\\x4'",
	} {
		if v, err := Parse(in); err == nil {
			t.Errorf("%q: got %s, want an error", in, value.Repr(v))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"[1, {'a': (1,)}]", "'\\u00e9'", "-0x1f", "{1,2}", "1e5", "b'\\x00'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(value.Repr(v))
		if err == nil && value.Repr(again) != value.Repr(v) {
			t.Errorf("%q: %s reads back as %s", s, value.Repr(v), value.Repr(again))
		}
	})
}
