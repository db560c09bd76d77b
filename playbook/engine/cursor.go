package engine

import (
	"slices"

	"drover/playbook"
)

// A cursor is one host's place in a play: a stack of frames, one for each
// block (and each included file, role or handler flush) the host is inside of.
// It knows what comes next and where a failure leads, and nothing else.
type cursor struct {
	stack []frame
	// selected says whether a task takes part at all (tags, --start-at-task).
	selected func(*playbook.Task) bool
	// notified says whether a handler is to run, for handler frames.
	notified func(*playbook.Task) bool
	// enter is asked before a block is entered; false skips it whole.
	enter func(*playbook.Block) bool
	// leave is told when a block was left without an open failure.
	leave func(*playbook.Block)
	// failed is set when a failure was handled by no block. lost says that this
	// will be so when the handlers that are forced have run.
	failed, lost bool
}

// over reports whether the host has failed for good.
func (c *cursor) over() bool { return c.failed || c.lost }

type phase int8

const (
	inBody phase = iota
	inRescue
	inAlways
)

// frame is a block being run. i is the next step; in frames below the top the
// step being run is i-1.
type frame struct {
	block    *playbook.Block
	steps    []playbook.Step
	i        int
	n        int // which of several frames that one step opened
	phase    phase
	failed   bool // a failure waits for the end of always
	handlers bool // a flush: steps are handlers, run when notified
}

func (c *cursor) top() *frame { return &c.stack[len(c.stack)-1] }

// push opens a block as the n-th frame of the step that was just consumed.
func (c *cursor) push(b *playbook.Block, n int) {
	c.stack = append(c.stack, frame{block: b, steps: b.Body, n: n})
}

// pushHandlers opens a flush over handlers.
func (c *cursor) pushHandlers(handlers []playbook.Step) {
	c.stack = append(c.stack, frame{block: &playbook.Block{Implicit: true}, steps: handlers, handlers: true})
}

// peek moves to the next task that takes part and gives it without consuming
// it; nil at the end of the play.
func (c *cursor) peek() *playbook.Task {
	for len(c.stack) > 0 {
		f := c.top()
		if f.i >= len(f.steps) {
			c.finishPhase()
			continue
		}
		switch s := f.steps[f.i].(type) {
		case *playbook.Block:
			f.i++
			if c.enter(s) {
				c.push(s, 0)
			}
		case *playbook.Task:
			if c.selected(s) && (!f.handlers || c.notified(s)) {
				return s
			}
			f.i++
		}
	}
	return nil
}

// consume steps over the task that peek gave.
func (c *cursor) consume() { c.top().i++ }

func (c *cursor) finishPhase() {
	f := c.top()
	if f.phase != inAlways && len(f.block.Always) > 0 {
		f.phase, f.steps, f.i = inAlways, f.block.Always, 0
		return
	}
	failed, block := f.failed, f.block
	c.stack = c.stack[:len(c.stack)-1]
	if failed {
		c.fail()
		return
	}
	c.leave(block)
}

// fail leads the cursor to where a failure of the current task goes: the
// nearest rescue or always, or out of the play.
func (c *cursor) fail() {
	for len(c.stack) > 0 {
		f := c.top()
		switch {
		case f.phase == inBody && len(f.block.Rescue) > 0:
			f.phase, f.steps, f.i = inRescue, f.block.Rescue, 0
			return
		case f.phase != inAlways && len(f.block.Always) > 0:
			f.phase, f.steps, f.i, f.failed = inAlways, f.block.Always, 0, true
			c.lost = c.lost || f.block.Implicit
			return
		}
		c.stack = c.stack[:len(c.stack)-1]
	}
	c.failed = true
}

// flushing reports whether handlers are being run.
func (c *cursor) flushing() bool {
	return slices.ContainsFunc(c.stack, func(f frame) bool { return f.handlers })
}

// rescuing reports whether a failure now would be rescued.
func (c *cursor) rescuing() bool {
	for i := len(c.stack) - 1; i >= 0; i-- {
		if f := &c.stack[i]; f.phase == inBody && len(f.block.Rescue) > 0 {
			return true
		}
	}
	return false
}

// forgive drops the failures that wait for the end of an always.
func (c *cursor) forgive() {
	c.failed, c.lost = false, false
	for i := range c.stack {
		c.stack[i].failed = false
	}
}

// stop ends the play for the host, without rescue and always. A failure that
// waits for the end of an always counts.
func (c *cursor) stop() {
	for i := range c.stack {
		c.failed = c.failed || c.stack[i].failed
	}
	c.stack = nil
}

// endRole leaves the innermost role the cursor is in.
func (c *cursor) endRole() {
	for len(c.stack) > 0 {
		block := c.top().block
		c.stack = c.stack[:len(c.stack)-1]
		if block.RoleEnd {
			c.leave(block)
			return
		}
	}
}

// before orders two places of the same play: negative when c's comes first in
// the order in which the play runs, zero when they are the same place.
func (c *cursor) before(o *cursor) int {
	for d := 0; d < len(c.stack) && d < len(o.stack); d++ {
		a, b := &c.stack[d], &o.stack[d]
		if a.n != b.n {
			return a.n - b.n
		}
		if a.phase != b.phase {
			return int(a.phase) - int(b.phase)
		}
		if i, j := c.step(d), o.step(d); i != j {
			return i - j
		}
	}
	return len(c.stack) - len(o.stack)
}

// step gives the index of the step being run at depth d.
func (c *cursor) step(d int) int {
	if d == len(c.stack)-1 {
		return c.stack[d].i
	}
	return c.stack[d].i - 1
}
