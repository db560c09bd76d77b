package modules

import (
	"context"
	"path"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type cronArgs struct {
	Name         string  `arg:"name" required:"true" doc:"What the entry is about; it is found again by this, so keep it."`
	User         string  `arg:"user" doc:"Whose crontab; the one who runs the task when not given. With cron_file: as whom the job runs."`
	Job          *string `arg:"job" alias:"value" doc:"The command, or the value of the variable with env."`
	CronFile     string  `arg:"cron_file" type:"path" doc:"File in /etc/cron.d, or an absolute path, instead of a user's crontab."`
	State        string  `arg:"state" default:"present" choices:"present,absent" doc:"Whether the entry exists."`
	Backup       bool    `arg:"backup" default:"false" doc:"Keep a copy of the crontab before the change."`
	Minute       string  `arg:"minute" default:"*" doc:"When: 0-59, *, */2, …"`
	Hour         string  `arg:"hour" default:"*" doc:"When: 0-23."`
	Day          string  `arg:"day" alias:"dom" default:"*" doc:"When: 1-31."`
	Month        string  `arg:"month" default:"*" doc:"When: 1-12 or names."`
	Weekday      string  `arg:"weekday" alias:"dow" default:"*" doc:"When: 0-6 from Sunday, or names."`
	SpecialTime  string  `arg:"special_time" choices:"reboot,yearly,annually,monthly,weekly,daily,hourly" doc:"A time that has a name, instead of the fields."`
	Disabled     bool    `arg:"disabled" default:"false" doc:"Write the entry as a comment."`
	Env          bool    `arg:"env" default:"false" doc:"The entry is the variable NAME=JOB for the jobs below it."`
	InsertAfter  string  `arg:"insertafter" doc:"With env: put a new variable behind this one."`
	InsertBefore string  `arg:"insertbefore" doc:"With env: put a new variable before this one."`
}

// cronModule keeps one entry of a crontab. The entry follows a comment that
// names it.
func cronModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.cron",
		Summary: "Manage crontab entries",
		Doc:     "Makes a job or a variable of a crontab be there as given, or not be there. Other lines stay as they are.",
		Check:   CheckFull, Diff: true,
		Examples: "- name: Nightly backup\n  ansible.builtin.cron:\n    name: backup\n    hour: '3'\n    minute: '0'\n    job: /usr/local/bin/backup\n",
		Returns: []Return{
			{"jobs", "list", "always", "The names of the jobs in the crontab."},
			{"envs", "list", "always", "The names of its variables."},
			{"backup_file", "str", "with backup", "The copy of the crontab."},
			{"cron_file", "str", "when given", "The file, as it was given."},
		},
		MutuallyExclusive: [][]string{{"insertafter", "insertbefore"}},
	}, runCron)
}

const cronMarker = "#Ansible: "

func runCron(ctx context.Context, h target.Host, c *Call, a *cronArgs) (*Result, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	tab := &crontab{h: h, user: a.User, file: a.CronFile}
	if err := tab.read(ctx); err != nil {
		return nil, err
	}
	res := &Result{Warnings: a.doubts()}
	if err := a.edit(tab); err != nil {
		return nil, err
	}
	after := tab.text()
	res.Changed = tab.before != after
	if a.removesFile(tab) {
		res.Set("cron_file", a.CronFile).Set("state", a.State)
		res.Diff = []Diff{{NoText: true}}
	} else {
		res.Set("jobs", tab.jobs()).Set("envs", tab.variables())
		if a.CronFile != "" {
			res.Set("cron_file", a.CronFile)
		}
	}
	if c.Diff && res.Changed {
		res.Diff = []Diff{a.diff(tab, after)}
	}
	if !res.Changed || c.Check {
		return res, nil
	}
	if a.Backup {
		copied, err := tab.backup(tab.before)
		if err != nil {
			return nil, err
		}
		res.Set("backup_file", copied)
	}
	if a.removesFile(tab) {
		return res, tab.remove()
	}
	return res, tab.write(ctx)
}

// removesFile reports whether nothing is left of a file in cron.d: the file of
// jobs that are gone is not kept.
func (a *cronArgs) removesFile(tab *crontab) bool {
	return a.CronFile != "" && a.State == "absent" && !a.Env && strings.TrimSpace(tab.text()) == "" && tab.before != ""
}

func (a *cronArgs) diff(tab *crontab, after string) Diff {
	d := Diff{Before: tab.before, After: after, BeforeHeader: tab.title(), AfterHeader: tab.title()}
	if a.removesFile(tab) {
		d.After, d.AfterHeader = "", "/dev/null"
	}
	return d
}

var cronFileName = lazyre.New(`^[a-zA-Z0-9_-]+$`)

// doubts warns of what cron may not like.
func (a *cronArgs) doubts() (warnings []string) {
	if name := path.Base(a.CronFile); a.CronFile != "" && !cronFileName.MatchString(name) {
		warnings = append(warnings, "Filename portion of cron_file (\""+name+"\") should consist solely of upper- and lower-case letters, digits, underscores, and hyphens")
	}
	if a.State == "present" && !a.Env && strings.ContainsAny(a.job(), "\r\n") {
		warnings = append(warnings, "Job should not contain line breaks")
	}
	return warnings
}

// job gives the command without the line break that a text block ends with.
func (a *cronArgs) job() string {
	if a.Job == nil {
		return ""
	}
	return strings.Trim(*a.Job, "\r\n")
}

func (a *cronArgs) check() error {
	fields := a.Minute + a.Hour + a.Day + a.Month + a.Weekday
	present := a.State == "present"
	switch {
	case a.CronFile == "/etc/crontab":
		return Failf("Will not manage /etc/crontab via cron_file, see documentation.")
	case strings.ContainsAny(a.Name, "\r\n"):
		return Failf("name must be a single line: a line break would make a second entry")
	case a.SpecialTime != "" && fields != "*****":
		return Failf("You cannot combine special_time with any of the time or day/date parameters.")
	case present && a.CronFile != "" && a.User == "":
		return Failf("To use cron_file=... parameter you must specify user=... as well")
	case present && a.Job == nil:
		return Failf("You must specify 'job' to install a new cron job or variable")
	case present && (a.InsertAfter != "" || a.InsertBefore != "") && !a.Env:
		return Failf("Insertafter and insertbefore parameters are valid only with env=yes")
	case a.Env && strings.Contains(a.Name, " "):
		return Failf("Invalid name for environment variable: %q has a blank", a.Name)
	}
	return nil
}

func (a *cronArgs) edit(tab *crontab) error {
	switch {
	case a.Env && a.State == "absent":
		tab.removeVariable(a.Name)
	case a.Env:
		return tab.setVariable(a)
	case a.State == "absent":
		tab.removeJob(a.Name)
	default:
		tab.setJob(a.Name, a.line())
	}
	return nil
}

// line writes the job as a line of a crontab.
func (a *cronArgs) line() string {
	when := strings.Join([]string{a.Minute, a.Hour, a.Day, a.Month, a.Weekday}, " ")
	if a.SpecialTime != "" {
		when = "@" + a.SpecialTime
	}
	line := when + " " + a.job()
	if a.CronFile != "" {
		line = when + " " + a.User + " " + a.job()
	}
	if a.Disabled {
		line = "#" + line
	}
	return line
}
