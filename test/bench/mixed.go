package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// measureCommands times 20 tasks that cost the hosts nothing.
func measureCommands(ctx context.Context, b *bench) (*table, error) {
	const n = 20
	play, err := b.play("commands", "- hosts: all\n  gather_facts: false\n  tasks:\n"+
		strings.Repeat("    - command: /bin/true\n", n))
	if err != nil {
		return nil, err
	}
	return b.compare(ctx, play, strings.Repeat("/bin/true\n", n))
}

// measureMixed times a playbook with a bit of everything.
func measureMixed(ctx context.Context, b *bench) (*table, error) {
	if _, err := b.file("page.j2", mixedTemplate); err != nil {
		return nil, err
	}
	play, err := b.play("mixed", mixedPlaybook())
	if err != nil {
		return nil, err
	}
	return b.compare(ctx, play, mixedScript())
}

const mixedTemplate = `# {{ ansible_managed | default('made by a playbook') }}
host = {{ inventory_hostname }}
kernel = {{ ansible_facts.kernel }}
{% for n in range(10) %}
line{{ n }} = {{ (n * step | int) }}
{% endfor %}
`

// mixedPlaybook has 70 tasks: ten rounds of seven modules.
func mixedPlaybook() string {
	var p strings.Builder
	p.WriteString("- hosts: all\n  vars:\n    step: 3\n  tasks:\n")
	for i := range 10 {
		d := fmt.Sprintf("%s/d%d", scratch, i)
		for _, task := range []string{
			"file: {path: %s, state: directory, mode: '0755'}",
			"copy: {dest: %s/plain, content: \"some text of {{ inventory_hostname }}\\n\"}",
			"template: {src: page.j2, dest: %s/page}",
			"lineinfile: {path: %s/page, line: an added line}",
			"stat: {path: %s/page}\n      register: page",
			"command: test -d %s",
		} {
			fmt.Fprintf(&p, "    - "+task+"\n", d)
		}
		p.WriteString("    - assert: {that: [page.stat.exists, page.stat.size > 10]}\n")
	}
	return p.String()
}

// mixedScript does the same by hand.
func mixedScript() string {
	var s strings.Builder
	s.WriteString("set -e\nk=$(uname -r)\nh=$(hostname)\ncat /etc/os-release /proc/meminfo /proc/cpuinfo > /dev/null\nip addr > /dev/null\n")
	for i := range 10 {
		d := fmt.Sprintf("%s/d%d", scratch, i)
		fmt.Fprintf(&s, "mkdir -p %s\nchmod 0755 %s\n", d, d)
		fmt.Fprintf(&s, "echo some text of $h > %s/plain\n", d)
		fmt.Fprintf(&s, "{ printf '# made by a script\\nhost = %%s\\nkernel = %%s\\n' $h $k; for n in 0 1 2 3 4 5 6 7 8 9; do echo line$n = $((n * 3)); done; } > %s/page\n", d)
		fmt.Fprintf(&s, "grep -qx 'an added line' %s/page || echo an added line >> %s/page\n", d, d)
		fmt.Fprintf(&s, "size=$(stat -c %%s %s/page)\ntest -d %s\n[ $size -gt 10 ]\n", d, d)
	}
	return s.String()
}

// compare times a playbook under drover, Ansible and Mitogen, and a script
// over ssh that does the same.
func (b *bench) compare(ctx context.Context, play, script string) (*table, error) {
	byHand, err := b.overSSH("ssh, one script", script)
	if err != nil {
		return nil, err
	}
	cs := []contender{b.run(play), b.runAgain(play), byHand}
	cs = append(cs, b.mitogen(play)...)
	cs = append(cs, b.ansible("Ansible", play)...)
	cs = b.clean(cs)
	cs[1].prepare = func(ctx context.Context) error {
		return errors.Join(b.onAll(ctx, "rm -rf "+scratch), b.before(ctx))
	}
	if err := warm(ctx, cs[0]); err != nil {
		return nil, err
	}
	took, err := interleave(ctx, b.o.runs, cs...)
	drover, ok := took["drover"]
	if !ok {
		return nil, err
	}
	t := &table{head: []string{"", "time", "of drover's", "controller's CPU", "memory"}}
	for _, c := range cs {
		if u, ok := took[c.name]; ok {
			t.row(c.name, u.wall, over(u.wall, drover.wall), u.cpu, mib(u.memory))
		}
	}
	t.note = fmt.Sprintf("%d hosts.", len(b.hosts))
	if err != nil {
		t.notes = append(t.notes, "Not measured: "+firstOf(err))
	}
	return t, nil
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// firstOf gives the first of joined errors, in one line.
func firstOf(err error) string {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && len(joined.Unwrap()) > 0 {
		err = joined.Unwrap()[0]
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
