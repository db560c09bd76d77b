package jinja

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/playbook/source"
	"drover/playbook/value"
)

func eval(t *testing.T, vars *value.Dict, src string) (value.Value, error) {
	t.Helper()
	return NewContext(NewEnv(), dictScope{vars}).Evaluate(tpl(src))
}

func TestErrorsPointIntoTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "play.yml")
	text := "vars:\n  port: \"{{ base + htpp_port }}\"\n  block: |\n    first\n    {{ 1 + 'a' }}\n  chain: \"x {{ port }}\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	port := &value.Template{Src: "{{ base + htpp_port }}", Pos: source.Pos{File: file, Line: 2, Col: 10}}
	block := &value.Template{Src: "first\n{{ 1 + 'a' }}\n", Pos: source.Pos{File: file, Line: 3, Col: 10}}
	chain := &value.Template{Src: "x {{ port }}", Pos: source.Pos{File: file, Line: 6, Col: 11}}
	vars := value.DictOf("base", 1, "http_port", 80, "port", port)
	for _, tt := range []struct {
		tpl  *value.Template
		want []string
	}{
		{port, []string{"'htpp_port' is undefined", "play.yml:2:20", "^^^^^^^^^", "did you mean 'http_port'?"}},
		{block, []string{"unsupported operand type(s) for +: 'int' and 'str'", "play.yml:5:10", "{{ 1 + 'a' }}"}},
		{chain, []string{"'htpp_port' is undefined", "play.yml:2:20"}},
	} {
		_, err := NewContext(NewEnv(), dictScope{vars}).Evaluate(tt.tpl)
		got := source.Format(err)
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%q: error lacks %q:\n%s", tt.tpl.Src, w, got)
			}
		}
	}
}

