package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// censored is what is printed instead of the result of a no_log task.
const censored = "the output has been hidden due to the fact that 'no_log: true' was specified for this result"

// guard gives the result as it may be printed: of a no_log task only how it
// ended, of any other without the engine's private keys.
func guard(t *event.TaskInfo, r *value.Dict) *value.Dict {
	out := value.NewDict(r.Len())
	if t.NoLog {
		out.Put("censored", value.Str(censored))
		for _, k := range []string{"changed", "failed", "skipped", "unreachable"} {
			if v, ok := r.Lookup(k); ok {
				out.Put(k, v)
			}
		}
		return out
	}
	for _, e := range r.Entries() {
		if k, ok := value.AsString(e.Key); ok && strings.HasPrefix(k, "_ansible_") {
			continue
		}
		out.Set(e.Key, e.Val)
	}
	return out
}

// without gives r less some keys.
func without(r *value.Dict, keys ...string) *value.Dict {
	out := value.NewDict(r.Len())
	for _, e := range r.Entries() {
		if k, ok := value.AsString(e.Key); !ok || !slices.Contains(keys, k) {
			out.Set(e.Key, e.Val)
		}
	}
	return out
}

// alwaysShown reports whether a result is printed without -v: debug's, and
// those whose action asked for it.
func alwaysShown(t *event.TaskInfo, r *value.Dict) bool {
	if v, ok := r.Lookup("_ansible_verbose_always"); ok {
		return value.Truth(v)
	}
	skipped, _ := r.Lookup("skipped")
	return isAction(t, "debug") && skipped != value.Bool(true)
}

// neverShown reports whether a result is too long even for -v: facts.
func neverShown(t *event.TaskInfo, r *value.Dict) bool {
	if v, ok := r.Lookup("_ansible_verbose_override"); ok && value.Truth(v) {
		return true
	}
	return isAction(t, "setup", "gather_facts")
}

// detail gives what follows the line of a task that went well: "" without -v,
// or " => {…}" in the chosen format.
func (b *base) detail(t *event.TaskInfo, r *value.Dict) string {
	always := alwaysShown(t, r) && !t.NoLog
	if !always && (b.Verbosity == 0 || neverShown(t, r)) {
		return ""
	}
	clean := b.trim(t, guard(t, r))
	switch {
	case b.Format == YAML:
		return " => " + b.yaml(clean)
	case always || b.Format == JSON:
		return " => " + b.json(clean, always)
	}
	return " =>" + b.blocks(clean)
}

// failure gives what follows "FAILED! =>" and the like; err is the failure with
// its place, when that is known.
func (b *base) failure(t *event.TaskInfo, r *value.Dict, err error) string {
	return b.failed(t, r, b.trim(t, guard(t, r)), err)
}

// attempt is failure for a task that is tried again: of debug's results all is
// shown.
func (b *base) attempt(e event.Retry) string {
	r := guard(e.Task, e.Result).Clone()
	r.Put("retries", value.Int(e.Left+e.Attempts))
	return b.failed(e.Task, e.Result, b.trimAll(r), nil)
}

// failed is failure for a result of which clean is to be shown.
func (b *base) failed(t *event.TaskInfo, r, clean *value.Dict, err error) string {
	switch b.Format {
	case JSON:
		always, _ := r.Lookup("_ansible_verbose_always")
		return b.json(clean, always == value.Bool(true) && !t.NoLog)
	case YAML:
		return b.yaml(clean)
	}
	return b.readable(t, clean, err)
}

// trim leaves out what only higher verbosity shows.
func (b *base) trim(t *event.TaskInfo, r *value.Dict) *value.Dict {
	if isAction(t, "debug") {
		if msg, ok := r.Lookup("msg"); ok {
			return value.DictOf("msg", msg)
		}
		r = without(r, "changed", "skip_reason", "invocation")
	}
	return b.trimAll(r)
}

// trimAll is trim for results of any module.
func (b *base) trimAll(r *value.Dict) *value.Dict {
	drop := []string{"exception", "failed", "skipped", "warnings", "deprecations"}
	if b.Verbosity < 3 {
		drop = append(drop, "invocation", "diff")
	}
	return without(r, drop...)
}

func (b *base) json(r *value.Dict, always bool) string {
	s := dump.Style{Sort: true}
	pretty := always || b.Verbosity > 2
	if b.Pretty != nil {
		pretty = *b.Pretty
	}
	if pretty {
		s.Indent = "    "
	}
	return dump.JSON(r, s)
}

// yaml gives a result as an indented block on lines of its own; the lines of
// what is there as a text are left out.
func (b *base) yaml(r *value.Dict) string {
	if b.Pretty == nil || *b.Pretty {
		short := r.Clone()
		for _, key := range []string{"stdout", "stderr"} {
			_, whole := r.Lookup(key)
			if _, lines := r.Lookup(key + "_lines"); whole && lines {
				short.Put(key+"_lines", value.Str("<omitted>"))
			}
		}
		r = short
	}
	return "\n" + strings.TrimRight(dump.YAML(r, 4, true), "\n")
}

// quiet are the keys that say nothing new in a readable failure.
var quiet = []string{
	"msg", "changed", "failed", "unreachable", "skipped", "stdout_lines", "stderr_lines", "ansible_loop_var",
	"ansible_index_var", "results", "start", "end", "delta", "censored", "failed_when_result",
}

