package jinja

import (
	"fmt"
	"testing"

	"drover/playbook/source"
	"drover/playbook/value"
)

// The templates and variables of the benchmarks; test/bench/jinja-ratio runs
// the same ones with Jinja2.
const (
	benchLoop = `{% for host in hosts %}
server {{ loop.index }} {{ host.name }} {
    listen {{ host.port }};
    {% if host.tls %}ssl on;{% else %}ssl off;{% endif %}

    root /srv/{{ host.name | lower }}/{{ host.path | default('www') }};
}
{% endfor %}
`
	benchSmall    = `{{ a + b * 2 }}`
	benchFilters  = `{{ items | selectattr('on') | map(attribute='name') | map('upper') | sort | join(',') }}`
	benchHostvars = `{% for h in groups %}
{{ hostvars[h]['ip'] }} {{ h }} {{ hostvars[h].role }}
{% endfor %}
`
)

func benchVars() *value.Dict {
	hosts, items, groups := value.NewList(), value.NewList(), value.NewList()
	hostvars := value.NewDict(1000)
	for i := range 100 {
		hosts.Append(value.DictOf("name", fmt.Sprintf("Host%d", i), "port", 8000+i, "tls", i%2 == 0))
	}
	for i := range 1000 {
		items.Append(value.DictOf("name", fmt.Sprintf("item%d", i), "on", i%3 != 0))
		name := fmt.Sprintf("host%04d", i)
		groups.Append(value.Str(name))
		hostvars.Put(name, value.DictOf("ip", fmt.Sprintf("10.0.%d.%d", i/250, i%250), "role", "web"))
	}
	return value.DictOf("hosts", hosts, "items", items, "groups", groups, "hostvars", hostvars, "a", 1, "b", 2,
		"v1", tpl("{{ v2 }}"), "v2", tpl("{{ v3 }}"), "v3", tpl("{{ v4 }}"), "v4", tpl("{{ v5 }}"), "v5", tpl("{{ a + 1 }}"))
}

func tpl(src string) *value.Template { return &value.Template{Src: src} }

func benchmark(b *testing.B, src string) {
	b.Helper()
	c := NewContext(NewEnv(), dictScope{benchVars()})
	t := tpl(src)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Evaluate(t); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoop(b *testing.B)       { benchmark(b, benchLoop) }
func BenchmarkSmall(b *testing.B)      { benchmark(b, benchSmall) }
func BenchmarkFilters(b *testing.B)    { benchmark(b, benchFilters) }
func BenchmarkHostvars(b *testing.B)   { benchmark(b, benchHostvars) }
func BenchmarkFiveDeep(b *testing.B)   { benchmark(b, "{{ v1 }}") }
func BenchmarkFirstParse(b *testing.B) { benchmarkParse(b, benchLoop) }

func benchmarkParse(b *testing.B, src string) {
	env := NewEnv()
	b.ReportAllocs()
	for b.Loop() {
		if err := env.Check(src, source.Pos{}); err != nil {
			b.Fatal(err)
		}
	}
}

// dictScope is a Scope over a dict.
type dictScope struct{ d *value.Dict }

func (s dictScope) Lookup(name string) (value.Value, bool) { return s.d.Lookup(name) }

func (s dictScope) Names() []string {
	var names []string
	for _, k := range s.d.Keys() {
		names = append(names, value.String(k))
	}
	return names
}
