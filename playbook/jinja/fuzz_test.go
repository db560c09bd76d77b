package jinja

import (
	"strings"
	"testing"

	"drover/playbook/source"
	"drover/playbook/value"
)

var fuzzSeeds = []string{
	"plain", "{{'\\'}}0'}}", `{% set x = 'a\\b\'c' %}{{ x }}{{ "\"'" }}`, "{{ a }}", "{{ a.b['c'][1:2:-1] | default('x') }}", "{% for i in l if i %}{{ loop.index }}{% else %}-{% endfor %}",
	"{% for n in t recursive %}{{ loop(n) }}{% endfor %}", "{% macro m(a, b=1) %}{{ a }}{{ caller() }}{% endmacro %}{% call(x) m(1) %}{{ x }}{% endcall %}",
	"{% set ns = namespace(x=1) %}{% set ns.x = 2 %}{{ ns.x }}", "{% set x %}{{ a }}{% endset %}", "{% filter upper | trim %}x{% endfilter %}",
	"{%- if a is defined and not b or c in [1, 2] -%} x {%+ else %}{% endif %}", "{% with a=1, b=2 %}{{ a ~ b }}{% endwith %}",
	"{% raw %}{{ x }}{% endraw %}", "{# c #}", "{{ '%s %5.2f' % (1, 2.5) }}", "{{ '{:>5}'.format(1) }}", "{{ (1, 2)[0] if a else {'k': [none]} }}",
	"{% block b scoped %}{{ super() }}{% endblock %}", "{% extends 'x' %}", "{% include ['a', 'b'] ignore missing without context %}",
	"{% from 'x' import a as b with context %}", "{{ 2 ** 3 ** -1 // 2 % 5 }}", "{{ -1 | abs }}", "{{ 1 < 2 <= 3 != 4 }}", "{{", "{% if", "{{ 'a", "{#", "{{ (((",
	"{{ range(10**9) | list }}", "{{ 'x' * 10**9 }}", "{{ [0] * 10**9 }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 10 ** 10 ** 10 }}",
	"{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}", "#jinja2: trim_blocks: False\n{{ a }}", "{% autoescape true %}{% endautoescape %}",
}

func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	env := NewEnv()
	syn := defaultSyntax
	syn.KeepTrailingNewline = true
	printed := syn
	printed.literalBackslash = false
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "raw") || strings.ContainsRune(src, '\r') {
			return
		}
		first, err := parse(env, src, &syn, place{})
		if err != nil {
			return
		}
		text := printTemplate(first)
		again, err := parse(env, text, &printed, place{})
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", src, text, err)
		}
		if second := printTemplate(again); second != text {
			t.Fatalf("%q prints as %q, then as %q", src, text, second)
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	env := NewEnv()
	env.Limits = Limits{Depth: 30, Output: 1 << 16, Range: 10_000, Steps: 20_000}
	f.Fuzz(func(t *testing.T, src string) {
		vars := value.DictOf("a", 1, "l", value.NewList(value.Int(1), value.Str("x"), value.None), "t", tpl("{{ a }}"),
			"d", value.DictOf("k", "v", "n", value.DictOf("x", 2.5)), "s", "text", "secret", value.Secret("hush"))
		c := NewContext(env, dictScope{vars})
		v, err := c.Evaluate(tpl(src))
		if err == nil {
			_ = value.Repr(v)
		} else {
			_ = source.Format(err)
		}
		_, _ = c.Condition(src, source.Pos{})
	})
}
