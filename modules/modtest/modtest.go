// Package modtest is what every module must pass: it refuses arguments it does
// not know, changes nothing in check mode but says whether it would, changes
// nothing when it runs a second time, and shows a diff exactly when something
// changes.
package modtest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"drover/modules"
	"drover/modules/target"
	"drover/playbook/value"
)

// Case is one use of a module on a fake machine.
type Case struct {
	Name   string
	Module string
	Args   []any                                       // alternating names and values
	Setup  func(*target.Fake)                          // makes the state before
	Change bool                                        // the first run changes something
	Again  bool                                        // so does every further run (touch, a command)
	NoDiff bool                                        // a change without a diff (a command, a binary)
	Blobs  modules.Blobs                               // the controller's contents
	Check  func(*testing.T, *target.Fake, *value.Dict) // looks at state and result after the first run
}

// Run runs a module once and gives its result as register would see it; a
// failure is a result too.
func Run(h target.Host, c *modules.Call, name string) *value.Dict {
	m, ok := modules.Lookup(name)
	if !ok {
		return value.DictOf("failed", true, "msg", "no module "+name)
	}
	c.Module = m.Spec().Name
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	r, err := m.Run(context.Background(), h, c)
	if err != nil {
		r = modules.FailResult(err)
	}
	return r.Dict()
}

// Conform checks the case's module by the rules above.
func Conform(t *testing.T, tc Case) {
	t.Helper()
	t.Run(tc.Name, func(t *testing.T) {
		h := target.NewFake()
		if tc.Setup != nil {
			tc.Setup(h)
		}
		call := func(check bool) *value.Dict {
			return Run(h, &modules.Call{Args: value.DictOf(tc.Args...), Check: check, Diff: true, Blobs: tc.Blobs}, tc.Module)
		}
		unknownArgument(t, h, tc)
		before := h.Snapshot()
		predicted := call(true)
		if now := h.Snapshot(); now != before {
			t.Errorf("check mode changed the machine:\n%s", difference(before, now))
		}
		agree(t, tc, "check mode", predicted, tc.Change)
		first := call(false)
		agree(t, tc, "first run", first, tc.Change)
		if !tc.Change {
			if now := h.Snapshot(); now != before {
				t.Errorf("an unchanged result changed the machine:\n%s", difference(before, now))
			}
		}
		if tc.Check != nil {
			tc.Check(t, h, first)
		}
		agree(t, tc, "second run", call(false), tc.Again)
	})
}

func unknownArgument(t *testing.T, h *target.Fake, tc Case) {
	t.Helper()
	args := value.DictOf(tc.Args...)
	args.Put("no_such_argument", value.Int(1))
	r := Run(h, &modules.Call{Args: args}, tc.Module)
	if msg := value.String(r.At("msg")); !strings.Contains(msg, "Unsupported parameters for") {
		t.Errorf("an unknown argument gives %q", msg)
	}
}

// agree checks that a result is no failure, says changed as wanted, and has a
// diff exactly then.
func agree(t *testing.T, tc Case, when string, r *value.Dict, changed bool) {
	t.Helper()
	if value.Truth(r.At("failed")) {
		t.Fatalf("%s failed: %s", when, value.Repr(r))
	}
	if value.Truth(r.At("skipped")) {
		return
	}
	if got := value.Truth(r.At("changed")); got != changed {
		t.Errorf("%s: changed is %v, want %v: %s", when, got, changed, value.Repr(r))
	}
	m, _ := modules.Lookup(tc.Module)
	has := differs(r.At("diff"))
	if m.Spec().Diff && has != changed && !(tc.NoDiff && !has) {
		t.Errorf("%s: changed is %v but the diff is %s", when, changed, value.Repr(r.At("diff")))
	}
}

// differs reports whether a diff shows a difference: one that is always given
// may have the same before and after.
func differs(diff value.Value) bool {
	switch d := diff.(type) {
	case *value.List:
		return slices.ContainsFunc(d.Elems, differs)
	case *value.Dict:
		return value.Repr(d.At("before")) != value.Repr(d.At("after")) || d.At("prepared") != value.None
	}
	return false
}

// difference gives the lines that two snapshots do not share.
func difference(a, b string) string {
	in := map[string]bool{}
	for l := range strings.Lines(a) {
		in[l] = true
	}
	var out strings.Builder
	for l := range strings.Lines(b) {
		if !in[l] {
			out.WriteString("+ " + l)
		}
		delete(in, l)
	}
	for l := range in {
		out.WriteString("- " + l)
	}
	return out.String()
}
