package modules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
)

type pamLimitsArgs struct {
	Domain    string `arg:"domain" required:"true" doc:"User, @group, wildcard, or range of numbers that the limit is for."`
	LimitType string `arg:"limit_type" required:"true" choices:"hard,soft,-" doc:"Hard limit, soft limit, or both with a dash."`
	LimitItem string `arg:"limit_item" required:"true" choices:"core,data,fsize,memlock,nofile,rss,stack,cpu,nproc,as,maxlogins,maxsyslogins,priority,locks,sigpending,msgqueue,nice,rtprio,chroot" doc:"What is limited."`
	Value     string `arg:"value" required:"true" doc:"The limit: a number, or unlimited, infinity or -1."`
	UseMax    bool   `arg:"use_max" default:"false" doc:"Keep the present value when it is larger."`
	UseMin    bool   `arg:"use_min" default:"false" doc:"Keep the present value when it is smaller."`
	Backup    bool   `arg:"backup" default:"false" doc:"Keep the former file under a name with the time."`
	Dest      string `arg:"dest" type:"path" default:"/etc/security/limits.conf" doc:"The file."`
	Comment   string `arg:"comment" default:"" doc:"Comment behind the limit."`
}

// pamLimitsModule sets one limit of a file of pam_limits.
func pamLimitsModule() Module {
	return Define(Spec{
		Name:    "community.general.pam_limits",
		Summary: "Limit the resources of users' sessions",
		Doc:     "Makes one line of /etc/security/limits.conf, or of a file in limits.d, say the wanted limit. Sessions that are open keep theirs.",
		Check:   CheckFull, Diff: true,
		Examples:          "- name: Many open files for the application\n  community.general.pam_limits:\n    domain: app\n    limit_type: '-'\n    limit_item: nofile\n    value: '65536'\n",
		MutuallyExclusive: [][]string{{"use_max", "use_min"}},
		Returns: []Return{
			{"msg", "str", "always", "The line that was written."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runPamLimits)
}

func runPamLimits(_ context.Context, h target.Host, c *Call, a *pamLimitsArgs) (*Result, error) {
	if !a.plausible() {
		return nil, Failf("Argument 'value' can be one of 'unlimited', 'infinity', '-1' or positive number. Refer to manual pages for more details.")
	}
	f, err := openText(h, "Destination", a.Dest, true)
	if err != nil {
		return nil, err
	}
	text, line := a.edit(f.text)
	r := &Result{Changed: line != "" || !f.exists, Msg: line}
	if c.Diff && r.Changed {
		r.Diff = []Diff{textDiff([]byte(f.text), []byte(text), a.Dest, a.Dest)}
	}
	if c.Check || !r.Changed {
		return r, nil
	}
	if a.Backup {
		kept, err := backupFile(h, a.Dest)
		if err != nil {
			return nil, err
		}
		r.Set("backup_file", orNone(kept))
	}
	if err := replaceContent(h, a.Dest, []byte(text)); err != nil {
		return nil, Failf("can't write %s: %w", a.Dest, reason(err))
	}
	return r, nil
}

// endless are the ways to write that there is no limit.
var endless = []string{"unlimited", "infinity", "-1"}

// plausible reports whether the value can be one of the item.
func (a *pamLimitsArgs) plausible() bool {
	n, err := strconv.Atoi(a.Value)
	if a.LimitItem == "nice" || a.LimitItem == "priority" {
		return err == nil && n >= -20 && n <= 19 || slices.Contains(endless, a.Value)
	}
	return err == nil && n >= 0 || slices.Contains(endless, a.Value)
}

// edit gives the text with the limit, and the line that changed, "" for none.
func (a *pamLimitsArgs) edit(text string) (edited, line string) {
	lines, found := keepEnds(text), false
	for i, l := range lines {
		setting, comment, _ := strings.Cut(l, "#")
		fields := strings.Fields(setting)
		if len(fields) != 4 || fields[0] != a.Domain || fields[1] != a.LimitType || fields[2] != a.LimitItem {
			continue
		}
		found = true
		if want := a.chosen(fields[3]); want != fields[3] {
			line = a.line(want, orText(a.Comment, trimEnd(comment)))
			lines[i] = line
		}
	}
	if !found {
		if n := len(lines); n > 0 {
			lines[n-1] = endLine(lines[n-1])
		}
		line = a.line(a.Value, a.Comment)
		lines = append(lines, line)
	}
	return strings.Join(lines, ""), line
}

func (a *pamLimitsArgs) line(limit, comment string) string {
	line := strings.Join([]string{a.Domain, a.LimitType, a.LimitItem, limit}, "\t")
	if comment != "" {
		line += "\t#" + comment
	}
	return line + "\n"
}

// chosen gives the wanted value, or the present one where that shall stay.
func (a *pamLimitsArgs) chosen(now string) string {
	switch {
	case a.UseMax && limitSize(now) > limitSize(a.Value), a.UseMin && limitSize(now) < limitSize(a.Value):
		return now
	}
	return a.Value
}

// limitSize orders limits; no limit is above all.
func limitSize(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || slices.Contains(endless, s) {
		return 1 << 62
	}
	return n
}
