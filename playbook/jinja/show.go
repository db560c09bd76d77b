package jinja

import (
	"fmt"
	"strings"

	"drover/playbook/value"
)

// showing counts what can't be evaluated in a text that is only shown.
type showing struct {
	depth  int // of the text's own template
	faults []string
}

// mark gives the text that stands for what can't be evaluated.
func (s *showing) mark(why string) string {
	text := fmt.Sprintf("error %d - %s", len(s.faults)+1, why)
	s.faults = append(s.faults, text)
	return "<< " + text + " >>"
}

// Show evaluates a template for people, such as the name of a task: each part
// that can't be evaluated says why in its place. The faults are these reasons.
func (c *Context) Show(t *value.Template) (v value.Value, faults []string) {
	defer c.begin()()
	s := &showing{depth: c.run.depth + 1}
	outer := c.run.showing
	c.run.showing = s
	v, err := c.resolveTemplate(t)
	if err == nil {
		v, err = c.finalize(v, true)
	}
	c.run.showing = outer
	if err != nil {
		v = value.Str(s.mark(messageOf(finish(err))))
	}
	return v, s.faults
}

// FaultsText is the warning of what could not be evaluated.
func FaultsText(faults []string) string {
	plural := ""
	if len(faults) > 1 {
		plural = "s"
	}
	return fmt.Sprintf("Encountered %d template error%s.\n%s", len(faults), plural, strings.Join(faults, "\n"))
}
