package pyyaml

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"testing"

	"drover/playbook/value"
)

// TestDumpAsLibyamlDoes compares with what PyYAML wrote through libyaml 0.2.5.
func TestDumpAsLibyamlDoes(t *testing.T) {
	f, err := os.Open("testdata/libyaml.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	bad := 0
	for sc.Scan() && bad < 10 {
		c, err := value.ParseJSON(sc.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		d := c.(*value.Dict)
		v := decode(t, d.At("v").(*value.Dict))
		got, err := Dump(v, decodeOptions(d.At("o").(*value.Dict)))
		if want := value.String(d.At("y")); err != nil || got != want {
			bad++
			t.Errorf("Dump(%s, %s): %v\n got %q\nwant %q", value.Repr(v), value.Repr(d.At("o")), err, got, want)
		}
	}
}

// decode reads the recorded form of a value, in which each value says what it
// is: s for scalars, f for floats, l for lists and d for pairs.
func decode(t *testing.T, d *value.Dict) value.Value {
	t.Helper()
	if v, ok := d.Lookup("s"); ok {
		return v
	}
	if v, ok := d.Lookup("f"); ok {
		f, err := strconv.ParseFloat(value.String(v), 64)
		if err != nil {
			t.Fatal(err)
		}
		return value.Float(f)
	}
	if v, ok := d.Lookup("l"); ok {
		out := value.NewList()
		for _, e := range v.(*value.List).Elems {
			out.Append(decode(t, e.(*value.Dict)))
		}
		return out
	}
	out := value.NewDict(0)
	for _, e := range d.At("d").(*value.List).Elems {
		kv := e.(*value.List).Elems
		out.Set(decode(t, kv[0].(*value.Dict)), decode(t, kv[1].(*value.Dict)))
	}
	return out
}

func decodeOptions(d *value.Dict) Options {
	num := func(name string) int {
		n, _ := value.AsInt(d.At(name))
		return int(n)
	}
	o := Options{
		Indent: num("indent"), Width: num("width"),
		Canonical:     value.Truth(d.At("canonical")),
		ExplicitStart: value.Truth(d.At("explicit_start")), ExplicitEnd: value.Truth(d.At("explicit_end")),
		EscapeUnicode: d.At("allow_unicode") == value.Bool(false),
		KeepOrder:     d.At("sort_keys") == value.Bool(false),
	}
	switch d.At("default_flow_style") {
	case value.Bool(true):
		o.Flow = FlowAlways
	case value.Bool(false):
		o.Flow = FlowNever
	}
	if s, ok := value.AsString(d.At("default_style")); ok {
		o.Style = s[0]
	}
	// yaml.dump's own default is the block style, that of to_yaml is not.
	if _, ok := d.Lookup("default_flow_style"); !ok {
		o.Flow = FlowNever
	}
	return o
}
