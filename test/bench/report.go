package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// table is what a section found.
type table struct {
	head  []string
	rows  [][]string
	plot  string // drawn under the table
	note  string // method, and what could not be measured
	notes []string
}

func (t *table) row(cells ...any) {
	var r []string
	for _, c := range cells {
		r = append(r, cell(c))
	}
	t.rows = append(t.rows, r)
}

// cell words a number for people.
func cell(c any) string {
	switch c := c.(type) {
	case time.Duration:
		return duration(c)
	case ratio:
		return c.String()
	}
	return fmt.Sprint(c)
}

func duration(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// ratio is how many times something is something else.
type ratio float64

func (r ratio) String() string {
	switch {
	case r == 0:
		return "–"
	case r < 10:
		return fmt.Sprintf("%.2f ×", float64(r))
	}
	return fmt.Sprintf("%.0f ×", float64(r))
}

func over(a, b time.Duration) ratio {
	if b == 0 {
		return 0
	}
	return ratio(float64(a) / float64(b))
}

// report is the whole of it.
type report struct {
	machine [][2]string
	hosts   int
	parts   []part
}

type part struct {
	title string
	*table
}

func (r *report) add(title string, t *table) { r.parts = append(r.parts, part{title, t}) }

// describe notes the machine and the versions.
func (r *report) describe(ctx context.Context, b *bench) {
	add := func(what, text string) {
		if text != "" {
			r.machine = append(r.machine, [2]string{what, text})
		}
	}
	add("Date", time.Now().UTC().Format("2006-01-02 15:04 MST"))
	add("Machine", fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name"), field("/proc/meminfo", "MemTotal")))
	add("System", firstLine(ctx, "uname", "-srm"))
	add("drover", firstLine(ctx, b.drover, "--version"))
	add("ssh", firstLine(ctx, "ssh", "-V"))
	add("Ansible", firstLine(ctx, "ansible-playbook", "--version"))
	add("Mitogen", firstLine(ctx, "python3", "-c", "import mitogen; print('.'.join(map(str, mitogen.__version__)))"))
}

// field reads a line "name : value" of a file in /proc.
func field(path, name string) string {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		if key, text, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(text)
		}
	}
	return "unknown"
}

func firstLine(ctx context.Context, argv ...string) string {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// print shows a section on the terminal, in columns.
func (r *report) print(w io.Writer, title string, t *table) {
	fmt.Fprintf(w, "\n%s\n", title)
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], len([]rune(c)))
		}
	}
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(c)))
			if i == 0 {
				fmt.Fprint(w, "  ", c, pad)
			} else {
				fmt.Fprint(w, "  ", pad, c)
			}
		}
		fmt.Fprintln(w)
	}
	for _, n := range append([]string{t.note}, t.notes...) {
		if n != "" {
			fmt.Fprintln(w, "  "+n)
		}
	}
}

// write writes the report as Markdown. What stands below the mark in an
// earlier report is by hand and stays.
func (r *report) write(path string) error {
	var out bytes.Buffer
	out.WriteString("# Benchmarks\n\nWritten by `make bench` (test/bench); below the line at the end, by people.\n\n")
	for _, m := range r.machine {
		fmt.Fprintf(&out, "- %s: %s\n", m[0], m[1])
	}
	if r.hosts > 0 {
		fmt.Fprintf(&out, "- Test hosts: %d Debian containers with systemd and sshd on the same machine\n", r.hosts)
	}
	out.WriteString("\n" + method + "\n")
	for _, p := range r.parts {
		p.markdown(&out)
	}
	out.WriteString("\n" + byHand + "\n")
	if old, err := os.ReadFile(path); err == nil {
		if _, kept, ok := bytes.Cut(old, []byte(byHand+"\n")); ok {
			out.Write(kept)
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

const byHand = "<!-- by hand from here on -->"

const method = `Method: the contenders of a section run in turns, and the median run of each
counts, so that noise of the machine meets all alike; ratios are the point,
seconds are for orientation. Ansible runs with pipelining on, ControlPersist,
host key checking off and as many forks as there are hosts; Mitogen runs with
its linear strategy and the same settings. The hosts share the processors with
the controller.`

func (p *part) markdown(w io.Writer) {
	fmt.Fprintf(w, "\n## %s\n", p.title)
	for i, row := range append([][]string{p.head}, p.rows...) {
		if len(row) == 0 {
			continue
		}
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
	if p.plot != "" {
		fmt.Fprintf(w, "\n```\n%s```\n", p.plot)
	}
	for _, n := range append([]string{p.note}, p.notes...) {
		if n != "" {
			fmt.Fprintf(w, "\n%s\n", n)
		}
	}
}
