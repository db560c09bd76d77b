package render

import (
	"fmt"
	"io"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/value"
)

// minimal shows one block per host, for ad-hoc commands.
type minimal struct{ base }

// Event implements event.Sink.
func (p *minimal) Event(e event.Event) {
	switch e := e.(type) {
	case event.Result:
		p.result(e)
	case event.AsyncPoll:
		p.say(asDebug, fmt.Sprintf("ASYNC POLL on %s: jid=%s started=1 finished=0", e.Host, e.JobID))
	case event.NoHosts:
		if !e.Remaining {
			p.sayErr(asWarning, "[WARNING]: No hosts matched, nothing to do")
		}
	default:
		p.talk(e)
	}
}

func (p *minimal) result(e event.Result) {
	r := guard(e.Task, e.Result)
	if d := p.diffText(e.Task, r); d != "" && !e.Task.NoLog && !e.NoDiff {
		io.WriteString(p.Out, d)
	}
	word, c := adhocState(e)
	if text, ok := commandOutput(e, r); ok {
		p.say(c, fmt.Sprintf("%s | %s | rc=%s >>\n%s", e.Host, word, exitStatus(r), text))
		return
	}
	switch e.Status {
	case event.Skipped:
		p.say(c, e.Host+" | SKIPPED")
		return
	case event.Failed, event.Unreachable:
		word += "!"
	}
	p.say(c, fmt.Sprintf("%s | %s => %s", e.Host, word, p.body(e.Task, r)))
}

func (p *minimal) body(t *event.TaskInfo, r *value.Dict) string {
	r = p.trim(t, r)
	if p.Format == YAML {
		return p.yaml(r)
	}
	return dump.JSON(r, dump.Style{Indent: "    ", Sort: true})
}

// adhocState gives the word that stands for how a host's task ended.
func adhocState(e event.Result) (string, colour) {
	switch e.Status {
	case event.Changed:
		return "CHANGED", asChanged
	case event.Skipped:
		return "SKIPPED", asSkipped
	case event.Failed:
		return "FAILED", asFailed
	case event.Unreachable:
		return "UNREACHABLE", asUnreachable
	}
	return "SUCCESS", asOK
}

// commandOutput gives what a command printed; ok is false for modules that
// run none, whose results are shown whole.
func commandOutput(e event.Result, r *value.Dict) (string, bool) {
	if !isAction(e.Task, "command", "shell", "raw") {
		return "", false
	}
	if e.Status == event.Skipped || e.Status == event.Unreachable {
		return "", false
	}
	if _, job := r.Lookup("ansible_job_id"); job {
		return "", false
	}
	var out strings.Builder
	for _, k := range []string{"stdout", "stderr", "msg", "censored"} {
		if k == "stderr" && out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
			out.WriteByte('\n')
		}
		if s, ok := r.Lookup(k); ok && s != value.None {
			out.WriteString(dump.Text(s))
		}
	}
	return strings.TrimRight(out.String(), "\n"), true
}

// exitStatus is the exit code of a command, -1 of one that did not end.
func exitStatus(r *value.Dict) string {
	if rc, ok := r.Lookup("rc"); ok {
		return value.String(rc)
	}
	return "-1"
}

// oneline shows one line per host.
type oneline struct{ base }

// Event implements event.Sink.
func (p *oneline) Event(e event.Event) {
	res, ok := e.(event.Result)
	if !ok {
		p.talk(e)
		return
	}
	r := guard(res.Task, res.Result)
	word, c := adhocState(res)
	switch {
	case res.Status == event.Unreachable:
		p.say(c, fmt.Sprintf("%s | UNREACHABLE!: %s", res.Host, flat(message(r))))
	case isCommand(res, r):
		p.say(c, oneCommand(res.Host, word, r))
	case res.Status == event.Skipped:
		p.say(c, res.Host+" | SKIPPED")
	default:
		if res.Status == event.Failed {
			word += "!"
		}
		p.say(c, fmt.Sprintf("%s | %s => %s", res.Host, word, dump.JSON(p.trim(res.Task, r), dump.Style{Sort: true})))
	}
}

func isCommand(e event.Result, r *value.Dict) bool {
	_, ended := r.Lookup("rc")
	_, ok := commandOutput(e, r)
	return ok && ended
}

func oneCommand(host, word string, r *value.Dict) string {
	line := fmt.Sprintf("%s | %s | rc=%s | (stdout) %s", host, word, value.String(r.At("rc")), flat(dump.Text(r.At("stdout"))))
	if s, ok := r.Lookup("stderr"); ok && value.Truth(s) {
		line += " (stderr) " + flat(dump.Text(s))
	}
	return line
}

// flat writes the newlines of text as \n.
func flat(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r", ""), "\n", `\n`)
}
