// Package render shows a run: each printer is an event.Sink for people
// (default, minimal, oneline) or for machines (json, document, JUnit). It sees
// only events and what they hold; state that several printers need (what runs,
// who is waited for) is kept apart from printing.
//
// Printers never print a value.Secret or the result of a no_log task, also
// when the engine has already taken them out.
package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"drover/playbook/event"
	"drover/playbook/source"
)

// Format is how results are printed.
type Format string

// The formats: Readable puts the message first and output in blocks, JSON and
// YAML print results as Ansible does with callback_result_format.
const (
	Readable Format = "readable"
	JSON     Format = "json"
	YAML     Format = "yaml"
)

// Options are what printers can be told.
type Options struct {
	Out io.Writer // results
	Err io.Writer // warnings
	// Screen is where Out ends up when that is a terminal: it gets the live
	// progress line. Nil for pipes and files.
	Screen    *Screen
	Colors    Colors
	Verbosity int
	Format    Format
	// Width is the terminal's width, 0 when it is none.
	Width int

	HideSkipped, HideOK bool
	FailedToErr         bool
	ShowArgs            bool
	CustomStats         bool
	CheckMarkers        bool
	HostStarts          bool // a line for each host that begins a task
	FailurePath         bool // the place of a task before its failure
	// Pretty lays results in JSON out on several lines when it is true, and on
	// one when it is false, also debug's; YAML then keeps what it would leave out.
	Pretty           *bool
	HideDeprecations bool
	DiffContext      int // lines of context in diffs
	DiffMax          int // bytes of a text that diffs show, 0 for any
}

// printers lists the printers by the name that --output and stdout_callback
// give them.
func printers() map[string]func(Options) event.Sink {
	return map[string]func(Options) event.Sink{
		"default":  func(o Options) event.Sink { return newDefault(o) },
		"minimal":  func(o Options) event.Sink { return &minimal{base: newBase(o)} },
		"oneline":  func(o Options) event.Sink { return &oneline{base: newBase(o)} },
		"json":     func(o Options) event.Sink { return newStream(o.Out) },
		"document": func(o Options) event.Sink { return newDocument(o.Out) },
	}
}

// Names lists the printers.
func Names() []string { return []string{"default", "minimal", "oneline", "json", "document"} }

// New makes the printer called name.
func New(name string, o Options) (event.Sink, error) {
	if o.Format == "" {
		o.Format = Readable
	}
	if mk, ok := printers()[name]; ok {
		return mk(o), nil
	}
	return nil, fmt.Errorf("no output called %q%s; there are %s", name, source.DidYouMean(name, Names()), strings.Join(Names(), ", "))
}

// base is what the printers for people share.
type base struct {
	Options
	columns int
}

func newBase(o Options) base { return base{Options: o, columns: max(79, o.Width-1)} }

// say prints a line in a colour.
func (b *base) say(c colour, text string) {
	io.WriteString(b.Out, b.Colors.paint(c, text)+"\n")
}

// sayErr prints a line to the error output.
func (b *base) sayErr(c colour, text string) {
	io.WriteString(b.Err, b.Colors.paint(c, text)+"\n")
}

// banner prints a heading that stars fill up to the width.
func (b *base) banner(text string) {
	text = strings.TrimSpace(text)
	stars := max(3, b.columns-textWidth(text))
	b.say(plain, "\n"+text+" "+strings.Repeat("*", stars))
}

// talk prints the events that look the same in every printer for people.
func (b *base) talk(e event.Event) {
	switch e := e.(type) {
	case event.Warning:
		b.warning(e)
	case event.Message:
		if e.Verbosity <= b.Verbosity {
			b.message(e)
		}
	case event.ErrorEvent:
		b.sayErr(asFailed, "[ERROR]: "+source.Format(e.Err))
	}
}

func (b *base) message(e event.Message) {
	text := e.Text
	if e.Host != "" {
		text = "<" + e.Host + "> " + text
	}
	c := asVerbose
	if e.Verbosity <= 0 {
		c = plain
	}
	b.say(c, text)
}

func (b *base) warning(e event.Warning) {
	head, c := "[WARNING]: ", asWarning
	if e.Deprecated {
		if b.HideDeprecations {
			return
		}
		head, c = "[DEPRECATION WARNING]: ", asDeprecated
	}
	text := e.Text
	if e.Pos.Known() && !strings.Contains(text, e.Pos.String()) {
		text += " (" + e.Pos.String() + ")"
	}
	b.sayErr(c, head+text)
}

// isAction reports whether a task's module, as written, is one of names of
// Ansible's own collection.
func isAction(t *event.TaskInfo, names ...string) bool {
	name := t.Action
	for _, prefix := range []string{"ansible.builtin.", "ansible.legacy."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return slices.Contains(names, name)
}
