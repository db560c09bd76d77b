package modules

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// errSilent ends a program that no longer prompts.
var errSilent = errors.New("the program neither ended nor asked for anything in time")

// beforeTyping is how long after a prompt an answer is typed: programs
// switch the terminal's echo off only then.
const beforeTyping = 50 * time.Millisecond

// dialogue listens to a program and answers it: an io.Writer for its output.
type dialogue struct {
	answers  []*answer
	limit    time.Duration // for each prompt, 0 for ever
	patience *time.Timer   // ends the program when limit is over
	keys     io.Writer     // types
	end      context.CancelCauseFunc
	shown    []byte // all output
	heard    int    // how much of it prompts were found in
	late     bool
}

// answer is what to type at a prompt.
type answer struct {
	prompt string
	re     *pyre.Regexp
	same   *string  // each time the same
	next   []string // or one after another
}

// prepare reads the argument responses.
func (d *dialogue) prepare(responses *value.Dict) error {
	for _, e := range responses.Entries() {
		a := &answer{prompt: value.String(e.Key)}
		var err error
		if a.re, err = pyre.Compile(latin1([]byte(a.prompt)), pyre.DotAll); err != nil {
			return Failf("responses: %q is no regular expression: %w", a.prompt, err)
		}
		if list, ok := e.Val.(*value.List); ok {
			for _, v := range list.Elems {
				a.next = append(a.next, value.String(v))
			}
		} else {
			text := value.String(e.Val)
			a.same = &text
		}
		d.answers = append(d.answers, a)
	}
	return nil
}

// latin1 gives bytes as text of as many characters: output need not be UTF-8,
// and expressions match its bytes.
func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// Write implements io.Writer: it answers the prompts in what was written.
func (d *dialogue) Write(p []byte) (int, error) {
	d.shown = append(d.shown, p...)
	for {
		a, end := d.firstPrompt(latin1(d.shown[d.heard:]))
		if a == nil {
			return len(p), nil
		}
		text, ok := a.text()
		if !ok {
			d.end(Failf("No remaining responses for '%s', output was '%s'", a.prompt, d.shown[d.heard:d.heard+end]))
			return 0, io.ErrClosedPipe
		}
		d.heard += end
		if err := d.answer(text); err != nil {
			return len(p), nil // the program went before it was answered
		}
	}
}

// firstPrompt finds the prompt that comes first in text, and where it ends.
func (d *dialogue) firstPrompt(text string) (first *answer, end int) {
	at := len(text) + 1
	for _, a := range d.answers {
		m, err := a.re.Search(text)
		if err != nil || m == nil {
			continue
		}
		before, prompt, _, _ := m.Parts(0)
		if start := length(before); start < at {
			first, at, end = a, start, start+length(prompt)
		}
	}
	return first, end
}

// length counts characters, which latin1 made of one byte each.
func length(s string) int { return len([]rune(s)) }

// text gives the next answer, not ok when there is none left.
func (a *answer) text() (string, bool) {
	if a.same != nil {
		return *a.same, true
	}
	if len(a.next) == 0 {
		return "", false
	}
	text := a.next[0]
	a.next = slices.Delete(a.next, 0, 1)
	return text, true
}

// answer types a line. The time until the next prompt begins anew.
func (d *dialogue) answer(text string) error {
	if d.patience != nil {
		d.patience.Reset(d.limit)
	}
	time.Sleep(beforeTyping)
	_, err := io.WriteString(d.keys, strings.TrimRight(text, "\n")+"\n")
	return err
}
