package main

import (
	"context"
	"fmt"
	"time"
)

// measureVariables shows that a task costs the same with large facts that it
// does not look at, and that loops that look at many hosts are linear.
func measureVariables(ctx context.Context, b *bench) (*table, error) {
	t := &table{head: []string{"", "CPU of the controller", "each"}}
	if err := b.factsCost(ctx, t); err != nil {
		return nil, err
	}
	for _, n := range []int{250, 500, 1000} {
		if err := b.includes(ctx, t, n); err != nil {
			return nil, err
		}
	}
	for _, n := range []int{1000, 2000, 4000} {
		if err := b.hostvarsLoop(ctx, t, n); err != nil {
			return nil, err
		}
	}
	t.note = "Linear means that what each costs stays the same from row to row."
	return t, nil
}

// factsCost runs the same tasks with and without 100 KB of facts a host.
func (b *bench) factsCost(ctx context.Context, t *table) error {
	n := max(100, b.o.fleet/5)
	for _, size := range []int{1000, 100_000} {
		f, err := b.startFleet(ctx, "-facts", fmt.Sprint(size))
		if err != nil {
			return err
		}
		cost, err := f.taskCost(ctx, n)
		f.close()
		if err != nil {
			return err
		}
		t.row(fmt.Sprintf("%d hosts with %d KB of facts each, a task", n, size/1000), cost*time.Duration(n), cost)
	}
	return nil
}

// taskCost is what a task more costs on a host that has gathered facts.
func (f *fleet) taskCost(ctx context.Context, hosts int) (time.Duration, error) {
	const more = 20
	inventory, err := f.inventory(hosts)
	if err != nil {
		return 0, err
	}
	var cpu [2]time.Duration
	for i, tasks := range []int{0, more} {
		text := "- hosts: all\n  gather_facts: true\n  vars:\n    greeting: hello\n  tasks:\n    - command: first\n"
		for range tasks {
			text += "    - command: \"echo {{ greeting }} {{ inventory_hostname }}\"\n"
		}
		play, err := f.b.play(fmt.Sprintf("facts-%d", tasks), text)
		if err != nil {
			return 0, err
		}
		u, err := f.control(ctx, inventory, play)
		if err != nil {
			return 0, err
		}
		cpu[i] = u.cpu
	}
	return (cpu[1] - cpu[0]) / time.Duration(more*hosts), nil
}

// includes runs a looped include_tasks.
func (b *bench) includes(ctx context.Context, t *table, n int) error {
	if _, err := b.file("one.yml", "- set_fact: {seen: \"{{ item }}\"}\n"); err != nil {
		return err
	}
	play, err := b.play("includes", fmt.Sprintf("- hosts: localhost\n  gather_facts: false\n  tasks:\n"+
		"    - include_tasks: one.yml\n      loop: \"{{ range(%d) | list }}\"\n", n))
	if err != nil {
		return err
	}
	return b.local(ctx, t, fmt.Sprintf("include_tasks, %d items", n), n, play)
}

// hostvarsLoop has a template look at every host's variables.
func (b *bench) hostvarsLoop(ctx context.Context, t *table, n int) error {
	text := "[all]\nlocalhost ansible_connection=local\n"
	for i := range n {
		text += fmt.Sprintf("h%d port_of_it=%d\n", i, i)
	}
	inventory, err := b.file("many.ini", text+"[all:vars]\nport=\"{{ port_of_it | default(0) | int + 1 }}\"\n")
	if err != nil {
		return err
	}
	play, err := b.play("hostvars", "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - set_fact:\n"+
		"        ports: \"{% for h in groups['all'] %}{{ hostvars[h].port }} {% endfor %}\"\n")
	if err != nil {
		return err
	}
	return b.local(ctx, t, fmt.Sprintf("a template over hostvars of %d hosts", n), n, play, "-i", inventory)
}

func (b *bench) local(ctx context.Context, t *table, name string, n int, play string, more ...string) error {
	c := command(name, append([]string{b.drover, "run", play}, more...)...)
	took, err := interleave(ctx, b.o.runs, c)
	if err != nil {
		return err
	}
	t.row(name, took[name].cpu, took[name].cpu/time.Duration(n))
	return nil
}
