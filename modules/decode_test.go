package modules

import (
	"reflect"
	"strings"
	"testing"

	"drover/playbook/value"
)

type sampleArgs struct {
	Path   string       `arg:"path" alias:"dest,name" type:"path" required:"true"`
	State  string       `arg:"state" default:"present" choices:"present,absent,yes"`
	Force  bool         `arg:"force" default:"true"`
	Count  *int         `arg:"count"`
	Tags   []string     `arg:"tags"`
	Ports  []int        `arg:"ports"`
	Ratio  float64      `arg:"ratio"`
	Size   int64        `arg:"size" type:"bytes"`
	Extra  *value.Dict  `arg:"extra"`
	Any    value.Value  `arg:"any"`
	Rules  []sampleRule `arg:"rules"`
	Secret string       `arg:"secret" hidden:"true"`
}

type sampleRule struct {
	Name string `arg:"name" required:"true"`
	On   bool   `arg:"on"`
}

var sampleSpec = SpecOf[sampleArgs](Spec{
	Name:              "ansible.builtin.sample",
	MutuallyExclusive: [][]string{{"count", "ratio"}},
	RequiredIf:        []RequiredIf{{Arg: "state", Value: "absent", Needs: []string{"any", "force"}}},
	RequiredBy:        map[string][]string{"ports": {"tags"}},
})

func decodeSample(kv ...any) (*sampleArgs, error) {
	a := new(sampleArgs)
	return a, Decode(sampleSpec, value.DictOf(kv...), a)
}

// TestDecodeAliases: of several names the alias counts, with a warning.
func TestDecodeAliases(t *testing.T) {
	d := &decoder{spec: sampleSpec, plan: sampleSpec.plan, expand: func(p string) string { return p }}
	a := new(sampleArgs)
	if err := d.decode(value.DictOf("path", "/x", "dest", "/y"), reflect.ValueOf(a).Elem()); err != nil {
		t.Fatal(err)
	}
	if a.Path != "/y" || !reflect.DeepEqual(d.warnings, []string{"Both option path and its alias dest are set."}) {
		t.Errorf("%s, %q", a.Path, d.warnings)
	}
}

func TestDecodeCoerces(t *testing.T) {
	a, err := decodeSample("dest", "/x", "force", "off", "count", "3", "tags", "a,b", "ports", []any{"80", 443},
		"size", "2 KB", "extra", "k=v, q='x y'", "any", []any{1}, "rules", []any{map[string]any{"name": "r", "on": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Path != "/x" || a.State != "present" || a.Force || *a.Count != 3 || a.Size != 2048 {
		t.Errorf("scalars: %+v", a)
	}
	if !reflect.DeepEqual(a.Tags, []string{"a", "b"}) || !reflect.DeepEqual(a.Ports, []int{80, 443}) {
		t.Errorf("lists: %v %v", a.Tags, a.Ports)
	}
	if value.Repr(a.Extra) != "{'k': 'v', 'q': 'x y'}" || value.Repr(a.Any) != "[1]" {
		t.Errorf("raw: %s %s", value.Repr(a.Extra), value.Repr(a.Any))
	}
	if len(a.Rules) != 1 || a.Rules[0] != (sampleRule{"r", true}) {
		t.Errorf("rules: %+v", a.Rules)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"unknown", []any{"path", "x", "stat", "absent"}, "Unsupported parameters for (sample) module: stat (did you mean 'state'?). Supported parameters include: any, count,"},
		{"aliases shown", []any{"path", "x", "zzzzzzz", 1}, "path (dest, name)"},
		{"missing", []any{"force", true}, "missing required arguments: path"},
		{"null is no text", []any{"path", nil}, "argument 'path' is of type NoneType and we were unable to convert to path: 'None' is not a string and conversion is not allowed"},
		{"choice", []any{"path", "x", "state", "presnt"}, "value of state must be one of: present, absent, yes, got: presnt (did you mean 'present'?)"},
		{"int", []any{"path", "x", "count", "1.5"}, "argument 'count' is of type str and we were unable to convert to int: \"'1.5'\" cannot be converted to an int"},
		{"bool", []any{"path", "x", "force", "maybe"}, "unable to convert to bool: The value 'maybe' is not a valid boolean"},
		{"element", []any{"path", "x", "tags", "t", "ports", "80,b"}, "Elements value for option 'ports'"},
		{"exclusive", []any{"path", "x", "count", 1, "ratio", 1.5}, "parameters are mutually exclusive: count|ratio"},
		{"required if", []any{"path", "x", "state", "absent"}, "state is absent but all of the following are missing: any"},
		{"required by", []any{"path", "x", "ports", 1}, "missing parameter(s) required by 'ports': tags"},
		{"sub unknown", []any{"path", "x", "rules", []any{map[string]any{"name": "r", "onn": 1}}}, "rules.onn (did you mean 'on'?)"},
		{"sub missing", []any{"path", "x", "rules", []any{map[string]any{"on": 1}}}, "missing required arguments: name found in rules"},
	} {
		_, err := decodeSample(c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if errs := Check(sampleSpec, value.DictOf(c.args...)); len(errs) == 0 || !strings.Contains(errs[0].Error(), c.want) {
			t.Errorf("%s: Check gives %v, want %s", c.name, errs, c.want)
		}
	}
}

func TestDecodeBoolChoice(t *testing.T) {
	a, err := decodeSample("path", "x", "state", true)
	if err != nil || a.State != "yes" {
		t.Errorf("state: yes read as a bool: got %q, %v", a.State, err)
	}
}

func TestCheckSkipsTemplates(t *testing.T) {
	lazy := &value.Template{Src: "{{ x }}"}
	if errs := Check(sampleSpec, value.DictOf("path", lazy, "state", lazy, "count", lazy, "ports", value.NewList(lazy), "tags", lazy)); errs != nil {
		t.Errorf("templates were judged: %v", errs)
	}
	if errs := Check(sampleSpec, value.DictOf("path", "x", "secret", "s")); len(errs) != 1 {
		t.Errorf("a hidden argument must be unknown to users: %v", errs)
	}
}

func TestLookupAcceptsEveryName(t *testing.T) {
	for _, name := range []string{"ping", "ansible.builtin.ping", "ansible.legacy.ping"} {
		if _, ok := Lookup(name); !ok {
			t.Errorf("%s was not found", name)
		}
	}
	for _, name := range []string{"", "png", "community.general.ping"} {
		if _, ok := Lookup(name); ok {
			t.Errorf("%s must not be found", name)
		}
	}
}

// BenchmarkDecode is what the arguments of a call cost on the host.
func BenchmarkDecode(b *testing.B) {
	m, _ := Lookup("lineinfile")
	args := value.DictOf("path", "/etc/hosts", "regexp", "^127", "line", "127.0.0.1 localhost", "mode", "0644", "create", true)
	b.ReportAllocs()
	for b.Loop() {
		var a lineinfileArgs
		if err := Decode(m.Spec(), args, &a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSpec is what the first call of a module costs beside: its
// specification.
func BenchmarkSpec(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		lineinfileModule().Spec()
	}
}
