package value

import (
	"math"
	"testing"
)

func TestParseJSONKeepsPythonsTypes(t *testing.T) {
	tests := []struct{ in, repr string }{
		{`{"b": 1, "a": [1.0, -2, 1e3, null, true]}`, `{'b': 1, 'a': [1.0, -2, 1000.0, None, True]}`},
		{`12345678901234567890`, `12345678901234567890`},
		{`{"a": 1, "b": 2, "a": 3}`, `{'a': 3, 'b': 2}`},
		{"  [ ]\n", `[]`},
		{`[NaN, Infinity, -Infinity]`, `[nan, inf, -inf]`},
		{`"\u00e9\n\ud83d\ude00\/"`, "'é\\n😀/'"},
		{`-0`, `0`}, {`-0.0`, `-0.0`}, {`1E400`, `inf`},
	}
	for _, tt := range tests {
		v, err := ParseJSON([]byte(tt.in))
		if err != nil {
			t.Errorf("ParseJSON(%s): %v", tt.in, err)
		} else if got := Repr(v); got != tt.repr {
			t.Errorf("ParseJSON(%s) = %s, want %s", tt.in, got, tt.repr)
		}
	}
}

func TestParseJSONErrors(t *testing.T) {
	tests := []struct{ in, msg string }{
		{``, `Expecting value: line 1 column 1 (char 0)`},
		{`1 2`, `Extra data: line 1 column 3 (char 2)`},
		{`{'a': 1}`, `Expecting property name enclosed in double quotes: line 1 column 2 (char 1)`},
		{`{"a" 1}`, `Expecting ':' delimiter: line 1 column 6 (char 5)`},
		{"{\"é\": 1\n 2}", `Expecting ',' delimiter: line 2 column 2 (char 9)`},
		{`["abc`, `Unterminated string starting at: line 1 column 2 (char 1)`},
		{"\"a\nb\"", `Invalid control character at: line 1 column 3 (char 2)`},
		{`"\x"`, `Invalid \escape: line 1 column 2 (char 1)`},
		{`"\u12"`, `Invalid \uXXXX escape: line 1 column 3 (char 2)`},
		{`[01]`, `Expecting ',' delimiter: line 1 column 3 (char 2)`},
		{`[1,]`, `Expecting value: line 1 column 4 (char 3)`},
		{`-`, `Expecting value: line 1 column 1 (char 0)`},
	}
	for _, tt := range tests {
		if _, err := ParseJSON([]byte(tt.in)); err == nil || err.Error() != tt.msg {
			t.Errorf("ParseJSON(%q) = %v, want %s", tt.in, err, tt.msg)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	d := DictOf("b", 1, "a", NewList(Int(1), Str("é\x7f\n"), NewList(), NewDict(0)))
	d.Set(None, Float(math.Inf(-1)))
	mixed := NewDict(2)
	mixed.Set(Int(1), Str("x"))
	mixed.Set(Bool(false), Float(1e20))
	tests := []struct {
		v    Value
		o    JSONOptions
		want string
	}{
		{d, JSONOptions{}, `{"b": 1, "a": [1, "\u00e9\u007f\n", [], {}], "null": -Infinity}`},
		{DictOf("b", 1, "a", 2), JSONOptions{SortKeys: true, RawUTF8: true}, `{"a": 2, "b": 1}`},
		{mixed, JSONOptions{Item: ",", Key: ":"}, `{"1":"x","false":1e+20}`},
		{NewList(Int(1), NewList()), JSONOptions{Pretty: true, Indent: "  "}, "[\n  1,\n  []\n]"},
		{NewList(Int(1)), JSONOptions{Pretty: true}, "[\n1\n]"},
		{Str("😀é\x7f\b"), JSONOptions{}, `"\ud83d\ude00\u00e9\u007f\b"`},
		{Str("😀é\x7f\x01"), JSONOptions{RawUTF8: true}, "\"😀é\x7f\\u0001\""},
	}
	for _, tt := range tests {
		got, err := AppendJSON(nil, tt.v, tt.o)
		if err != nil || string(got) != tt.want {
			t.Errorf("AppendJSON(%s) = %s, %v; want %s", Repr(tt.v), got, err, tt.want)
		}
	}
}

func TestAppendJSONRefusesWhatJSONCannotSay(t *testing.T) {
	tupleKey := NewDict(1)
	tupleKey.Set(Tuple{Int(1)}, None)
	mixed := NewDict(2)
	mixed.Set(Int(1), None)
	mixed.Set(Str("a"), None)
	loop := &List{}
	loop.Append(loop)
	tests := []struct {
		v Value
		o JSONOptions
	}{
		{tupleKey, JSONOptions{}},
		{mixed, JSONOptions{SortKeys: true}},
		{Float(math.NaN()), JSONOptions{NoNaN: true}},
		{Bytes("x"), JSONOptions{}},
		{&Undefined{Name: "x", Msg: "'x' is undefined"}, JSONOptions{}},
		{loop, JSONOptions{}},
	}
	for _, tt := range tests {
		if got, err := AppendJSON(nil, tt.v, tt.o); err == nil {
			t.Errorf("AppendJSON(%s) = %s, want an error", tt.v.Type(), got)
		}
	}
}

func TestLoneSurrogateSurvivesARoundTrip(t *testing.T) {
	const doc = `"\ud800x"`
	v, err := ParseJSON([]byte(doc))
	if err != nil || JSON(v) != doc {
		t.Errorf("round trip gives %s, %v", JSON(v), err)
	}
}

func BenchmarkParseJSON(b *testing.B) {
	doc := []byte(`{"changed": true, "stdout": "some text", "rc": 0, "list": [1, 2, 3, {"a": "b"}], "f": 1.5}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := ParseJSON(doc); err != nil {
			b.Fatal(err)
		}
	}
}
