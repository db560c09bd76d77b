package render

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/value"
)

// recap prints the table of hosts at the end of a playbook.
func (p *defaultPrinter) recap(stats []event.HostStats, custom map[string]*value.Dict) {
	p.banner("PLAY RECAP")
	for _, s := range stats {
		io.WriteString(p.Out, p.recapLine(s)+"\n")
	}
	if p.CustomStats && len(custom) > 0 {
		p.customStats(custom)
	}
	p.say(plain, "")
}

func (p *defaultPrinter) recapLine(s event.HostStats) string {
	c, width := asOK, 26
	switch {
	case s.Failed > 0 || s.Unreachable > 0:
		c = asFailed
	case s.Changed > 0:
		c = asChanged
	}
	name := p.Colors.paint(c, s.Host) + strings.Repeat(" ", max(0, width-textWidth(s.Host)))
	cols := []struct {
		name string
		n    int
		c    colour
	}{
		{"ok", s.OK, asOK}, {"changed", s.Changed, asChanged}, {"unreachable", s.Unreachable, asUnreachable},
		{"failed", s.Failed, asFailed}, {"skipped", s.Skipped, asSkipped}, {"rescued", s.Rescued, asOK}, {"ignored", s.Ignored, asWarning},
	}
	parts := make([]string, len(cols))
	for i, col := range cols {
		parts[i] = fmt.Sprintf("%s=%-4d", col.name, col.n)
		if col.n > 0 {
			parts[i] = p.Colors.paint(col.c, parts[i])
		}
	}
	return name + " : " + strings.Join(parts, " ")
}

// customStats prints what set_stats gathered: per host, then for the run.
func (p *defaultPrinter) customStats(custom map[string]*value.Dict) {
	p.banner("CUSTOM STATS: ")
	hosts := make([]string, 0, len(custom))
	for h := range custom {
		if h != "_run" {
			hosts = append(hosts, h)
		}
	}
	sort.Strings(hosts)
	for _, h := range hosts {
		p.say(plain, "\t"+h+": "+statsText(custom[h]))
	}
	if run, ok := custom["_run"]; ok {
		p.say(plain, "\n\tRUN: "+statsText(run))
	}
}

// statsText gives statistics on one line, as Ansible does: laid out with one
// blank a level, and the lines joined.
func statsText(v value.Value) string {
	return strings.ReplaceAll(dump.JSON(v, dump.Style{Sort: true, Indent: " "}), "\n", "")
}