func TestResultsHaveTheirTemplatesPlace(t *testing.T) {
	pos := source.Pos{File: "play.yml", Line: 3, Col: 5}
	for _, src := range []string{"{{ range(3) }}", "{{ '' | random }}"} {
		_, err := NewContext(NewEnv(), nil).Evaluate(&value.Template{Src: src, Pos: pos})
		var e *source.Error
		if !errors.As(err, &e) || e.Pos != pos {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// An attribute that an item lacks is shown at the filter that wants it, also in
// text whose lines were folded.
func TestItemsWithoutAttribute(t *testing.T) {
	file := filepath.Join(t.TempDir(), "play.yml")
	text := "a: >-\n  first {{ 1 }}\n  then {{ users\n    | map(attribute='nmae') }}\nb: \"{{ users | sort(attribute='nmae') }}\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	vars := value.DictOf("users", value.NewList(value.DictOf("name", "ann", "uid", 1)))
	for src, want := range map[string]source.Pos{
		"first {{ 1 }} then {{ users | map(attribute='nmae') }}": {File: file, Line: 4, Col: 7},
		"{{ users | sort(attribute='nmae') }}":                   {File: file, Line: 5, Col: 16},
	} {
		at := source.Pos{File: file, Line: 1, Col: 4}
		if want.Line == 5 {
			at.Line = 5
		}
		_, err := NewContext(NewEnv(), dictScope{vars}).Evaluate(&value.Template{Src: src, Pos: at})
		var e *source.Error
		if !errors.As(err, &e) || e.Pos != want || e.Hint != "that item has name, uid (did you mean 'name'?)" {
			t.Errorf("%s: %v", src, source.Format(err))
		}
	}
}

func TestErrorsTellTheWay(t *testing.T) {
	vars := value.DictOf("a", tpl("{{ b }}"), "b", tpl("{{ 1 / 0 }}"))
	_, err := eval(t, vars, "{{ a }}")
	var e *source.Error
	if !errors.As(err, &e) || len(e.Trace) != 2 {
		t.Fatalf("got %#v", err)
	}
	if e.Trace[0].What != "in variable 'b'" || e.Trace[1].What != "in variable 'a'" {
		t.Errorf("trace is %v", e.Trace)
	}
}

func TestKinds(t *testing.T) {
	for src, want := range map[string]Kind{
		"{{ nope }}": KindUndefined, "{{ 1 + }}": KindSyntax, "{{ 1 | nofilter }}": KindSyntax,
		"{{ 'x' | abs }}": KindFilter, "{{ 1 + 'a' }}": KindType, "{{ range(3) }}": KindType, "{{ 1 / 0 }}": KindOther,
	} {
		if _, err := eval(t, value.NewDict(0), src); KindOf(err) != want {
			t.Errorf("%s: kind %q, want %q (%v)", src, KindOf(err), want, err)
		}
	}
}

func TestRunawayTemplatesEnd(t *testing.T) {
	deep := strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000)
	for _, src := range []string{
		"{{ range(10**9) | list }}", "{{ 'x' * 10**9 }}", "{{ [0] * 10**9 }}", "{{ 10 ** (10 ** 10) }}",
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}",
		"{{ 'x'.ljust(10**10) }}", "{{ 'ab'.replace('', 'x' * 60000000) }}", "{{ " + deep + " }}",
		"{% for i in range(9999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "{{ loop_a }}",
		"{% set x = [] | list %}{% set _ = x.append(x) %}{{ x }}", "{{ 'a\n' | indent(10**9) }}",
	} {
		vars := value.DictOf("loop_a", tpl("{{ loop_b }}"), "loop_b", tpl("{{ loop_a }}"))
		env := NewEnv()
		env.Limits.Steps = 100_000
		if v, err := NewContext(env, dictScope{vars}).Evaluate(tpl(src)); err == nil {
			t.Errorf("%.60s: gives %.60s, want an error", src, value.Repr(v))
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	vars := value.DictOf("pw", value.Secret("hunter2"), "l", value.NewList(value.Str("a"), value.Secret("b")), "lazy", tpl("{{ pw }}"))
	for _, src := range []string{
		"{{ pw }}", "x{{ pw }}", "{{ pw ~ 'x' }}", "{{ 'x' + pw }}", "{{ pw * 2 }}", "{{ pw | upper }}", "{{ pw.upper() }}", "{{ pw[1:3] }}",
		"{{ '%s' % pw }}", "{{ '{}'.format(pw) }}", "{{ l | join(',') }}", "{{ l | string }}", "{{ lazy }}", "{{ ','.join(l) }}",
		"{{ pw.split('t') | first }}", "{{ 'x' | replace('x', pw) }}", "{% set x %}a{{ pw }}{% endset %}{{ x }}", "{{ [lazy] | join }}",
		"{{ (pw | list)[0] }}", "{{ l ~ '' }}",
	} {
		v, err := eval(t, vars, src)
		if _, ok := v.(value.Secret); !ok || err != nil {
			t.Errorf("%s: gives %s %v (%v), want a secret", src, v.Type(), v, err)
		}
	}
	for _, src := range []string{"{{ 'x' | default(pw) }}", "{{ 'a' ~ 'b' }}", "{{ l[0] }}", "{{ true | ternary }}"} {
		if v, _ := eval(t, vars, src); v != nil && value.IsSecret(v) {
			t.Errorf("%s: gives a secret", src)
		}
	}
}

func TestTemplatesDoNotChangeVariables(t *testing.T) {
	vars := value.DictOf("l", value.NewList(value.Int(1)), "d", value.DictOf("k", value.NewList()))
	v, err := eval(t, vars, "{% set _ = l.append(2) %}{% set _ = d.k.append(3) %}{{ [l, d] }}")
	if err != nil || value.Repr(v) != "[[1, 2], {'k': [3]}]" {
		t.Errorf("gives %v, %v", v, err)
	}
	if value.Repr(vars) != "{'l': [1], 'd': {'k': []}}" {
		t.Errorf("the variables became %s", value.Repr(vars))
	}
}

func TestOnlyTemplatesAreEvaluated(t *testing.T) {
	vars := value.DictOf("x", "{{ y }}", "y", "secret", "l", value.NewList(value.Str("{{ y }}")))
	for src, want := range map[string]string{
		"{{ x }}": "'{{ y }}'", "{{ l }}": "['{{ y }}']", "{{ '{{ y }}' }}": "'{{ y }}'", "a{{ x }}": "'a{{ y }}'",
	} {
		if v, err := eval(t, vars, src); err != nil || value.Repr(v) != want {
			t.Errorf("%s: gives %v, %v; want %s", src, v, err, want)
		}
	}
}

func TestConditions(t *testing.T) {
	vars := value.DictOf("yes", true, "n", 5, "s", "", "expr", "n == 5")
	for _, tt := range []struct {
		expr string
		want bool
		kind Kind
	}{
		{"yes", true, ""}, {"n > 3 and not s", true, ""}, {"n", false, KindType}, {"s", false, KindType}, {"", false, KindType},
		{"nope", false, KindUndefined}, {"n ==", false, KindSyntax}, {"{{ yes }}", true, ""}, {"{{ expr }}", false, KindOther},
	} {
		got, err := NewContext(NewEnv(), dictScope{vars}).Condition(tt.expr, source.Pos{})
		if got != tt.want || (err != nil) != (tt.kind != "") || err != nil && KindOf(err) != tt.kind {
			t.Errorf("%q: gives %v, %v", tt.expr, got, err)
		}
	}
}

func TestLenientConditions(t *testing.T) {
	env := NewEnv()
	env.Lenient = true
	warned := 0
	env.Warn = func(source.Pos, string) { warned++ }
	vars := value.DictOf("n", 5, "s", "", "expr", "n == 5")
	for expr, want := range map[string]bool{"n": true, "s": false, "": true, "{{ expr }}": true} {
		got, err := NewContext(env, ownScope{dictScope{vars}}).Condition(expr, source.Pos{})
		if got != want || err != nil {
			t.Errorf("%q: gives %v, %v", expr, got, err)
		}
	}
	if warned != 3 {
		t.Errorf("%d warnings, want 3", warned)
	}
}

// ownScope trusts its variables, but for those called said_….
type ownScope struct{ dictScope }

func (ownScope) Trusted(name string) bool { return !strings.HasPrefix(name, "said_") }

// What hosts said is no condition; before 2.19 it can be one, but calls nothing
// that acts on the controller.
func TestConditionsNeverRunWhatHostsSaid(t *testing.T) {
	env := NewEnv()
	ran := false
	run := func(*Call) (value.Value, error) { ran = true; return value.Bool(true), nil }
	for _, name := range []string{"lookup", "query", "q"} {
		env.Globals[name] = &Func{Name: name, Call: run}
	}
	vars := value.DictOf("said_text", "lookup()", "said_n", 5, "list", value.NewList(value.Str("query()")),
		"said_constant", "'{{ q() }}' == 'x' or nothing", "said_markup", "{{ lookup() }}", "said_loop", "[q()] | map('string') | list",
		"through", &value.Template{Src: "{{ said_text }}"}, "joined", &value.Template{Src: "x {{ said_text }}"},
		"hostvars", value.DictOf("h", value.DictOf("x", "lookup()")))
	for _, lenient := range []bool{false, true} {
		env.Lenient = lenient
		for _, expr := range []string{
			"{{ said_text }}", "{{ through }}", "{{ [said_text] | first }}", "{{ hostvars.h.x }}",
			"1 in [{{ said_text }}]", "1 in [{{ through }}]", "{% if said_text %}{{ said_text }}{% endif %}",
			"{% set y = said_text %}{{ y }}", "{{ joined }}", "{% for c in [said_text] %}{{ c }}{% endfor %}",
			"{{ said_constant }}", "{{ said_markup }}", "{{ said_loop }}", "({{ said_markup }})",
		} {
			if _, err := NewContext(env, ownScope{dictScope{vars}}).Condition(expr, source.Pos{}); err == nil || ran {
				t.Errorf("lenient %v: %s: evaluated what a host said (%v)", lenient, expr, err)
			}
			ran = false
		}
	}
	if ok, err := NewContext(env, ownScope{dictScope{vars}}).Condition("{{ said_n }} == 5", source.Pos{}); !ok || err != nil {
		t.Errorf("a number is harmless, got %v, %v", ok, err)
	}
}

func TestLenientConditionOfForeignText(t *testing.T) {
	env := NewEnv()
	env.Lenient = true
	env.Globals["lookup"] = &Func{Name: "lookup", Call: func(*Call) (value.Value, error) { return value.Int(7), nil }}
	vars := value.DictOf("said_text", "n == 7", "said_nothing", "", "n", &value.Template{Src: "{{ lookup() }}"})
	for expr, want := range map[string]bool{"{{ said_text }}": true, "{{ said_nothing }}": false, "not ({{ said_text }})": false} {
		got, err := NewContext(env, ownScope{dictScope{vars}}).Condition(expr, source.Pos{})
		if got != want || err != nil {
			t.Errorf("%q: gives %v, %v, want %v: the playbook's own variables may call lookups", expr, got, err, want)
		}
	}
}

func TestLenientResults(t *testing.T) {
	env := NewEnv()
	env.Lenient = true
	for src, want := range map[string]string{"{{ range(2) }}": "[0, 1]", "{{ 'x' if false }}": "''"} {
		v, err := NewContext(env, nil).Evaluate(tpl(src))
		if err != nil || value.Repr(v) != want {
			t.Errorf("%s: gives %v, %v; want %s", src, v, err, want)
		}
	}
}

func TestResolveLeavesElementsAlone(t *testing.T) {
	c := NewContext(NewEnv(), dictScope{value.DictOf("l", value.NewList(tpl("{{ nope }}"), value.Int(1)))})
	v, err := c.Resolve(tpl("{{ l }}"))
	l, ok := v.(*value.List)
	if err != nil || !ok || l.Elems[0].Type() != "str" {
		t.Fatalf("gives %v, %v", v, err)
	}
	if v, err = c.Resolve(tpl("{{ nope }}")); err != nil || v.Type() != "UndefinedMarker" {
		t.Errorf("a miss gives %v, %v", v, err)
	}
	if v, err = c.Settle(l); err != nil || v.(*value.List).Elems[0].Type() != "UndefinedMarker" {
		t.Errorf("settling gives %v, %v", v, err)
	}
}

// otherHost is a mapping that evaluates its values in another scope.
type otherHost struct{ c *Context }

func (otherHost) Type() string        { return "dict" }
func (otherHost) Len() int            { return 1 }
func (otherHost) Keys() []value.Value { return []value.Value{value.Str("x")} }

func (h otherHost) Get(key value.Value) (value.Value, bool, error) {
	v, err := h.c.Evaluate(tpl("{{ nope }}"))
	return v, true, err
}

func TestMappingsMayFailForWhatIsUndefined(t *testing.T) {
	vars := value.DictOf("h", otherHost{NewContext(NewEnv(), nil)})
	for src, want := range map[string]string{
		"{{ h.x | default('d') }}": "'d'", "{{ h['x'] | default('d') }}": "'d'", "{{ h.x is defined }}": "False",
	} {
		if v, err := eval(t, vars, src); err != nil || value.Repr(v) != want {
			t.Errorf("%s: gives %v, %v; want %s", src, v, err, want)
		}
	}
	if _, err := eval(t, vars, "{{ h.x }}"); KindOf(err) != KindUndefined {
		t.Errorf("gives %v", err)
	}
}

func TestUnpack(t *testing.T) {
	var (
		s   string
		n   = 7
		v   value.Value
		bad []value.Value
	)
	ctx := NewContext(NewEnv(), nil)
	call := func(args []value.Value, kw ...Kwarg) *Call {
		return &Call{Func: &Func{Name: "f"}, Args: args, Kwargs: kw, Ctx: ctx}
	}
	if err := call([]value.Value{value.Str("x")}).Unpack("s", &s, "n?", &n, "v?", &v); err != nil || s != "x" || n != 7 || v != nil {
		t.Errorf("got %q %d %v, %v", s, n, v, err)
	}
	for want, err := range map[string]error{
		"f() missing required argument: 's'":              call(nil).Unpack("s", &s),
		"f() takes at most 1 argument(s), 2 given":        call([]value.Value{value.None, value.None}).Unpack("s", &s),
		"f(): argument 's' must be a string, not 'int'":   call([]value.Value{value.Int(1)}).Unpack("s", &s),
		"f() got an unexpected keyword argument 'm'":      call(nil, Kwarg{"m", value.None}).Unpack("count?", &n),
		"f() got multiple values for argument 's'":        call([]value.Value{value.Str("")}, Kwarg{"s", value.None}).Unpack("s", &s),
		"'int' object is not iterable":                    call([]value.Value{value.Int(1)}).Unpack("l", &bad),
		"f(): argument 'n' must be an integer, not 'str'": call([]value.Value{value.Str("1")}).Unpack("n", &n),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
