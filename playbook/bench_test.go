package playbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLoad reads a playbook of 100 tasks: YAML, keywords, arguments
// checked against the modules' specifications, templates found.
func BenchmarkLoad(b *testing.B) {
	const tasks = 100
	var text strings.Builder
	text.WriteString("- hosts: all\n  tasks:\n")
	for i := range tasks / 2 {
		fmt.Fprintf(&text, "    - name: Write %d\n      copy: {content: \"{{ text }}\", dest: \"/d/{{ name }}%d\", mode: '0644'}\n"+
			"      when: name is defined\n      notify: again\n    - command: run %d --fast\n      register: out\n", i, i, i)
	}
	text.WriteString("  handlers:\n    - name: again\n      command: again\n")
	path := filepath.Join(b.TempDir(), "play.yml")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewLoader(testOptions()).Playbook(path); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*tasks), "µs/task")
}
