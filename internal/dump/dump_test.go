package dump

import (
	"testing"

	"drover/playbook/value"
)

func TestYAMLScalars(t *testing.T) {
	for _, tc := range []struct {
		v    value.Value
		want string
	}{
		{value.Str("plain text"), "plain text"}, {value.Str("yes"), "'yes'"}, {value.Str("1.5"), "'1.5'"},
		{value.Str(""), "''"}, {value.Str("it's: odd"), "'it''s: odd'"}, {value.Str("tab\there"), `"tab\there"`},
		{value.Int(3), "3"}, {value.None, "null"}, {value.Bool(true), "true"}, {value.Secret("x"), Hidden},
	} {
		if got := yamlScalar(tc.v); got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.v, got, tc.want)
		}
	}
}

func TestJSON(t *testing.T) {
	v := value.DictOf("b", value.NewList(value.Int(1), value.Float(2), value.None), "a", value.DictOf("k", "é\n\x01"), "s", value.Secret("x"), "e", value.NewDict(0))
	for _, tc := range []struct {
		style Style
		want  string
	}{
		{Style{}, `{"b": [1, 2.0, null], "a": {"k": "é\n\u0001"}, "s": "********", "e": {}}`},
		{Style{Compact: true, Sort: true}, `{"a":{"k":"é\n\u0001"},"b":[1,2.0,null],"e":{},"s":"********"}`},
		{Style{Indent: "  ", Sort: true}, "{\n  \"a\": {\n    \"k\": \"é\\n\\u0001\"\n  },\n  \"b\": [\n    1,\n    2.0,\n    null\n  ],\n  \"e\": {},\n  \"s\": \"********\"\n}"},
	} {
		if got := JSON(v, tc.style); got != tc.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", tc.style, got, tc.want)
		}
	}
}

func TestYAML(t *testing.T) {
	v := value.DictOf("list", value.NewList(value.DictOf("a", 1, "b", "x\ny\n"), value.Str("z")), "empty", value.NewList(), "text", "one\ntwo", "d", value.DictOf("k", true))
	want := `list:
- a: 1
  b: |
      x
      y
- z
empty: []
text: |-
    one
    two
d:
    k: true
`
	if got := YAML(v, 0, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
