package wire

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"drover/playbook/value"
)

func roundTrip(t *testing.T, v value.Value) value.Value {
	t.Helper()
	b, err := AppendValue(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	got, rest, err := DecodeValue(b)
	if err != nil || len(rest) != 0 {
		t.Fatalf("%d bytes left, %v", len(rest), err)
	}
	return got
}

func TestValueRoundTrip(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	values := []value.Value{
		value.None, value.Bool(true), value.Bool(false), value.Omit,
		value.Int(0), value.Int(-1), value.Int(math.MaxInt64), value.Int(math.MinInt64),
		&value.BigInt{N: huge}, &value.BigInt{N: new(big.Int).Neg(huge)},
		value.Float(0), value.Float(-1.5), value.Float(math.Inf(1)),
		value.Str(""), value.Str("über"), value.Str("no utf-8: \xff\xfe"), value.Bytes("\x00\xff"),
		value.NewList(), value.NewList(value.Int(1), value.NewList(value.Str("in"))),
		value.Tuple{value.Int(1), value.Str("x")},
		value.DictOf("z", 1, "a", value.DictOf("nested", []string{"x"}), "m", nil),
	}
	for _, v := range values {
		got := roundTrip(t, v)
		if got.Type() != v.Type() || value.Repr(got) != value.Repr(v) {
			t.Errorf("%s %s came back as %s %s", v.Type(), value.Repr(v), got.Type(), value.Repr(got))
		}
	}
}

func TestDictKeepsOrderAndKeys(t *testing.T) {
	d := value.NewDict(3)
	d.Set(value.Int(2), value.Str("int"))
	d.Set(value.Str("b"), value.None)
	d.Set(value.Tuple{value.Int(1)}, value.Str("tuple"))
	if got := value.Repr(roundTrip(t, d)); got != "{2: 'int', 'b': None, (1,): 'tuple'}" {
		t.Errorf("got %s", got)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	got := roundTrip(t, value.DictOf("password", value.Secret("hunter2")))
	if !value.IsSecret(got) {
		t.Errorf("the mark was lost: %s", value.Repr(got))
	}
}

// view is a mapping that is no Dict, as hostvars is.
type view struct{ *value.Dict }

func (view) Type() string { return "view" }

func TestViewsAreEncodedAsWhatTheyShow(t *testing.T) {
	if got := value.Repr(roundTrip(t, view{value.DictOf("a", 1)})); got != "{'a': 1}" {
		t.Errorf("got %s", got)
	}
}

func TestWhatCannotBeEncoded(t *testing.T) {
	deep := value.NewList()
	for range maxDepth + 2 {
		deep = value.NewList(deep)
	}
	tests := map[string]struct {
		v    value.Value
		want string
	}{
		"undefined":       {value.DictOf("path", &value.Undefined{Name: "foo"}), "path: 'foo' is undefined"},
		"failed":          {&value.Undefined{Name: "foo", Err: errors.New("division by zero")}, "division by zero"},
		"template":        {&value.Template{Src: "{{ x }}"}, `"{{ x }}" was not evaluated`},
		"nested too deep": {deep, "more than 200 levels"},
	}
	for name, test := range tests {
		if _, err := AppendValue(nil, test.v); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestBrokenValues(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty": {}, "unknown kind": {200}, "short text": {tagStr, 5, 'a'}, "short float": {tagFloat, 1},
		"endless number": bytes.Repeat([]byte{0xff}, 20), "dict without values": {tagDict, 1, tagNone},
		"list of too many": {tagList, 0xff, 0xff, 0xff, 0x7f},
		"too deep":         bytes.Repeat([]byte{tagList, 1}, 1000),
	} {
		if _, _, err := DecodeValue(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	c := &Call{Module: "m", Args: value.DictOf("a", 1), Check: true, Verbosity: 3, Env: map[string]string{"A": "1", "B": "2"},
		Blobs: []Blob{{Name: "x", Size: 3, Inline: true, Data: []byte("abc")}, {Name: "y", Size: 1 << 40}},
		Async: &Async{Limit: 5, JobID: "j1", Dir: "~/x"}}
	b := &Batch{StopOnFailure: true, Calls: []*Call{c, {Module: "n", Args: value.NewDict(0), Diff: true}}}
	body, err := b.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got Batch
	if err := got.Decode(body); err != nil {
		t.Fatal(err)
	}
	again, err := got.Append(nil)
	if err != nil || !bytes.Equal(body, again) {
		t.Errorf("the batch came back different (%v)", err)
	}
	if g := got.Calls[0]; g.Async == nil || *g.Async != *c.Async || string(g.Blobs[0].Data) != "abc" || g.Env["B"] != "2" {
		t.Errorf("got %+v", g)
	}
}

func FuzzValue(f *testing.F) {
	for _, v := range []value.Value{value.None, value.DictOf("a", []string{"x"}, "b", 1.5), value.Secret("s"),
		&value.BigInt{N: new(big.Int).Lsh(big.NewInt(1), 80)}, value.Tuple{value.Bytes("\xff")}} {
		b, err := AppendValue(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, _, err := DecodeValue(b)
		if err != nil {
			return
		}
		again, err := AppendValue(nil, v)
		if err != nil {
			t.Fatalf("what was decoded can't be encoded: %v", err)
		}
		w, _, err := DecodeValue(again)
		if err != nil || value.Repr(v) != value.Repr(w) {
			t.Fatalf("%s became %s (%v)", value.Repr(v), value.Repr(w), err)
		}
	})
}

func BenchmarkCallRoundTrip(b *testing.B) {
	c := &Call{Module: "ansible.builtin.copy", Args: value.DictOf("dest", "/etc/motd", "mode", "0644", "owner", "root", "backup", true),
		Blobs: []Blob{{Name: "c", Size: 11, Inline: true, Data: []byte("hello world")}}}
	b.ReportAllocs()
	var body []byte
	for b.Loop() {
		var err error
		if body, err = c.Append(body[:0]); err != nil {
			b.Fatal(err)
		}
		if err := new(Call).Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