// readable gives a failure for people: the message, then the place of the
// task, then what else is known, texts of several lines as blocks.
func (b *base) readable(t *event.TaskInfo, r *value.Dict, err error) string {
	var out strings.Builder
	out.WriteString(indentRest(message(r), "    "))
	out.WriteString(where(t, out.String(), err))
	drop := quiet
	if v, ok := r.Lookup("ansible_loop_var"); ok {
		drop = append(slices.Clone(drop), value.String(v))
	}
	rest := without(r, drop...)
	if b.Verbosity > 0 {
		rest = without(r, "msg", "stdout_lines", "stderr_lines", "censored")
	}
	out.WriteString(b.blocks(rest))
	return out.String()
}

// where gives the place of a failure: what in the playbook led to it with its
// line, and the task, unless the message names it already; then the remedy.
func where(t *event.TaskInfo, message string, err error) string {
	var e *source.Error
	if !errors.As(err, &e) || t.NoLog {
		e = &source.Error{Pos: t.Pos}
	}
	text := ""
	if e.Pos.Known() && e.Pos != t.Pos {
		text = "\n    at: " + e.Pos.String() + strings.ReplaceAll(source.Snippet(e.Pos, e.Width), "\n", "\n    ")
	}
	for _, f := range e.Trace {
		text += "\n    " + f.What
		if f.Pos.Known() {
			text += " (" + f.Pos.String() + ")"
		}
	}
	outside := e.Pos.File != t.Pos.File || e.Pos.Line < t.Pos.Line
	if t.Pos.Known() && (text == "" || outside) && !strings.Contains(message, t.Pos.String()) {
		text += "\n    at: " + t.Pos.String()
	}
	if e.Hint != "" {
		text += "\n    hint: " + strings.ReplaceAll(e.Hint, "\n", "\n          ")
	}
	return text
}

// message gives the text that says what went wrong.
func message(r *value.Dict) string {
	for _, k := range []string{"msg", "censored", "reason"} {
		if v, ok := r.Lookup(k); ok && value.Truth(v) {
			if seq, ok := v.(value.Sequence); ok {
				return joined(seq, "\n")
			}
			if _, ok := v.(value.Mapping); ok {
				return dump.JSON(v, dump.Style{})
			}
			return strings.TrimRight(dump.Text(v), "\n")
		}
	}
	return "failed without a message"
}

// longBlock is how many lines a mapping or list of a failure may fill before
// it is left to -v: what went wrong must not drown in what was measured.
const longBlock = 10

func isText(v value.Value) bool {
	_, ok := value.AsString(v)
	return ok
}

// blocks gives each key on a line of its own, texts of several lines below
// their key.
func (b *base) blocks(r *value.Dict) string {
	var out strings.Builder
	for _, e := range commandFirst(r).Entries() {
		key := value.String(e.Key)
		if isBlank(e.Val) || (strings.HasSuffix(key, "_lines") && r.At(strings.TrimSuffix(key, "_lines")) != value.None) {
			continue
		}
		text := blockValue(key, e.Val)
		if n := strings.Count(text, "\n"); n > longBlock && b.Verbosity == 0 && !isText(e.Val) {
			text = fmt.Sprintf(" (%d lines; -v shows them)", n)
		}
		out.WriteString("\n    " + key + ":" + text)
	}
	return out.String()
}

// commandFirst gives a result with what ran at its head and what it printed at
// its end.
func commandFirst(r *value.Dict) *value.Dict {
	out := value.NewDict(r.Len())
	move := func(from *value.Dict, keys ...string) {
		for _, k := range keys {
			if v, ok := from.Lookup(k); ok {
				out.Put(k, v)
			}
		}
	}
	move(r, "changed", "cmd", "rc")
	out.Update(without(r, "stdout", "stderr", "stdout_lines", "stderr_lines"))
	move(r, "stdout", "stdout_lines", "stderr", "stderr_lines")
	return out
}

func blockValue(key string, v value.Value) string {
	if _, ok := value.AsString(v); ok {
		s := strings.TrimRight(dump.Text(v), "\n")
		if strings.Contains(s, "\n") || key == "stdout" || key == "stderr" {
			return "\n        " + indentRest(s, "        ")
		}
		return " " + s
	}
	if seq, ok := v.(value.Sequence); ok && (key == "cmd" || allScalars(seq)) {
		if key == "cmd" {
			return " " + joined(seq, " ")
		}
		return " " + dump.JSON(v, dump.Style{})
	}
	if m, ok := v.(value.Mapping); ok && m.Len() > 0 {
		return "\n" + strings.TrimRight(dump.YAML(v, 8, false), "\n")
	}
	if seq, ok := v.(value.Sequence); ok && seq.Len() > 0 {
		return "\n" + strings.TrimRight(dump.YAML(v, 8, false), "\n")
	}
	return " " + dump.JSON(v, dump.Style{})
}

func isBlank(v value.Value) bool {
	switch v := v.(type) {
	case value.Str:
		return v == ""
	case value.Sequence:
		return v.Len() == 0
	case value.Mapping:
		return v.Len() == 0
	}
	return v == nil || v == value.None
}

func allScalars(s value.Sequence) bool {
	n := 0
	for i := range s.Len() {
		switch v := s.Index(i).(type) {
		case value.Mapping, value.Sequence:
			return false
		default:
			n += len(value.String(v))
		}
	}
	return n < 100
}

func joined(seq value.Sequence, sep string) string {
	parts := make([]string, seq.Len())
	for i := range parts {
		parts[i] = dump.Text(seq.Index(i))
	}
	return strings.Join(parts, sep)
}

// indentRest indents every line but the first.
func indentRest(text, by string) string {
	return strings.ReplaceAll(text, "\n", "\n"+by)
}
