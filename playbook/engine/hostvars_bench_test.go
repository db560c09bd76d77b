package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/inventory"
	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// BenchmarkHostvars is a template that asks every host for a variable of its
// own and one of a group that refers to another, in a run that has not seen the
// hosts before. What a host costs stays the same from size to size.
func BenchmarkHostvars(b *testing.B) {
	for _, hosts := range []int{1000, 10000} {
		b.Run(fmt.Sprint(hosts), func(b *testing.B) { benchmarkHostvars(b, hosts) })
	}
}

func benchmarkHostvars(b *testing.B, hosts int) {
	var text strings.Builder
	text.WriteString("[web]\n")
	for i := range hosts {
		fmt.Fprintf(&text, "h%d x=%d\n", i, i)
	}
	text.WriteString("[web:vars]\nport={{ x | int + 8000 }}\n")
	path := filepath.Join(b.TempDir(), "hosts.ini")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	env := jinja.NewEnv()
	filters.Register(env, filters.Options{})
	inv, err := inventory.Load([]string{path}, inventory.Options{Env: env})
	if err != nil {
		b.Fatal(err)
	}
	for name, src := range map[string]string{
		"plain":    "{% for h in groups['web'] %}{{ hostvars[h].x }} {% endfor %}",
		"template": "{% for h in groups['web'] %}{{ hostvars[h]['port'] }} {% endfor %}",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := New(Config{Inventory: inv, Env: env}).run
				if _, err := r.context(r.extraScope()).Evaluate(&value.Template{Src: src}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*hosts), "ns/host")
		})
	}
}
